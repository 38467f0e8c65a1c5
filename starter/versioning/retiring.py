"""Retiring a conversation: nobody enters it any more, and its list takes an alert of the same type by another one.

The list does so once nobody waits in the old line: two lines for the same units would tell twice as many. So what was
retired while people stayed in it can be retired once more, to end their journeys. Its versions stay, so that those
under way can go on, reports count on, and publishing it again brings it back.
"""

from dataclasses import dataclass

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.responses.operations import RetireChoice, Retired
from starter.versioning.bulk import end_all, hold_unfinished
from starter.versioning.live_settings import lock_publishing
from starter.versioning.which import NoSuchVersion

SQL = load_queries("starter.versioning", "retiring.sql")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Who is under way in a conversation, and how many of them hold a place in line."""

    conversation: str
    journeys: int
    in_line: int


class Retiring:
    """Retiring conversations of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def would_retire(self, conversation: str) -> Retired:
        """Who is under way in it now. Changes nothing.

        Raises:
            NoSuchVersion: no such conversation is published, and nobody is under way in it.
        """
        async with transaction(self._pool) as connection:
            found = await _under_way(connection, conversation)
        return Retired(conversation=conversation, journeys=found.journeys, in_line=found.in_line, done=False)

    @retry_on_deadlock
    async def retire(self, conversation: str, choice: RetireChoice, by: str, note: str | None) -> Retired:
        """Let nobody enter it any more; the audit has who.

        Args:
            choice: what becomes of the journeys under way.

        Raises:
            NoSuchVersion: no such conversation is published, and nobody is under way in it.
        """
        async with transaction(self._pool) as connection:
            await lock_publishing(connection)
            await hold_unfinished(connection, conversation)
            found = await _under_way(connection, conversation)
            await SQL.withdraw.run(connection, conversation=conversation)
            alerts: list[str] = await SQL.retire_alerts.values(connection, conversation=conversation)
            await SQL.drop_entry_triggers.run(connection, conversation=conversation)
            operation = None
            if choice is RetireChoice.END:
                operation = await end_all(connection, conversation, by, note)
            details = {"conversation": conversation, "in_flight": choice, "operation": operation, "note": note}
            await write_audit(connection, by, "retire conversation", details)
        return Retired(
            conversation=conversation,
            alerts=tuple(sorted(alerts)),
            journeys=found.journeys,
            in_line=found.in_line,
            in_flight=choice,
            operation=operation,
        )


async def _under_way(connection: Connection, conversation: str) -> UnderWay:
    found = await SQL.under_way.row(connection, UnderWay, conversation=conversation)
    if found is None:
        raise NoSuchVersion(
            f"No conversation '{conversation}' is published, and nobody is under way in one that was. `shelftalk "
            "conversation list` shows those there are."
        )
    return found
