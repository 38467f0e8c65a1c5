"""Two kinds of message tell one change: it is counted once, and units that never came do not arrive.

What holds, precisely:
* Once the last level of every location and the last total are in, the sum is right, in any order of arrival at all.
* One location: units that are seen to arrive never exceed those that did, in any order of arrival at all.
* Several locations: the sum is at every moment the truth of the newest message, however totals and levels interleave,
  as long as the levels come in the order of their changes. When one location's level overtakes another's and no total
  has told of both, a unit moved between the two is seen twice until the late level or the next total is in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from activities.stock.quantities import Quantities

DAWN = datetime(2026, 3, 1, tzinfo=UTC)
LOCATIONS = ("main", "other", "third")
thoroughly = settings(max_examples=1000, deadline=None)


@dataclass(frozen=True)
class Level:
    """The level of a location after the change number `at`."""

    at: int
    location: str
    units: int


@dataclass(frozen=True)
class Total:
    """The total after the change number `at`."""

    at: int
    units: int


Message = Level | Total


@dataclass(frozen=True)
class History:
    """What truly happened, change by change, and the messages in the order in which they came.

    Attributes:
        truth: the units of every location after each change; each change is of one location.
    """

    truth: tuple[dict[str, int], ...]
    messages: tuple[Message, ...]

    def total(self, at: int) -> int:
        return sum(self.truth[at].values())


@st.composite
def histories(draw: st.DrawFn, locations: tuple[str, ...], *, in_order: bool) -> History:
    """A random history, every change of it told twice, in an interleaving of the two kinds (or in any order at all)."""
    truth: list[dict[str, int]] = [dict.fromkeys(locations, 0)]
    levels = [Level(0, name, 0) for name in locations]
    totals: list[Message] = [Total(0, 0)]
    for at in range(1, draw(st.integers(1, 8)) + 1):
        name = draw(st.sampled_from(locations))
        units = draw(st.integers(-2, 12))
        truth.append({**truth[-1], name: units})
        levels.append(Level(at, name, units))
        totals.append(Total(at, sum(truth[-1].values())))
    queues: list[list[Message]] = [totals, list(levels)]
    if not in_order:
        everything = [message for queue in queues for message in queue]
        some = draw(st.lists(st.sampled_from(everything), max_size=6))
        return History(tuple(truth), tuple(draw(st.permutations([*everything, *some]))))
    sent: list[Message] = []
    while any(queues):
        sent.append(draw(st.sampled_from([queue for queue in queues if queue])).pop(0))
        if draw(st.booleans()):
            sent.append(draw(st.sampled_from(sent)))
    return History(tuple(truth), tuple(sent))


def _seen(messages: Iterable[Message]) -> list[int]:
    """Units after each message."""
    quantities, seen = Quantities(), list[int]()
    for message in messages:
        at = DAWN + timedelta(seconds=message.at)
        match message:
            case Level():
                quantities = quantities.with_level(message.location, message.units, at)
            case Total():
                quantities = quantities.with_total(message.units, at)
        seen.append(quantities.units)
    return seen


def _arrived(units: Iterable[int]) -> int:
    """Units that came in, as an episode counts them: below zero there is nothing."""
    before, arrived = 0, 0
    for now in units:
        arrived += max(0, max(0, now) - max(0, before))
        before = now
    return arrived


@thoroughly
@given(histories(LOCATIONS, in_order=True))
def test_the_sum_is_always_the_newest_truth_when_each_kind_comes_in_order(history: History) -> None:
    newest = accumulate((message.at for message in history.messages), max)
    assert _seen(history.messages) == [history.total(at) for at in newest]


@thoroughly
@given(histories(LOCATIONS, in_order=False))
def test_once_the_last_level_and_the_last_total_are_in_the_sum_is_right(history: History) -> None:
    assert _seen(history.messages)[-1] == history.total(-1)


@thoroughly
@given(histories(("main",), in_order=False))
def test_at_one_location_no_unit_arrives_that_did_not(history: History) -> None:
    assert _arrived(_seen(history.messages)) <= _arrived(history.total(at) for at in range(len(history.truth)))


@thoroughly
@given(histories(("main",), in_order=False))
def test_levels_alone_and_totals_alone_are_taken_as_they_are(history: History) -> None:
    levels = [message for message in history.messages if isinstance(message, Level)]
    totals = [message for message in history.messages if isinstance(message, Total)]
    for of_one_kind in (levels, totals):
        newest = accumulate((message.at for message in of_one_kind), max)
        assert _seen(of_one_kind) == [history.total(at) for at in newest]


def test_a_level_that_a_later_total_already_counted_is_not_counted_again() -> None:
    """Ten came and were sold; the total told of both before the level told of the ten."""
    assert _seen([Total(1, 10), Total(2, 0), Level(1, "main", 10), Level(2, "main", 0)]) == [10, 0, 0, 0]


def test_one_change_told_twice_is_counted_once() -> None:
    assert _seen([Level(1, "main", 10), Total(1, 10)]) == [10, 10]
    assert _seen([Total(1, 10), Level(1, "main", 10)]) == [10, 10]
    assert _seen([Total(1, 15), Level(1, "main", 10), Level(2, "main", 8)]) == [15, 15, 13]


def test_a_shop_that_tells_levels_only_after_one_total_is_sold_out_when_its_level_says_so() -> None:
    assert _seen([Total(1, 10), Level(2, "main", 0), Level(3, "main", 5), Level(4, "main", 0)]) == [10, 0, 5, 0]
    assert _seen([Total(1, 5), Level(2, "by-hand", 3), Level(3, "by-hand", 0)]) == [5, 3, 0]


def test_a_first_level_of_several_locations_is_all_there_is_until_a_total_says_more() -> None:
    assert _seen([Total(1, 15), Level(2, "main", 9), Total(2, 14), Level(3, "main", 8)]) == [15, 9, 14, 13]


def test_a_unit_that_moves_is_seen_twice_while_the_level_it_left_is_on_its_way() -> None:
    """What does not hold for several locations; the total, when it is first to tell, keeps it right."""
    moved = (Level(2, "other", 5), Level(1, "main", 0))
    assert _seen([Level(0, "main", 5), *moved]) == [5, 10, 5]
    assert _seen([Level(0, "main", 5), Total(2, 5), *moved]) == [5, 5, 5, 5]
