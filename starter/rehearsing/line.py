"""One contact's place in an alert's line in a simulated shop, by the arithmetic and the rules of the real one. Pure."""

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from activities.waitlist.allocation import Episode, observe, trigger_holds
from schemas.document.alert_types.offer import Offer
from schemas.document.alert_types.registry import AnyAlert


class Line:
    """A line with one contact in it.

    Attributes:
        trigger, armed: the bound they are notified at, and whether a fall to it would be a crossing.
        measure: what the trigger is compared with; of the open episode.
        claim: as in `activities.delivery.verdict.MessageFacts`.
    """

    def __init__(self, alert: AnyAlert, offer: Offer) -> None:
        self.alert = alert
        self.trigger, self.armed = alert.trigger(offer), alert.armed(offer)
        self.measure: Decimal | None = None
        self.waiting = True
        self.claim: Literal["given", "used", "lapsed"] | None = None
        self._claim_id = 0
        self._claim_of: int | None = None
        self._episode: Episode | None = None
        self._episode_number = 0
        self.observe(offer)

    @property
    def in_stock(self) -> bool:
        """Whether an episode is open; while a place is not used yet, the one it was given in."""
        return self._episode is not None and (self.claim != "given" or self._claim_of == self._episode_number)

    @property
    def could_be_told(self) -> bool:
        """Whether they wait for nothing but a place."""
        open_ = self.waiting and self.claim != "given" and self._episode is not None
        return open_ and trigger_holds(self.trigger, self.measure, armed=self.armed)

    def observe(self, offer: Offer) -> None:
        """Take in a changed offer."""
        queue, measure = self.alert.queue, self.alert.measure
        episode = observe(
            self._episode,
            offer.available(measure),
            queue.threshold,
            queue.contacts_per_unit,
            units_per_contact=queue.units_per_contact,
        )
        if episode is None:
            return
        if self._episode is None:
            self._episode_number += 1
        self.measure = offer.measured(measure)
        if self.alert.crosses and self.waiting and self.measure is not None and self.trigger is not None:
            self.armed = self.armed or self.trigger < self.measure
        self._episode = None if episode.over else episode

    def give_place(self) -> int | None:
        """Give them a place if it is their turn. Returns the claim's id."""
        if not self.could_be_told or self._episode is None or self._episode.places == 0:
            return None
        self._count_claims(1)
        self.waiting = False
        self.claim = "given"
        self._claim_id += 1
        self._claim_of = self._episode_number
        return self._claim_id

    def told(self) -> None:
        """A message used the place."""
        if self.claim == "given":
            self.claim = "used"

    def give_back(self) -> None:
        """The place is given back; they wait again at their old place in line."""
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

    def _pass_on(self) -> None:
        if self._claim_of == self._episode_number:
            self._count_claims(-1)

    def _count_claims(self, more: int) -> None:
        if self._episode is not None:
            self._episode = replace(self._episode, claimed=self._episode.claimed + more)
