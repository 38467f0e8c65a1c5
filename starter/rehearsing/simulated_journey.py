"""One contact's journey in a simulated shop: who they are, where they stand in line, and what the journey hears."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from activities.decisions.evaluate import evaluate
from activities.decisions.facts import CriteriaFacts
from activities.rendering.facts import WaitPart
from activities.waitlist.admission import purchase_counts_since
from schemas.document.profiles import Ordered, PersonSection
from schemas.document.scenarios import HappeningSection
from schemas.document.steps import CallWebhook, Send
from schemas.journey.program import Program
from schemas.journey.signals import ContactEvent, Leave, PlaceGiven, Wake
from schemas.money import in_currency
from schemas.reasons import Reason
from starter.rehearsing.entrance import Entrance
from starter.rehearsing.fixtures import SimulatedContact, SimulatedProduct, criteria_facts
from starter.rehearsing.line import PlaceInLine
from workflows.worlds.rehearsal import Signal

ORDERS = ("ordered", "bought")


class SimulatedJourney:
    """One contact's journey under way.

    Attributes:
        place: where they stand in line; None: they have not entered, or there is no alert.
        entry_price: what the product cost when they entered the line; None: they have not.
        not_entered: why they were not.
        told_at: when a message used their place.
        left: why they left the line, or may not be written to any more.
        leaving: why the journey was asked to leave, if it was.
        approved, declined: the messages to them that somebody decided on.
        signals: those that it has not heard of yet.
    """

    def __init__(self, entrance: Entrance, profile: PersonSection, program: Program, zone: str) -> None:
        self.entrance = entrance
        self.contact = SimulatedContact.of(profile, zone)
        self._program, self._zone = program, zone
        self.place: PlaceInLine | None = None
        self.entry_price: Decimal | None = None
        self.not_entered: Reason | None = None
        self.told_at: datetime | None = None
        self.left: Reason | None = None
        self.leaving: Reason | None = None
        self.approved: set[str] = set()
        self.declined: set[str] = set()
        self.signals: list[Signal] = []
        self._events = 0

    @property
    def name(self) -> str:
        """Of the contact, in the scenario."""
        return self.entrance.contact

    def facts(self, product: SimulatedProduct | None) -> CriteriaFacts:
        """All facts that criteria can be about, now."""
        entrance = self.entrance
        entered_at = entrance.at if entrance.alert is not None else None
        facts = criteria_facts(entrance.store, self.contact, product, entrance.properties, entered_at)
        return replace(facts, time_zone=self._zone)

    def is_filtered(self, product: SimulatedProduct | None, now: datetime) -> bool:
        """Whether the alert's own conditions do not hold."""
        alert = self.entrance.alert
        if alert is None:
            return False
        filters = [each for each in (alert.trigger_filter, alert.profile_filter) if each is not None]
        return not all(evaluate(criteria, self.facts(product), now) for criteria in filters)

    def wait(self, currency: str | None) -> WaitPart:
        """What messages can say of their wait."""
        price = None if self.entry_price is None else in_currency(self.entry_price, currency)
        return WaitPart(self.entrance.at, price, None if self.place is None else self.place.number)

    def has_bought(self, now: datetime) -> bool:
        """They bought it since they entered, or in the time that the alert names."""
        entered_at, alert = self.entrance.at, self.entrance.alert
        if alert is None and self.entrance.event in ORDERS:
            # The order that a journey was entered on does not count as bought since.
            return False
        since = entered_at if alert is None else purchase_counts_since(alert, entered_at, now)
        bought = self.contact.bought_this
        return bought is not None and bought >= since

    def hear(self) -> Iterable[Signal]:
        """The signals that it has not heard of yet."""
        heard, self.signals = self.signals, []
        return heard

    def call_forward(self, claim_id: int) -> None:
        """They were given a place."""
        self.signals.append(PlaceGiven(claim_id=claim_id))

    def dismiss(self) -> None:
        """What they wait for is gone for good."""
        self.left = Reason.DISCONTINUED
        self.signals.append(Leave(reason=Reason.DISCONTINUED))

    def happens(self, section: HappeningSection, at: datetime, *, about_product: bool) -> None:
        """Something happens to this contact alone.

        Args:
            about_product: the conversation is about one.
        """
        match section:
            case HappeningSection(told_already=True):
                self._give_way()
            case HappeningSection(ordered=Ordered() as ordered):
                self._order(at, this=ordered is Ordered.THIS, about_product=about_product)
            case HappeningSection(event=str() as event):
                self._did(event, at, about_product=about_product)
            case HappeningSection(consent=bool() as consent):
                self.contact.consented = consent
                if not consent:
                    self.did("unsubscribed")
            case HappeningSection(sms_consent=bool() as consent):
                self.contact.texts = consent
            case HappeningSection(approves=str() as message):
                self.approved.add(message)
                self._wake(message)
            case HappeningSection(declines=str() as message):
                self.declined.add(message)
                self._wake(message)
            case _:
                pass

    def did(self, *names: str) -> None:
        """As the intake does: a goal or exit rule ends the journey; otherwise it gets the events that a step awaits."""
        self.contact.happened.update(names)
        if self.leaving is not None:
            return
        self._events += 1
        if any(name in self._program.goal_on for name in names):
            self.leaving = Reason.GOAL_REACHED
        elif any(name in self._program.exit_on for name in names):
            self.leaving = Reason.EXIT_RULE
        if self.leaving is not None:
            self.signals.append(Leave(reason=self.leaving))
            return
        for name in names:
            if name in self._program.awaited:
                self.signals.append(ContactEvent(event_id=f"{self._events}/{name}", event=name))

    def wake_at_webhooks(self) -> None:
        """The other system answers again."""
        self.signals += (Wake(step=step.id) for step in self._program.steps.values() if isinstance(step, CallWebhook))

    def _give_way(self) -> None:
        """Another alert told them (promise P9): they leave the line, unless what they wait for is still to come."""
        place = self.place
        if place is not None and (place.could_be_told or place.claim == "given") and self.left is None:
            place.give_up()
            self.left = Reason.TOLD_ALREADY
            self.signals.append(Leave(reason=Reason.TOLD_ALREADY))

    def _did(self, event: str, at: datetime, *, about_product: bool) -> None:
        contact = self.contact
        match event:
            case "ordered":
                self._order(at, this=False, about_product=about_product)
                return
            case "bought":
                self._order(at, this=True, about_product=about_product)
                return
            case "unsubscribed":
                contact.consented = False
            case "opened_message":
                contact.last_open = at
            case "clicked_message":
                contact.last_click = at
            case _:
                pass
        self.did(event)

    def _order(self, at: datetime, *, this: bool, about_product: bool) -> None:
        contact = self.contact
        contact.orders += 1
        contact.last_order = at
        if this and about_product:
            contact.bought_this = contact.bought_at = at
        # For a journey about no product, any order counts as the purchase.
        self.did("ordered", *(("bought",) if this or not about_product else ()))

    def _wake(self, message: str) -> None:
        for step in self._program.steps.values():
            if isinstance(step, Send) and step.message == message:
                self.signals.append(Wake(step=step.id))
