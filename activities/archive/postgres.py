"""The archive in PostgreSQL: a table of Shelftalk's own database. Needs nothing to be set up."""

from activities.archive.archive import ArchiveUnavailable, SealedHistory
from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import JourneyId

SQL = load_queries("activities.archive", "postgres.sql")


class PostgresArchive:
    """Histories as rows of the table `histories`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def name(self) -> str:
        return "postgres"

    async def put(self, history: SealedHistory) -> None:
        try:
            await SQL.put.run(self._pool, journey_id=history.journey_id, run_id=history.run_id, content=history.content)
        except POSTGRES_AWAY as error:
            raise _unavailable(error) from error

    async def get(self, journey_id: JourneyId) -> bytes | None:
        try:
            return await SQL.get.value(self._pool, journey_id=journey_id)
        except POSTGRES_AWAY as error:
            raise _unavailable(error) from error


def _unavailable(error: BaseException) -> ArchiveUnavailable:
    return ArchiveUnavailable(
        f"The archive in PostgreSQL cannot be reached ({type(error).__name__}). "
        "`shelftalk doctor` tells what is reachable."
    )
