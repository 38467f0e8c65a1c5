"""The simulated shop of a rehearsal: it answers the activities of one journey from the scenario's timeline.

Verdict, criteria and templates are production's own functions, over the scenario's facts. Nothing here does I/O, and
the time is always an argument.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from activities.decisions.evaluate import evaluate
from activities.decisions.facts import CriteriaFacts
from activities.delivery.cap import next_turn
from activities.delivery.order import Known, deliver_in_order
from activities.delivery.residence import residence
from activities.delivery.verdict import PAUSE_CHECK, TELLING, MessageFacts, is_capped
from activities.rendering.compile import compile_message
from activities.rendering.mjml import NotCompiled
from activities.rendering.templates import CannotRender, Rendered, render
from activities.senders.sender import Handover, NotTaken, SenderAtFault
from schemas.channels import Channel
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument, MessageSection
from schemas.document.steps import CallWebhook, ContactChange, NewAttribute, NewMembership, NewTag
from schemas.journey.activities import Deliver
from schemas.journey.compiled_criteria import CompiledCriteria
from schemas.journey.outcome import AfterRefusal, Deferred, Outcome, Refused, Sent, Unknown
from schemas.journey.program import Program
from schemas.reasons import Reason
from starter.rehearsing.entering import why_not_entered
from starter.rehearsing.fixtures import SimulatedProduct, message_context
from starter.rehearsing.simulated_journey import SimulatedJourney
from starter.rehearsing.timeline import Due, OfferLapses, Timeline


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was sent, as the contact reads it."""

    at: datetime
    message: str
    rendered: Rendered


class SimulatedShop:
    """The answers to one journey of a scenario, from its timeline."""

    def __init__(
        self,
        document: ConversationDocument,
        program: Program,
        compiled: CompiledCriteria,
        timeline: Timeline,
        journey: SimulatedJourney,
    ) -> None:
        self._document, self._program, self._compiled = document, program, compiled
        self._timeline, self._journey = timeline, journey
        self._settled: dict[str, Outcome] = {}
        self._together_until: dict[str, datetime] = {}
        self.messages: list[SentMessage] = []

    def enter(self) -> None:
        """Enter the contact now, if nothing speaks against it."""
        journey = self._journey
        journey.not_entered = why_not_entered(self._document, self._program, self._compiled, self._timeline, journey)
        line, product = self._timeline.line(journey), self._timeline.product
        if journey.not_entered is None and line is not None and product is not None:
            journey.place = line.enter(product.offer, journey.contact.wants)
            journey.entry_price = product.price

    async def deliver(self, request: Deliver, now: datetime) -> Outcome:
        """Check, and send if it is still true.

        Raises:
            NotTaken: the provider cannot be reached.
        """
        outcome = await deliver_in_order(request, _SimulatedDesk(self, request, now))
        if isinstance(outcome, Deferred) and outcome.reason is Reason.CONVERSATION_PAUSED and self._timeline.next_at:
            # Production checks every quarter of an hour; the answer stays the same until something happens.
            if request.says_still:
                return outcome
            checks = -(-(self._timeline.next_at - now) // PAUSE_CHECK)
            return outcome.model_copy(update={"until": now + max(1, checks) * PAUSE_CHECK})
        return outcome

    def look(self, request: Deliver, now: datetime) -> Known:
        """What is true of a message now."""
        return Known(
            self._verdict_facts(request, now),
            recorded=self._settled.get(request.key),
            declined=request.step.manual and request.step.message in self._journey.declined,
        )

    def compose(self, message: str) -> Rendered | None:
        """The message as it is read now; None when it cannot be rendered."""
        section, entrance = self._document.list, self._journey.entrance
        event = entrance.event if entrance.alert is None else None
        about = entrance.store, self._journey.contact, self._timeline.product, entrance.properties
        context = message_context(*about, event, section, self._journey.wait(section.currency))
        try:
            return render(compile_message(self._document.messages[message]), context)
        except (CannotRender, NotCompiled):
            return None

    def is_approved(self, message: str) -> bool:
        """Whether somebody has approved it."""
        return message in self._journey.approved

    def require_provider(self) -> None:
        """Go on only while the provider can be reached.

        Raises:
            NotTaken: it cannot.
        """
        if not self._timeline.provider_up:
            raise NotTaken("the scenario's provider is down")

    def send(self, request: Deliver, rendered: Rendered, now: datetime) -> None:
        """Send a message to the contact."""
        self.messages.append(SentMessage(now, request.step.message, rendered))
        self._journey.contact.gets(request.step.message, now, capped=self._is_capped(request))

    def _waits_for_others(self, request: Deliver, message: MessageSection, now: datetime) -> datetime | None:
        """Until when: they come in other journeys, so here none does."""
        within, place = self._document.list.together_within, self._journey.place
        if within is None or place is None or place.claim != "given" or request.event is not AlertEvent.ALERT:
            return None
        if request.step.manual or not message.tells_together:
            return None
        return self._together_until.setdefault(request.key, now + within)

    def _is_capped(self, request: Deliver) -> bool:
        message = self._document.messages[request.step.message]
        return is_capped(request.event, transactional=message.transactional)

    def settle(self, request: Deliver, outcome: Sent | Refused | Unknown, now: datetime) -> Outcome:
        """Record a message's outcome, and what it means for the contact's place in line."""
        self._settled[request.key] = outcome
        journey, place = self._journey, self._journey.place
        if place is None:
            if isinstance(outcome, Sent) and journey.told_at is None:
                self._tell(now)
            return outcome
        match outcome:
            case Sent() if request.event in TELLING and place.claim == "given":
                place.told()
                self._tell(now)
                if (lapses_after := place.line.alert.queue.offer_lapses_after) is not None:
                    self._timeline.add(Due(now + lapses_after, OfferLapses(journey)))
            case Refused(then=AfterRefusal.BACK_IN_LINE, reason=reason):
                place.give_back(reason)
            case Refused(then=AfterRefusal.LEAVE, reason=reason):
                place.give_up()
                journey.left = reason
            case _:
                pass
        return outcome

    def decide(self, criteria_id: str, now: datetime) -> int | None:
        """The position of the first of these criteria that holds; None when none does."""
        those = enumerate(self._compiled.criteria.get(criteria_id, ()))
        return next((index for index, each in those if each is None or evaluate(each, self._facts, now)), None)

    def time_zone(self) -> str:
        """The time zone that a `wait_until` goes by."""
        return self._journey.contact.zone(self._document.list.time_zone)

    def change_contact(self, step: ContactChange, now: datetime) -> None:
        """Change something about the contact."""
        match step.change:
            case NewAttribute(name=name, value=value):
                self._journey.contact.attributes[name] = value
            case NewTag(tag=tag):
                self._journey.contact.tags.add(tag)
            case NewMembership(list_code=code):
                self._journey.contact.lists.add(code)
            case _:
                assert_never(step.change)

    def call_webhook(self, step: CallWebhook, now: datetime) -> bool:
        """Whether the other system takes it."""
        return self._timeline.webhooks_answer

    def _tell(self, now: datetime) -> None:
        self._journey.told_at = now
        self._timeline.told.append(self._journey)

    @property
    def _facts(self) -> CriteriaFacts:
        return self._journey.facts(self._timeline.product)

    def _verdict_facts(self, request: Deliver, now: datetime) -> MessageFacts:
        timeline, journey, quiet = self._timeline, self._journey, self._document.list.quiet_hours
        place, product = journey.place, timeline.product
        contact, message = journey.contact, self._document.messages[request.step.message]
        texted = message.channel is Channel.SMS
        return MessageFacts(
            event=request.event,
            type=place.line.alert.type if place is not None else None,
            draft=request.step.draft,
            left=journey.left or journey.leaving,
            erased=False,
            consented=contact.texts if texted else contact.consented,
            suppressed=False,
            paused=Reason.CONVERSATION_PAUSED if timeline.paused else None,
            filtered=journey.is_filtered(product, now),
            bought=journey.has_bought(now),
            on_sale=product is None or product.for_sale,
            claim=place.claim if place is not None else None,
            in_stock=_in_stock(journey, product, still=request.says_still),
            fewer_than_wanted=place is not None and place.fewer_than_wanted,
            measure=place.line.measure if place is not None else None,
            trigger=place.trigger if place is not None else None,
            time_zone=self._document.list.time_zone,
            quiet_from=quiet.starts if quiet is not None else None,
            quiet_until=quiet.ends if quiet is not None else None,
            together_until=self._waits_for_others(request, message, now),
            turn=next_turn(contact.counted, self._document.list.at_most, now),
            unreachable=texted and contact.phone is None,
            beside=any(each.channel is not Channel.EMAIL for each in self._document.messages.values()),
            lives_in=residence(contact.attributes, contact.phone) if texted and contact.phone is not None else None,
            transactional=message.transactional,
            still=request.says_still,
        )


def _in_stock(journey: SimulatedJourney, product: SimulatedProduct | None, *, still: bool) -> bool:
    can_be_bought = product is None or product.offer.can_be_bought
    if journey.place is None:
        return can_be_bought
    return journey.place.in_stock or (still and can_be_bought)


@dataclass(frozen=True, slots=True)
class _SimulatedDesk:
    """The desk of one message: no concurrency, and records in memory only."""

    shop: SimulatedShop
    request: Deliver
    at: datetime

    def now(self) -> datetime:
        return self.at

    async def look(self) -> Known:
        return self.shop.look(self.request, self.at)

    async def note(self) -> None:
        pass

    async def put_off(self, until: datetime) -> datetime:
        return until

    async def gather(self, until: datetime) -> datetime:
        return until

    async def compose(self) -> Rendered | None:
        return self.shop.compose(self.request.step.message)

    async def stop(self, fault: SenderAtFault | None = None) -> None:
        pass

    async def hold(self) -> bool:
        return not self.shop.is_approved(self.request.step.message)

    @asynccontextmanager
    async def ready(self, message: Rendered) -> AsyncGenerator[Handover[Rendered]]:
        self.shop.require_provider()
        yield _SimulatedHandover(self, message)

    async def open(self) -> bool:
        return True

    async def release(self) -> None:
        pass

    async def settle(self, outcome: Sent | Refused | Unknown, *, sending: bool) -> Outcome | None:
        return self.shop.settle(self.request, outcome, self.at)

    def sent(self, message: Rendered) -> Sent:
        return Sent(message_id=f"{self.request.key.replace('/', '.')}@shop.example", at=self.at)


@dataclass(slots=True)
class _SimulatedHandover:
    """A provider that takes what it is given."""

    desk: _SimulatedDesk
    message: Rendered

    async def begin(self, message: Rendered) -> None:
        self.message = message

    async def send(self) -> None:
        self.desk.shop.send(self.desk.request, self.message, self.desk.at)
