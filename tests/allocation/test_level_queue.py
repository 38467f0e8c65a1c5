"""Which levels are taken along with one, and how long a level waits for its turn."""

import asyncio
from datetime import UTC, datetime

import pytest

from activities.intake import levels
from activities.intake.deliveries import Receipt
from activities.intake.intake import Intake
from activities.intake.levels import MOST_AT_ONCE, LevelQueue, QueuedLevel
from activities.postgres.pool import Pool, transaction
from schemas.incoming.facts import StockFact, WebhookDelivery
from tests.product import STORE, Shop, next_change


def _level(number: int, item: str) -> tuple[WebhookDelivery, StockFact]:
    delivery = WebhookDelivery(store_id=STORE, source="shopify", topic="inventory_levels/update", key=f"k{number}")
    return delivery, StockFact(
        inventory_item_id=f"item-{item}", location_id="warehouse", available=1, observed_at=datetime.now(UTC)
    )


def _waiting(*items: str) -> list[QueuedLevel]:
    return [QueuedLevel(*_level(number, item)) for number, item in enumerate(items)]


def test_no_more_are_taken_along_than_one_transaction_holds() -> None:
    waiting = _waiting(*(str(number) for number in range(MOST_AT_ONCE + 5)))
    assert LevelQueue(waiting=waiting).taken_along(waiting[0]) == waiting[:MOST_AT_ONCE]


def test_none_of_an_item_overtakes_another_that_must_be_applied_alone() -> None:
    first, alone, behind, other = waiting = _waiting("v", "w", "w", "x")
    alone.alone = True
    assert LevelQueue(waiting=waiting).taken_along(first) == [first, other]
    assert LevelQueue(waiting=waiting).taken_along(alone) == [alone]
    assert behind not in LevelQueue(waiting=waiting).taken_along(other)


async def test_a_level_whose_turn_does_not_come_is_answered_in_time_and_applied_once(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await Shop.opened(pool)
    await shop.sells("v", "w", "x")
    monkeypatch.setattr(levels, "ACQUIRE_LIMIT_SECONDS", 0.5)
    intake = Intake(pool)
    told = [_level(number, item) for number, item in enumerate("vwx")]
    async with transaction(pool) as connection:
        await connection.execute("select from products where product_id = 'p' for update")
        first = asyncio.create_task(intake.receive(told[0][0], [told[0][1]]))
        while not await pool.fetchval("select exists (select from pg_locks where not granted)"):
            await next_change(pool)
        late = await asyncio.gather(*(intake.receive(d, [level]) for d, level in told[1:]), return_exceptions=True)
        assert [type(each) for each in late] == [TimeoutError, TimeoutError]
    assert await first is Receipt.APPLIED
    assert [await intake.receive(d, [level]) for d, level in told[1:]] == [Receipt.APPLIED] * 2
    assert await pool.fetchval("select count(*) from stock") == 3
