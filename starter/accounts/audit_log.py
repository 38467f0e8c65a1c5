"""The audit as people read it, and on record in it who looked at a person."""

from activities.postgres.audit import write_look
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import ContactId
from schemas.responses.users import AuditEntry, AuditPage

SQL = load_queries("starter.accounts", "audit_log.sql")

LONGEST_PAGE = 200


class AuditLog:
    """Reads the audit, and writes looks into it; whoever changes something writes that itself."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def looked_at(self, contact_id: ContactId, by: str) -> None:
        """Put on record that somebody looked at what is kept of a person: once for each hour."""
        await write_look(self._pool, by, contact_id)

    async def page(
        self, actor: str | None = None, action: str | None = None, before: int | None = None, limit: int = 50
    ) -> AuditPage:
        """What was done, the newest first.

        Args:
            actor: only by this one, as the audit names them.
            action: only this.
            before: the `next` of the page before.
        """
        limit = max(1, min(limit, LONGEST_PAGE))
        rows = await SQL.entries.rows(self._pool, AuditEntry, actor=actor, action=action, before=before, most=limit + 1)
        return AuditPage(entries=tuple(rows[:limit]), next=rows[limit - 1].id if len(rows) > limit else None)

    async def actions(self) -> tuple[str, ...]:
        """Everything that was ever done, by name, to choose from."""
        return tuple(await SQL.actions.values(self._pool))
