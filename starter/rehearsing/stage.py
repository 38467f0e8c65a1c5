"""The stage of a rehearsal: answers all that a journey asks, in a simulated shop.

The answers are those of production: verdict, criteria and templates are the same functions, over facts that the
scenario made up. Nothing here does I/O, and time is only what is said.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from activities.decisions.evaluate import evaluate
from activities.delivery.deliver import SAID_ONCE
from activities.delivery.verdict import PAUSE_CHECK, Facts, Go, judge
from activities.rendering.templates import CannotRender, Rendered, render
from activities.senders.sender import NotTaken
from schemas.alerts import AlertEvent, BackInStock, LowInventory
from schemas.conversation import ConversationDocument
from schemas.document.steps import CallWebhook, ContactChange, NewAttribute, NewMembership, NewTag, Send
from schemas.journey import Deliver
from schemas.outcome import Deferred, Held, Outcome, Refused, Sent, Stopped, Then
from schemas.program import Program, entry_question
from schemas.questions import Questions
from schemas.reasons import Reason
from starter.rehearsing.cast import message_context
from starter.rehearsing.plot import Due, OfferLapses, Plot

TELLING = (AlertEvent.ALERT, AlertEvent.FOLLOW_UP)
"""The events whose messages use the place."""

ORDERS = ("ordered", "bought")


@dataclass(frozen=True, slots=True)
class Said:
    """A message as the contact reads it."""

    at: datetime
    message: str
    rendered: Rendered


class Stage:
    """All answers of one scenario, given the plot."""

    def __init__(
        self,
        document: ConversationDocument,
        program: Program,
        questions: Questions,
        plot: Plot,
    ) -> None:
        self._document, self._program, self._questions = document, program, questions
        self._plot = plot
        self._settled: dict[str, Outcome] = {}
        self.said: list[Said] = []

    def why_not(self) -> Reason | None:
        """Why they are not entered."""
        now, alert, goods = self._plot.entrance.at, self._plot.entrance.alert, self._plot.goods
        sends = [step for step in self._program.steps.values() if isinstance(step, Send)]
        if sends and all(step.draft for step in sends):
            return Reason.MESSAGE_DRAFT
        if alert is None or goods is None or self._plot.line is None:
            asked = self._questions.criteria.get(entry_question(self._plot.entrance.event), (None,))
            facts = self._plot.facts
            opens = any(criteria is None or evaluate(criteria, facts, now) for criteria in asked)
            return None if opens else Reason.FILTERED
        if isinstance(alert, BackInStock):
            never_away = goods.on_sale and not goods.section.counted
            if alert.action != "sign-up" and (self._plot.line.in_stock or never_away):
                return Reason.IN_STOCK
        elif not isinstance(alert, LowInventory) and goods.offer.price is None:
            return Reason.INACTIVE
        if self._bought(now):
            return Reason.PURCHASED
        return Reason.FILTERED if self._filtered(now) else None

    def deliver(self, request: Deliver, now: datetime) -> Outcome:
        """Check, and send if it is still true.

        Raises:
            NotTaken: the provider cannot be reached.
        """
        if (settled := self._settled.get(request.key)) is not None:
            return settled
        if request.step.manual and request.step.message in self._plot.declined:
            then = Then.LEAVE if self._is_the_alert(request) else Then.GO_ON
            return self._settle(request, Refused(reason=Reason.DECLINED, then=then), now)
        match judge(self._verdict_facts(request, now), now):
            case Deferred(until=until, reason=reason):
                if reason is Reason.CONVERSATION_PAUSED and self._plot.next_at is not None:
                    # Looked at every quarter of an hour; until something happens it is the same each time.
                    looks = -(-(self._plot.next_at - now) // PAUSE_CHECK)
                    until = now + max(1, looks) * PAUSE_CHECK
                return Deferred(until=until, reason=reason)
            case Refused() as refused:
                return self._settle(request, refused, now)
            case Go():
                return self._attempt(request, now)

    def _attempt(self, request: Deliver, now: datetime) -> Outcome:
        message = request.step.message
        try:
            rendered = self._message(message)
        except CannotRender:
            if request.round == SAID_ONCE:
                return self._settle(request, Refused(reason=Reason.MESSAGE_BROKEN, then=Then.GO_ON), now)
            return Stopped(reason=Reason.MESSAGE_BROKEN)
        if request.step.manual and message not in self._plot.approved:
            return Held()
        if not self._plot.provider_up:
            if now < request.give_up_at:
                raise NotTaken("the scenario's provider is down")
            then = Then.BACK_IN_LINE if self._is_the_alert(request) else Then.GO_ON
            return self._settle(request, Refused(reason=Reason.PROVIDER_UNAVAILABLE, then=then), now)
        self.said.append(Said(now, message, rendered))
        self._plot.person.last_message = now
        self._plot.person.sent.add(message)
        return self._settle(request, Sent(message_id=f"{request.key.replace('/', '.')}@shop.example", at=now), now)

    def _is_the_alert(self, request: Deliver) -> bool:
        """They were not told before, and hear of it by this."""
        line = self._plot.line
        return request.event is AlertEvent.ALERT and line is not None and line.claim == "given"

    def _settle(self, request: Deliver, outcome: Sent | Refused, now: datetime) -> Outcome:
        self._settled[request.key] = outcome
        line = self._plot.line
        if line is None:
            return outcome
        match outcome:
            case Sent() if request.event in TELLING and line.claim == "given":
                line.told()
                alert = line.alert
                if isinstance(alert, BackInStock) and alert.offer_lapses_after is not None:
                    self._plot.add(Due(now + alert.offer_lapses_after, OfferLapses()))
            case Refused(then=Then.BACK_IN_LINE):
                line.give_back()
            case Refused(then=Then.LEAVE, reason=reason):
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
        offer = goods.offer if goods is not None else None
        in_stock = offer is None or offer.open_ended or offer.units > 0
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
        since = entered_at
        if isinstance(alert, LowInventory):
            since = min(entered_at, now - (alert.not_if_bought_within or timedelta(0)))
        bought = self._plot.person.bought_this
        return bought is not None and bought >= since

    def _message(self, message: str) -> Rendered:
        plot, section = self._plot, self._document.list
        event = plot.entrance.event if plot.entrance.alert is None else None
        context = message_context(
            plot.person, plot.goods, plot.entrance.properties, event, section.name, section.currency
        )
        return render(self._document.messages[message], context)
