"""Messages that somebody has to approve, for each contact, before they leave.

An answer is one transaction: the ledger's row, the outbox row that wakes the journey, and the audit row. Neither answer
is a verdict: the check before an approved message is made anew when its journey wakes (P3). A decline is settled then
too, by `deliver`, which also passes the contact's place to the next in line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.delivery.ledger import Ledger
from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.rendering.templates import CannotRender, render
from schemas.document.steps import Send
from schemas.errors import DomainError, ErrorKind
from schemas.ids import JourneyId, StepId, StoreId, VersionId
from schemas.journey.activities import Deliver
from schemas.responses.repair import Answer, Answered, HeldMessage, HeldMessages, MessagePreview, NotHeld
from starter.ops.repair import By

SQL = load_queries("starter.ops", "approvals.sql")

AT_ONCE = 2000
"""Answers in one transaction: a second's work, so that deliveries do not wait for its locks for longer."""
KEYS_IN_AUDIT = 100
"""Keys that an audit row names; its count is of all, and each message keeps who answered it."""


class NothingHeld(DomainError):
    """This message does not wait for approval, or cannot be shown; the text says why."""

    code = "not_held"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk message held` lists those that are."

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}.", public=f"It cannot be shown: {key}: {why}.")


@dataclass(frozen=True, slots=True)
class Which:
    """Held messages: of a conversation, of a message, or by their keys; all of them where every field is None.

    Attributes:
        stores: only of these; None: of all.
    """

    conversation: str | None = None
    message: str | None = None
    keys: tuple[str, ...] | None = None
    stores: tuple[StoreId, ...] | None = None


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """A held message, as the ledger has it."""

    key: str
    journey_id: JourneyId
    step: StepId
    round: int
    message: str
    held_version: VersionId


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a message that is not held, or not any more; `ended`: its journey has."""

    key: str
    state: str
    approved_at: datetime | None
    approved_by: str | None
    declined_at: datetime | None
    declined_by: str | None
    ended: bool


class Approvals:
    """Approvals over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def held(
        self,
        conversation: str | None = None,
        message: str | None = None,
        limit: int = 100,
        stores: Sequence[StoreId] | None = None,
        after: HeldMessage | None = None,
    ) -> HeldMessages:
        """What waits, the longest first.

        Args:
            stores: only of these; None: of all.
            after: the last of the page before; `total` counts what follows it.
        """
        messages, total = await SQL.held.counted(
            self._pool,
            HeldMessage,
            conversation=conversation,
            message=message,
            most=limit,
            stores=stores,
            after_at=after and after.since,
            after_key=after and after.key,
        )
        return HeldMessages(messages=tuple(messages), total=total, more=total > len(messages))

    async def held_one(self, key: str) -> HeldMessage | None:
        """One of them; None: it does not wait."""
        return await SQL.held_one.row(self._pool, HeldMessage, key=key)

    async def preview(self, key: str, stores: Sequence[StoreId] | None = None) -> MessagePreview:
        """A held message, rendered with what is true now.

        Args:
            stores: only if it is of one of these; None: of any.

        Raises:
            NothingHeld: as it says.
        """
        held = await SQL.entry.row(self._pool, HeldEntry, key=key, stores=stores)
        if held is None:
            (not_held,) = await self._not_held([key])
            raise NothingHeld(key, not_held.why)
        request = Deliver(
            journey_id=held.journey_id,
            event=None,
            version=held.held_version,
            step=Send(id=held.step, message=held.message, manual=True),
            round=held.round,
            give_up_at=datetime.now(UTC),
        )
        context = await Ledger(self._pool).look_up(request)
        assert context.message is not None, "it was rendered before it was held"
        try:
            rendered = render(context.message.compiled, context.context)
        except CannotRender as error:
            raise NothingHeld(key, f"it cannot be rendered any more: {error}") from None
        return MessagePreview(
            key=key,
            journey=request.journey_id,
            version=held.held_version,
            message=held.message,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
        )

    async def answer(self, answer: Answer, which: Which, by: By | None) -> Answered:
        """Approve or decline; without `by` nothing is changed, and the keys are those that would be answered.

        A message that is no longer held, or came to be held since, is left alone. Many take several transactions; after
        a crash the same call answers those that are left.
        """
        keys: list[str] = await SQL.keys_held.values(
            self._pool,
            conversation=which.conversation,
            message=which.message,
            keys=which.keys,
            stores=which.stores,
        )
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
            answered: list[str] = await SQL.answer.values(
                connection, keys=keys, actor=by.actor, approved=answer is Answer.APPROVED
            )
            if answered:
                details = {"messages": len(answered), "keys": answered[:KEYS_IN_AUDIT], "why": by.why}
                await write_audit(connection, by.actor, f"{_ACTIONS[answer]} messages", details)
        return answered

    async def _not_held(self, keys: Sequence[str]) -> tuple[NotHeld, ...]:
        found = await SQL.settlements.rows(self._pool, Settlement, keys=keys) if keys else []
        by_key = {each.key: each for each in found}
        return tuple(NotHeld(key=key, why=_why_not(by_key.get(key))) for key in keys)


_ACTIONS = {Answer.APPROVED: "approve", Answer.DECLINED: "decline"}


def _why_not(found: Settlement | None) -> str:
    """For people."""
    if found is None:
        return "there is no such message"
    if found.declined_at is not None:
        return f"{found.declined_by} declined it at {found.declined_at:%Y-%m-%d %H:%M} UTC"
    if found.state in ("sent", "refused", "unknown"):
        return f"it is settled: {found.state}"
    if found.ended:
        return "its journey has ended"
    if found.approved_at is not None:
        return f"{found.approved_by} approved it at {found.approved_at:%Y-%m-%d %H:%M} UTC"
    return "it needs no approval" if found.state != "held" else "it came to be held just now; look again"
