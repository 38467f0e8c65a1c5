"""The dispatcher goes on whatever one row, or a Temporal that does not answer, does to it."""

import asyncio
from datetime import timedelta

from temporalio.client import Client

from activities.intake.deliveries import Receipt
from activities.intake.intake import Intake
from activities.postgres.pool import Pool, open_pool
from activities.temporal import Temporal
from activities.waitlist.claims import Waitlist
from schemas.incoming.facts import StockFact, WebhookDelivery
from schemas.reasons import Reason
from schemas.settings import Settings
from starter.runtime.dispatcher import Dispatcher
from starter.runtime.ports import free_port
from starter.support.journeys import Journeys
from starter.versioning.publishing import publish
from tests.history import PATIENCE
from tests.product import STORE, Product, Shop, addressees, starter_document
from worker import connect

MONTH = timedelta(days=30)


async def _shop(pool: Pool) -> Shop:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return shop


async def test_a_program_of_a_newer_release_holds_up_nobody_else(pool: Pool, client: Client) -> None:
    shop = await _shop(pool)
    [strange] = await shop.signs_up("strange")
    await pool.execute("alter table versions disable trigger all")
    await pool.execute(
        'update versions set program = jsonb_set(program, \'{steps,new}\', \'{"kind": "of-tomorrow", "id": "new"}\')'
    )
    await publish(pool, starter_document(wait="3 days"))
    await shop.signs_up("known")
    assert await Dispatcher(pool, Waitlist(pool), Temporal(client, "nobody"), MONTH).drain() == 1
    left = await pool.fetchrow("select journey_id, attempts, last_error from outbox")
    assert left is not None
    assert (left["journey_id"], left["attempts"], left["last_error"]) == (strange, 1, "KeyError")


async def test_a_temporal_that_does_not_answer_is_asked_once_per_round_not_once_per_row(pool: Pool) -> None:
    shop = await _shop(pool)
    await shop.signs_up(*(f"n{number}" for number in range(250)))
    dead = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    assert await Dispatcher(pool, Waitlist(pool), Temporal(dead, "nobody"), MONTH).drain() == 0
    assert await pool.fetchval("select count(*) from outbox where attempts > 0") == 100


async def test_the_smallest_pool_is_enough(database_url: str, client: Client) -> None:
    smallest = Settings.model_fields["database_pool"].metadata[0].ge
    pool = await open_pool(database_url, smallest)
    shop = await _shop(pool)
    await shop.signs_up("one", "two", "three")
    assert await Dispatcher(pool, Waitlist(pool), Temporal(client, "nobody"), MONTH).drain() == 3
    await pool.close()


async def test_a_delivery_that_could_not_be_read_counts_when_it_comes_again_and_can(pool: Pool) -> None:
    shop = await _shop(pool)
    delivery = WebhookDelivery(store_id=STORE, source="shopify", topic="inventory_levels/update", key="k1")
    fact = StockFact.model_validate(
        {"inventory_item_id": "item-v", "location_id": "1", "available": 3, "observed_at": "2026-01-01T00:00:00Z"}
    )
    assert await shop.intake.keep_malformed(delivery, "$.x: not understood", b"{}") is Receipt.MALFORMED
    assert await shop.intake.receive(delivery, [fact]) is Receipt.APPLIED
    assert await shop.intake.receive(delivery, [fact]) is Receipt.REPEATED
    assert await pool.fetchval("select (state, error, body) = ('applied', null, null) is null from inbox")
    assert await pool.fetchval("select available from stock") == 3


async def test_a_reminder_of_a_cancelled_journey_stays_unsent_after_the_workflow_was_told(product: Product) -> None:
    await product.shop.sells("v")
    [journey] = await product.shop.signs_up("ada")
    await product.shop.has("v", 1)
    await product.until(journey, lambda report: report.told_at is not None)
    await Journeys(product.pool).cancel(journey, "test")
    await product.until(journey, lambda report: report.ended_at is not None)
    assert await product.pool.fetchval("select leaving from journeys") == Reason.CANCELLED
    assert addressees(product.mailbox) == ["ada"]


async def test_what_cannot_be_done_by_the_clock_keeps_nothing_else_back(pool: Pool) -> None:
    """Offers cannot lapse here; the pauses that end next do all the same."""
    shop = await _shop(pool)
    await shop.signs_up("ada")
    await pool.execute("update contacts set paused_until = now() - interval '2 minutes'")
    await pool.execute("alter table claims rename column lapses_at to lapsed_by")
    dead = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    running = asyncio.create_task(Dispatcher(pool, Waitlist(pool), Temporal(dead, "nobody"), MONTH).run())
    paused = "select exists (select from contacts where paused_until is not null), pg_sleep(0.05)"
    async with asyncio.timeout(PATIENCE):
        while await pool.fetchval(paused):
            pass
    running.cancel()
    [ended] = await asyncio.gather(running, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError)
