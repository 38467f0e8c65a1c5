"""Dry runs: recorded journeys lived once more on a version that is not published, and how they would differ."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from temporalio.client import Client

from activities.archive.archive import Archive
from activities.decisions.evaluate import evaluate
from activities.decisions.journey_facts import journey_facts
from activities.postgres.pool import Pool, Row
from activities.postgres.queries import load_queries
from activities.waitlist.store import Waitlist
from schemas.criteria import Criteria, write_criteria
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import Decide
from schemas.ids import JourneyId, VersionId, journey_workflow_id
from schemas.journey.compiled_criteria import CompiledCriteria
from schemas.journey.path import JourneyPath
from schemas.journey.program import Program
from schemas.journey.state import JourneyStart
from schemas.responses.dry_run import DryRunReport, JourneyDifference, NotCompared
from starter.rehearsing.run import working_version
from starter.support.replay import replay_paths
from starter.versioning.path_differences import difference_in_words
from starter.versioning.publishing import with_kept_ids
from workflows.compiler.compile import compile_document, compile_questions
from workflows.worlds.record import Record, replay_recorded
from workflows.worlds.recorded_run import Recorded, RecordedEvent

SQL = load_queries("starter.versioning", "dry_run.sql")

MOST_JOURNEYS = 10_000
"""Of one dry run: minutes of replaying, and more than anybody reads."""
MOST_LISTED = 200
"""Sentences in a report: after so many alike nobody reads on, and the counts tell the rest."""
MOST_EVENTS = 1000
"""Of one journey's contact: who opens and clicks all day long is no reason to hold all of it in memory."""
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
        """Live the newest journeys of the document's conversation on the document.

        Args:
            against: at most how many; 1 to `MOST_JOURNEYS`.
            progress: is told now and then how many of how many are done.

        Raises:
            ArchiveUnavailable: as it says.
        """
        document = await with_kept_ids(self._pool, document)
        rows = await self._pool.fetch(SQL["newest"], document.conversation, against)
        trial = _Trial(self._pool, document)
        different: list[JourneyDifference] = []
        unknown: list[NotCompared] = []
        counts = {JourneyDifference: 0, NotCompared: 0}
        for begin in range(0, len(rows), self._at_once):
            batch = {JourneyId(row["id"]): row for row in rows[begin : begin + self._at_once]}
            for found in await self._compare(trial, batch):
                counts[type(found)] += 1
                if len(different) + len(unknown) < self._most_listed:
                    different.append(found) if isinstance(found, JourneyDifference) else unknown.append(found)
            progress(begin + len(batch), len(rows))
        found_in_all = sum(counts.values())
        return DryRunReport(
            conversation=document.conversation,
            asked=len(rows),
            same=len(rows) - found_in_all,
            different=counts[JourneyDifference],
            not_compared=counts[NotCompared],
            decided_today=trial.decided_today,
            journeys=tuple(different),
            unknown=tuple(unknown),
            more=found_in_all - len(different) - len(unknown),
        )

    async def _compare(self, trial: "_Trial", rows: dict[JourneyId, Row]) -> Sequence[JourneyDifference | NotCompared]:
        """Those of these journeys that are not the same, in their order."""
        starts = await Waitlist(self._pool).starts([*rows])
        events = await trial.contact_events([*rows])
        found: dict[JourneyId, JourneyDifference | NotCompared] = {}
        ids = {journey_workflow_id(journey_id): journey_id for journey_id in rows}
        async with aclosing(replay_paths(self._client, self._archive, [*rows])) as replayed:
            async for each in replayed:
                journey_id = ids[each.workflow_id]
                row, start = rows[journey_id], starts.get(journey_id)
                try:
                    if start is None:
                        raise Unclear(UNREADABLE)
                    if isinstance(each.told, Exception):
                        raise Unclear(f"{type(each.told).__name__}: {each.told}")
                    sentence = await trial.differs(start, each.told, row, events.get(journey_id, ()))
                except Unclear as unclear:
                    found[journey_id] = NotCompared(journey_id=journey_id, why=str(unclear))
                    continue
                if sentence is not None:
                    found[journey_id] = JourneyDifference(
                        journey_id=journey_id, version=row["version_id"], open=not row["ended"], sentence=sentence
                    )
        return [found[journey_id] for journey_id in rows if journey_id in found]


UNREADABLE = "its program cannot be read by this release"


class Unclear(Exception):
    """This journey cannot be compared; the text says why."""


@dataclass(frozen=True, slots=True)
class _Version:
    program: Program
    questions: CompiledCriteria


class _Trial:
    """One document that recorded journeys are lived on.

    Attributes:
        decided_today: how many decisions were made by what is known today.
    """

    def __init__(self, pool: Pool, document: ConversationDocument) -> None:
        self._pool = pool
        self._tried = _Version(compile_document(document, working_version(document)), compile_questions(document))
        self._versions: dict[VersionId, _Version] = {}
        self.decided_today = 0

    async def contact_events(self, journeys: list[JourneyId]) -> dict[JourneyId, tuple[RecordedEvent, ...]]:
        """What their contacts did of what the document waits for, as far as it is known today."""
        found: dict[JourneyId, tuple[RecordedEvent, ...]] = {}
        program = self._tried.program
        awaited = [*{*program.awaited, *program.goal_on, *program.exit_on}]
        for row in await self._pool.fetch(SQL["contact_events"], journeys, awaited, MOST_EVENTS):
            event = RecordedEvent(row["event"], row["known_at"], row["happened_at"])
            found[row["id"]] = (*found.get(row["id"], ()), event)
        return found

    async def differs(
        self, start: JourneyStart, path: JourneyPath, row: Row, events: tuple[RecordedEvent, ...]
    ) -> str | None:
        """How the journey would differ, in a sentence; None when it would not.

        Raises:
            Unclear: nobody can tell.
        """
        if path.left_out.stays:
            raise Unclear(f"its path is too long: {path.left_out.stays} stays of it are left out")
        began, *others = await self._lived_by(path, row)
        until = None if row["ended"] else datetime.now(UTC)
        recorded = Recorded(
            start.model_copy(update={"program": began.program}),
            path,
            until,
            _zone(row),
            events,
            frozenset(event for each in (began, *others) for event in (*each.program.goal_on, *each.program.exit_on)),
        )
        same = _same_questions(began, self._tried)
        for other in others:
            # Asked by the version that it was moved to, a question has to be the same there too.
            same -= other.questions.criteria.keys() - _same_questions(other, self._tried)

        async def ask(question: str) -> int | None:
            # Of what was not asked then, only what is known today can tell.
            self.decided_today += 1
            facts, now = await journey_facts(self._pool, start.journey_id), datetime.now(UTC)
            for index, criteria in enumerate(self._tried.questions.criteria.get(question, ())):
                if criteria is None or evaluate(criteria, facts, now):
                    return index
            return None

        world = Record(recorded, self._tried.program, same, ask)
        _, replayed = await replay_recorded(recorded, world, self._tried.program)
        return difference_in_words(path, replayed)

    async def _lived_by(self, path: JourneyPath, row: Row) -> list[_Version]:
        """The versions that it was lived by, the one it began on first.

        Raises:
            Unclear: it was moved, and nobody knows from where; or a version cannot be read.
        """
        moves = [entry.moved_to for entry in path.entries if entry.moved_to is not None]
        began = VersionId(row["began"] or row["version_id"])
        if moves and row["began"] is None:
            raise Unclear(f"it was moved to {moves[0]}, and the version that it began on is not on record")
        if not moves and path.version != began:
            raise Unclear(f"its history tells of {path.version}, and the database of {began}")
        return [await self._version(version) for version in dict.fromkeys((began, *moves))]

    async def _version(self, version: VersionId) -> _Version:
        if version not in self._versions:
            row = await self._pool.fetchrow(SQL["version"], version)
            if row is None:
                raise Unclear(f"there is no {version} in the database")
            try:
                program = Program.model_validate(row["program"])
                questions = CompiledCriteria.model_validate(row["questions"] or {})
            except ValidationError:
                raise Unclear(UNREADABLE) from None
            self._versions[version] = _Version(program, questions)
        return self._versions[version]


def _same_questions(before: _Version, tried: _Version) -> frozenset[str]:
    """The questions that mean the same in both versions, word for word."""
    return frozenset(
        question
        for question, criteria in tried.questions.criteria.items()
        if _in_words(criteria) == _in_words(before.questions.criteria.get(question, ()))
        and _is_asked_alike(question, before.program, tried.program)
    )


def _is_asked_alike(question: str, before: Program, tried: Program) -> bool:
    """A step that was another kind of step before asked nothing."""
    steps = [program.steps.get(step) for program in (before, tried) for step in program.steps if step == question]
    return not steps or all(isinstance(step, Decide) for step in steps)


def _in_words(criteria: tuple[Criteria | None, ...]) -> list[object]:
    return [write_criteria(one) if one is not None else None for one in criteria]


def _zone(row: Row) -> str:
    for name in (row["own_zone"], row["time_zone"]):
        try:
            if name is not None:
                return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            continue
    return "UTC"
