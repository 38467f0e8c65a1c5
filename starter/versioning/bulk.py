"""Operations on many journeys at once: beginning one with a publication, and how far it has come.

An operation is begun in the transaction that publishes: whom it is about is settled there, and an outbox row has it
carried out (workflows/bulk.py). So the two happen together or not at all, and Temporal may be down meanwhile.
"""

from dataclasses import dataclass
from datetime import timedelta

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import VersionId
from schemas.responses.operations import Choice, OperationKind, OperationReport, OperationReports

SQL = load_queries("starter.versioning", "bulk.sql")

MOST_SHOWN = 100
"""Operations in a list: whoever looks for one looks for a late one."""
CHOOSE_LIMIT = timedelta(minutes=2)
"""A hundred thousand journeys are chosen in seconds; more than a query has by default."""


class NoSuchOperation(DomainError):
    """There is no operation of this number."""

    code = "no_such_operation"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk operation list` shows them."

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no operation {number}.", public="There is no operation of this number.")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of those under way, who decided it, and why."""

    choice: Choice
    by: str
    note: str | None = None


async def hold_unfinished(connection: Connection, conversation: str) -> None:
    """Wait until no older operation is asking anybody, and keep it so until the transaction ends.

    Taken before the conversation's own row: who enters waits for that one, and must not wait for Temporal.
    """
    await connection.execute(SQL["hold_unfinished"], conversation)


async def begin(connection: Connection, conversation: str, version: VersionId, decision: Decision) -> int | None:
    """Put a decision on record, in the transaction that publishes `version`; the operation that it takes, if any.

    The caller has called `hold_unfinished`.

    A journey that an older operation has not come to belongs to this one from now on: the latest decision holds.
    """
    operation = None
    if decision.choice is not Choice.STAY:
        operation = await _begin(connection, OperationKind(decision.choice), conversation, version, decision)
    details = {
        "conversation": conversation,
        "version": version,
        "in_flight": decision.choice,
        "operation": operation,
        "note": decision.note,
    }
    await connection.execute(SQL["audit"], decision.by, "publish conversation", details)
    return operation


async def _begin(
    connection: Connection, kind: OperationKind, conversation: str, version: VersionId, decision: Decision
) -> int:
    to_version = version if kind is OperationKind.MOVE else None
    operation: int = await connection.fetchval(SQL["begin"], kind, conversation, to_version, decision.by, decision.note)
    limit = CHOOSE_LIMIT.total_seconds()
    if await connection.fetchval(SQL["choose"], operation, conversation, version, timeout=limit):
        await connection.execute(SQL["supersede"], operation, timeout=limit)
        await connection.execute(SQL["ask_for_it"], operation)
    else:
        await connection.execute(SQL["finish"], operation)
    return operation


class BulkOperations:
    """The operations of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def show(self, operation: int) -> OperationReport:
        """How far one has come.

        Raises:
            NoSuchOperation: as it says.
        """
        rows = await self._pool.fetch(SQL["reports"], operation, 1)
        if not rows:
            raise NoSuchOperation(operation)
        return OperationReport.model_validate(dict(rows[0]))

    async def latest(self) -> OperationReports:
        """The latest, newest first."""
        rows = await self._pool.fetch(SQL["reports"], None, MOST_SHOWN)
        return OperationReports(operations=tuple(OperationReport.model_validate(dict(row)) for row in rows))
