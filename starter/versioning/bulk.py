"""Operations on many journeys at once: beginning one with a publication, and how far it has come.

An operation begins in the transaction that publishes: it chooses its journeys there, and writes the outbox row from
which the dispatcher starts its workflow (workflows/bulk.py). So both happen or neither does, and Temporal may be down
meanwhile.
"""

from dataclasses import dataclass
from datetime import timedelta

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.errors import DomainError, ErrorKind
from schemas.ids import VersionId
from schemas.responses.operations import Choice, OperationKind, OperationReport, OperationReports

SQL = load_queries("starter.versioning", "bulk.sql")

MOST_SHOWN = 100
"""Operations in a list: the latest are those that people look for."""
CHOOSE_LIMIT = timedelta(minutes=2)
"""A hundred thousand journeys are chosen in seconds; more than a query has by default."""


class NoSuchOperation(DomainError):
    """There is no operation of this number."""

    code = "no_such_operation"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk operation list` shows them."

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no operation {number}.", public="There is no operation of this number.")


class OperationOver(DomainError):
    """All of its journeys were asked, so there is nothing left to cancel."""

    code = "operation_over"
    kind = ErrorKind.CONFLICT

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Operation {number} has asked all of its journeys.", public="The operation has asked all of its journeys."
        )


@dataclass(frozen=True, slots=True)
class HeldOperation:
    """An operation that nothing is asked for while it is held."""

    conversation: str
    finished: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of the journeys under way, who decided it, and why."""

    choice: Choice
    by: str
    note: str | None = None


async def hold_unfinished(connection: Connection, conversation: str) -> None:
    """Wait until no older operation is signalling journeys, and hold those operations until the transaction ends.

    Call it before the conversation's own row is locked: contacts who enter wait for that row, and must not wait for
    Temporal.
    """
    await SQL.hold_unfinished.run(connection, conversation=conversation)


async def begin(connection: Connection, conversation: str, version: VersionId, decision: Decision) -> int | None:
    """Record a decision in the transaction that publishes `version`, after `hold_unfinished`.

    A journey that an older operation has not changed yet belongs to this one from now on: the latest decision holds.

    Returns:
        The operation that carries the decision out; None where the journeys stay.
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
    await write_audit(connection, decision.by, "publish conversation", details)
    return operation


async def end_all(connection: Connection, conversation: str, by: str, why: str | None) -> int:
    """Begin to end every journey of a conversation, on whatever version, in the transaction that retires it; after
    `hold_unfinished`. Returns the operation."""
    every = VersionId("")
    return await _begin(connection, OperationKind.END, conversation, every, Decision(Choice.END, by, why))


async def _begin(
    connection: Connection, kind: OperationKind, conversation: str, version: VersionId, decision: Decision
) -> int:
    operation: int = await SQL.begin.value(
        connection,
        kind=kind,
        conversation=conversation,
        to_version=version if kind is OperationKind.MOVE else None,
        requested_by=decision.by,
        why=decision.note,
    )
    if await _choose(connection, operation, conversation, version):
        await SQL.request_run.run(connection, operation=operation)
    else:
        await SQL.finish.run(connection, operation=operation)
    return operation


async def _choose(connection: Connection, operation: int, conversation: str, version: VersionId) -> int:
    """Give the operation its journeys, and take them from older operations. Returns how many there are."""
    limit = CHOOSE_LIMIT.total_seconds()
    journeys: int = await SQL.choose.within(limit).value(
        connection, operation=operation, conversation=conversation, version=version
    )
    if journeys:
        await SQL.supersede.within(limit).run(connection, operation=operation)
    return journeys


class BulkOperations:
    """The operations of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def show(self, operation: int) -> OperationReport:
        """How far one has come.

        Raises:
            NoSuchOperation: there is none of this number.
        """
        report = await SQL.reports.row(self._pool, OperationReport, operation=operation, most=1)
        if report is None:
            raise NoSuchOperation(operation)
        return report

    @retry_on_deadlock
    async def cancel(self, operation: int, by: str) -> OperationReport:
        """Ask no more of its journeys. Those that were asked already move or end all the same; the audit has who.

        Raises:
            NoSuchOperation: there is none of this number.
            OperationOver: all of its journeys were asked.
        """
        async with transaction(self._pool) as connection:
            held = await SQL.hold_one.row(connection, HeldOperation, operation=operation)
            if held is None:
                raise NoSuchOperation(operation)
            if held.finished:
                raise OperationOver(operation)
            spared: int = await SQL.cancel.within(CHOOSE_LIMIT.total_seconds()).value(connection, operation=operation)
            await SQL.note_cancelled.run(connection, operation=operation, by=by)
            details = {"operation": operation, "conversation": held.conversation, "spared": spared}
            await write_audit(connection, by, "cancel operation", details)
        return await self.show(operation)

    async def latest(self) -> OperationReports:
        """The latest, newest first."""
        reports = await SQL.reports.rows(self._pool, OperationReport, operation=None, most=MOST_SHOWN)
        return OperationReports(operations=tuple(reports))
