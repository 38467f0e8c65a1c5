"""A line in a simulated shop: who stands in it and who is next, by the rules of the real one. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from activities.waitlist.allocation import Episode, Supply, observe, observe_supply, share_of, trigger_holds
from schemas.document.alert_types.offer import Measure, Offer
from schemas.document.alert_types.registry import AnyAlert
from schemas.reasons import Reason


@dataclass(slots=True, eq=False)
class PlaceInLine:
    """Where one contact stands in a line.

    Attributes:
        trigger, armed: the bound they are notified at, and whether a fall to it would be a crossing.
        claim: as in `activities.delivery.verdict.MessageFacts`.
        claim_id: of the last that they were given; 0: none.
        passed_over: their last place was refused for a reason that does not pass by itself, and nothing has changed.
        outnumbered: at some time they could have been told, and there was a place for others only.
        fewer: at some time they could have been told, and there were fewer units than they want.
        quantity: how many units they want.
    """

    line: "Line"
    trigger: Decimal | None
    armed: bool
    quantity: int = 1
    waiting: bool = True
    claim: Literal["given", "used", "lapsed"] | None = None
    claim_id: int = 0
    passed_over: bool = False
    outnumbered: bool = False
    fewer: bool = False
    _given_at: "_State | None" = None

    @property
    def in_stock(self) -> bool:
        """Whether an episode is open; while a place is not used yet, the one it was given in."""
        return self.line.is_open and (self.claim != "given" or self._given_in_this_episode)

    @property
    def could_be_told(self) -> bool:
        """Whether they wait for nothing but a place."""
        open_ = self.waiting and self.claim != "given" and not self.passed_over and self.line.is_open
        return open_ and trigger_holds(self.trigger, self.line.measure, armed=self.armed)

    @property
    def fewer_than_wanted(self) -> bool:
        """Whether fewer units are there than they want."""
        return self.quantity > 1 and self.line.available < self.quantity

    @property
    def number(self) -> int | None:
        """The first in line is 1; None: they wait no more."""
        return self.line.number_of(self) if self.waiting else None

    def take(self, claim_id: int) -> None:
        """They get this place."""
        self.waiting, self.claim, self.claim_id = False, "given", claim_id
        self._given_at = self.line.state

    def told(self) -> None:
        """A message used the place."""
        if self.claim == "given":
            self.claim = "used"

    def give_back(self, reason: Reason) -> None:
        """The place is given back; they wait again at their old place in line."""
        self.passed_over = not reason.passes_by_itself and self._given_at == self.line.state
        self.give_up()
        self.waiting = True

    def give_up(self) -> None:
        """They leave the line for good."""
        if self.claim == "given":
            self.claim = None
            self._pass_on()
        self.waiting = False

    def lapse(self) -> None:
        """The offer was not taken up in time: the place passes to the next contact."""
        if self.claim == "used":
            self.claim = "lapsed"
            self._pass_on()

    @property
    def _given_in_this_episode(self) -> bool:
        return self._given_at is not None and self._given_at.episode == self.line.state.episode

    def _pass_on(self) -> None:
        if (given := self._given_at) is not None:
            self.line.free(given.episode, given.supply, self.quantity)


@dataclass(frozen=True, slots=True)
class _State:
    """Which episode of a line it is, which supply, and how often what they offer has changed."""

    episode: int = 0
    supply: int = 0
    changes: int = 0


class Line:
    """The line of one alert and subject, with an episode from what is offered, and the supply of its units.

    Attributes:
        measure: what triggers are compared with; of the open episode.
        episode: the open one; None: none is.
        supply: the units, for sale or not.
    """

    def __init__(self, alert: AnyAlert, offer: Offer, units: int) -> None:
        self.alert = alert
        self.measure: Decimal | None = None
        self._standing: list[PlaceInLine] = []
        self._claims = 0
        self.episode: Episode | None = None
        self.supply = Supply()
        self.state = _State()
        self.observe(offer, units)

    @property
    def is_open(self) -> bool:
        """Whether an episode is."""
        return self.episode is not None

    @property
    def available(self) -> int:
        """How many units the open episode has; none, where none is open."""
        return 0 if self.episode is None else self.episode.available

    def enter(self, offer: Offer, quantity: int = 1) -> PlaceInLine:
        """A contact enters at this offer, behind all others, and wants so many units."""
        counted = quantity if self.alert.measure is Measure.NOTHING else 1
        place = PlaceInLine(self, self.alert.trigger(offer), self.alert.armed(offer), counted)
        self._standing.append(place)
        return place

    def observe(self, offer: Offer, units: int) -> None:
        """Take in a changed offer.

        Args:
            units: there are, for sale or not.
        """
        queue, measure = self.alert.queue, self.alert.measure
        self.supply = observe_supply(self.supply, units)
        before = (self.episode, self.measure)
        episode = observe(
            self.episode,
            offer.available(measure),
            queue.threshold,
            queue.contacts_per_unit,
            units_per_contact=queue.units_per_contact,
        )
        if episode is None:
            return
        self.measure = offer.measured(measure)
        opened = self.episode is None
        self.episode = None if episode.over else episode
        self._arm()
        if (self.episode, self.measure) != before:
            state = self.state
            self.state = _State(state.episode + opened, self.supply.number, state.changes + 1)
            for place in self._standing:
                place.passed_over = False

    def call_forward(self) -> Iterator[PlaceInLine]:
        """Give the places that there are to those who are next."""
        for place in self._in_order():
            if not place.could_be_told or self.episode is None:
                continue
            if place.fewer_than_wanted:
                place.fewer = True
                continue
            if not self._has_room_for(place.quantity):
                place.outnumbered = True
                continue
            self._count_claim(place.quantity)
            self._claims += 1
            place.take(self._claims)
            yield place

    def dismiss(self) -> Iterator[PlaceInLine]:
        """All who wait leave, for what they wait for is gone for good."""
        for place in self._standing:
            if place.waiting:
                place.give_up()
                yield place

    def number_of(self, place: PlaceInLine) -> int:
        """How many are called forward before this one who waits, and one; as `ahead_of` of the schema has it."""
        order = [*reversed(self._standing)] if self.alert.queue.newest_first else self._standing
        before = (each for each in order[: order.index(place)] if each.waiting and not each.passed_over)
        measure = self.measure if self.is_open else None
        return 1 + sum(
            trigger_holds(each.trigger, each.trigger if measure is None else measure, armed=each.armed)
            for each in before
        )

    def free(self, episode: int, supply: int, quantity: int) -> None:
        """A claim of this episode and this supply, of somebody who wants so many, counts no more."""
        units, share = self._takes(quantity)
        if self.supply.number == supply:
            self.supply = replace(self.supply, taken=self.supply.taken - share)
        if self.state.episode == episode and self.episode is not None:
            self.episode = replace(self.episode, claimed=self.episode.claimed - units)

    def _in_order(self) -> Iterable[PlaceInLine]:
        """As the function `who_is_next` of the schema has it."""
        if self.alert.measure is not Measure.NOTHING:
            return sorted(self._standing, key=_highest_bound)
        return reversed(self._standing) if self.alert.queue.newest_first else self._standing

    def _has_room_for(self, quantity: int) -> bool:
        """Whether a claim of somebody who wants so many may be given."""
        if self.episode is None or self.episode.earned is None:
            return self.episode is not None
        units, share = self._takes(quantity)
        return units <= self.episode.earned and self.supply.places(share) > 0

    def _takes(self, quantity: int) -> tuple[int, Decimal]:
        """For how many units a claim is, and how much of the supply it takes; nothing, where everyone is told."""
        queue = self.alert.queue
        units = max(quantity, queue.units_per_contact)
        return units, Decimal(0) if queue.contacts_per_unit is None else share_of(queue.contacts_per_unit, units)

    def _count_claim(self, quantity: int) -> None:
        assert self.episode is not None, "places are given while an episode is open"
        units, share = self._takes(quantity)
        self.episode = replace(self.episode, claimed=self.episode.claimed + units)
        self.supply = replace(self.supply, taken=self.supply.taken + share)

    def _arm(self) -> None:
        if not self.alert.crosses or self.measure is None:
            return
        for place in self._standing:
            if place.waiting and place.trigger is not None:
                place.armed = place.armed or place.trigger < self.measure


def _highest_bound(place: PlaceInLine) -> Decimal:
    return Decimal(0) if place.trigger is None else -place.trigger
