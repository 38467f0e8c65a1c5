"""The shelves of units that have not come yet: to whom they would give the places, in their order. Nothing is written.

What is asked is asked as when the units come: the arithmetic of supplies and episodes (`arrivals.py`), who is next in
line (`next_in_line` of the schema), and the check before the first message (`first_message.py`). Where two lines of
equal strength sell the same units, which of their shelves looks first is known only then; here the variants' do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.document.alert_types.offer import Measure
from schemas.ids import AlertId, ContactId, JourneyId, Level, StepId, StoreId, Subject, VersionId
from schemas.journey.program import Program
from schemas.reasons import STOPPING, Reason
from schemas.responses.forecast import ToldWhen
from starter.shops.arrivals import Arrival, Opened
from starter.shops.first_message import FirstMessages, InLine, NotTold, Told

SQL = load_queries("starter.shops", "forecast.sql")

MOST_FOLLOWED = 2000
"""Of one line; its counts stay exact up to here. Some milliseconds for each hundred."""
SPARE = 50
"""Read beyond the places there are, for those whose place passes on."""
MOST_CHECKED = 200
"""Of all lines together, of whom the check before the message is asked: a few milliseconds each."""
MOST_SHOWN = 200
"""Of those who would be told, and of those who would not; no more of the front of a line is read."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of `lines`: an alert's line of one subject, in which somebody waits."""

    alert_id: AlertId
    subject: str
    list_code: str
    type: str
    strength: int
    goes_by: Measure
    newest_first: bool
    paused: Reason | None
    gone: bool
    in_line: int

    @property
    def key(self) -> tuple[AlertId, str]:
        return self.alert_id, self.subject


@dataclass(frozen=True, slots=True)
class Next:
    """One who is next in a line, and how many units they want; `at_step`: where the thread rests that they entered by,
    and what holds it up there."""

    journey_id: JourneyId
    contact_id: ContactId
    version_id: VersionId
    quantity: int
    at_step: StepId | None
    held_up_by: Reason | None


@dataclass(frozen=True, slots=True)
class AtTheFront:
    """One of the first of a line; `place`: as the waiting list shows it, None: it does not count yet."""

    journey_id: JourneyId
    contact_id: ContactId
    place: int | None
    passed_over_for: Reason | None
    stands_back: bool
    triggered: bool


@dataclass(frozen=True, slots=True)
class StoredProgram:
    """The program of a version, as it is stored."""

    id: VersionId
    program: object


@dataclass(slots=True)
class Called:
    """What becomes of one line, so far.

    Attributes:
        told: in the order of their turn.
        refused: those whose place would pass on, and why.
        yielding: those whom another of these lines would tell.
        more: nobody else was followed, and there may be others for whom there is a place.
    """

    told: dict[JourneyId, tuple[Next, Told]] = field(default_factory=dict[JourneyId, tuple[Next, Told]])
    refused: dict[JourneyId, Reason] = field(default_factory=dict[JourneyId, Reason])
    yielding: set[JourneyId] = field(default_factory=set[JourneyId])
    more: bool = False


async def lines_of(connection: Connection, store_id: StoreId, arrival: Arrival) -> list[Line]:
    """Those that the arrival concerns, the strongest reasons first."""
    subjects = [each.key for each in arrival.subjects]
    return await SQL.lines.rows(connection, Line, store_id=store_id, alerts=arrival.alerts, subjects=subjects)


class Giving:
    """The shelves of an arrival, as they would give its places."""

    def __init__(self, connection: Connection, store_id: StoreId, arrival: Arrival, lines: Sequence[Line]) -> None:
        self.arrival, self.lines = arrival, lines
        self.called = {line.key: Called() for line in lines}
        self._connection, self._store_id = connection, store_id
        self._messages = FirstMessages(connection)
        self._programs: dict[VersionId, Program] = {}
        self._checked = 0
        self._now = datetime.now(UTC)
        self._places: dict[tuple[str, ContactId], list[str]] = {}
        """The subjects that contacts would be told of, by type of alert."""

    async def look(self, subject: Subject) -> None:
        """What the shelf of a subject would do: give the places of its lines, those of stronger reasons first."""
        own = [line for line in self.lines if line.subject == subject.key]
        for line in self.lines:  # in the order of strength
            stronger = any(each.type == line.type and each.strength < line.strength for each in own)
            if line.subject == subject.key or (stronger and self._is_one_thing(line.subject, subject.key)):
                await self._give(line)

    async def _give(self, line: Line) -> None:
        opened, called = self.arrival.opened.get(line.key), self.called[line.key]
        if opened is None or line.paused is not None:
            return
        places = self.arrival.places(opened)
        most = MOST_FOLLOWED if places is None else min(MOST_FOLLOWED, places + SPARE)
        while not self.arrival.is_full(opened):
            candidates = await self._next(line, opened, most)
            for each in candidates:
                if each.journey_id not in called.told and each.journey_id not in called.refused:
                    opened = await self._call(line, opened, each)
            if len(candidates) < most:
                return
            if most == MOST_FOLLOWED:
                called.more = not self.arrival.is_full(opened)
                return
            most = min(MOST_FOLLOWED, most * 4)

    async def _call(self, line: Line, opened: Opened, who: Next) -> Opened:
        """One who is next: the place is theirs, or passes on. Returns the episode after it."""
        called = self.called[line.key]
        if not self.arrival.fits(opened, who.quantity):
            return opened
        if self._told_by_another(line, who.contact_id):
            called.yielding.add(who.journey_id)
            return opened
        answer = await self._check(line, opened, who)
        if isinstance(answer, NotTold):
            called.refused[who.journey_id] = answer.reason
            return opened
        called.told[who.journey_id] = who, answer
        self._places.setdefault((line.type, who.contact_id), []).append(line.subject)
        self.arrival.opened[line.key] = opened = self.arrival.take(opened, who.quantity)
        return opened

    async def _next(self, line: Line, opened: Opened, most: int) -> list[Next]:
        found = await SQL.next.rows(
            self._connection,
            Next,
            store_id=self._store_id,
            subject=line.subject,
            alert_id=line.alert_id,
            measure=opened.measure,
            at_most=self.arrival.most_for_one(opened),
            taken_up=opened.changed,
            most=most,
        )
        await self._read_programs({each.version_id for each in found})
        return found

    async def _check(self, line: Line, opened: Opened, who: Next) -> Told | NotTold:
        program = self._programs.get(who.version_id)
        if self._checked >= MOST_CHECKED or program is None:
            return Told(ToldWhen.NOT_LOOKED_AT)
        self._checked += 1
        in_line = InLine(who.journey_id, who.contact_id, line.alert_id, program)
        answer = await self._messages.at_turn(in_line, opened.measure, self._now)
        if isinstance(answer, Told) and who.at_step in program.steps:
            # Whose turn comes before that thread has ended hears of it then.
            when = ToldWhen.MENDED if who.held_up_by in STOPPING else ToldWhen.AFTER_A_WAIT
            return Told(when, reason=who.held_up_by)
        return answer

    async def _read_programs(self, versions: Iterable[VersionId]) -> None:
        missing = sorted(set(versions) - set(self._programs))
        if missing:
            rows = await SQL.programs.rows(self._connection, StoredProgram, versions=missing)
            self._programs |= {row.id: Program.model_validate(row.program) for row in rows}

    def _told_by_another(self, line: Line, contact_id: ContactId) -> bool:
        told_of = self._places.get((line.type, contact_id), ())
        return any(self._is_one_thing(line.subject, each) for each in told_of)

    def _is_one_thing(self, one: str, other: str) -> bool:
        """As `subjects_of_thing` of the schema: a variant, and the product that it belongs to."""
        if one == other:
            return True
        a, b = (Subject.from_key(self._store_id, key) for key in (one, other))
        if a.level == b.level:
            return False
        variant, product = (a, b) if a.level is Level.VARIANT else (b, a)
        return variant.id in self.arrival.subjects[product].variants

    async def front(self, line: Line) -> list[AtTheFront]:
        """The first of a line, with what would speak against their turn."""
        opened = self.arrival.opened.get(line.key)
        return await SQL.front.rows(
            self._connection,
            AtTheFront,
            store_id=self._store_id,
            subject=line.subject,
            alert_id=line.alert_id,
            newest_first=line.newest_first,
            taken_up=opened is not None and opened.changed,
            measure=None if opened is None else opened.measure,
            most=MOST_SHOWN,
        )
