"""A rehearsal tells those whom the arithmetic of places says."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from activities.waitlist.allocation import Episode, Supply, observe, observe_supply, share_of
from tests.rehearsing.several import back_in_stock, rehearse


def _hour(change: tuple[int, int]) -> int:
    return change[0]


HOURS = st.integers(min_value=0, max_value=60)
PER_UNIT = st.sampled_from([(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)])


def _by_allocation(
    entering: list[int], units: list[tuple[int, int]], terms: tuple[int, int], threshold: int, *, newest: bool
) -> list[str]:
    """Who is told of a line by the arithmetic alone: everybody may be written to, and has been before anything else
    happens. Units change at half past."""
    per_unit, each_takes = terms
    share = share_of(per_unit, each_takes)
    supply = Supply()
    episode: Episode | None = None
    waiting: list[str] = []
    told: list[str] = []
    arrivals = [(hour, 0, f"p{number}") for number, hour in enumerate(entering)]
    for _, _, what in sorted(
        [*arrivals, *((hour, 1 + at, count) for at, (hour, count) in enumerate(units))], key=_when
    ):
        if isinstance(what, str):
            waiting.append(what)
        else:
            supply = observe_supply(supply, what)
            episode = observe(episode, what, max(threshold, each_takes), per_unit, units_per_contact=each_takes)
            episode = None if episode is None or episode.over else episode
        while waiting and episode is not None and min(_places(episode), supply.places(share)) > 0:
            told.append(waiting.pop(-1 if newest else 0))
            episode = replace(episode, claimed=episode.claimed + each_takes)
            supply = replace(supply, taken=supply.taken + share)
    return told


def _when(each: tuple[int, int, str | int]) -> tuple[int, int]:
    return each[0], each[1]


def _places(episode: Episode) -> int:
    places = episode.places
    assert places is not None
    return places


@given(
    st.lists(HOURS, min_size=1, max_size=8),
    st.lists(st.tuples(HOURS, st.integers(min_value=0, max_value=6)), max_size=6, unique_by=_hour),
    PER_UNIT,
    st.integers(min_value=1, max_value=3),
    st.booleans(),
)
def test_those_told_in_a_rehearsal_are_those_whom_the_allocation_says(
    entering: list[int], units: list[tuple[int, int]], terms: tuple[int, int], threshold: int, newest: bool
) -> None:
    entering = sorted(entering)
    first, *rest = entering
    units = sorted((hour, count) for hour, count in units if hour >= first)
    order = "first-in-last-out" if newest else "first-in-first-out"
    document = back_in_stock(
        contacts_per_unit=terms[0], units_per_contact=terms[1], quantity_threshold=threshold, order=order
    )
    rehearsed = rehearse(
        document,
        profile={"id": "p0"},
        others=[{"name": f"p{1 + at}", "after": f"{hour - first} hours"} for at, hour in enumerate(rest)],
        happens=[{"after": f"{60 * (hour - first) + 30} minutes", "stock": count} for hour, count in units],
    )
    assert list(rehearsed.told) == _by_allocation(entering, units, terms, threshold, newest=newest)
