"""Messages that somebody has to approve, for each contact, before they leave.

An answer is one transaction: the ledger's row, the call that wakes the journey, and who said so. Neither answer is a
verdict. The check before an approved message is made anew when its journey wakes (P3), and a no is settled then too,
by the one who knows what hangs on the message: a place in line passes to the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.delivery.ledger import Ledger
from activities.postgres.pool import Pool, Row, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.rendering.templates import CannotRender, render
from schemas.document.steps import Send
from schemas.errors import DomainError, ErrorKind
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.activities import Deliver
from schemas.responses.repair import Answer, Answered, HeldMessage, HeldMessages, MessagePreview, NotHeld
from starter.ops.repair import By

SQL = load_queries("starter.ops", "approvals.sql")

AT_ONCE = 2000
"""Answers in one transaction: a second's work, so that deliveries meanwhile do not wait for it."""
KEYS_IN_AUDIT = 100
"""Named in the audit; the count is of all, and each message keeps who answered it."""


class NothingHeld(DomainError):
    """This message does not wait for approval, or cannot be shown; the text says why."""

    code = "not_held"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk message held` lists those that are."

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}.", public=f"It cannot be shown: {key}: {why}.")


@dataclass(frozen=True, slots=True)
class Which:
    """Held messages: of a conversation, of a message, or by their keys; all, where nothing is said."""

    conversation: str | None = None
    message: str | None = None
    keys: tuple[str, ...] | None = None


class Approvals:
    """Approvals over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def held(self, conversation: str | None = None, message: str | None = None, limit: int = 100) -> HeldMessages:
        """What waits, the longest first."""
        rows = await self._pool.fetch(SQL["held"], conversation, message, limit)
        total = await self._pool.fetchval(SQL["count_held"], conversation, message)
        messages = tuple(HeldMessage.model_validate(dict(row)) for row in rows)
        return HeldMessages(messages=messages, total=total, more=total > len(messages))

    async def preview(self, key: str) -> MessagePreview:
        """A held message, rendered with what is true now.

        Raises:
            NothingHeld: as it says.
        """
        row = await self._pool.fetchrow(SQL["entry"], key)
        if row is None:
            (not_held,) = await self._not_held([key])
            raise NothingHeld(key, not_held.why)
        version = VersionId(row["held_version"])
        request = Deliver(
            journey_id=JourneyId(row["journey_id"]),
            event=None,
            version=version,
            step=Send(id=StepId(row["step"]), message=row["message"], manual=True),
            round=row["round"],
            give_up_at=datetime.now(UTC),
        )
        context = await Ledger(self._pool).look_up(request)
        assert context.message is not None, "it was rendered before it was held"
        try:
            rendered = render(context.message, context.context)
        except CannotRender as error:
            raise NothingHeld(key, f"it cannot be rendered any more: {error}") from None
        return MessagePreview(
            key=key,
            journey=request.journey_id,
            version=version,
            message=row["message"],
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
        )

    async def answer(self, answer: Answer, which: Which, by: By | None) -> Answered:
        """Approve or decline; with nobody who says so (`by` None) only tell which ones it would be.

        What is no longer held, or came to be held since it was counted, is left alone. So many that they take several
        transactions are answered all the same when it is asked again after a crash.
        """
        keys: list[str] = [row["key"] for row in await self._pool.fetch(SQL["keys_held"], *_columns(which))]
        done: list[str] = keys
        if by is not None:
            done = []
            for begin in range(0, len(keys), AT_ONCE):
                done += await self._answer(answer, keys[begin : begin + AT_ONCE], by)
        not_held = await self._not_held(sorted({*(which.keys or ())} - {*done}))
        return Answered(answer=answer, keys=tuple(done), not_held=not_held, done=by is not None)

    @retry_on_deadlock
    async def _answer(self, answer: Answer, keys: Sequence[str], by: By) -> list[str]:
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(SQL["answer"], keys, by.actor, answer is Answer.APPROVED)
            answered = [row["key"] for row in rows]
            if answered:
                details = {"messages": len(answered), "keys": answered[:KEYS_IN_AUDIT], "why": by.why}
                await connection.execute(SQL["audit"], by.actor, f"{_ACTIONS[answer]} messages", details)
        return answered

    async def _not_held(self, keys: Sequence[str]) -> tuple[NotHeld, ...]:
        rows = {row["key"]: row for row in await self._pool.fetch(SQL["standing"], keys)} if keys else {}
        return tuple(NotHeld(key=key, why=_why_not(rows.get(key))) for key in keys)


_ACTIONS = {Answer.APPROVED: "approve", Answer.DECLINED: "decline"}


def _columns(which: Which) -> tuple[object, ...]:
    return which.conversation, which.message, which.keys


def _why_not(row: Row | None) -> str:
    """For people."""
    if row is None:
        return "there is no such message"
    if row["declined_at"] is not None:
        return f"{row['declined_by']} declined it at {row['declined_at']:%Y-%m-%d %H:%M} UTC"
    if row["state"] in ("sent", "refused", "unknown"):
        return f"it is settled: {row['state']}"
    if row["ended"]:
        return "its journey has ended"
    if row["approved_at"] is not None:
        return f"{row['approved_by']} approved it at {row['approved_at']:%Y-%m-%d %H:%M} UTC"
    return "it needs no approval" if row["state"] != "held" else "it came to be held just now; look again"
