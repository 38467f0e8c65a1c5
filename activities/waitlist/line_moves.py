"""Moving a line to another subject: everyone who waits for the one comes to wait for the other, with their places.

The shelf of the line that is left calls it, batch by batch, until nobody is left to move. Each batch is one
transaction, so that a kill in the midst leaves everyone in exactly one of the two lines. The journeys go on as they
are: whatever is asked of one reads in PostgreSQL what it is about (docs/decisions/0047-moved-lines.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.offers import Product
from activities.stock.products import load_product
from activities.waitlist.claims import arm_some, give_up_place
from activities.waitlist.episodes import Change, look_again, update_episodes
from activities.waitlist.line_terms import (
    LineOfAlert,
    Terms,
    lines_of,
    successor_of_gone,
    target_of,
    terms_of,
    who_follows,
)
from schemas.ids import AlertId, JourneyId, StoreId, Subject
from schemas.reasons import Reason

SQL = load_queries("activities.waitlist", "line_moves.sql")
log = structlog.get_logger()

MOVED_AT_ONCE = 500
"""Of one transaction, which holds both products: a change of their stock waits for it, some 230 ms (ADR 47)."""


@dataclass(frozen=True, slots=True)
class LineMove:
    """A move of a line that is under way; `alert_id` None: of the lines of all alerts. `standing`: to a successor."""

    id: int
    store_id: StoreId
    from_subject: str
    to_subject: str
    alert_id: AlertId | None
    requested_by: str
    standing: bool

    @property
    def target(self) -> Subject:
        """What they are to wait for."""
        return Subject.from_key(self.store_id, self.to_subject)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one who is to be moved.

    Attributes:
        reason: why they leave the line instead; None: they are moved.
        gives_way: their other place there, which counts for nothing, and is given up for the one that is moved.
    """

    journey_id: JourneyId
    reason: Reason | None
    gives_way: JourneyId | None
    gives_way_for: Reason


class LineMoves:
    """The moves of lines in one database."""

    def __init__(self, pool: Pool, at_once: int = MOVED_AT_ONCE) -> None:
        self._pool = pool
        self._at_once = at_once

    @retry_on_deadlock
    async def move_next(self, subject: Subject) -> bool:
        """Move the next of those who wait for this, if their line is to be moved: what is gone for good is left for its
        successor, where it has one.

        Returns:
            Whether to call it again; the last time it finds nobody, and the move is finished.
        """
        move = await SQL.under_way.row(self._pool, LineMove, store_id=subject.store_id, subject=subject.key)
        if move is None:
            return await self._follow(subject)
        async with transaction(self._pool) as connection:
            lines = {"store_id": move.store_id, "from_subject": move.from_subject, "to_subject": move.to_subject}
            held: list[str] = await SQL.hold_products.values(connection, **lines)
            if await SQL.of_others.value(connection, **lines, held=held):
                return True  # again, with those that they are of now
            if await SQL.hold_move.value(connection, move=move.id) is None:
                return True  # another has finished it meanwhile; there may be one more
            if await arm_some(connection, move.target):
                return True  # else a rise of before would arm those who come
            if not await _move_some(connection, move, self._at_once):
                await _finish(connection, move)
        return True

    async def _follow(self, subject: Subject) -> bool:
        """Begin the move of those whose wait goes on with the successor of what is gone; whether there are any."""
        if await successor_of_gone(self._pool, subject) is None:
            return False
        async with transaction(self._pool) as connection:
            following = await who_follows(connection, subject)
            if following is None:
                return False
            ids = {"store_id": subject.store_id, "from_subject": subject.key, "to_subject": following.successor.key}
            move: int | None = await SQL.begin.value(connection, **ids, alerts=following.alerts)
            if move is not None:
                log.info("line follows its successor", move=move, store=subject.store_id)
            return move is not None


async def _move_some(connection: Connection, move: LineMove, most: int) -> int:
    """Move the next of the first line that has any. Returns how many were looked at; 0: there are none left."""
    target = await target_of(connection, move.target)
    if target.product_id is None or target.gone:
        return 0
    if move.standing and await SQL.came_back.value(connection, store_id=move.store_id, subject=move.from_subject):
        return 0
    product = await load_product(connection, move.store_id, target.product_id)
    lines = await lines_of(connection, Subject.from_key(move.store_id, move.from_subject), move.alert_id)
    for line in lines:
        terms = terms_of(line, product, move.target, target.currency)
        if isinstance(terms, Reason):
            continue
        journeys: list[JourneyId] = await SQL.hold_next.values(
            connection, store_id=move.store_id, subject=move.from_subject, alert_id=line.id, most=most
        )
        if journeys:
            await _move(connection, move, line.id, journeys, terms, target.product_id)
            await _open_episode(connection, line, move.target, target.product_id, product)
            await look_again(connection, move.target)
            return len(journeys)
    return 0


async def _move(
    connection: Connection,
    move: LineMove,
    alert_id: AlertId,
    journeys: Sequence[JourneyId],
    terms: Terms,
    product_id: str,
) -> None:
    line = {"store_id": move.store_id, "subject": move.from_subject, "alert_id": alert_id}
    fates = await SQL.fates.rows(connection, Fate, **line, journeys=journeys, to_subject=move.to_subject)
    for fate in fates:
        if fate.gives_way is not None:
            await give_up_place(connection, fate.gives_way, "refused", fate.gives_way_for)
            await _leave(connection, {fate.gives_way: fate.gives_way_for})
    staying = {fate.journey_id: fate.reason for fate in fates if fate.reason is not None}
    there = [journey_id for journey_id, reason in staying.items() if reason is Reason.THERE_ALREADY]
    await SQL.better_place.run(connection, journeys=there, to_subject=move.to_subject)
    await _leave(connection, staying)
    await SQL.move.run(
        connection,
        journeys=[fate.journey_id for fate in fates if fate.reason is None],
        to_subject=move.to_subject,
        product_id=product_id,
        trigger_at=terms.trigger_at,
        entry_price=terms.entry_price,
        armed=terms.armed,
        currency=terms.currency,
    )
    await SQL.note.run(
        connection,
        move=move.id,
        from_subject=move.from_subject,
        to_subject=move.to_subject,
        journeys=[fate.journey_id for fate in fates],
        reasons=[fate.reason for fate in fates],
    )


async def _leave(connection: Connection, leaving: dict[JourneyId, Reason]) -> None:
    await SQL.leave.run(connection, journeys=list(leaving), reasons=list(leaving.values()))


async def _open_episode(
    connection: Connection, line: LineOfAlert, subject: Subject, product_id: str, product: Product
) -> None:
    """What there is of it counts for the alert, also if nobody waited for it by this alert before."""
    offer = product.offer(subject.level, subject.id, line.locations)
    if offer.available(line.measure) < line.quantity_threshold:
        return
    if not await SQL.has_episode.value(connection, alert_id=line.id, store_id=subject.store_id, subject=subject.key):
        await update_episodes(connection, subject.store_id, product_id, [Change(product, product.variants)])


async def _finish(connection: Connection, move: LineMove) -> None:
    await SQL.finish.run(connection, move=move.id)
    became = await people_of(connection, move.id)
    details = {
        "move": move.id,
        "store": move.store_id,
        "from": move.from_subject,
        "to": move.to_subject,
        "alert": move.alert_id,
        **{reason or Reason.MOVED: people for reason, people in became.items()},
    }
    await write_audit(connection, move.requested_by, "moved waiting list", details)
    log.info("line moved", move=move.id, store=move.store_id, people=became.get(None, 0))


@dataclass(frozen=True, slots=True)
class _Became:
    reason: Reason | None
    people: int


async def people_of(database: Pool | Connection, move: int) -> dict[Reason | None, int]:
    """What has become of how many by a move so far: the reason why they left instead; None: they were moved."""
    return {each.reason: each.people for each in await SQL.became.rows(database, _Became, move=move)}
