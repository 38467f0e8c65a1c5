"""What a journey came by: each stay of its path, kept in PostgreSQL so that reports count without reading histories."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from activities.postgres.asked_together import AskedTogether
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import JourneyId
from schemas.journey.path import EnteredStep

SQL = load_queries("activities.waitlist", "path_entries.sql")


@dataclass(frozen=True, slots=True)
class Entered:
    """Stays of one journey that began."""

    journey_id: JourneyId
    stays: Sequence[EnteredStep]


class PathEntries:
    """Takes stays down: those of journeys that come at the same time together."""

    def __init__(self, pool: Pool) -> None:
        self._together = AskedTogether(partial(_record, pool))

    async def record(self, journey_id: JourneyId, stays: Sequence[EnteredStep]) -> None:
        """Record stays that began. Safe to repeat: each has its number in the path."""
        if stays:
            await self._together.ask(Entered(journey_id, stays))


async def _record(pool: Pool, entered: Sequence[Entered]) -> list[None]:
    rows = [(of.journey_id, each) for of in entered for each in of.stays]
    await SQL.record.run(
        pool,
        journey_ids=[journey_id for journey_id, _ in rows],
        numbers=[each.number for _, each in rows],
        steps=[each.step for _, each in rows],
        moments=[each.at for _, each in rows],
    )
    return [None] * len(entered)
