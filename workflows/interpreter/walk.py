"""The walk: runs one thread's steps from the current position.

It matches on the kind of step and asks the World for everything outside.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import assert_never

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import (
    CallWebhook,
    ChangesContact,
    Decide,
    Exit,
    GoTo,
    Send,
    Split,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
)
from schemas.ids import StepId
from schemas.journey.activities import QUESTION_STEP, Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Held, Outcome, Refused, Sent, Stopped, Unknown
from schemas.journey.path import Why
from schemas.journey.program import thread_criteria_id
from schemas.journey.signals import CONFIRMED, ContactEvent, Skip
from schemas.reasons import Reason
from workflows.interpreter.rests import Left, RestingThread, ThreadEnded

PROVIDER_PATIENCE = timedelta(hours=24)
"""How long an unreachable provider is retried: an outage of a day is survived; an older message is out of date."""

BROADCAST_STEP = "broadcast/"
"""The prefix, before the message's name, of the step id under which a broadcast appears in a path."""
UNTIL_CONFIRMED = "until-confirmed"
"""The name, in a path, of the rest until a contact says that it was them who signed up."""


class BackInLine(Exception):
    """The claim was given back; the journey stands in line again at its old place."""


class ThreadWalk(RestingThread):
    """One thread's walk."""

    _event: AlertEvent | None = None
    """The alert's event that the thread was entered on."""
    _last: bool = False
    """Nothing follows this thread."""

    @property
    def in_flight(self) -> bool:
        """Whether a thread was begun and has not ended."""
        return self.at is not None

    @property
    def under_broadcast(self) -> str | None:
        """The broadcast message that the journey rests on, if it does."""
        resting = self.recorder.open_entry
        return resting.message if resting is not None and resting.step.startswith(BROADCAST_STEP) else None

    async def answer(self, event: AlertEvent, *, last: bool = False) -> None:
        """Walk the thread that is entered on an alert's event, if there is one, or go on with the one under way.

        Args:
            last: no thread follows it.

        Raises:
            Left, BackInLine: the thread ended so.
        """
        self._last = last
        await self.enter(f"{self._start.alert_id}.{event}", event)

    async def enter(self, name: str, event: AlertEvent | None = None) -> None:
        """Walk the first thread on the event of this name whose criteria hold, or go on with the one under way.

        Raises:
            Left, BackInLine: the thread ended so.
        """
        self._event = event
        if self.at is None:
            self.at = await self._choose_thread(name)
            self.round += 1
        try:
            while self.at is not None:
                self.at = await self._take(self.program.steps[self.at])
        except ThreadEnded:
            self.at = None

    async def _choose_thread(self, name: str) -> StepId | None:
        starts = self.program.threads_on(name)
        if not any(trigger.asks for trigger in starts):
            return starts[0].first if starts else None
        chosen = await self._world.decide(thread_criteria_id(name))
        return None if chosen is None else starts[chosen].first

    async def _take(self, step: Step) -> StepId | None:
        """Run one step. Returns the next one; None at the thread's end."""
        match step:
            case Send():
                await self._send(step)
                return self.here(step).next
            case Wait():
                await self.rest(step.id, step.length)
                return self.here(step).next
            case WaitUntil():
                self.recorder.enter(step.id, step.kind)
                until = self.rest_until or await self._world.find_moment(step.until)
                await self.rest_out(step.id, until)
                return self.here(step).next
            case WaitFor():
                return await self._wait_for(step)
            case Decide():
                return await self._decide(step)
            case Split():
                arm = step.choose_arm(self._start.contact_id, self.program.conversation)
                self.recorder.pass_through(step.id, step.kind, Why.DECIDED, arm.name)
                return arm.next
            case ChangesContact():
                self.recorder.enter(step.id, step.kind)
                await self._world.change_contact(step, self.round)
                self.recorder.leave(Why.DONE)
                return step.next
            case CallWebhook():
                await self._call_webhook(step)
                return self.here(step).next
            case GoTo():
                self.recorder.pass_through(step.id, step.kind, Why.DONE)
                return step.next
            case Exit():
                self.recorder.pass_through(step.id, step.kind, Why.EXIT)
                return None
            case _:
                assert_never(step)

    async def _wait_for(self, step: WaitFor) -> StepId | None:
        self.recorder.enter(step.id, step.kind)
        until = self.rest_until or self._world.now() + step.window
        woken = await self.rest_at(step.id, until, lambda: frozenset(self.here(step).events))
        here = self.here(step)
        match woken:
            case ContactEvent(event=event):
                self.recorder.leave(Why.HAPPENED, event=event)
                return here.happened
            case Skip():
                self.recorder.leave(Why.SKIPPED)
            case _:
                self.recorder.leave(Why.TIME_PASSED)
        return here.did_not

    async def _decide(self, step: Decide) -> StepId | None:
        self.recorder.enter(step.id, step.kind)
        chosen = await self._world.decide(step.id)
        if chosen is None:
            self.recorder.leave(Why.DECIDED)
            return step.otherwise
        branch = step.branches[chosen]
        self.recorder.leave(Why.DECIDED, branch=branch.name)
        return branch.next

    async def _call_webhook(self, step: CallWebhook) -> None:
        self.recorder.enter(step.id, step.kind)
        while not await self._world.call_webhook(step, self.round):
            if not step.required:
                self.recorder.leave(Why.FAILED)
                return
            self.recorder.note(Stopped(reason=Reason.WEBHOOK_FAILED))
            if await self._skipped_while_resting(step, None, Reason.WEBHOOK_FAILED):
                return
        self.recorder.leave(Why.DONE)

    async def _send(self, step: Send) -> None:
        match await self._deliver(step, self._event, self.round):
            case Refused(then=AfterRefusal.BACK_IN_LINE) if self._event is AlertEvent.ALERT:
                self.at = None
                raise BackInLine
            case Refused(then=AfterRefusal.END_THREAD):
                raise ThreadEnded
            case Refused(then=AfterRefusal.LEAVE, reason=reason):
                raise Left(reason)
            case _:
                return

    async def broadcast(self, step: Send) -> None:
        """Send one message to a contact who stands in line: once, whatever the number of requests.

        Raises:
            Left: the contact may not be written to.
        """
        try:
            outcome = await self._deliver(step, None, 0)
        except ThreadEnded:
            return
        if isinstance(outcome, Refused) and outcome.then is AfterRefusal.LEAVE:
            raise Left(outcome.reason)

    async def ask_first(self) -> None:
        """Ask the contact whether it was them who signed up, once, and rest until they say yes.

        Raises:
            Left: they were not asked, or did not say yes in time.
        """
        resting = self.recorder.open_entry
        if resting is None or resting.step != UNTIL_CONFIRMED:
            await self._ask()
            if self.path[-1].event == CONFIRMED:
                return
        while True:
            # Nobody can say yes for them: what an operator does here changes nothing.
            self.recorder.enter(UNTIL_CONFIRMED, "waiting")
            with suppress(ThreadEnded):
                woken = await self.rest_at(UNTIL_CONFIRMED, None, lambda: frozenset({CONFIRMED}))
                if isinstance(woken, ContactEvent):
                    self.recorder.leave(Why.HAPPENED, event=woken.event)
                    return

    async def _ask(self) -> None:
        question = Send(id=QUESTION_STEP, message=self.program.question or "")
        try:
            # As a thread's: what broadcasts have instead is refused where it cannot be made, and this waits.
            outcome = await self._deliver(question, AlertEvent.SUBSCRIPTION, 1)
        except ThreadEnded:
            return
        if isinstance(outcome, Refused) and outcome.then is AfterRefusal.LEAVE:
            raise Left(outcome.reason)

    async def _deliver(self, step: Send, event: AlertEvent | None, round_: int) -> Outcome | None:
        """Deliver one message, resting while its check defers it or it waits for an operator.

        Returns:
            Its outcome; None when it need not be delivered any more.
        """
        self.recorder.enter(step.id, "send", step.message)
        if self.rest_until is not None and await self._skipped_while_resting(step, self.rest_until, None):
            return None
        while True:
            outcome = await self._world.deliver(
                Deliver(
                    journey_id=self._start.journey_id,
                    event=event,
                    version=self.program.version,
                    step=step,
                    round=round_,
                    give_up_at=self._world.now() + PROVIDER_PATIENCE,
                    last=event is not None and self._last and self._nothing_follows(step),
                )
            )
            match outcome:
                case Deferred(until=until, reason=cause):
                    pass
                case Held():
                    until, cause = None, Reason.AWAITING_APPROVAL
                case Stopped(reason=cause):
                    until = None
                case Sent() | Refused() | Unknown():
                    self.recorder.leave(Why.ANSWERED, outcome)
                    return outcome
                case _:
                    assert_never(outcome)
            self.recorder.note(outcome)
            if await self._skipped_while_resting(step, until, cause):
                return None
            step = self.here(step)

    def _nothing_follows(self, step: Send) -> bool:
        """Whether the thread ends after this step, without doing anything more."""
        at = step.next
        while at is not None:
            match self.program.steps[at]:
                case Exit():
                    return True
                case GoTo(next=after):
                    at = after
                case _:
                    return False
        return True

    async def _skipped_while_resting(
        self, step: Send | CallWebhook, until: datetime | None, cause: Reason | None
    ) -> bool:
        """Rest until the step may be tried again.

        Returns:
            True when it need not be: an operator let the journey skip it, or the question was answered before it left.
        """
        awaited = frozenset({CONFIRMED} if step.id == QUESTION_STEP else ())
        woken = await self.rest_at(step.id, until, lambda: awaited, cause=cause)
        if isinstance(woken, ContactEvent):
            self.recorder.leave(Why.HAPPENED, event=woken.event)
        elif isinstance(woken, Skip):
            self.recorder.leave(Why.SKIPPED)
        return isinstance(woken, ContactEvent | Skip)

    def abandon(self) -> None:
        """Give up the thread that was begun, without walking it to its end."""
        self.at = None
        self.rest_until = None
