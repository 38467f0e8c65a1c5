"""The plot of a rehearsal: what happens in a simulated shop, when, and what the journey is told of it.

It keeps what is true at each moment; stage.py answers the journey's questions from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from activities.decisions.facts import CriteriaFacts
from schemas.document.conversation import ConversationDocument
from schemas.document.profiles import Ordered
from schemas.document.scenarios import HappeningSection, ScenarioSection
from schemas.document.steps import CallWebhook, Send
from schemas.journey.program import Program
from schemas.journey.signals import ContactEvent, Leave, PlaceGiven, Wake
from schemas.reasons import Reason
from starter.rehearsing.entrance import Entrance, when
from starter.rehearsing.fixtures import SimulatedContact, SimulatedProduct, criteria_facts
from starter.rehearsing.line import Line
from workflows.worlds.rehearsal import Signal


class OfferLapses:
    """The time in which an offer is to be taken up is over."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that happens at a moment."""

    at: datetime
    what: HappeningSection | OfferLapses


class Timeline:
    """One scenario under way.

    Attributes:
        left: why they left the line, or may not be written to any more.
        leaving: the journey was asked to leave, and why.
        approved, declined: the messages that somebody looked at.
        played: what has happened so far.
    """

    def __init__(
        self, document: ConversationDocument, program: Program, scenario: ScenarioSection, entrance: Entrance
    ) -> None:
        self._program = program
        zone, product = document.list.time_zone, entrance.product
        self.entrance = entrance
        self.person = SimulatedContact.of(scenario.profile, zone)
        self.goods = (
            SimulatedProduct(product, entrance.units, product.price, product.on_sale) if product is not None else None
        )
        self.line: Line | None = None
        if entrance.alert is not None and self.goods is not None:
            self.line = Line(entrance.alert, self.goods.offer)
        self.left: Reason | None = None
        self.leaving: Reason | None = None
        self.paused = False
        self.provider_up = True
        self.webhooks_answer = True
        self.approved: set[str] = set()
        self.declined: set[str] = set()
        self.played: list[Due] = []
        self._told = 0
        self._due = [Due(when(each, entrance.at, zone), each) for each in scenario.happens]
        self._due.sort(key=_moment)

    @property
    def facts(self) -> CriteriaFacts:
        """All that criteria can ask, now."""
        entered_at = self.entrance.at if self.line is not None else None
        return criteria_facts(self.person, self.goods, self.entrance.properties, entered_at)

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
        """Let what is due next happen; what the journey is told of it."""
        due = self._due.pop(0)
        match due.what:
            case OfferLapses():
                # Whoever bought it took the offer up.
                if self.line is not None and self.person.bought_at is None:
                    self.line.lapse()
            case HappeningSection():
                self.played.append(due)
                yield from self._happen(due.what, due.at)
                if self.line is not None and self.goods is not None:
                    self.line.observe(self.goods.offer)

    def look(self) -> Iterator[Signal]:
        """What the shelf does now: dismiss them, or call them forward."""
        line = self.line
        if line is None or self.goods is None or not line.waiting or self.left is not None:
            return
        if self.goods.discontinued:
            line.give_up()
            self.left = Reason.DISCONTINUED
            yield Leave(reason=Reason.DISCONTINUED)
        elif not self.paused and (claim_id := line.call()) is not None:
            yield PlaceGiven(claim_id=claim_id)

    def leave_waitlist(self) -> None:
        """They leave the line, for their window has ended."""
        if self.line is not None:
            self.line.give_up()

    def _happen(self, section: HappeningSection, at: datetime) -> Iterator[Signal]:
        goods, person = self.goods, self.person
        match section:
            case HappeningSection(stock=int() as units) if goods is not None:
                goods.units = units
            case HappeningSection(on_sale=bool() as on_sale) if goods is not None:
                goods.on_sale = on_sale
            case HappeningSection(discontinued=True) if goods is not None:
                goods.discontinued = True
            case HappeningSection(ordered=Ordered() as ordered):
                yield from self._order(at, this=ordered is Ordered.THIS)
            case HappeningSection(event=str() as event):
                yield from self._did(event, at)
            case HappeningSection(consent=bool() as consent):
                person.consented = consent
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
                if goods is not None and section.price is not None:
                    goods.price = section.price

    def _did(self, event: str, at: datetime) -> Iterator[Signal]:
        person = self.person
        match event:
            case "ordered":
                yield from self._order(at, this=False)
                return
            case "bought":
                yield from self._order(at, this=True)
                return
            case "unsubscribed":
                person.consented = False
            case "opened_message":
                person.last_open = at
            case "clicked_message":
                person.last_click = at
            case _:
                pass
        yield from self.contact_events(event)

    def _order(self, at: datetime, *, this: bool) -> Iterator[Signal]:
        person = self.person
        person.orders += 1
        person.last_order = at
        if this and self.goods is not None:
            person.bought_this = person.bought_at = at
        # Of a journey about no product, any order is what it is about.
        yield from self.contact_events("ordered", *(("bought",) if this or self.goods is None else ()))

    def contact_events(self, *names: str) -> Iterator[Signal]:
        """As the intake tells it: a goal or an exit ends the journey; else it is told what a step waits for."""
        self.person.happened.update(names)
        if self.leaving is not None:
            return
        self._told += 1
        if any(name in self._program.goal_on for name in names):
            self.leaving = Reason.GOAL_REACHED
        elif any(name in self._program.exit_on for name in names):
            self.leaving = Reason.EXIT_RULE
        if self.leaving is not None:
            yield Leave(reason=self.leaving)
            return
        for name in names:
            if name in self._program.awaited:
                yield ContactEvent(event_id=f"{self._told}/{name}", event=name)

    def _wake(self, message: str) -> Iterator[Signal]:
        for step in self._program.steps.values():
            if isinstance(step, Send) and step.message == message:
                yield Wake(step=step.id)


def _moment(due: Due) -> datetime:
    return due.at
