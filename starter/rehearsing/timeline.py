"""The timeline of a rehearsal: what happens in the simulated shop, when, and which signals the journey gets of it.

It holds the state at each moment; simulated_shop.py answers the journey's activities from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from activities.decisions.facts import CriteriaFacts
from activities.rendering.facts import WaitPart
from schemas.document.alert_types.offer import ZERO_PRICE_HOLDS
from schemas.document.conversation import ConversationDocument
from schemas.document.profiles import Ordered
from schemas.document.scenarios import HappeningSection, ScenarioSection
from schemas.document.steps import CallWebhook, Send
from schemas.journey.program import Program
from schemas.journey.signals import ContactEvent, Leave, PlaceGiven, Wake
from schemas.money import in_currency
from schemas.reasons import Reason
from starter.rehearsing.entrance import Entrance, when
from starter.rehearsing.fixtures import SimulatedContact, SimulatedProduct, criteria_facts
from starter.rehearsing.line import Line
from workflows.worlds.rehearsal import Signal


class OfferLapses:
    """The time in which an offer is to be taken up is over."""


class ZeroPriceHolds:
    """A price of nothing may have held for long enough to count."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that happens at a moment."""

    at: datetime
    what: HappeningSection | OfferLapses | ZeroPriceHolds


class Timeline:
    """One scenario under way.

    Attributes:
        left: why they left the line, or may not be written to any more.
        leaving: why the journey was asked to leave, if it was.
        approved, declined: the messages that somebody decided on.
        played: what has happened so far.
    """

    def __init__(
        self, document: ConversationDocument, program: Program, scenario: ScenarioSection, entrance: Entrance
    ) -> None:
        self._program = program
        self._zone, self._currency = document.list.time_zone, document.list.currency
        zone, product = document.list.time_zone, entrance.product
        self.entrance = entrance
        self.contact = SimulatedContact.of(scenario.profile, zone)
        self.product = (
            SimulatedProduct(product, entrance.units, product.price, product.on_sale) if product is not None else None
        )
        self.line: Line | None = None
        if entrance.alert is not None and self.product is not None:
            self.line = Line(entrance.alert, self.product.offer)
        self.left: Reason | None = None
        self.leaving: Reason | None = None
        self.paused = False
        self.provider_up = True
        self.webhooks_answer = True
        self.approved: set[str] = set()
        self.declined: set[str] = set()
        self.played: list[Due] = []
        self._events = 0
        self._due = [Due(when(each, entrance.at, zone), each) for each in scenario.happens]
        self._due.sort(key=_moment)

    @property
    def facts(self) -> CriteriaFacts:
        """All facts that criteria can be about, now."""
        entered_at = self.entrance.at if self.line is not None else None
        facts = criteria_facts(self.entrance.store, self.contact, self.product, self.entrance.properties, entered_at)
        return replace(facts, time_zone=self._zone)

    @property
    def wait(self) -> WaitPart:
        """What messages can say of their wait, in a line that nobody else stands in."""
        product, line = self.entrance.product, self.line
        if product is None or line is None:
            return WaitPart(self.entrance.at)
        return WaitPart(self.entrance.at, in_currency(product.price, self._currency), 1 if line.waiting else None)

    def add(self, due: Due) -> None:
        """Something more will happen."""
        self._due.append(due)
        self._due.sort(key=_moment)

    @property
    def next_at(self) -> datetime | None:
        """When something happens next."""
        return self._due[0].at if self._due else None

    @property
    def paused_for_good(self) -> bool:
        """The conversation is paused, and nothing will happen any more."""
        return self.paused and not self._due

    def play_next(self) -> Iterator[Signal]:
        """Let what is due next happen. Yields the signals that the journey gets of it."""
        due = self._due.pop(0)
        match due.what:
            case OfferLapses():
                # A contact who bought has taken the offer up.
                if self.line is not None and self.contact.bought_at is None:
                    self.line.lapse()
            case ZeroPriceHolds():
                self.played.append(due)
                if self.line is not None and self.product is not None:
                    self.product.doubted = False
                    self.line.observe(self.product.offer)
            case HappeningSection():
                self.played.append(due)
                yield from self._happen(due.what, due.at)
                if self.line is not None and self.product is not None:
                    self.line.observe(self.product.offer)

    def look_at_shelf(self) -> Iterator[Signal]:
        """What the shelf does now: give them a place, or let them go when the product is discontinued."""
        line = self.line
        if line is None or self.product is None or not line.waiting or self.left is not None:
            return
        if self.product.discontinued:
            line.give_up()
            self.left = Reason.DISCONTINUED
            yield Leave(reason=Reason.DISCONTINUED)
        elif not self.paused and (claim_id := line.give_place()) is not None:
            yield PlaceGiven(claim_id=claim_id)

    def leave_waitlist(self) -> None:
        """They leave the line because their relevancy window has ended."""
        if self.line is not None:
            self.line.give_up()

    def _happen(self, section: HappeningSection, at: datetime) -> Iterator[Signal]:
        product, contact = self.product, self.contact
        match section:
            case HappeningSection(stock=int() as units) if product is not None:
                product.units = units
            case HappeningSection(on_sale=bool() as on_sale) if product is not None:
                product.on_sale = on_sale
            case HappeningSection(discontinued=True) if product is not None:
                product.discontinued = True
            case HappeningSection(told_already=True):
                yield from self._give_way()
            case HappeningSection(ordered=Ordered() as ordered):
                yield from self._order(at, this=ordered is Ordered.THIS)
            case HappeningSection(event=str() as event):
                yield from self._did(event, at)
            case HappeningSection(consent=bool() as consent):
                contact.consented = consent
                if not consent:
                    yield from self.contact_events("unsubscribed")
            case HappeningSection(paused=bool() as paused):
                self.paused = paused
            case HappeningSection(provider=str() as provider):
                self.provider_up = provider == "up"
            case HappeningSection(approves=str() as message):
                self.approved.add(message)
                yield from self._wake(message)
            case HappeningSection(declines=str() as message):
                self.declined.add(message)
                yield from self._wake(message)
            case HappeningSection(webhook=str() as webhook):
                self.webhooks_answer = webhook == "answers"
                if self.webhooks_answer:
                    yield from (Wake(step=s.id) for s in self._program.steps.values() if isinstance(s, CallWebhook))
            case _:
                if product is not None and section.price is not None:
                    self._costs(product, section.price, at)

    def _costs(self, product: SimulatedProduct, price: Decimal, at: datetime) -> None:
        """The price changes. One of nothing counts once it has held, as long as installations wait by default."""
        if price == 0 and product.price != 0:
            product.doubted = True
            self.add(Due(at + ZERO_PRICE_HOLDS, ZeroPriceHolds()))
        elif price != 0 and product.doubted:
            product.doubted = False
            self._due = [due for due in self._due if not isinstance(due.what, ZeroPriceHolds)]
        product.price = price

    def _give_way(self) -> Iterator[Signal]:
        """Another alert told them (promise P9): they leave the line, unless what they wait for is still to come."""
        line = self.line
        if line is not None and (line.could_be_told or line.claim == "given") and self.left is None:
            line.give_up()
            self.left = Reason.TOLD_ALREADY
            yield Leave(reason=Reason.TOLD_ALREADY)

    def _did(self, event: str, at: datetime) -> Iterator[Signal]:
        contact = self.contact
        match event:
            case "ordered":
                yield from self._order(at, this=False)
                return
            case "bought":
                yield from self._order(at, this=True)
                return
            case "unsubscribed":
                contact.consented = False
            case "opened_message":
                contact.last_open = at
            case "clicked_message":
                contact.last_click = at
            case _:
                pass
        yield from self.contact_events(event)

    def _order(self, at: datetime, *, this: bool) -> Iterator[Signal]:
        contact = self.contact
        contact.orders += 1
        contact.last_order = at
        if this and self.product is not None:
            contact.bought_this = contact.bought_at = at
        # For a journey about no product, any order counts as the purchase.
        yield from self.contact_events("ordered", *(("bought",) if this or self.product is None else ()))

    def contact_events(self, *names: str) -> Iterator[Signal]:
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
            yield Leave(reason=self.leaving)
            return
        for name in names:
            if name in self._program.awaited:
                yield ContactEvent(event_id=f"{self._events}/{name}", event=name)

    def _wake(self, message: str) -> Iterator[Signal]:
        for step in self._program.steps.values():
            if isinstance(step, Send) and step.message == message:
                yield Wake(step=step.id)


def _moment(due: Due) -> datetime:
    return due.at
