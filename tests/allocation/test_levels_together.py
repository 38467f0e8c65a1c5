"""Levels of one product that come in at once are applied together, and leave what they leave one after the other."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import asyncpg
import pytest

from activities.intake.deliveries import Receipt
from activities.intake.intake import Intake
from activities.intake.levels import SQL as LEVELS
from activities.intake.products import SQL, apply_levels
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import Query
from activities.stock.products import SQL as STOCK
from activities.stock.products import StoredSum, load_product
from activities.waitlist.claims import Waitlist
from activities.waitlist.episode_changes import Heard
from schemas.ids import Level, Subject
from schemas.incoming.facts import StockFact, WebhookDelivery
from starter.documents import load_document
from starter.versioning.publishing import publish
from tests.allocation.rules import broken_rules
from tests.at_once import at_once
from tests.documents.starters import LOW, PRICE
from tests.product import STORE, Shop, next_change
from tests.story.documents import back, nearly_gone, programme

NAMES = ("v", "w", "x", "y")
PRODUCT = Subject(store_id=STORE, level=Level.PRODUCT, id="p")

_LEFT = (
    "select alert_id, subject, available, arrived, claimed, measure, closed_at is null as open "
    "from episodes order by alert_id, subject, id",
    "select item, locations, available, arrived, taken from supplies order by item, locations",
    "select inventory_item_id, location_id, available, observed_at from stock order by 1, 2",
    "select variant_id, elsewhere, total_observed_at from variants order by 1",
    "select contact_id, alert_id, subject, state, armed, passed_over_for from waiting order by 1, 2, 3",
    "select locations, units, open_ended, prices, buyable from product_sums order by 1",
    "select distinct kind, subject from outbox where kind = 'look_again' order by 1, 2",
)


def _told(name: str, units: int, number: int) -> tuple[WebhookDelivery, StockFact]:
    delivery = WebhookDelivery(store_id=STORE, source="shopify", topic="inventory_levels/update", key=f"k{number}")
    return delivery, _level(name, units, datetime.now(UTC) + timedelta(milliseconds=number))


def _level(name: str, units: int, at: datetime, location: str = "warehouse") -> StockFact:
    return StockFact(inventory_item_id=f"item-{name}", location_id=location, available=units, observed_at=at)


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    """One product of four variants, watched by itself and as a whole, by its units and by its price."""
    await publish(pool, programme("each", back()))
    await publish(pool, programme("whole", back(action="browse", level="product")))
    await publish(pool, load_document(PRICE, "price-drop.yaml"))
    await publish(pool, load_document(LOW, "low-inventory.yaml"))
    shop = Shop(pool, Intake(pool))
    await shop.sells(*NAMES)
    await shop.sees("ada", "ben")
    await shop.signs_up("cleo", list_code="each")
    return shop


@asynccontextmanager
async def _undone(pool: Pool) -> AsyncGenerator[Connection]:
    """A transaction of which nothing stays."""
    async with pool.acquire() as connection:
        trial = connection.transaction()
        await trial.start()
        try:
            yield connection
        finally:
            await trial.rollback()


async def _left(pool: Pool, batches: Sequence[Sequence[StockFact]]) -> list[list[tuple[object, ...]]]:
    async with _undone(pool) as connection:
        for facts in batches:
            await apply_levels(connection, STORE, facts, [Heard(None)] * len(facts))
        return [[tuple(row) for row in await connection.fetch(query)] for query in _LEFT]


@pytest.mark.parametrize("seed", range(12))
async def test_levels_applied_together_leave_what_they_leave_one_after_the_other(shop: Shop, seed: int) -> None:
    random, at = Random(seed), datetime.now(UTC)
    for _ in range(3):
        await shop.has(random.choice(NAMES), random.choice((0, 1, 3)))
    await shop.pool.execute("update waiting set passed_over_for = 'no_consent' where subject = 'product/p'")
    batches = [
        [
            _level(name, random.choice((0, 0, 1, 4)), at, random.choice(("warehouse", "outlet")))
            for name in random.sample(NAMES, 4)
        ]
        for _ in range(2)
    ]
    alone = [[fact] for facts in batches for fact in facts]
    assert await _left(shop.pool, batches) == await _left(shop.pool, alone)


async def test_a_fall_below_a_trigger_from_above_it_within_one_transaction_is_a_crossing(pool: Pool) -> None:
    await publish(pool, programme("low", nearly_gone(level="product")))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v", "w", units=1)
    await shop.sells("x")
    await shop.carts("ada")
    at = datetime.now(UTC)
    facts = [_level("x", 2, at), _level("v", 0, at), _level("w", 0, at)]
    async with _undone(pool) as connection:
        await apply_levels(connection, STORE, facts, [Heard(None)] * len(facts))
        assert await connection.fetchval("select armed from waiting")
    assert await _left(pool, [facts]) == await _left(pool, [[fact] for fact in facts])


async def test_a_product_that_is_sold_out_between_two_levels_of_one_transaction_is_another_restock(shop: Shop) -> None:
    await shop.has("v", 1)
    at = datetime.now(UTC)
    levels = [_level(name, units, at) for name, units in (("v", 0), ("w", 1))]
    async with transaction(shop.pool) as connection:
        await apply_levels(connection, STORE, levels, [Heard(None)] * len(levels))
    episodes = (
        "select arrived, closed_at is null from episodes where subject = 'product/p' and alert_id = 'whole' order by id"
    )
    assert await shop.pool.fetch(episodes) == [(1, False), (1, True)]


async def test_who_was_passed_over_is_looked_at_again_though_it_is_as_before_in_the_end(shop: Shop) -> None:
    await shop.has("v", 2)
    whole = "alert_id = 'whole' and subject = 'product/p'"
    await shop.pool.execute(f"update waiting set passed_over_for = 'no_consent' where {whole}")
    before = await shop.pool.fetch(f"select available, arrived from episodes where {whole}")
    async with transaction(shop.pool) as connection:
        await apply_levels(
            connection, STORE, [_level(name, 1, datetime.now(UTC)) for name in ("v", "w")], [Heard(None)] * 2
        )
    assert await shop.pool.fetch(f"select available, arrived from episodes where {whole}") == before == [(2, 2)]
    assert await shop.pool.fetch(f"select distinct passed_over_for from waiting where {whole}") == [(None,)]


async def test_many_levels_of_one_product_at_once_are_each_applied_once(shop: Shop) -> None:
    random, intake = Random(1), Intake(shop.pool)
    last: dict[str, int] = {}
    told: list[tuple[WebhookDelivery, StockFact]] = []
    for number in range(60):
        name, units = random.choice(NAMES), random.randrange(4)
        last[name] = units
        told.append(_told(name, units, number))
    twice = [*told, *told[::7]]
    receipts = await asyncio.gather(*(intake.receive(delivery, [level]) for delivery, level in twice))
    assert receipts.count(Receipt.APPLIED) == len(told)
    assert receipts.count(Receipt.REPEATED) == len(twice) - len(told)
    assert await shop.pool.fetchval("select count(*) from inbox where state = 'applied' and key like 'k%'") == len(told)
    stock = await shop.pool.fetch("select inventory_item_id, available from stock")
    assert {row["inventory_item_id"]: row["available"] for row in stock} == {
        f"item-{name}": units for name, units in last.items()
    }
    assert await broken_rules(shop.pool) == []


async def test_levels_of_two_processes_sign_ups_and_shelves_at_once_keep_the_rules_and_the_sums(shop: Shop) -> None:
    random, waitlist = Random(2), Waitlist(shop.pool)
    processes = (Intake(shop.pool), Intake(shop.pool))
    for turn in range(4):
        levels = [_told(random.choice(NAMES), random.randrange(3), turn * 100 + number) for number in range(40)]
        await at_once(
            *(random.choice(processes).receive(delivery, [level]) for delivery, level in levels),
            *(shop.sees(f"n{turn}-{number}") for number in range(4)),
            *(waitlist.give_places(PRODUCT) for _ in range(4)),
        )
        assert await broken_rules(shop.pool) == []
    async with shop.pool.acquire() as connection:
        whole = await load_product(connection, STORE, "p")
    (kept,) = await STOCK.sums.rows(shop.pool, StoredSum, store_id=STORE, product_id="p")
    assert kept.sum == whole.sum(None)


async def test_those_that_wait_for_the_product_are_taken_along_in_one_transaction(shop: Shop) -> None:
    intake, pool = Intake(shop.pool), shop.pool
    async with transaction(pool) as connection:
        await connection.execute("select from products where product_id = 'p' for update")
        waiting = [
            asyncio.create_task(intake.receive(d, [f])) for d, f in (_told(n, 1, i) for i, n in enumerate(NAMES))
        ]
        while not await pool.fetchval("select exists (select from pg_locks where not granted)"):
            await next_change(pool)
    assert await asyncio.gather(*waiting) == [Receipt.APPLIED] * 4
    transactions = await pool.fetchval("select count(distinct xmin::text) from stock")
    assert transactions == 2, "the first, and all others together"


async def test_a_level_that_cannot_be_applied_keeps_none_of_the_others_from_it(shop: Shop) -> None:
    await shop.pool.execute("alter table stock add check (available <> 13)")
    intake = Intake(shop.pool)
    told = [_told(name, 13 if name == "x" else 2, number) for number, name in enumerate(NAMES)]
    came = await asyncio.gather(*(intake.receive(d, [level]) for d, level in told), return_exceptions=True)
    assert [type(each) for each in came] == [Receipt, Receipt, asyncpg.CheckViolationError, Receipt]
    assert await shop.pool.fetchval("select count(*) from inbox where key like 'k%'") == 3


async def test_who_asked_goes_away_and_the_others_are_applied(shop: Shop) -> None:
    intake, pool = Intake(shop.pool), shop.pool
    async with transaction(pool) as connection:
        await connection.execute("select from products where product_id = 'p' for update")
        told = [_told(name, 1, number) for number, name in enumerate(NAMES)]
        first, *others = (asyncio.create_task(intake.receive(delivery, [level])) for delivery, level in told)
        while not await pool.fetchval("select exists (select from pg_locks where not granted)"):
            await next_change(pool)
        first.cancel()
        assert isinstance((await asyncio.gather(first, return_exceptions=True))[0], asyncio.CancelledError)
    assert await asyncio.gather(*others) == [Receipt.APPLIED] * 3
    assert await pool.fetchval("select count(*) from stock") == 3


@pytest.mark.parametrize(
    ("query", "given"),
    [
        (LEVELS.product_of_item, {"item": "item-v"}),
        (SQL.lock_products_of_items, {"items": ["item-v"]}),
        (STOCK.part_of_product, {"product_id": "p", "items": ["item-v"]}),
    ],
)
async def test_whose_units_are_told_of_is_found_by_the_item(pool: Pool, query: Query, given: dict[str, object]) -> None:
    arguments = query.arguments({"store_id": STORE, **given})
    assert "variants_by_item" in await pool.fetchval(f"explain (format json) {query.sql}", *arguments)
