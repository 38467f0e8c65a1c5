"""What runs on a schedule, run by hand: reconciliation, archiving and retention. A worker must be at work for each."""

from datetime import timedelta

from temporalio.client import Client

from activities.archive.archive import Archive
from activities.archive.archiving import archive_status
from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool
from schemas.responses.archive import ArchiveReport, ArchiveStatus
from schemas.responses.reconciliation import LastReconciliation, Reconciliation
from schemas.responses.retention import RetentionReport
from starter.runtime.schedules import ARCHIVING, RECONCILIATION, RETENTION, last_reconciliation


class Upkeep:
    """The upkeep of one installation: its database, its archive and its task queue. `by`: who asks, for the audit."""

    def __init__(self, pool: Pool, client: Client, archive: Archive, task_queue: str) -> None:
        self._pool = pool
        self._client = client
        self._archive = archive
        self._task_queue = task_queue

    async def reconcile(self, young: timedelta, by: str) -> Reconciliation:
        """Compare PostgreSQL and Temporal now, and repair what differs; what is younger than this is left alone."""
        await write_audit(self._pool, by, "reconcile", {"young": str(young)})
        return await RECONCILIATION.run_now(self._client, self._task_queue, young)

    async def last_reconciliation(self) -> LastReconciliation | None:
        """What the newest one that was finished found and repaired."""
        return await last_reconciliation(self._pool)

    async def archive(self, young: timedelta, by: str) -> ArchiveReport:
        """Archive now the histories of journeys that ended longer ago than this."""
        await write_audit(self._pool, by, "archive", {"young": str(young)})
        return await ARCHIVING.run_now(self._client, self._task_queue, young)

    async def archive_status(self) -> ArchiveStatus:
        """How many histories are archived, where, and how many are still to be."""
        return await archive_status(self._pool, self._archive)

    async def retain(self, by: str) -> RetentionReport:
        """Forget now what is older than the worker's settings say."""
        await write_audit(self._pool, by, "retention", {})
        return await RETENTION.run_now(self._client, self._task_queue)

    async def retention(self) -> RetentionReport:
        """For how long the worker's settings keep what, and how much is older; nothing is forgotten."""
        return await RETENTION.run_now(self._client, self._task_queue, only_count=True)
