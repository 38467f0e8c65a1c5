"""Dry runs: recorded journeys replayed on a version that is not published yet, and how they would differ."""

from collections.abc import Callable, Sequence
from contextlib import aclosing

from temporalio.client import Client

from activities.archive.archive import Archive
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.waitlist.claims import Waitlist
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId, journey_workflow_id
from schemas.responses.dry_run import DryRunReport, JourneyDifference, NotCompared
from starter.support.replay import replay_paths
from starter.versioning.publishing import with_kept_ids
from starter.versioning.trial import UNREADABLE, RecordedJourney, Trial, Unclear

SQL = load_queries("starter.versioning", "dry_run.sql")

MOST_JOURNEYS = 10_000
"""Of one dry run: minutes of replaying, and more than anybody reads."""
MOST_LISTED = 200
"""Sentences in a report; of the rest there are counts."""
AT_ONCE = 250
"""Journeys whose starts and contact events are held in memory together."""


def in_silence(_done: int, _of: int) -> None:
    """Progress that nobody follows."""


class DryRuns:
    """Dry runs over one database, and the histories of its journeys."""

    def __init__(
        self, pool: Pool, client: Client, archive: Archive, *, most_listed: int = MOST_LISTED, at_once: int = AT_ONCE
    ) -> None:
        """`most_listed`: sentences in a report; `at_once`: journeys that are held in memory together."""
        self._pool = pool
        self._client = client
        self._archive = archive
        self._most_listed = most_listed
        self._at_once = at_once

    async def run(
        self, document: ConversationDocument, against: int, progress: Callable[[int, int], None] = in_silence
    ) -> DryRunReport:
        """Replay the newest journeys of the document's conversation on the document.

        Args:
            against: at most how many; 1 to `MOST_JOURNEYS`.
            progress: called now and then with how many of how many are done.

        Raises:
            ArchiveUnavailable: the archive cannot be read.
        """
        document = await with_kept_ids(self._pool, document)
        journeys = await SQL.newest.rows(self._pool, RecordedJourney, conversation=document.conversation, most=against)
        trial = Trial(self._pool, document)
        different: list[JourneyDifference] = []
        unknown: list[NotCompared] = []
        counts = {JourneyDifference: 0, NotCompared: 0}
        for begin in range(0, len(journeys), self._at_once):
            batch = {journey.id: journey for journey in journeys[begin : begin + self._at_once]}
            for found in await self._compare(trial, batch):
                counts[type(found)] += 1
                if len(different) + len(unknown) < self._most_listed:
                    different.append(found) if isinstance(found, JourneyDifference) else unknown.append(found)
            progress(begin + len(batch), len(journeys))
        found_in_all = sum(counts.values())
        return DryRunReport(
            conversation=document.conversation,
            asked=len(journeys),
            same=len(journeys) - found_in_all,
            different=counts[JourneyDifference],
            not_compared=counts[NotCompared],
            decided_today=trial.decided_today,
            journeys=tuple(different),
            unknown=tuple(unknown),
            more=found_in_all - len(different) - len(unknown),
        )

    async def _compare(
        self, trial: Trial, journeys: dict[JourneyId, RecordedJourney]
    ) -> Sequence[JourneyDifference | NotCompared]:
        """Those of these journeys that are not the same, in their order."""
        starts = await Waitlist(self._pool).starts([*journeys])
        events = await trial.contact_events([*journeys])
        found: dict[JourneyId, JourneyDifference | NotCompared] = {}
        ids = {journey_workflow_id(journey_id): journey_id for journey_id in journeys}
        async with aclosing(replay_paths(self._client, self._archive, [*journeys])) as replayed:
            async for each in replayed:
                journey_id = ids[each.workflow_id]
                journey, start = journeys[journey_id], starts.get(journey_id)
                try:
                    if start is None:
                        raise Unclear(UNREADABLE)
                    if isinstance(each.told, Exception):
                        raise Unclear(f"{type(each.told).__name__}: {each.told}")
                    sentence = await trial.differs(start, each.told, journey, events.get(journey_id, ()))
                except Unclear as unclear:
                    found[journey_id] = NotCompared(journey_id=journey_id, why=str(unclear))
                    continue
                if sentence is not None:
                    found[journey_id] = JourneyDifference(
                        journey_id=journey_id,
                        version=journey.version_id,
                        open=not journey.ended,
                        sentence=sentence,
                    )
        return [found[journey_id] for journey_id in journeys if journey_id in found]
