"""A shop that is never silent and falls silent is said to be, once; what it usually sends is learnt from itself."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client

from activities.intake.intake import Intake
from activities.intake.silence import SQL, forget_days, listen_to_stores
from activities.postgres.pool import Pool
from activities.temporal import Temporal
from activities.waitlist.claims import Waitlist
from schemas.incoming.facts import ShopErasureFact
from schemas.responses.stock import StoresHeard
from starter.ops.findings import Checkup, Health
from starter.runtime.dispatcher import Dispatcher
from starter.shops.stores import Stores
from tests.cli.command import Shelftalk
from tests.events.conftest import web as web
from tests.http.conftest import nowhere as nowhere
from tests.http.web import Web
from tests.product import STORE, next_change

HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(pool: Pool) -> Pool:
    """A store of which nothing was heard yet."""
    await pool.execute("insert into stores (id, source) values ($1, 'shopify')", STORE)
    return pool


async def sent(
    pool: Pool, every: timedelta, last: timedelta, days: float = 21, but: tuple[tuple[float, float], ...] = ()
) -> None:
    """For so many days it sent something every so often, the last so long ago; but not between these hours ago."""
    await pool.execute(
        "insert into inbox (store_id, source, topic, key, state, received_at) "
        "select $1, 'shopify', 'products/update', gen_random_uuid()::text, 'applied', now() - ago "
        "from generate_series(0, floor($4 / extract(epoch from $2::interval))::int) n, "
        "lateral (select $3::interval + n * $2::interval as ago) past "
        "where not exists (select from unnest($5::float8[], $6::float8[]) gap (since, until) "
        "  where ago < gap.since * interval '1 hour' and ago > gap.until * interval '1 hour')",
        STORE,
        every,
        last,
        days * 86_400 - last.total_seconds() if days else 0,
        [since for since, _ in but],
        [until for _, until in but],
    )


async def hears(pool: Pool) -> list[str]:
    """A worker listens; what it says."""
    with capture_logs() as logs:
        await listen_to_stores(pool)
    assert all(each["store"] == STORE for each in logs)
    return [each["event"] for each in logs]


async def longest_silence(pool: Pool) -> timedelta | None:
    return await pool.fetchval("select longest_silence($1)", STORE)


async def test_it_is_said_once_when_it_falls_silent_and_once_when_it_is_heard_again(shop: Pool) -> None:
    await sent(shop, HOUR / 6, HOUR * 1.1)
    assert await hears(shop) == ["shop silent"]
    assert await hears(shop) == []
    await sent(shop, HOUR, timedelta(), days=0)
    assert await hears(shop) == ["shop heard again"]
    assert await hears(shop) == []


async def test_nobody_is_silent_before_an_hour_is_over(shop: Pool) -> None:
    await sent(shop, HOUR / 60, HOUR * 0.9, days=20)
    assert await hears(shop) == []
    assert await longest_silence(shop) == HOUR


async def test_a_shop_that_rests_each_weekend_may(shop: Pool) -> None:
    weekends = ((60 + 24, 24), (60 + 192, 192))
    await sent(shop, HOUR, HOUR, but=weekends)
    assert await hears(shop) == []
    longest = await longest_silence(shop)
    assert longest is not None
    assert 3 * 60 * HOUR <= longest <= 3 * 63 * HOUR


async def test_one_failure_is_not_usual(shop: Pool) -> None:
    await sent(shop, HOUR, HOUR * 4, but=((100, 60),))
    assert await hears(shop) == ["shop silent"]
    longest = await longest_silence(shop)
    assert longest is not None
    assert longest < 4 * HOUR


@pytest.mark.parametrize(("every", "days"), [(HOUR, 10), (HOUR * 60, 21)], ids=["for ten days", "every third day"])
async def test_of_a_store_with_too_little_to_tell_nothing_is_said(shop: Pool, every: timedelta, days: float) -> None:
    await sent(shop, every, HOUR * 72, days=days)
    assert await hears(shop) == []
    assert await longest_silence(shop) is None
    assert await Stores(shop).heard() == StoresHeard.model_validate(
        {
            "stores": [
                {
                    "store": STORE,
                    "source": "shopify",
                    "heard_at": await shop.fetchval("select heard_at from stores"),
                    "silent_at": None,
                    "longest_silence_minutes": None,
                }
            ]
        }
    )


async def test_it_stays_silent_until_it_is_heard_however_long_that_takes(shop: Pool) -> None:
    await sent(shop, HOUR, HOUR * 4)
    assert await hears(shop) == ["shop silent"]
    await shop.execute("delete from store_days")
    assert await hears(shop) == []
    assert await shop.fetchval("select silent_at is not null from stores")


async def test_each_delivery_is_counted_once_however_often_anybody_looks(shop: Pool) -> None:
    await sent(shop, HOUR / 4, HOUR, days=2)
    await hears(shop)
    await sent(shop, HOUR / 60, timedelta(), days=1 / 24)
    await hears(shop)
    await hears(shop)
    counted = await shop.fetch(
        "select (received_at at time zone 'UTC')::date as day, count(*), max(pause) from ("
        "  select received_at, coalesce(received_at - lag(received_at) over (order by received_at), '0') as pause "
        "  from inbox) i "
        "group by 1 order by 1"
    )
    assert await shop.fetch("select day, deliveries, longest_pause from store_days order by day") == counted


async def test_of_two_workers_one_listens_and_a_store_that_is_held_has_its_turn_next(shop: Pool) -> None:
    await sent(shop, HOUR / 6, HOUR / 2)
    async with shop.acquire() as another, another.transaction():
        assert await SQL.hold_listening.value(another)
        await hears(shop)
    async with shop.acquire() as another, another.transaction():
        await another.execute("select from stores for update")
        await hears(shop)
        assert await shop.fetchval("select heard_at from stores") is None
    await hears(shop)
    assert await shop.fetchval("select heard_at from stores") is not None


async def test_what_is_older_than_three_weeks_is_forgotten(shop: Pool) -> None:
    await shop.execute(
        "insert into store_days select $1, (now() at time zone 'UTC')::date - n, 1, '0' from generate_series(0, 40) n",
        STORE,
    )
    await forget_days(shop)
    assert await shop.fetchval("select count(*) from store_days") == 22


async def test_nothing_is_expected_of_a_shop_that_asked_to_be_erased(shop: Pool) -> None:
    await sent(shop, HOUR, HOUR * 4)
    await hears(shop)
    await Intake(shop).observe(STORE, "shopify", [ShopErasureFact()])
    assert await hears(shop) == []
    assert await shop.fetchrow("select silent_at, longest_silence(id) from stores") == (None, None)


async def test_the_last_minutes_deliveries_are_read_and_no_others(shop: Pool) -> None:
    await sent(shop, HOUR / 60, HOUR / 60, days=20)
    await hears(shop)
    await shop.execute("analyze")
    plan = await shop.fetchval(f"explain (analyze, format json) {SQL.listen.sql}")
    read = [node for node in _nodes(json.loads(plan)[0]["Plan"]) if node.get("Relation Name") == "inbox"]
    assert {node["Index Name"] for node in read} == {"inbox_oldest"}
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in read) < 20


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for each in plan.get("Plans", ()) for node in _nodes(each))]


async def test_a_worker_listens_by_itself(shop: Pool, nowhere: Client) -> None:
    await sent(shop, HOUR, HOUR * 4)
    worker = Dispatcher(shop, Waitlist(shop), Temporal(nowhere, "nobody"), timedelta(days=30))
    at_work = asyncio.create_task(worker.run())
    while not await shop.fetchval("select bool_or(silent_at is not null) from stores"):
        await next_change(shop)
    at_work.cancel()
    await asyncio.gather(at_work, return_exceptions=True)


async def test_doctor_metrics_and_the_list_of_stores_say_so_until_nothing_is_expected(
    shop: Pool, shelftalk: Shelftalk, web: Web
) -> None:
    async def doctor() -> Health:
        checkup = Checkup.model_validate_json((await shelftalk.run("doctor", "--json")).out)
        return next(each.health for each in checkup.findings if each.component == "stores")

    await sent(shop, HOUR, HOUR * 4)
    await hears(shop)
    assert await doctor() is Health.BAD
    assert "SILENT" in (await shelftalk.run("store", "list")).out
    assert "shelftalk_silent_stores 1.0" in (await web.open.get("/metrics")).text.splitlines()
    assert (await shelftalk.run("store", "quiet", "none", "--json")).failure.code == "unknown_store"
    (found,) = (await shelftalk.run("store", "quiet", STORE, "--json")).answer(StoresHeard).stores
    assert (found.silent_at, found.longest_silence_minutes) == (None, None)
    assert await doctor() is Health.GOOD
    assert "shelftalk_silent_stores 0.0" in (await web.open.get("/metrics")).text.splitlines()
    assert await hears(shop) == []
