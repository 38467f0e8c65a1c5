"""Dry runs: recorded journeys lived once more on a version that is not published, and how they would differ."""

from collections.abc import Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from activities.decisions.evaluate import evaluate
from activities.decisions.journey_facts import journey_facts
from activities.postgres.pool import Pool, Row
from activities.postgres.queries import load_queries
from activities.waitlist.store import Waitlist
from schemas.conversation import ConversationDocument
from schemas.criteria import Criteria, write_criteria
from schemas.ids import JourneyId, VersionId, journey_workflow_id
from schemas.journey import JourneyStart
from schemas.model import Model
from schemas.path import JourneyPath
from schemas.program import Decide, Program
from schemas.questions import Questions
from starter.operations import Operations
from starter.path_differences import difference_in_words
from starter.rehearsing.run import working_version
from starter.replay import replay_paths
from workflows.interpreter.compiler import compile_document, compile_questions
from workflows.interpreter.old_life import Recorded
from workflows.interpreter.record import Record, live_again

SQL = load_queries("starter", "dry_run.sql")

MOST_JOURNEYS = 10_000
"""Of one dry run: minutes of replaying, and more than anybody reads."""


class JourneyDifference(Model):
    """A journey that would go otherwise.

    Attributes:
        version: which it lives by, or lived by last.
        open: it is under way, and was compared up to now.
        sentence: how it would differ.
    """

    journey_id: JourneyId
    version: str
    open: bool
    sentence: str


class NotReplayed(Model):
    """A journey of which nobody can tell, and why."""

    journey_id: JourneyId
    why: str


class DryRunReport(Model):
    """What a dry run found; the newest journeys first.

    Attributes:
        asked: journeys looked at: `same`, `different` and those not replayed.
    """

    conversation: str
    asked: int
    same: int
    different: int
    journeys: tuple[JourneyDifference, ...]
    not_replayed: tuple[NotReplayed, ...]


async def dry_run(operations: Operations, document: ConversationDocument, against: int) -> DryRunReport:
    """Live the newest journeys of the document's conversation on the document.

    Args:
        against: at most how many; 1 to `MOST_JOURNEYS`.

    Raises:
        ArchiveUnavailable: as it says.
    """
    pool = operations.pool
    rows = {JourneyId(row["id"]): row for row in await pool.fetch(SQL["newest"], document.conversation, against)}
    starts = await Waitlist(pool).starts([*rows])
    trial = _Trial(pool, document, await _questions(pool, rows))
    found: dict[JourneyId, JourneyDifference | NotReplayed] = {}
    ids = {journey_workflow_id(journey_id): journey_id for journey_id in rows}
    async with aclosing(replay_paths(operations.client, operations.archive, [*rows])) as replayed:
        async for each in replayed:
            journey_id = ids[each.workflow_id]
            start = starts.get(journey_id)
            if isinstance(each.told, Exception) or start is None:
                found[journey_id] = NotReplayed(journey_id=journey_id, why=_why(each.told))
            elif (sentence := await trial.differs(start, each.told, rows[journey_id])) is not None:
                row = rows[journey_id]
                found[journey_id] = JourneyDifference(
                    journey_id=journey_id, version=row["version_id"], open=not row["ended"], sentence=sentence
                )
    in_order = [found[journey_id] for journey_id in rows if journey_id in found]
    different = tuple(each for each in in_order if isinstance(each, JourneyDifference))
    return DryRunReport(
        conversation=document.conversation,
        asked=len(rows),
        same=len(rows) - len(found),
        different=len(different),
        journeys=different,
        not_replayed=tuple(each for each in in_order if isinstance(each, NotReplayed)),
    )


async def latest_document(pool: Pool, conversation: str) -> ConversationDocument | None:
    """The document of a conversation that is worked on, or else published; None when there is no such conversation."""
    document = await pool.fetchval(SQL["latest_document"], conversation)
    return ConversationDocument.model_validate(document) if document is not None else None


class _Trial:
    """One document that recorded journeys are lived on."""

    def __init__(self, pool: Pool, document: ConversationDocument, asked: Mapping[VersionId, Questions]) -> None:
        self._pool = pool
        self._tried = compile_document(document, working_version(document))
        self._questions = compile_questions(document)
        self._asked_before = asked

    async def differs(self, start: JourneyStart, path: JourneyPath, row: Row) -> str | None:
        """How the journey would differ, in a sentence; None when it would not."""
        before = self._asked_before.get(VersionId(row["version_id"]), Questions())
        same = _same_questions(start.program, before, self._tried, self._questions)
        until = None if row["ended"] else datetime.now(UTC)

        async def ask(question: str) -> int | None:
            # Of what was not asked then, only what is known today can tell.
            facts, now = await journey_facts(self._pool, start.journey_id), datetime.now(UTC)
            for index, criteria in enumerate(self._questions.criteria.get(question, ())):
                if criteria is None or evaluate(criteria, facts, now):
                    return index
            return None

        world = Record(Recorded(start, path, until, _zone(row)), self._tried, same, ask)
        _, lived = await live_again(Recorded(start, path, until, _zone(row)), world, self._tried)
        return difference_in_words(path, lived)


def _same_questions(before: Program, asked: Questions, tried: Program, asks: Questions) -> frozenset[str]:
    """The questions that mean the same in both versions, word for word."""
    return frozenset(
        question
        for question, criteria in asks.criteria.items()
        if _in_words(criteria) == _in_words(asked.criteria.get(question, ()))
        and _is_asked_alike(question, before, tried)
    )


def _is_asked_alike(question: str, before: Program, tried: Program) -> bool:
    """A step that was another kind of step before asked nothing."""
    steps = [program.steps.get(step) for program in (before, tried) for step in program.steps if step == question]
    return not steps or all(isinstance(step, Decide) for step in steps)


def _in_words(criteria: tuple[Criteria | None, ...]) -> list[object]:
    return [write_criteria(one) if one is not None else None for one in criteria]


async def _questions(pool: Pool, rows: Mapping[JourneyId, Row]) -> Mapping[VersionId, Questions]:
    versions = sorted({row["version_id"] for row in rows.values()})
    stored = await pool.fetch(SQL["questions"], versions)
    return {VersionId(row["id"]): Questions.model_validate(row["questions"] or {}) for row in stored}


def _zone(row: Row) -> str:
    for name in (row["own_zone"], row["time_zone"]):
        try:
            if name is not None:
                return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            continue
    return "UTC"


def _why(told: JourneyPath | Exception) -> str:
    if isinstance(told, Exception):
        return f"{type(told).__name__}: {told}"
    return "its program cannot be read by this release"
