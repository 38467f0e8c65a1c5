"""The audit: what people did by hand, in the transaction that did it."""

from collections.abc import Mapping, Sequence

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries

SQL = load_queries("activities.postgres", "audit.sql")


async def write_audit(on: Pool | Connection, actor: str, action: str, details: Mapping[str, object]) -> None:
    """Put on record who did what; `details` hold ids and numbers, never an address."""
    await SQL.audit.run(on, actor=actor, action=action, details=details)


async def write_look(on: Pool | Connection, actor: str, contact_id: str) -> None:
    """Put on record that somebody looked at a person: once for each hour, however often they do."""
    await SQL.audit_looks.run(on, actor=actor, action="look at contact", contacts=[contact_id])


async def write_found(on: Pool | Connection, actor: str, contact_ids: Sequence[str]) -> None:
    """Put on record that somebody was shown these people as found: each once for each hour."""
    await SQL.audit_looks.run(on, actor=actor, action="find contact", contacts=contact_ids)
