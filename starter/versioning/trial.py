"""One document on trial: recorded journeys replayed on it one by one, and how each would differ."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from activities.decisions.evaluate import evaluate
from activities.decisions.journey_facts import journey_facts
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.criteria import Criteria, write_criteria
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import Decide
from schemas.ids import JourneyId, VersionId
from schemas.journey.compiled_criteria import CompiledCriteria
from schemas.journey.path import JourneyPath
from schemas.journey.program import Program
from schemas.journey.state import JourneyStart
from starter.rehearsing.run import working_version
from starter.versioning.path_differences import difference_in_words
from workflows.compiler.compile import compile_criteria, compile_document
from workflows.worlds.record import Record, replay_recorded
from workflows.worlds.recorded_run import Recorded, RecordedEvent

SQL = load_queries("starter.versioning", "dry_run.sql")

MOST_EVENTS = 1000
"""Of one journey: a contact who opens and clicks all day long must not fill the memory."""
UNREADABLE = "its program cannot be read by this release"


class Unclear(Exception):
    """This journey cannot be compared; the text says why."""


@dataclass(frozen=True, slots=True)
class RecordedJourney:
    """A journey that a dry run replays.

    Attributes:
        version_id: the version it is on, or ended on.
        began: the version it began on, where an operation on it has recorded that.
        own_zone, time_zone: the contact's time zone, and the list's.
    """

    id: JourneyId
    ended: bool
    version_id: VersionId
    own_zone: str | None
    time_zone: str | None
    began: VersionId | None


@dataclass(frozen=True, slots=True)
class ContactEventOf:
    """A contact event of one journey."""

    id: JourneyId
    event: str
    happened_at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version's program and compiled criteria as they are stored; perhaps in a form that this release cannot read."""

    program: object
    criteria: object


@dataclass(frozen=True, slots=True)
class _Version:
    program: Program
    compiled: CompiledCriteria


class Trial:
    """One document that recorded journeys are replayed on.

    Attributes:
        decided_today: how many decisions were evaluated on what is known today.
    """

    def __init__(self, pool: Pool, document: ConversationDocument) -> None:
        self._pool = pool
        self._list = document.list
        self._tried = _Version(compile_document(document, working_version(document)), compile_criteria(document))
        self._versions: dict[VersionId, _Version] = {}
        self.decided_today = 0

    async def contact_events(self, journeys: list[JourneyId]) -> dict[JourneyId, tuple[RecordedEvent, ...]]:
        """The contact events that the document awaits, or that end journeys of their own version, as known today."""
        found: dict[JourneyId, tuple[RecordedEvent, ...]] = {}
        program = self._tried.program
        awaited = [*{*program.awaited, *program.goal_on, *program.exit_on}]
        for each in await SQL.contact_events.rows(
            self._pool, ContactEventOf, journeys=journeys, events=awaited, most=MOST_EVENTS
        ):
            event = RecordedEvent(each.event, each.known_at, each.happened_at)
            found[each.id] = (*found.get(each.id, ()), event)
        return found

    async def differs(
        self, start: JourneyStart, path: JourneyPath, journey: RecordedJourney, events: tuple[RecordedEvent, ...]
    ) -> str | None:
        """How the journey would differ, in a sentence; None when it would not.

        Raises:
            Unclear: it cannot be compared.
        """
        if start.store_id is not None and not self._list.is_for(start.store_id):
            return f"{path.journey_id} would not enter: list '{self._list.code}' is not for store '{start.store_id}'."
        if path.left_out.stays:
            raise Unclear(f"its path is too long: {path.left_out.stays} stays of it are left out")
        began, *others = await self._versions_of(path, journey)
        recorded = Recorded(
            start.model_copy(update={"program": began.program}),
            path,
            None if journey.ended else datetime.now(UTC),
            _zone(journey),
            events,
            frozenset(event for each in (began, *others) for event in (*each.program.goal_on, *each.program.exit_on)),
        )
        same = _same_criteria(began, self._tried)
        for other in others:
            # Criteria that a version evaluated to which the journey was moved have to be the same there too.
            same -= other.compiled.criteria.keys() - _same_criteria(other, self._tried)

        async def evaluate_today(criteria_id: str) -> int | None:
            # What was not evaluated then can only be evaluated on what is known today.
            self.decided_today += 1
            facts, now = await journey_facts(self._pool, start.journey_id), datetime.now(UTC)
            for index, criteria in enumerate(self._tried.compiled.criteria.get(criteria_id, ())):
                if criteria is None or evaluate(criteria, facts, now):
                    return index
            return None

        world = Record(recorded, self._tried.program, same, evaluate_today)
        _, replayed = await replay_recorded(recorded, world, self._tried.program)
        return difference_in_words(path, replayed)

    async def _versions_of(self, path: JourneyPath, journey: RecordedJourney) -> list[_Version]:
        """The versions that it ran on, the one it began on first.

        Raises:
            Unclear: it was moved, and from where is not on record; or a version cannot be read.
        """
        moves = [entry.moved_to for entry in path.entries if entry.moved_to is not None]
        began = journey.began or journey.version_id
        if moves and journey.began is None:
            raise Unclear(f"it was moved to {moves[0]}, and the version that it began on is not on record")
        if not moves and path.version != began:
            raise Unclear(f"its history tells of {path.version}, and the database of {began}")
        return [await self._version(version) for version in dict.fromkeys((began, *moves))]

    async def _version(self, version: VersionId) -> _Version:
        if version not in self._versions:
            stored = await SQL.version.row(self._pool, StoredVersion, version=version)
            if stored is None:
                raise Unclear(f"there is no {version} in the database")
            try:
                program = Program.model_validate(stored.program)
                compiled = CompiledCriteria.model_validate(stored.criteria or {})
            except ValidationError:
                raise Unclear(UNREADABLE) from None
            self._versions[version] = _Version(program, compiled)
        return self._versions[version]


def _same_criteria(before: _Version, tried: _Version) -> frozenset[str]:
    """The ids of the criteria that are word for word the same in both versions, and evaluated for the same."""
    return frozenset(
        criteria_id
        for criteria_id, criteria in tried.compiled.criteria.items()
        if _in_words(criteria) == _in_words(before.compiled.criteria.get(criteria_id, ()))
        and _is_used_alike(criteria_id, before.program, tried.program)
    )


def _is_used_alike(criteria_id: str, before: Program, tried: Program) -> bool:
    """Whether no version has the id for a step of another kind, which evaluates nothing."""
    steps = [program.steps[step] for program in (before, tried) for step in program.steps if step == criteria_id]
    return all(isinstance(step, Decide) for step in steps)


def _in_words(criteria: tuple[Criteria | None, ...]) -> list[object]:
    return [write_criteria(one) if one is not None else None for one in criteria]


def _zone(journey: RecordedJourney) -> str:
    for name in (journey.own_zone, journey.time_zone):
        try:
            if name is not None:
                return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            continue
    return "UTC"
