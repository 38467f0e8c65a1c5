"""Promise P2, in the pure arithmetic: nobody is told of a unit that did not arrive."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from activities.waitlist.allocation import Episode, observe


class Shelf(RuleBasedStateMachine):
    """One shelf whose stock moves while places on it are given, used, returned and refused.

    What arrived is counted here in the plainest way, to hold the arithmetic against it.
    """

    episode: Episode | None = None
    units = 0
    arrived = 0
    given = 0
    used = 0

    @initialize(threshold=st.integers(1, 5), contacts_per_unit=st.integers(1, 4))
    def open_shop(self, threshold: int, contacts_per_unit: int) -> None:
        self.threshold, self.contacts_per_unit = threshold, contacts_per_unit

    @rule(units=st.integers(-3, 20))
    def stock_is_observed(self, units: int) -> None:
        before, self.units = self.units, max(0, units)
        was_open = self.episode is not None
        self.episode = observe(self.episode, units, self.threshold, self.contacts_per_unit)
        if was_open:
            self.arrived += max(0, self.units - before)
        elif self.episode is not None:
            self.arrived, self.given, self.used = self.units, 0, 0
        if self.episode is not None and self.episode.over:
            self.episode = None

    @precondition(lambda self: self.episode is not None and self.episode.places > 0)
    @rule(data=st.data())
    def places_are_given(self, data: st.DataObject) -> None:
        assert self.episode is not None
        self._count(data.draw(st.integers(1, self.episode.places)))

    @precondition(lambda self: self.episode is not None and self.given > 0)
    @rule()
    def a_place_is_used(self) -> None:
        self.given, self.used = self.given - 1, self.used + 1

    @precondition(lambda self: self.episode is not None and self.given > 0)
    @rule(count=st.integers(1, 3))
    def places_are_returned_or_refused(self, count: int) -> None:
        self._count(-min(count, self.given))

    def _count(self, change: int) -> None:
        assert self.episode is not None
        self.given += change
        self.episode = Episode(
            self.episode.contacts_per_unit,
            self.episode.available,
            self.episode.arrived,
            self.episode.claimed + change,
        )

    @invariant()
    def claims_never_exceed_what_arrived(self) -> None:
        if self.episode is not None:
            assert self.episode.claimed == self.given + self.used
            assert self.given + self.used <= self.contacts_per_unit * self.arrived

    @invariant()
    def what_arrived_is_counted_right(self) -> None:
        if self.episode is not None:
            assert self.episode.available == self.units
            assert self.units <= self.episode.arrived <= self.arrived

    @invariant()
    def no_place_without_a_unit_on_the_shelf(self) -> None:
        if self.episode is not None:
            assert self.episode.places is not None
            assert 0 <= self.episode.places <= self.contacts_per_unit * self.units

    @invariant()
    def an_open_episode_has_units(self) -> None:
        assert self.episode is None or self.units > 0


Shelf.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestShelf = Shelf.TestCase

_quantities = st.integers(1, 1000)


@given(arrived=_quantities, contacts_per_unit=st.integers(1, 10))
def test_five_units_never_notify_five_hundred_people(arrived: int, contacts_per_unit: int) -> None:
    episode = observe(None, arrived, 1, contacts_per_unit)
    assert episode is not None
    assert episode.places == contacts_per_unit * arrived


@given(sold=_quantities, returned=_quantities, contacts_per_unit=st.integers(1, 10))
def test_a_returned_unit_tells_as_many_as_a_unit_may_and_not_everyone(
    sold: int, returned: int, contacts_per_unit: int
) -> None:
    everyone_told = contacts_per_unit * (sold + 1)
    full = Episode(contacts_per_unit, sold + 1, sold + 1, everyone_told)
    one_left = observe(full, 1, 1, contacts_per_unit)
    more = observe(one_left, 1 + returned, 1, contacts_per_unit)
    assert one_left is not None
    assert one_left.places == 0
    assert more is not None
    assert more.places == contacts_per_unit * returned


@given(units=_quantities, threshold=st.integers(1, 1000))
def test_an_episode_opens_at_the_threshold_and_not_before(units: int, threshold: int) -> None:
    assert (observe(None, units, threshold, 1) is not None) == (units >= threshold)


@given(units=_quantities, low=st.integers(-10, 0))
def test_an_episode_is_over_at_zero_and_not_before(units: int, low: int) -> None:
    open_ = Episode(1, units, units)
    still_open, over = observe(open_, 1, 5, 1), observe(open_, low, 5, 1)
    assert still_open is not None
    assert not still_open.over
    assert over is not None
    assert over.over
    assert over.places == 0


@given(
    arrived=_quantities,
    left=_quantities,
    called=st.integers(0, 1000),
    contacts_per_unit=st.integers(1, 4),
    data=st.data(),
)
def test_units_that_left_before_anyone_was_called_are_offered_to_nobody_however_often_the_shelf_looks(
    arrived: int, left: int, called: int, contacts_per_unit: int, data: st.DataObject
) -> None:
    promised = min(called, contacts_per_unit * arrived)
    episode = observe(
        Episode(contacts_per_unit, arrived, arrived, promised), max(1, arrived - left), 1, contacts_per_unit
    )
    assert episode is not None
    given = 0
    while episode.places:
        batch = data.draw(st.integers(1, episode.places))
        given += batch
        episode = Episode(contacts_per_unit, episode.available, episode.arrived, episode.claimed + batch)
    assert given <= contacts_per_unit * (max(1, arrived - left) + 1)
    if promised % contacts_per_unit == 0:
        assert given <= contacts_per_unit * max(1, arrived - left)


def test_units_that_came_and_went_between_two_looks_are_nothing() -> None:
    assert observe(None, 0, 1, 1) is None
    claimed = Episode(1, available=3, arrived=3, claimed=3)
    assert observe(claimed, 3, 1, 1) == claimed


def test_fewer_units_than_claims_still_out_give_no_place() -> None:
    assert Episode(2, available=1, arrived=5, claimed=9).places == 1
    assert Episode(2, available=1, arrived=5, claimed=4).places == 2
    assert Episode(2, available=1, arrived=5, claimed=10).places == 0
