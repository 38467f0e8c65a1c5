"""Asking for a line to be moved to another subject: what that would do, the move itself, and how far it has come.

The move is carried out by the shelf of the line that is left (`activities/waitlist/line_moves.py`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.products import UnknownProduct, UnknownVariant, load_product
from activities.waitlist.late_alerts import NoSuchAlert
from activities.waitlist.line_moves import people_of
from activities.waitlist.line_terms import LineOfAlert, Target, lines_of, target_of, terms_of
from schemas.document.alert_types.offer import Measure
from schemas.ids import AlertId, Level, StoreId, Subject
from schemas.reasons import Reason
from schemas.responses.line_moves import LineMoveReport, LineMoveReports
from starter.waitlists.move_refusals import (
    MoreTold,
    MoveInTheWay,
    MoveUnderWay,
    NoSuchMove,
    OtherLevel,
    SameSubject,
    TargetGone,
)

SQL = load_queries("starter.waitlists", "line_moves.sql")

COUNTING_SECONDS = 600.0
"""A line may have a million people: 100,000 took 14 s while each was asked by itself what would become of them."""
MOST_SHOWN = 100
"""Moves in a list: the latest are those that people look for."""


@dataclass(frozen=True, slots=True)
class WantedMove:
    """Which line is to be moved where, both of one store; `alert` None: the lines of all alerts."""

    line: Subject
    to: Subject
    alert: AlertId | None = None

    @property
    def ids(self) -> dict[str, object]:
        """As queries and the audit name it."""
        return {"store_id": self.line.store_id, "from_subject": self.line.key, "to_subject": self.to.key}


@dataclass(frozen=True, slots=True)
class StoredMove:
    """A move as it was asked for."""

    id: int
    store_id: StoreId
    from_subject: str
    to_subject: str
    alert_id: AlertId | None
    requested_by: str
    standing: bool
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Became:
    reason: Reason | None
    quantity: int
    people: int


@dataclass(frozen=True, slots=True)
class _InLine:
    waiting: int
    claimed: int


@dataclass(frozen=True, slots=True)
class _Places:
    everyone: bool
    places: int
    units_each: int
    units: int


class LineMoving:
    """The moves of lines of one database, for those who ask for them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def would_move(self, wanted: WantedMove) -> LineMoveReport:
        """What it would do now. Changes nothing.

        Raises:
            SameSubject, OtherLevel, UnknownVariant, UnknownProduct, NoSuchAlert, TargetGone: as they say.
        """
        async with self._pool.acquire() as connection:
            return await _look(connection, wanted)

    @retry_on_deadlock
    async def move(self, wanted: WantedMove, by: str, tells_at_most: int | None = None) -> LineMoveReport:
        """Ask for it. The same while it is under way goes on with that; once it is finished, whoever has come is moved.

        Args:
            by: who does it, for the audit.
            tells_at_most: how many told at once were agreed to; None: however many.

        Raises:
            as `would_move`; MoveUnderWay, MoreTold: nothing was done.
        """
        shown = await self.would_move(wanted)
        if tells_at_most is not None and shown.told_now > tells_at_most:
            raise MoreTold(tells_at_most, shown)
        async with transaction(self._pool) as connection:
            await SQL.hold_moves.run(connection)
            move: int | None = await SQL.same.value(connection, **wanted.ids, alert=wanted.alert)
            if move is None:
                if (other := await SQL.in_the_way.row(connection, MoveInTheWay, **wanted.ids)) is not None:
                    raise MoveUnderWay(other)
                move = await SQL.begin.value(connection, **wanted.ids, alert=wanted.alert, requested_by=by)
                asked = {"move": move, **wanted.ids, "alert": wanted.alert, "people": shown.moved}
                await write_audit(connection, by, "move waiting list", asked)
            await SQL.ask_to_look.run(connection, store_id=wanted.line.store_id, subject=wanted.line.key)
        assert move is not None, "it was there, or was made"
        return await self.show(move)

    async def show(self, move: int, stores: Sequence[StoreId] | None = None) -> LineMoveReport:
        """How far one has come; None for `stores`: of any.

        Raises:
            NoSuchMove: as it says.
        """
        found = await self._moves(move, stores, 1)
        if not found:
            raise NoSuchMove(move)
        return found[0]

    async def latest(self, stores: Sequence[StoreId] | None = None) -> LineMoveReports:
        """The latest; None for `stores`: of any."""
        return LineMoveReports(moves=tuple(await self._moves(None, stores, MOST_SHOWN)))

    async def _moves(self, move: int | None, stores: Sequence[StoreId] | None, most: int) -> list[LineMoveReport]:
        found = await SQL.moves.rows(self._pool, StoredMove, move=move, stores=stores, most=most)
        return [await self._report(each) for each in found]

    async def _report(self, move: StoredMove) -> LineMoveReport:
        became = await people_of(self._pool, move.id)
        return LineMoveReport(
            move=move.id,
            store_id=move.store_id,
            from_subject=move.from_subject,
            to_subject=move.to_subject,
            alert=move.alert_id,
            moved=became.get(None, 0),
            left={reason: people for reason, people in became.items() if reason is not None},
            called_forward=0,
            requested_by=move.requested_by,
            standing=move.standing,
            created_at=move.created_at,
            finished_at=move.finished_at,
            done=True,
        )


async def _look(connection: Connection, wanted: WantedMove) -> LineMoveReport:
    target = await _target(connection, wanted)
    assert target.product_id is not None, "the target is known"
    product = await load_product(connection, wanted.to.store_id, target.product_id)
    where = {"store_id": wanted.line.store_id, "subject": wanted.line.key}
    lines = await lines_of(connection, wanted.line, wanted.alert)
    became, stay = Counter[Reason | None](), Counter[Reason]()
    called_forward, places, told_now = 0, 0, 0
    everyone = False
    for line in lines:
        in_line = await SQL.in_line.one(connection, _InLine, **where, alert_id=line.id)
        called_forward += in_line.claimed
        terms = terms_of(line, product, wanted.to, target.currency)
        if isinstance(terms, Reason):
            stay[terms] += in_line.waiting
            continue
        found = await SQL.would_become.within(COUNTING_SECONDS).rows(
            connection, _Became, **where, alert_id=line.id, to_subject=wanted.to.key
        )
        for each in found:
            became[each.reason] += each.people
        there = await _places(connection, line, wanted.to)
        everyone = everyone or there.everyone
        places += there.places
        told_now += _told(there, [each for each in found if each.reason is None])
    return LineMoveReport(
        store_id=wanted.line.store_id,
        from_subject=wanted.line.key,
        to_subject=wanted.to.key,
        alert=wanted.alert,
        moved=became.pop(None, 0),
        left={reason: people for reason, people in became.items() if reason is not None},
        stay={reason: people for reason, people in stay.items() if people},
        called_forward=called_forward,
        places=None if everyone else places,
        told_now=told_now,
        done=False,
    )


def _told(there: _Places, moved: Sequence[_Became]) -> int:
    """How many of those who come may be told at once, at most: those who want the fewest units first, as `moved` is."""
    told, units = 0, there.units
    for some in moved:
        each = max(some.quantity, there.units_each)
        people = some.people if there.everyone else min(some.people, units // each)
        told += people
        units -= people * each
    return told


async def _places(connection: Connection, line: LineOfAlert, subject: Subject) -> _Places:
    """What there is now for those who wait by this alert."""
    there: _Places | None = None
    if not line.paused and line.measure is Measure.NOTHING:
        there = await SQL.open_places.row(
            connection, _Places, alert_id=line.id, store_id=subject.store_id, subject=subject.key
        )
    return there or _Places(everyone=False, places=0, units_each=1, units=0)


async def _target(connection: Connection, wanted: WantedMove) -> Target:
    """What they are to wait for, once everything that was named is known."""
    if wanted.line.key == wanted.to.key:
        raise SameSubject
    if wanted.line.level is not wanted.to.level:
        raise OtherLevel
    for subject in (wanted.line, wanted.to):
        if not await SQL.known.value(connection, store_id=subject.store_id, subject=subject.key):
            raise (UnknownVariant if subject.level is Level.VARIANT else UnknownProduct)(str(subject))
    if wanted.alert is not None and not await SQL.known_alert.value(connection, alert=wanted.alert):
        raise NoSuchAlert(f"There is no alert '{wanted.alert}'.")
    target = await target_of(connection, wanted.to)
    if target.gone:
        raise TargetGone(str(wanted.to))
    return target
