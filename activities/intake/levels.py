"""Levels that come in at once for one product: applied in one transaction by the one whose turn it is.

Whatever changes a product waits for its row, until the transaction before is durable. A product of thousands of
variants is told of by as many webhooks, so those that wait are taken along by whoever's turn it is. Each is still
recorded by itself, answered once it is committed, and applied once; those of one inventory item one after the other.
Products wait for each other only where the same units are sold.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from activities.intake.clock import not_from_the_future
from activities.intake.deliveries import Receipt, record_deliveries
from activities.intake.known_stores import STOREFRONT, add_store
from activities.intake.products import apply_levels
from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import ACQUIRE_LIMIT_SECONDS, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.episode_changes import Heard
from schemas.ids import StoreId
from schemas.incoming.facts import StockFact, WebhookDelivery

SQL = load_queries("activities.intake", "levels.sql")

MOST_AT_ONCE = 32
"""Levels of one transaction: it takes some ten milliseconds, in which shelves and sign-ups of the product wait."""


@dataclass(slots=True, eq=False)
class QueuedLevel:
    """A delivery of one level, and what became of it; while both are None: nothing yet.

    Attributes:
        alone: it was applied together with others, and something was wrong with one of them.
    """

    delivery: WebhookDelivery
    level: StockFact
    receipt: Receipt | None = None
    error: Exception | None = None
    alone: bool = False

    @property
    def settled(self) -> bool:
        return self.receipt is not None or self.error is not None


@dataclass(slots=True, eq=False, weakref_slot=True)
class LevelQueue:
    """What waits of one product, in the order it got here. It lives as long as somebody waits."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[QueuedLevel] = field(default_factory=list[QueuedLevel])

    def taken_along(self, first: QueuedLevel) -> list[QueuedLevel]:
        """Those that are applied together with the one whose turn it is: no two of one item, or of one key."""
        taken, items, keys = [first], {first.level.inventory_item_id}, {first.delivery.key}
        if first.alone:
            return taken
        for queued in (each for each in self.waiting if not each.settled):
            item, key = queued.level.inventory_item_id, queued.delivery.key
            if len(taken) < MOST_AT_ONCE and not queued.alone and item not in items and key not in keys:
                taken.append(queued)
            # Whatever follows of its item follows in another turn too.
            items.add(item)
            keys.add(key)
        return taken


class QueuedLevels:
    """Takes deliveries of one level each. Those of other processes are waited for at the product's row, as ever."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._queues: WeakValueDictionary[tuple[str, str, str | None], LevelQueue] = WeakValueDictionary()

    async def take(self, delivery: WebhookDelivery, level: StockFact) -> Receipt:
        """Apply a delivery once; it is committed when this returns.

        Raises:
            TimeoutError: its turn did not come within `ACQUIRE_LIMIT_SECONDS`. It may still be taken along by another,
                and is nothing new when it is sent again.
        """
        queued = QueuedLevel(delivery, level)
        queue = await self._queue_of(queued)
        queue.waiting.append(queued)
        try:
            async with asyncio.timeout(ACQUIRE_LIMIT_SECONDS):
                await queue.turn.acquire()
            try:
                if not queued.settled:
                    await self._apply(queue, queued)
            finally:
                queue.turn.release()
        finally:
            queue.waiting.remove(queued)
        if queued.error is not None:
            # It is raised for each of them: what one adds to it would be in the logs of all.
            raise queued.error.with_traceback(None)
        assert queued.receipt is not None, "it was applied, by itself or with others"
        return queued.receipt

    async def _queue_of(self, queued: QueuedLevel) -> LevelQueue:
        """Where levels of its product wait. It says who is taken along, and no more: the transaction holds products."""
        store_id, source = queued.delivery.store_id, queued.delivery.source
        async with self._pool.acquire(timeout=ACQUIRE_LIMIT_SECONDS) as connection:
            product_id: str | None = await SQL.product_of_item.value(
                connection, store_id=store_id, item=queued.level.inventory_item_id
            )
        return self._queues.setdefault((store_id, source, product_id), LevelQueue())

    async def _apply(self, queue: LevelQueue, first: QueuedLevel) -> None:
        """Apply it with all that can be taken along; where that goes wrong for one of them, by itself."""
        together = queue.taken_along(first)
        try:
            new = await self._write([each.delivery for each in together], [each.level for each in together])
        except Exception as error:  # noqa: BLE001 - whatever it failed by, each of them hears of it
            nobodys_fault = isinstance(error, POSTGRES_AWAY) and not isinstance(error, ValueError)
            if nobodys_fault or len(together) == 1:
                for each in queue.waiting if nobodys_fault else together:
                    if not each.settled:
                        each.error = error
                return
            for each in together:
                each.alone = True
            await self._apply(queue, first)
        else:
            for each in together:
                each.receipt = Receipt.APPLIED if each.delivery.key in new else Receipt.REPEATED

    @retry_on_deadlock
    async def _write(self, deliveries: Sequence[WebhookDelivery], levels: Sequence[StockFact]) -> set[str]:
        """The keys of those that were new."""
        now, store_id = datetime.now(UTC), StoreId(deliveries[0].store_id)
        async with transaction(self._pool) as connection:
            new = await record_deliveries(connection, deliveries, Receipt.APPLIED)
            told = [level for delivery, level in zip(deliveries, levels, strict=True) if delivery.key in new]
            if told:
                await add_store(connection, store_id, deliveries[0].source, STOREFRONT)
                facts = [not_from_the_future(level, now) for level in told]
                await apply_levels(connection, store_id, facts, [Heard(level.observed_at) for level in told])
        return new
