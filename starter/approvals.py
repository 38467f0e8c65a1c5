"""Messages that somebody has to approve, for each contact, before they leave.

Approving is no verdict: the check before the message is made anew when its journey is woken (P3). Declining settles the
message in the ledger; a place that hung on it passes to the next in line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.waitlist.store import give_up_place
from schemas.outcome import Refused, Then
from schemas.reasons import Reason
from schemas.repair import Answer, Answered, HeldMessage, HeldMessages
from starter.repair import By

SQL = load_queries("starter", "approvals.sql")

KEYS_IN_AUDIT = 100
"""Named in the audit; the count is of all."""


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

    async def answer(self, answer: Answer, which: Which, by: By | None) -> Answered:
        """Approve or decline; with nobody who says so (`by` None) only tell which ones it would be."""
        rows = await self._pool.fetch(SQL["keys_held"], which.conversation, which.message, which.keys)
        keys = [row["key"] for row in rows]
        if by is None:
            return Answered(answer=answer, keys=tuple(keys), done=False)
        match answer:
            case Answer.APPROVED:
                done = await self._approve(keys, by)
            case Answer.DECLINED:
                done = [key for key in keys if await self._decline(key, by)]
            case _:
                assert_never(answer)
        return Answered(answer=answer, keys=tuple(done))

    async def _approve(self, keys: Sequence[str], by: By) -> list[str]:
        async with transaction(self._pool) as connection:
            approved = [row["key"] for row in await connection.fetch(SQL["approve"], keys, by.actor)]
            await _note(connection, by, "approve_messages", approved)
        return approved

    async def _decline(self, key: str, by: By) -> bool:
        """One in a transaction: each may give a place on, and holds its product for that."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(SQL["standing"], key)
            if row is None:
                return False
            then = Then.LEAVE if row["place"] else Then.GO_ON
            outcome = Refused(reason=Reason.DECLINED, then=then).model_dump(mode="json")
            if await connection.fetchval(SQL["decline"], key, outcome) is None:
                return False
            if row["place"]:
                await give_up_place(connection, row["journey_id"], "refused", Reason.DECLINED)
            await connection.execute(SQL["wake"], row["journey_id"], row["step"])
            await _note(connection, by, "decline_messages", [key])
        return True


async def _note(connection: Connection, by: By, action: str, keys: Sequence[str]) -> None:
    if keys:
        details = {"messages": len(keys), "keys": list(keys[:KEYS_IN_AUDIT]), "why": by.why}
        await connection.execute(SQL["audit"], by.actor, action, details)
