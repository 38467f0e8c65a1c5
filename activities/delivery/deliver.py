"""The deliver activity: the only way a message leaves (promises P1 and P3)."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.delivery.ledger import Dossier, Ledger
from activities.delivery.verdict import Go, judge
from activities.rendering.templates import CannotRender, render
from activities.senders.sender import Mail, NotTaken, Rejected, Sender, Uncertain
from schemas.alerts import AlertEvent
from schemas.conversation import MessageSection
from schemas.ids import VersionId
from schemas.journey import Activity, Deliver, Delivered
from schemas.outcome import Deferred, Held, Outcome, Refused, Sent, Stopped, Then, Unknown
from schemas.reasons import Reason

log = structlog.get_logger()

LOOK_AGAIN = timedelta(seconds=30)
"""How soon to ask what became of an attempt that may still be under way."""
KEPT_MESSAGES = 1000
"""Message texts kept in memory. Versions never change, so what is kept is never stale."""
BROADCAST = 0
"""The round of a message to those in line; a thread's rounds begin with 1."""


class Delivery:
    """deliver, with its ledger and its sender."""

    def __init__(self, ledger: Ledger, sender: Sender, message_domain: str) -> None:
        """`message_domain` is the right side of every Message-ID."""
        self._ledger = ledger
        self._sender = sender
        self._domain = message_domain
        self._messages: dict[tuple[VersionId, str], MessageSection | None] = {}

    @activity.defn(name=Activity.DELIVER)
    async def deliver(self, request: Deliver) -> Delivered:
        """Check, render, send, record. Safe to repeat: what is settled is answered again, never done again.

        Raises:
            ApplicationError: the provider certainly did not take it, or another attempt may be at it: try again.
        """
        dossier = await self._ledger.look_up(request)
        outcome = dossier.recorded or await self._attempt(request, dossier)
        log.info("delivered", journey=request.journey_id, step=request.step.id, outcome=outcome.kind)
        return Delivered(outcome=outcome)

    async def _attempt(self, request: Deliver, dossier: Dossier) -> Outcome:
        now = datetime.now(UTC)
        if dossier.leased_until is not None:
            if now < dossier.leased_until:
                raise _in_progress(dossier.leased_until - now)
            return await self._settle(request, Unknown())
        if dossier.declined:
            then = Then.GO_ON if _aside(request, dossier) else Then.LEAVE
            return await self._settle(request, Refused(reason=Reason.DECLINED, then=then))
        match judge(dossier.facts, now):
            case Deferred() as deferred:
                await self._ledger.note(request)
                return deferred
            case Refused() as refused:
                return await self._settle(request, refused)
            case Go():
                return await self._send(request, dossier)

    async def _send(self, request: Deliver, dossier: Dossier) -> Outcome:
        aside = _aside(request, dossier)
        mail = await self._compose(request, dossier)
        if mail is None:
            return await self._stop(request)
        if request.step.manual and await self._ledger.hold(request):
            return Held()
        if not await self._ledger.open(request):
            raise ApplicationError("another attempt took this message first", type="InProgress")
        try:
            await self._sender.send(mail)
        except asyncio.CancelledError:
            # Senders let a cancellation out only when nothing was handed over.
            await asyncio.shield(self._ledger.release(request))
            raise
        except NotTaken as error:
            if datetime.now(UTC) >= request.give_up_at:
                then = Then.GO_ON if aside else Then.BACK_IN_LINE
                unavailable = Refused(reason=Reason.PROVIDER_UNAVAILABLE, then=then)
                return await self._settle(request, unavailable, sending=True)
            await self._ledger.release(request)
            raise ApplicationError(f"the provider did not take it: {error}", type="NotTaken") from None
        except Rejected as error:
            log.warning("provider refused", journey=request.journey_id, step=request.step.id, error=str(error))
            then = Then.GO_ON if aside else Then.LEAVE
            return await self._settle(request, Refused(reason=Reason.PROVIDER_REFUSED, then=then), sending=True)
        except Uncertain:
            return await self._settle(request, Unknown())
        return await self._settle(request, Sent(message_id=mail.message_id, at=datetime.now(UTC)))

    async def _stop(self, request: Deliver) -> Outcome:
        """The message cannot be rendered: everyone's is broken, and its journeys wait until somebody has mended it."""
        if request.round == BROADCAST:
            # Said by the way: nobody is to be passed over in line for it.
            return await self._settle(request, Refused(reason=Reason.MESSAGE_BROKEN, then=Then.GO_ON))
        await self._ledger.stop(request)
        return Stopped(reason=Reason.MESSAGE_BROKEN)

    async def _compose(self, request: Deliver, dossier: Dossier) -> Mail | None:
        """The message for this contact; None when it cannot be rendered, or a move left it behind."""
        message = await self._message(request.version, request.step.message)
        if message is None:
            log.error("message missing", version=request.version, message=request.step.message)
            return None
        try:
            rendered = render(message, dossier.context)
        except CannotRender as error:
            log.error("message broken", version=request.version, message=request.step.message, error=str(error))
            return None
        message_id = f"{request.key.replace('/', '.')}@{self._domain}"
        return Mail(message_id, dossier.recipient or "", rendered.subject, rendered.text, rendered.html, dossier.sender)

    async def _message(self, version_id: VersionId, code: str) -> MessageSection | None:
        if (version_id, code) not in self._messages:
            if len(self._messages) >= KEPT_MESSAGES:
                self._messages.clear()
            self._messages[version_id, code] = await self._ledger.message(version_id, code)
        return self._messages[version_id, code]

    async def _settle(self, request: Deliver, outcome: Sent | Refused | Unknown, *, sending: bool = False) -> Outcome:
        """Record an outcome; the answer is what is on record, should another attempt have been first."""
        recorded = await self._ledger.settle(request, outcome, sending=sending)
        if recorded is None:
            raise ApplicationError("another attempt is sending this message", type="InProgress")
        return recorded


def _aside(request: Deliver, dossier: Dossier) -> bool:
    """Nothing hangs on it: they were told before, or it is not the alert itself."""
    return dossier.facts.claim != "given" or request.event is not AlertEvent.ALERT


def _in_progress(lease_left: timedelta) -> ApplicationError:
    """Another attempt may be sending it: look again now and then, and when its lease has run out."""
    return ApplicationError(
        "another attempt may still be sending this message",
        type="InProgress",
        next_retry_delay=min(LOOK_AGAIN, lease_left + timedelta(seconds=1)),
    )
