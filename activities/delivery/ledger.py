"""The ledger: what became of each message, once and for all (promise P1).

A row goes ready → sending → sent, refused or unknown; a manual message is held before that, until somebody approves it.
Whoever holds `sending` has a lease; when it runs out without an outcome, what happened cannot be known, and it is
recorded as unknown, never sent again.
"""

from datetime import timedelta
from typing import assert_never

from activities.delivery.send_context import SendContext, SendContexts, recorded_outcome
from activities.delivery.verdict import TELLING
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.waitlist.claims import give_up_place, return_to_line
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Outcome, Refused, Sent, Unknown

SQL = load_queries("activities.delivery", "ledger.sql")

LEASE = timedelta(seconds=90)
"""Longer than any attempt can take (workflows/policies.DELIVER_LIMIT), so a lease that has run out is nobody's."""


class Ledger:
    """The ledger in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._contexts = SendContexts(pool)

    async def look_up(self, request: Deliver) -> SendContext:
        """All that is known of a message.

        Raises:
            UnknownJourney: its journey is not in this database.
        """
        return await self._contexts.look_up(request)

    async def open(self, request: Deliver) -> bool:
        """Take the right to send; False when another attempt has it, it is settled, or somebody declined it."""
        manual = request.step.manual
        return await SQL.open.value(self._pool, **_message(request), lease=LEASE, manual=manual) is not None

    async def hold(self, request: Deliver) -> bool:
        """Hold it for approval; False when these words are approved, or it is past that."""
        return await SQL.hold.value(self._pool, **_message(request), version=request.version) is not None

    async def note(self, request: Deliver) -> None:
        """Record that it is put off: nothing is settled, but it can be declined or skipped."""
        await SQL.note.run(self._pool, **_message(request))

    async def stop(self, request: Deliver) -> None:
        """Record that it cannot be rendered until somebody corrects its template."""
        await SQL.stop.run(self._pool, **_message(request))

    async def release(self, request: Deliver) -> None:
        """Give the right to send back: the provider certainly did not take it."""
        await SQL.release.run(self._pool, key=request.key)

    async def settle(
        self, request: Deliver, outcome: Sent | Refused | Unknown, *, sending: bool = False
    ) -> Outcome | None:
        """Record an outcome, and what it means for the journey's place in line, all or nothing.

        Args:
            sending: it was found by the attempt that has the right to send; else before anything was sent.

        Returns:
            What is on record now: this outcome, or the one that was first. None when nothing is, because another
            attempt is sending.
        """
        match outcome:
            case Sent() | Unknown() if request.event in TELLING:
                written = await SQL.settle_told.value(self._pool, **_entry(request, outcome)) is not None
            case Sent() | Unknown():
                written = await SQL.settle.value(self._pool, **_entry(request, outcome), sending=True) is not None
            case Refused():
                written = await self._settle_refusal(request, outcome, sending)
            case _:
                assert_never(outcome)
        return outcome if written else recorded_outcome(await SQL.recorded.value(self._pool, key=request.key))

    async def _settle_refusal(self, request: Deliver, outcome: Refused, sending: bool) -> bool:
        async with transaction(self._pool) as connection:
            if await SQL.settle.value(connection, **_entry(request, outcome), sending=sending) is None:
                return False
            match outcome.then:
                case AfterRefusal.BACK_IN_LINE:
                    await return_to_line(connection, request.journey_id, outcome.reason)
                case AfterRefusal.LEAVE:
                    await give_up_place(connection, request.journey_id, "refused", outcome.reason)
                case AfterRefusal.GO_ON | AfterRefusal.END_THREAD:
                    pass
                case _:
                    assert_never(outcome.then)
        return True


def _message(request: Deliver) -> dict[str, object]:
    """Which message it is, as parameters of the queries."""
    return {
        "key": request.key,
        "journey_id": request.journey_id,
        "step": request.step.id,
        "round": request.round,
        "message": request.step.message,
    }


def _entry(request: Deliver, outcome: Sent | Refused | Unknown) -> dict[str, object]:
    """The message and its outcome, as parameters of the queries."""
    return _message(request) | {"state": outcome.kind, "outcome": outcome.model_dump(mode="json")}
