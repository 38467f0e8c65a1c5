"""Levels that come in at once for one product: gathered, and applied in one transaction by the first of them.

Whatever changes a product waits for its row, until the transaction before is durable. A product of thousands of
variants is told of by as many webhooks, so those that wait are taken along by whoever's turn it is. Each is still
recorded by itself, answered once it is committed, and applied once; those of one inventory item one after the other, in
the order they came in. Products wait for each other only where the same units are sold.
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
class _Told:
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
class _Gathering:
    """What waits of one product, in the order it came in. It lives as long as somebody waits."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[_Told] = field(default_factory=list[_Told])

    def taken_along(self, first: _Told) -> list[_Told]:
        """Those that are applied together with the one whose turn it is: no two of one item, or of one key."""
        taken, items, keys = [first], {first.level.inventory_item_id}, {first.delivery.key}
        if first.alone:
            return taken
        for told in (each for each in self.waiting if not each.settled):
            item, key = told.level.inventory_item_id, told.delivery.key
            if len(taken) < MOST_AT_ONCE and not told.alone and item not in items and key not in keys:
                taken.append(told)
            # Whatever follows of its item follows in another turn too.
            items.add(item)
            keys.add(key)
        return taken


class GatheredLevels:
    """Takes deliveries of one level each. Those of other processes are waited for at the product's row, as ever."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._gatherings: WeakValueDictionary[tuple[str, str, str | None], _Gathering] = WeakValueDictionary()

    async def take(self, delivery: WebhookDelivery, level: StockFact) -> Receipt:
        """Apply a delivery once; it is committed when this returns."""
        told = _Told(delivery, level)
        gathering = await self._gathering(told)
        gathering.waiting.append(told)
        try:
            async with gathering.turn:
                if not told.settled:
                    await self._apply(gathering, told)
        finally:
            gathering.waiting.remove(told)
        if told.error is not None:
            raise told.error
        assert told.receipt is not None, "it was applied, by itself or with others"
        return told.receipt

    async def _gathering(self, told: _Told) -> _Gathering:
        """Where levels of its product wait. It says who is taken along, and no more: the transaction holds products."""
        store_id, source = told.delivery.store_id, told.delivery.source
        async with self._pool.acquire(timeout=ACQUIRE_LIMIT_SECONDS) as connection:
            product_id: str | None = await SQL.product_of_item.value(
                connection, store_id=store_id, item=told.level.inventory_item_id
            )
        return self._gatherings.setdefault((store_id, source, product_id), _Gathering())

    async def _apply(self, gathering: _Gathering, first: _Told) -> None:
        """Apply it with all that can be taken along; where that goes wrong for one of them, by itself."""
        together = gathering.taken_along(first)
        try:
            new = await self._write([told.delivery for told in together], [told.level for told in together])
        except Exception as error:  # noqa: BLE001 - whatever it failed by, each of them hears of it
            nobodys_fault = isinstance(error, POSTGRES_AWAY) and not isinstance(error, ValueError)
            if nobodys_fault or len(together) == 1:
                for told in together:
                    told.error = error
                return
            for told in together:
                told.alone = True
            await self._apply(gathering, first)
        else:
            for told in together:
                told.receipt = Receipt.APPLIED if told.delivery.key in new else Receipt.REPEATED

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
