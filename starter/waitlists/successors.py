"""Naming what succeeds a variant or product: once that is gone for good, its waiters wait for the successor.

The shelf moves them (`activities/waitlist/line_moves.py`), and who signs up then enters for the successor
(`activities/waitlist/interest.py`).
"""

import asyncpg

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.products import UnknownProduct, UnknownVariant
from schemas.errors import DomainError, ErrorKind
from schemas.ids import Level, StoreId, Subject
from schemas.responses.successors import SuccessorReport, SuccessorReports
from starter.waitlists.move_refusals import OtherLevel, SameSubject

SQL = load_queries("starter.waitlists", "successors.sql")

MOST_SHOWN = 1000
"""Successors of one answer, and variants that a product's successor has none for."""


class SuccessorRefused(DomainError):
    """A successor that PostgreSQL does not take: it leads on, around, or to what the store does not have."""

    code = "successor_refused"
    kind = ErrorKind.CONFLICT
    advice = "A successor is one hop: what is waited for, and what succeeds it. `shelftalk successor list`"


class NoSuccessor(DomainError):
    """Nothing was named."""

    code = "no_successor"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk successor list` shows those that are named."

    def __init__(self, subject: Subject) -> None:
        super().__init__(f"{subject} names no successor.", public="It names no successor.")


class Successors:
    """The successors that are named in one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_on_deadlock
    async def set(self, subject: Subject, successor: Subject, by: str) -> SuccessorReport:
        """Name what succeeds it, instead of what was named before. If it is gone already, its waiters are moved.

        Raises:
            SameSubject, OtherLevel, UnknownVariant, UnknownProduct, SuccessorRefused: as they say.
        """
        if subject.level is not successor.level:
            raise OtherLevel
        if subject == successor:
            raise SameSubject
        for each in (subject, successor):
            if not await SQL.known.value(self._pool, store_id=each.store_id, subject=each.key):
                raise (UnknownVariant if each.level is Level.VARIANT else UnknownProduct)(str(each))
        ids = {"store_id": subject.store_id, "subject": subject.key}
        try:
            async with transaction(self._pool) as connection:
                await SQL.set.run(connection, **ids, successor=successor.key, named_by=by)
                await SQL.ask_to_look.run(connection, **ids)
                (report,) = await SQL.named.rows(connection, SuccessorReport, **ids, most=MOST_SHOWN)
                details = ids | {"successor": successor.key, "without": list(report.without)}
                await write_audit(connection, by, "name successor", details)
        except asyncpg.CheckViolationError as error:
            raise SuccessorRefused(error.message or "This successor is refused.") from None
        return report

    async def clear(self, subject: Subject, by: str) -> None:
        """It has no successor from now on. A move that has begun goes on.

        Raises:
            NoSuccessor: as it says.
        """
        ids = {"store_id": subject.store_id, "subject": subject.key}
        async with transaction(self._pool) as connection:
            successor: str | None = await SQL.clear.value(connection, **ids)
            if successor is None:
                raise NoSuccessor(subject)
            await write_audit(connection, by, "clear successor", ids | {"successor": successor})

    async def of(self, subject: Subject) -> SuccessorReport | None:
        """What is named for one; None: nothing."""
        ids = {"store_id": subject.store_id, "subject": subject.key}
        return await SQL.named.row(self._pool, SuccessorReport, **ids, most=MOST_SHOWN)

    async def of_store(self, store_id: StoreId) -> SuccessorReports:
        """Those that are named in a store."""
        found = await SQL.named.rows(self._pool, SuccessorReport, store_id=store_id, subject=None, most=MOST_SHOWN)
        return SuccessorReports(successors=tuple(found))
