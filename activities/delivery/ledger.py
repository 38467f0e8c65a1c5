"""The ledger: what became of each message, once and for all (promise P1).

A row goes ready → sending → sent, refused or unknown; a manual message is held before that, until somebody approves it.
`sending` says that it may be leaving. Whoever holds it has a lease (lease.py); when that runs out without an outcome,
what happened cannot be known, and it is recorded as unknown, never sent again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from activities.delivery.lease import Lease
from activities.delivery.leaving import BadMailbox, Leaving
from activities.delivery.send_context import SendContext, SendContexts
from activities.delivery.settling import settle_unknowns
from activities.delivery.stored_message import recorded_outcome
from activities.delivery.verdict import TELLING, is_capped
from activities.postgres.asked_together import AskedTogether
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.senders.sender import SenderAtFault
from activities.waitlist.claims import give_up_place, return_to_line
from activities.waitlist.path_entries import PathEntries
from schemas.channels import Channel
from schemas.ids import JourneyId, StepId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Outcome, Refused, Sent, Unknown

SQL = load_queries("activities.delivery", "ledger.sql")

WRITING = timedelta(seconds=60)
"""How long an attempt can go on trying to write what the provider answered, at least: PostgreSQL may be away."""
LEASE = timedelta(seconds=30) + WRITING
"""The provider's answer (`Settings.smtp_answer_seconds`, `ANSWER_SECONDS` of a text message), and writing it down:
longer than any attempt takes from the right to send on, so a lease that has run out is nobody's."""

MOST_TOGETHER = 49
"""That are told in one message beside its own: what is more than that is told in the next."""

STOP = "stop"
"""Why the address is suppressed of who opted out, by our own word or at the provider: until they say start."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of asking for the right to send; `put_off_until`: a cap does not give it before then."""

    put_off_until: datetime | None


@dataclass(frozen=True, slots=True)
class WaitsWith:
    """A message that waits to be told in one with another: its journey, step and round; `before`: for longer."""

    journey_id: JourneyId
    step: StepId
    round: int
    before: bool


class _NotAll(Exception):
    """Of those that were to be told in one message some may not be any more: none is."""


class Ledger:
    """The ledger in PostgreSQL.

    Args:
        lease: for how long it grants the right to send.
    """

    def __init__(self, pool: Pool, lease: timedelta = LEASE) -> None:
        self._pool = pool
        self._lease = lease
        self._contexts = SendContexts(pool)
        self._told = AskedTogether(partial(_settle_told, pool))
        self._path_entries = PathEntries(pool)

    async def record_entered(self, request: Deliver) -> None:
        """Record where its journey came by on the way to the message."""
        await self._path_entries.record(request.journey_id, request.entered)

    async def look_up(self, request: Deliver) -> SendContext:
        """All that is known of a message.

        Raises:
            UnknownJourney: its journey is not in this database.
        """
        return await self._contexts.look_up(request)

    async def look_up_together(self, own: Deliver, others: Sequence[Deliver]) -> list[SendContext]:
        """All that is known of a message and those to be told in it: `SendContexts.look_up_together`."""
        return await self._contexts.look_up_together(own, others)

    def lease(self, stopping: Callable[[], bool] = lambda: False) -> Lease:
        """What an attempt asks for the right to send with. For `stopping` see `Lease`."""
        return Lease(self._lease, stopping)

    async def open(self, request: Deliver, lease: Lease, leaving: Leaving | None = None) -> bool | datetime:
        """Take the right to send, and with it that to tell the others in it: of all, or of none.

        Returns:
            False: another attempt has it, it is settled, somebody declined it, or its contact has just said no. A time:
            a cap puts it off.
        """
        leaving = leaving or Leaving()
        of_all: dict[str, object] = {
            "channel": leaving.channel,
            "event": request.event,
            "subject": leaving.subject,
            "holder": lease.holder,
            "length": lease.length,
        }
        own = _message(request) | {
            "manual": request.step.manual,
            "recipient": leaving.new_address,
            "uncapped": not is_capped(request.event, transactional=leaving.transactional),
        }
        if not leaving.others:
            opened = await SQL.open.row(self._pool, Opened, **of_all, **own)
            return False if opened is None else opened.put_off_until or True
        try:
            async with transaction(self._pool) as connection:
                await SQL.hold_contact.run(connection, journey_id=request.journey_id)
                opened = await SQL.open.row(connection, Opened, **of_all, **own)
                if opened is None or opened.put_off_until is not None:
                    return False if opened is None else opened.put_off_until or True
                told = await SQL.open_with.values(connection, **of_all, key=request.key, others=[*leaving.others])
                if len(told) < len(leaving.others):
                    raise _NotAll
                if leaving.named_after not in (None, request.key):
                    of_name = {"key": request.key, "first": leaving.named_after, "uncapped": own["uncapped"]}
                    await SQL.name_after.run(connection, holder=lease.holder, **of_name)
        except _NotAll:
            return False
        return True

    async def hold(self, request: Deliver) -> bool:
        """Hold it for approval; False when these words are approved, or it is past that."""
        return await SQL.hold.value(self._pool, **_message(request), version=request.version) is not None

    async def note(self, request: Deliver) -> None:
        """Record that it is put off: nothing is settled, but it can be declined or skipped."""
        await SQL.note.run(self._pool, **_message(request))

    async def put_off(self, request: Deliver, channel: Channel) -> datetime | None:
        """Put it off for a cap. Returns until when; None: the cap is not in its way any more."""
        return await SQL.put_off.value(self._pool, **_message(request), channel=channel)

    async def gather(self, request: Deliver, until: datetime) -> datetime | None:
        """Put it off until what else is to be told with it is there. Returns until when; None: it is past that."""
        return await SQL.gather.value(self._pool, **_message(request), until=until)

    async def waiting_with(self, request: Deliver) -> list[WaitsWith]:
        """Those that wait to be told in one message with it, the longest waiting first."""
        return await SQL.waiting_with.rows(
            self._pool,
            WaitsWith,
            journey_id=request.journey_id,
            key=request.key,
            message=request.step.message,
            most=MOST_TOGETHER,
        )

    async def stop(self, request: Deliver) -> None:
        """Record that it cannot be rendered until somebody corrects its template."""
        await SQL.stop.run(self._pool, **_message(request))

    async def stop_sender(self, request: Deliver, channel: Channel, fault: SenderAtFault) -> None:
        """Stop the sender of its list, or of all lists, and record that this message waits for that to be mended."""
        await SQL.stop_sender.run(
            self._pool, channel=channel, whole_account=fault.account, why=str(fault), **_message(request)
        )

    async def release(self, request: Deliver, lease: Lease) -> None:
        """Give the right to send back: the provider certainly did not take it. Safe to repeat."""
        await SQL.release.run(self._pool, key=request.key, holder=lease.holder)

    async def settle(
        self,
        request: Deliver,
        outcome: Sent | Refused | Unknown,
        lease: Lease | None = None,
        *,
        bad: BadMailbox | None = None,
    ) -> Outcome | None:
        """Record an outcome, what it means for the place in line, and an end by `ends`; all or nothing. Safe to repeat.

        Args:
            lease: of the attempt that has the right to send. Without it, what was found before anything was sent, or
                `Unknown` of an attempt whose lease has run out.
            bad: the address it was refused for; suppressed with it.

        Returns:
            What is on record now: this outcome, or the one that was first. None when nothing is, because another
            attempt is sending.
        """
        match outcome:
            case Sent() if request.event in TELLING:
                written = await self._told.ask(_telling(request, outcome, lease))
            case Sent():
                written = await SQL.settle.value(self._pool, **_entry(request, outcome, lease)) is not None
            case Unknown():
                await self._settle_unknown(request, outcome, lease)
                written = False
            case Refused():
                written = await self._settle_refusal(request, outcome, lease, bad)
            case _:
                assert_never(outcome)
        if written:
            return outcome
        recorded = recorded_outcome(await SQL.recorded.value(self._pool, key=request.key))
        return outcome if recorded == outcome else recorded

    @retry_on_deadlock
    async def _settle_unknown(self, request: Deliver, outcome: Unknown, lease: Lease | None) -> None:
        """Unknown, unless its provider has told what became of it before that was on record."""
        async with transaction(self._pool) as connection:
            if request.event in TELLING:
                [written] = await _settle_told(connection, [_telling(request, outcome, lease)])
            else:
                written = await SQL.settle.value(connection, **_entry(request, outcome, lease)) is not None
            if written:
                await settle_unknowns(connection, [request.key])

    async def _settle_refusal(
        self, request: Deliver, outcome: Refused, lease: Lease | None, bad: BadMailbox | None
    ) -> bool:
        async with transaction(self._pool) as connection:
            if await SQL.settle.value(connection, **_entry(request, outcome, lease)) is None:
                return False
            if bad is not None:
                await SQL.suppress.run(connection, channel=bad.channel, address=bad.address, reason=bad.why)
            told_in_it: list[JourneyId] = []
            if lease is not None:
                told_in_it = await SQL.settle_with.values(
                    connection,
                    key=request.key,
                    holder=lease.holder,
                    state=outcome.kind,
                    outcome=outcome.model_dump(mode="json"),
                )
            for journey_id in (request.journey_id, *sorted(told_in_it)):
                await _after_refusal(connection, journey_id, outcome)
        return True


async def _after_refusal(connection: Connection, journey_id: JourneyId, outcome: Refused) -> None:
    match outcome.then:
        case AfterRefusal.BACK_IN_LINE:
            await return_to_line(connection, journey_id, outcome.reason)
        case AfterRefusal.LEAVE:
            await give_up_place(connection, journey_id, "refused", outcome.reason)
        case AfterRefusal.GO_ON | AfterRefusal.END_THREAD:
            pass
        case _:
            assert_never(outcome.then)


async def _settle_told(on: Pool | Connection, entries: Sequence[dict[str, object]]) -> list[bool]:
    """Record of each that it was taken, or may have been; false: another outcome was first, or another sends it."""
    columns = {f"{name}s": [entry[name] for entry in entries] for name in entries[0]}
    written: set[str] = {*await SQL.settle_told.values(on, **columns)}
    return [entry["key"] in written for entry in entries]


def _telling(request: Deliver, outcome: Sent | Unknown, lease: Lease | None) -> dict[str, object]:
    """That a contact was told, or may have been, as an entry of `settle_told`."""
    return _entry(request, outcome, lease) | {"last": request.last}


def ends(request: Deliver, outcome: Outcome) -> bool:
    """Whether the journey is over with this outcome."""
    return request.last and request.event in TELLING and isinstance(outcome, Sent | Unknown)


def _message(request: Deliver) -> dict[str, object]:
    """Which message it is, as parameters of the queries."""
    return {
        "key": request.key,
        "journey_id": request.journey_id,
        "step": request.step.id,
        "round": request.round,
        "message": request.step.message,
    }


def _entry(request: Deliver, outcome: Sent | Refused | Unknown, lease: Lease | None) -> dict[str, object]:
    """The message, its outcome and who found it, as parameters of the queries."""
    found = {
        "state": outcome.kind,
        "outcome": outcome.model_dump(mode="json"),
        "holder": None if lease is None else lease.holder,
    }
    return _message(request) | found
