"""What a journey came by: each stay of its path, kept in PostgreSQL so that reports count without reading histories."""

from collections.abc import Sequence

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.ids import JourneyId
from schemas.journey.path import EnteredStep

SQL = load_queries("activities.waitlist", "path_entries.sql")


async def record_entered(on: Pool | Connection, journey_id: JourneyId, entered: Sequence[EnteredStep]) -> None:
    """Record stays that began. Safe to repeat: each has its number in the path."""
    if entered:
        await SQL.record.run(
            on,
            journey_id=journey_id,
            numbers=[each.number for each in entered],
            steps=[each.step for each in entered],
            moments=[each.at for each in entered],
        )
