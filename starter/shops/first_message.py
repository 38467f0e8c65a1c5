"""The first message that a journey would send at its turn, and what the check before it says now. Nothing is sent.

The thread is walked as the journey would walk it, with the criteria, facts and verdict of production.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from activities.decisions.deciding import Deciding
from activities.delivery.send_context import SendContexts
from activities.delivery.verdict import Go, judge
from activities.postgres.pool import Connection
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send, Step
from schemas.ids import AlertId, ContactId, JourneyId, StepId
from schemas.journey.activities import Decide, Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Refused
from schemas.journey.program import Program, thread_criteria_id
from schemas.reasons import Reason
from schemas.responses.forecast import ToldWhen

NO_ROUND = 0
"""A thread's rounds begin with 1: nothing is on record under this one, whatever was said before."""


@dataclass(frozen=True, slots=True)
class InLine:
    """Who would be called forward; `alert_id`: by which."""

    journey_id: JourneyId
    contact_id: ContactId
    alert_id: AlertId
    program: Program


@dataclass(frozen=True, slots=True)
class Told:
    """They would be told; `until`: not before then, where that is known."""

    when: ToldWhen
    until: datetime | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class NotTold:
    """Their place would pass on."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class _Rests:
    """The thread rests for who knows how long."""


class FirstMessages:
    """Asks for first messages on one connection, which keeps what versions say."""

    def __init__(self, connection: Connection) -> None:
        self._contexts, self._deciding = SendContexts(connection), Deciding(connection)

    async def at_turn(self, who: InLine, measure: Decimal | None, now: datetime) -> Told | NotTold:
        """What becomes of one who is called forward `now` (aware), at this measure."""
        at, why_not, seen = await self._first_step(who, now), Reason.NO_MESSAGE, set[StepId]()
        while at is not None and at not in seen:
            seen.add(at)
            step = who.program.steps[at]
            if isinstance(step, Send):
                answer = await self._asks(who, step, measure, now)
                if not isinstance(answer, Reason):
                    return answer
                why_not, at = answer, step.next
                continue
            after = await self._passes(who, step, now)
            if isinstance(after, _Rests):
                return Told(ToldWhen.AFTER_A_WAIT)
            at = after
        return NotTold(why_not)

    async def _first_step(self, who: InLine, now: datetime) -> StepId | None:
        event = f"{who.alert_id}.{AlertEvent.ALERT}"
        threads = who.program.threads_on(event)
        if not any(thread.asks for thread in threads):
            return threads[0].first if threads else None
        chosen = await self._decides(who, thread_criteria_id(event), now)
        return None if chosen is None else threads[chosen].first

    async def _passes(self, who: InLine, step: Step, now: datetime) -> StepId | _Rests | None:
        """The step after one that sends nothing."""
        if step.rests:
            return _Rests()
        chosen = await self._decides(who, step.id, now) if step.decides else None
        return step.onward(who.contact_id, who.program.conversation, chosen)

    async def _decides(self, who: InLine, criteria_id: str, now: datetime) -> int | None:
        request = Decide(journey_id=who.journey_id, version=who.program.version, criteria_id=criteria_id, at=now)
        return await self._deciding.choose(request)

    async def _asks(self, who: InLine, step: Send, measure: Decimal | None, now: datetime) -> Told | NotTold | Reason:
        """What the check says; a reason: the message is skipped for it, and the thread goes on."""
        request = Deliver(
            journey_id=who.journey_id,
            event=AlertEvent.ALERT,
            version=who.program.version,
            step=step,
            round=NO_ROUND,
            give_up_at=now,
        )
        known = await self._contexts.look_ahead(request, measure)
        match judge(known.facts, now):
            case Refused(reason=reason, then=AfterRefusal.GO_ON):
                return reason
            case Refused(reason=reason):
                return NotTold(reason)
            case Deferred(until=until, reason=reason):
                return Told(ToldWhen.PUT_OFF, until, reason)
            case Go() if known.message is None:
                return Told(ToldWhen.MENDED, reason=Reason.MESSAGE_BROKEN)
            case Go() if known.sender_stopped:
                return Told(ToldWhen.MENDED, reason=Reason.SENDER_AT_FAULT)
            case Go() if step.manual:
                return Told(ToldWhen.APPROVED, reason=Reason.AWAITING_APPROVAL)
            case Go():
                return Told(ToldWhen.AT_ONCE)
