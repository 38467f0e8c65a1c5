"""The stage of a rehearsal: answers all that a journey asks, in a simulated shop.

The answers are those of production: verdict, criteria and templates are the same functions, over facts that the
scenario made up. Nothing here does I/O, and time is only what is said.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from activities.decisions.evaluate import evaluate
from activities.delivery.order import Before, deliver_in_order
from activities.delivery.verdict import PAUSE_CHECK, TELLING, Facts
from activities.rendering.templates import CannotRender, Rendered, render
from activities.senders.sender import NotTaken
from activities.waitlist.admission import EntryFacts, purchase_counts_since, why_closed, why_not_admitted
from activities.waitlist.window import window_end
from schemas.document.alert_types.alert import Sight
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import CallWebhook, ContactChange, NewAttribute, NewMembership, NewTag, Send
from schemas.journey.activities import Deliver
from schemas.journey.compiled_criteria import CompiledCriteria
from schemas.journey.outcome import AfterRefusal, Deferred, Outcome, Refused, Sent, Unknown
from schemas.journey.program import Program, entry_criteria_id
from schemas.reasons import Reason
from starter.rehearsing.fixtures import message_context
from starter.rehearsing.timeline import Due, OfferLapses, Timeline

ORDERS = ("ordered", "bought")


@dataclass(frozen=True, slots=True)
class Said:
    """A message as the contact reads it."""

    at: datetime
    message: str
    rendered: Rendered


class SimulatedShop:
    """All answers of one scenario, given the plot."""

    def __init__(
        self,
        document: ConversationDocument,
        program: Program,
        questions: CompiledCriteria,
        plot: Timeline,
    ) -> None:
        self._document, self._program, self._questions = document, program, questions
        self._plot = plot
        self._settled: dict[str, Outcome] = {}
        self.said: list[Said] = []

    def why_not(self) -> Reason | None:
        """Why they are not entered."""
        plot, now = self._plot, self._plot.entrance.at
        sends = [step for step in self._program.steps.values() if isinstance(step, Send)]
        closed = why_closed(watched=True, live=not sends or not all(step.draft for step in sends))
        if closed is not None:
            return closed
        alert, goods, line = plot.entrance.alert, plot.goods, plot.line
        if alert is None or goods is None or line is None:
            asked = self._questions.criteria.get(entry_criteria_id(plot.entrance.event), (None,))
            opens = any(criteria is None or evaluate(criteria, plot.facts, now) for criteria in asked)
            return None if opens else Reason.FILTERED
        facts = EntryFacts(
            sight=Sight(goods.offer, line.in_stock, never_away=goods.on_sale and not goods.section.counted),
            window_ends_at=window_end(now, alert.relevancy_window.days, self._document.list.time_zone),
            gone=goods.discontinued,
            bought=self._bought(now),
            filtered=self._filtered(now),
        )
        return why_not_admitted(alert, facts, now)

    async def deliver(self, request: Deliver, now: datetime) -> Outcome:
        """Check, and send if it is still true.

        Raises:
            NotTaken: the provider cannot be reached.
        """
        before = Before(
            self._verdict_facts(request, now),
            recorded=self._settled.get(request.key),
            declined=request.step.manual and request.step.message in self._plot.declined,
        )
        outcome = await deliver_in_order(request, before, _StageDesk(self, request, now))
        if isinstance(outcome, Deferred) and outcome.reason is Reason.CONVERSATION_PAUSED and self._plot.next_at:
            # Looked at every quarter of an hour; until something happens it is the same each time.
            looks = -(-(self._plot.next_at - now) // PAUSE_CHECK)
            return outcome.model_copy(update={"until": now + max(1, looks) * PAUSE_CHECK})
        return outcome

    def compose(self, message: str) -> Rendered | None:
        """The message as it is read now; None when it cannot be rendered."""
        plot, section = self._plot, self._document.list
        event = plot.entrance.event if plot.entrance.alert is None else None
        context = message_context(
            plot.person, plot.goods, plot.entrance.properties, event, section.name, section.currency
        )
        try:
            return render(self._document.messages[message], context)
        except CannotRender:
            return None

    def is_approved(self, message: str) -> bool:
        """Whether somebody has said yes to it."""
        return message in self._plot.approved

    def send(self, message: str, rendered: Rendered, now: datetime) -> None:
        """The contact has it.

        Raises:
            NotTaken: the provider cannot be reached.
        """
        if not self._plot.provider_up:
            raise NotTaken("the scenario's provider is down")
        self.said.append(Said(now, message, rendered))
        self._plot.person.last_message = now
        self._plot.person.sent.add(message)

    def settle(self, request: Deliver, outcome: Sent | Refused | Unknown, now: datetime) -> Outcome:
        """What became of the message, and what that means for their place."""
        self._settled[request.key] = outcome
        line = self._plot.line
        if line is None:
            return outcome
        match outcome:
            case Sent() if request.event in TELLING and line.claim == "given":
                line.told()
                if (lapses_after := line.alert.queue.offer_lapses_after) is not None:
                    self._plot.add(Due(now + lapses_after, OfferLapses()))
            case Refused(then=AfterRefusal.BACK_IN_LINE):
                line.give_back()
            case Refused(then=AfterRefusal.LEAVE, reason=reason):
                line.give_up()
                self._plot.left = reason
            case _:
                pass
        return outcome

    def decide(self, question: str, now: datetime) -> int | None:
        """Which of the question's criteria hold: the first."""
        facts = self._plot.facts
        for index, criteria in enumerate(self._questions.criteria.get(question, ())):
            if criteria is None or evaluate(criteria, facts, now):
                return index
        return None

    def time_zone(self) -> str:
        """Whose clock a wait until goes by."""
        return self._plot.person.zone(self._document.list.time_zone)

    def change_contact(self, step: ContactChange, now: datetime) -> None:
        """Note something about the contact."""
        match step.change:
            case NewAttribute(name=name, value=value):
                self._plot.person.attributes[name] = value
            case NewTag(tag=tag):
                self._plot.person.tags.add(tag)
            case NewMembership(list_code=code):
                self._plot.person.lists.add(code)
            case _:
                assert_never(step.change)

    def call_webhook(self, step: CallWebhook, now: datetime) -> bool:
        """Whether the other system takes it."""
        return self._plot.webhooks_answer

    def _verdict_facts(self, request: Deliver, now: datetime) -> Facts:
        plot = self._plot
        line, goods, quiet = plot.line, plot.goods, self._document.list.quiet_hours
        in_stock = goods is None or goods.offer.can_be_bought
        return Facts(
            event=request.event,
            type=line.alert.type if line is not None else None,
            draft=request.step.draft,
            left=plot.left or plot.leaving,
            erased=False,
            consented=plot.person.consented,
            suppressed=False,
            paused=plot.paused,
            filtered=self._filtered(now),
            bought=self._bought(now),
            on_sale=goods is None or goods.for_sale,
            claim=line.claim if line is not None else None,
            in_stock=line.in_stock if line is not None else in_stock,
            measure=line.measure if line is not None else None,
            trigger=line.trigger if line is not None else None,
            time_zone=self._document.list.time_zone,
            quiet_from=quiet.starts if quiet is not None else None,
            quiet_until=quiet.ends if quiet is not None else None,
        )

    def _filtered(self, now: datetime) -> bool:
        """Whether the alert's own conditions do not hold."""
        alert = self._plot.entrance.alert
        if alert is None:
            return False
        filters = [each for each in (alert.trigger_filter, alert.profile_filter) if each is not None]
        return not all(evaluate(criteria, self._plot.facts, now) for criteria in filters)

    def _bought(self, now: datetime) -> bool:
        """They bought it since they entered, or in the time that the alert names."""
        entered_at, alert = self._plot.entrance.at, self._plot.entrance.alert
        if alert is None and self._plot.entrance.event in ORDERS:
            # Who enters because they bought is no buyer of that.
            return False
        since = entered_at if alert is None else purchase_counts_since(alert, entered_at, now)
        bought = self._plot.person.bought_this
        return bought is not None and bought >= since


@dataclass(frozen=True, slots=True)
class _StageDesk:
    """One message in the simulated shop: nobody else is at it, and nothing is recorded but in memory."""

    stage: SimulatedShop
    request: Deliver
    at: datetime

    def now(self) -> datetime:
        return self.at

    async def note(self) -> None:
        pass

    async def compose(self) -> Rendered | None:
        return self.stage.compose(self.request.step.message)

    async def stop(self) -> None:
        pass

    async def hold(self) -> bool:
        return not self.stage.is_approved(self.request.step.message)

    async def open(self) -> bool:
        return True

    async def send(self, message: Rendered) -> Sent:
        self.stage.send(self.request.step.message, message, self.at)
        return Sent(message_id=f"{self.request.key.replace('/', '.')}@shop.example", at=self.at)

    async def release(self) -> None:
        pass

    async def settle(self, outcome: Sent | Refused | Unknown, *, sending: bool) -> Outcome | None:
        return self.stage.settle(self.request, outcome, self.at)
