"""A feed read into a shop: what changed is applied, what is not to be believed is held, and nothing is read twice."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.client import Client

from activities.intake import feed_download
from activities.intake.feeds import FeedBusy, FeedReader
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.storefronts.shop_http import ShopAway
from activities.temporal import Temporal
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances
from schemas.ids import StoreId
from schemas.responses.feeds import FeedRead, FeedReport
from starter.documents import load_document
from starter.runtime.dispatcher import Dispatcher
from starter.shops.feeds import CATALOGUE, Feeds, WantedFeed
from starter.versioning.publishing import publish
from tests.markdown import ROOT
from tests.product import next_change
from tests.storefronts.feed_server import FeedServer, serving_feed

STORE = StoreId("shop.example")


def item(id_: str, units: int = 5, **others: object) -> dict[str, object]:
    return {
        "id": id_,
        "title": f"Thing {id_}",
        "link": f"https://shop.example/{id_}",
        "price": 10,
        "inventory_quantity": units,
        "inventory_policy": 1,
        **others,
    }


@dataclass
class FeedShop:
    """A shop with one feed, and what is asked of it."""

    pool: Pool
    server: FeedServer
    feeds: Feeds
    reader: FeedReader

    def has(self, *items: dict[str, object]) -> None:
        self.server.content = json.dumps(items).encode()

    async def add(self, **wanted: Any) -> FeedReport:
        return await self.feeds.add(STORE, CATALOGUE, WantedFeed(self.server.url, **wanted), "test")

    async def read(self) -> FeedRead:
        return await self.feeds.read(STORE, CATALOGUE, lambda _: None)

    async def accept(self) -> FeedRead:
        return await self.feeds.accept(STORE, CATALOGUE, "test", lambda _: None)

    async def told(self, *items: dict[str, object]) -> FeedRead:
        self.has(*items)
        return await self.read()

    async def report(self) -> FeedReport:
        return await self.feeds.show(STORE, CATALOGUE)

    async def units(self) -> dict[str, int]:
        rows = await self.pool.fetch(
            "select variant_id, units_at(store_id, stock_item, null) as units from variants v "
            "join products p using (store_id, product_id) where p.on_sale and not v.removed"
        )
        return {row["variant_id"]: row["units"] for row in rows}

    async def prices(self) -> dict[str, Decimal]:
        return {row["variant_id"]: row["price"] for row in await self.pool.fetch("select * from variants")}


@pytest.fixture
async def shop(pool: Pool) -> AsyncGenerator[FeedShop]:
    reader = FeedReader(pool, Intake(pool), private_hosts=True)
    async with serving_feed() as server:
        yield FeedShop(pool, server, Feeds(pool, Intake(pool), private_hosts=True), reader)


def _counts(read: FeedRead) -> tuple[int, int, int]:
    return read.added, read.changed, read.gone


async def test_what_changed_is_applied_and_nothing_else(shop: FeedShop) -> None:
    await shop.add()
    first = await shop.told(*(item(f"a{number}") for number in range(10)))
    assert (first.became, first.rows, _counts(first)) == ("applied", 10, (10, 0, 0))
    told_at = await shop.pool.fetchval("select told_at from variants where variant_id = 'a1'")
    second = await shop.told(item("a0", 7), *(item(f"a{number}") for number in range(1, 10)))
    assert _counts(second) == (0, 1, 0)
    assert (await shop.units())["a0"] == 7
    assert await shop.pool.fetchval("select told_at from variants where variant_id = 'a1'") == told_at
    assert await shop.pool.fetchval("select source from stores") == "feed"


async def test_what_a_whole_feed_has_no_more_is_gone_and_may_come_back(shop: FeedShop) -> None:
    await shop.add()
    items = [item(f"a{number}") for number in range(10)]
    await shop.told(*items)
    assert _counts(await shop.told(*items[:9])) == (0, 0, 1)
    assert "a9" not in await shop.units()
    assert _counts(await shop.told(*items)) == (0, 1, 0)
    assert (await shop.units())["a9"] == 5


async def test_variants_of_a_group_are_one_product_and_one_that_goes_is_removed(shop: FeedShop) -> None:
    await shop.add()
    red, blue = item("red", item_group_id="shirt"), item("blue", item_group_id="shirt")
    assert (await shop.told(red, blue, item("other"))).added == 2
    assert await shop.pool.fetchval("select count(*) from variants where product_id = 'shirt'") == 2
    await shop.pool.execute("update feeds set keep_share = 0.5")
    assert _counts(await shop.told(red, item("other"))) == (0, 1, 0)
    assert (await shop.units()).keys() == {"red", "other"}


async def test_a_server_that_says_that_nothing_changed_is_believed(shop: FeedShop) -> None:
    await shop.add()
    await shop.told(item("a"))
    assert (await shop.read()).became == "unchanged"
    assert shop.server.asked[-1]["if-none-match"] == shop.server.etag
    assert (await shop.report()).failures == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"[]", "empty"),
        (json.dumps([item(f"a{number}") for number in range(10)]).encode()[:-1], "cut"),
        (json.dumps([item(f"a{number}") for number in range(10)]).encode()[:700], "cut"),
        (json.dumps([item(f"a{number}") for number in range(7)]).encode(), "shrunken"),
        (json.dumps([{"sku": "none"}] * 10).encode(), "empty"),
    ],
)
async def test_a_feed_that_is_not_to_be_believed_is_held_and_nothing_of_it_applied(
    shop: FeedShop, content: bytes, why: str
) -> None:
    await shop.add()
    await shop.told(*(item(f"a{number}") for number in range(10)))
    before = await shop.units()
    shop.server.content = content.replace(b'"inventory_quantity": 5', b'"inventory_quantity": 6')
    read = await shop.read()
    assert (read.became, read.held_for, _counts(read)) == ("held", why, (0, 0, 0))
    assert await shop.units() == before
    assert (await shop.report()).held_for == why
    # It stays so until somebody says that it is right, or it comes whole.
    assert (await shop.read()).became == "held"
    assert (await shop.told(*(item(f"a{number}", 6) for number in range(10)))).changed == 10
    assert (await shop.report()).held_for is None


async def test_a_shrunken_feed_that_is_accepted_is_applied_with_what_is_gone(shop: FeedShop) -> None:
    await shop.add()
    items = [item(f"a{number}") for number in range(10)]
    await shop.told(*items)
    assert (await shop.told(*items[:5])).held_for == "shrunken"
    assert _counts(await shop.accept()) == (0, 0, 5)
    assert len(await shop.units()) == 5
    assert (await shop.told(*items[:5])).became == "unchanged"


async def test_what_was_accepted_is_no_yes_to_what_is_shorter_still(shop: FeedShop) -> None:
    await shop.add()
    items = [item(f"a{number}") for number in range(10)]
    await shop.told(*items)
    await shop.told(*items[:5])
    shop.has(*items[:2])
    assert (await shop.accept()).became == "held"
    assert len(await shop.units()) == 10


async def test_a_feed_that_breaks_off_and_is_accepted_says_nothing_of_what_is_missing(shop: FeedShop) -> None:
    await shop.add()
    items = [item(f"a{number}") for number in range(10)]
    await shop.told(*items)
    shop.server.content = json.dumps([item("a0", 9), *items[1:6]]).encode()[:-1]
    assert (await shop.read()).held_for == "cut"
    assert _counts(await shop.accept()) == (0, 1, 0)
    assert len(await shop.units()) == 10


async def test_a_connection_that_breaks_is_a_failure_and_no_shorter_feed(shop: FeedShop) -> None:
    await shop.add()
    await shop.told(*(item(f"a{number}") for number in range(10)))
    shop.has(*(item(f"a{number}", 1) for number in range(10)))
    shop.server.cut_at = 300
    with pytest.raises(ShopAway):
        await shop.read()
    assert (await shop.report()).failures == 1
    assert set((await shop.units()).values()) == {5}


async def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for_without_end(
    shop: FeedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_download, "LONGEST_SECONDS", 0.2)
    await shop.add()
    shop.has(item("a"))
    shop.server.cut_at, shop.server.trickles = 0, True
    shop.server.headers["content-length"] = "1000000"
    with pytest.raises(ShopAway, match="had not come within"):
        await shop.read()
    assert (await shop.report()).failures == 1


async def test_a_row_that_cannot_be_read_is_named_and_what_it_is_of_stays(shop: FeedShop) -> None:
    await shop.add()
    items = [item(f"a{number}") for number in range(10)]
    await shop.told(*items)
    read = await shop.told(item("a0", price="a lot"), item("a1", 3), *items[2:])
    assert _counts(read) == (0, 1, 0)
    assert [(each.line, each.id, each.why.split(":")[0]) for each in read.mistakes] == [(1, "a0", "price")]
    assert (await shop.units())["a0"] == 5


async def test_while_a_row_does_not_say_what_it_is_of_nothing_is_gone(shop: FeedShop) -> None:
    await shop.add()
    items = [item(f"a{number}") for number in range(10)]
    await shop.told(*items)
    assert _counts(await shop.told(*items[:9], {**item(""), "id": None})) == (0, 0, 0)
    assert len(await shop.units()) == 10


async def test_a_thing_that_is_there_twice_counts_as_its_first_row_says(shop: FeedShop) -> None:
    await shop.add()
    read = await shop.told(item("a", 1), item("a", 2), item("b"))
    assert (read.rows, read.unread, read.mistakes[0].line) == (2, 1, 2)
    assert await shop.units() == {"a": 1, "b": 5}


async def test_a_price_that_changes_by_the_clock_changes_though_the_feed_does_not(shop: FeedShop) -> None:
    await shop.add()
    now = datetime.now(UTC)
    dates = f"{now - timedelta(hours=1):%Y-%m-%dT%H:%MZ}/{now + timedelta(hours=1):%Y-%m-%dT%H:%MZ}"
    await shop.told(item("a", sale_price="7.50", sale_price_effective_date=dates), item("b"))
    assert await shop.prices() == {"a": Decimal("7.5"), "b": 10}
    ends = datetime.fromisoformat(dates.partition("/")[2])
    assert (await shop.report()).due_at <= ends
    # As if it were later: what is due by the clock is read though the server would say that nothing changed.
    await shop.pool.execute("update feeds set price_changes_at = now() - interval '1 second'")
    later = dates.replace(dates.partition("/")[2], f"{now - timedelta(minutes=2):%Y-%m-%dT%H:%MZ}")
    assert _counts(await shop.told(item("a", sale_price="7.50", sale_price_effective_date=later), item("b"))) == (
        0,
        1,
        0,
    )
    assert "if-none-match" not in shop.server.asked[-1]
    assert await shop.prices() == {"a": 10, "b": 10}


async def test_units_at_single_places_are_levels_and_a_row_that_goes_is_none(shop: FeedShop) -> None:
    await shop.add()
    await shop.told(item("a", 0), item("b", 0))
    local = b"store_code\tid\tquantity\nberlin\ta\t3\nparis\ta\t4\nparis\tb\t1\n"
    async with serving_feed() as server:
        server.content = local
        await shop.feeds.add(STORE, "places", WantedFeed(server.url, keep_share=Decimal(0)), "test")
        assert (await shop.feeds.read(STORE, "places", lambda _: None)).levels == 3
        assert await shop.units() == {"a": 7, "b": 1}
        server.content = local.replace(b"berlin\ta\t3\n", b"").replace(b"paris\ta\t4", b"paris\ta\t2")
        assert (await shop.feeds.read(STORE, "places", lambda _: None)).levels == 2
        assert await shop.units() == {"a": 2, "b": 1}


async def test_a_feed_for_another_country_adds_to_what_is_known_and_ends_nothing(shop: FeedShop) -> None:
    await shop.add()
    await shop.told(item("a"), item("b"))
    async with serving_feed() as server:
        server.content = (
            b"id,override,price,availability\na,FR,8.00 EUR,in stock\na,GB,7.00 GBP,in stock\nc,FR,1 EUR,in stock\n"
        )
        wanted = WantedFeed(server.url, country="FR", keep_share=Decimal(0))
        await shop.feeds.add(STORE, "france", wanted, "test")
        read = await shop.feeds.read(STORE, "france", lambda _: None)
        assert (_counts(read), [each.id for each in read.mistakes]) == ((0, 1, 0), ["c"])
        assert await shop.prices() == {"a": 8, "b": 10}
        server.content = b"id,override,price,availability\nb,FR,9.00 EUR,in stock\n"
        await shop.feeds.read(STORE, "france", lambda _: None)
        assert (await shop.units()).keys() == {"a", "b"}


async def _waits(shop: FeedShop, variant: str) -> None:
    await publish(shop.pool, load_document((ROOT / "starter/conversations/back-in-stock.yaml").read_text(), "it"))
    await Entrances(shop.pool).sign_up("ann@example.com", STORE, variant, "test")
    await shop.pool.execute("delete from outbox")


async def _shelves(shop: FeedShop) -> set[str]:
    rows = await shop.pool.fetch("select distinct subject from outbox where kind = 'look_again'")
    return {row["subject"] for row in rows}


async def test_who_waits_is_told_of_what_a_feed_brings_back(shop: FeedShop) -> None:
    await shop.add()
    await shop.told(item("a", 0), item("b", 0))
    await _waits(shop, "a")
    assert await shop.told(item("a", 3), item("b", 3))
    assert await _shelves(shop) == {"variant/a"}
    (episode,) = await shop.pool.fetch("select * from episodes")
    assert (episode["available"], episode["arrived"], episode["subject"]) == (3, 3, "variant/a")


async def test_who_enters_after_it_came_back_unseen_is_told_of_the_next_time(shop: FeedShop) -> None:
    await shop.add()
    await shop.told(item("a", 0))
    await shop.told(item("a", 3))  # nobody waits: no episode is made of it
    assert await shop.pool.fetchval("select count(*) from episodes") == 0
    await shop.told(item("a", 0))
    await _waits(shop, "a")
    await shop.told(item("a", 5))
    assert await _shelves(shop) == {"variant/a"}


async def test_a_product_is_the_same_whether_somebody_waits_for_it_or_not(shop: FeedShop) -> None:
    await shop.add()
    await shop.told(*(item(each, 0, item_group_id=f"{each[0]}-group") for each in ("a1", "a2", "b1", "b2")))
    await _waits(shop, "a1")
    await shop.pool.execute("update feeds set keep_share = 0")
    changed = {"title": "Renamed", "price": 0, "brand": "Acme", "categories": ["Mugs"], "sku": "S"}
    await shop.told(*(item(each, 4, item_group_id=f"{each[0]}-group", **changed) for each in ("a1", "b1")))
    columns = "title, page_url, image_url, vendor, collections, on_sale, discontinued_at"
    a, b = await shop.pool.fetch(f"select {columns} from products order by product_id")
    assert [value for name, value in a.items() if name != "page_url"] == [
        value for name, value in b.items() if name != "page_url"
    ]
    columns = (
        "title, sku, price, zero_since is not null, policy, tracked, removed, elsewhere, total_observed_at is not null"
    )
    a1, a2, b1, b2 = await shop.pool.fetch(f"select {columns} from variants order by variant_id")
    assert (a1, a2["removed"]) == (b1, True)
    assert (a2["removed"], a2["elsewhere"]) == (b2["removed"], b2["elsewhere"])


async def test_a_failure_is_tried_again_ever_later_and_shown(shop: FeedShop) -> None:
    shop.server.status = 404
    shop.server.headers = {}
    await shop.add()
    pauses: list[float] = []
    report = await shop.report()
    for _ in range(3):
        assert await shop.reader.read_due() == 1
        report = await shop.report()
        pauses.append((report.due_at - datetime.now(UTC)).total_seconds())
        await shop.pool.execute("update feeds set due_at = now()")
    assert (report.failures, "404" in (report.failed_with or "")) == (3, True)
    assert "secret" not in report.model_dump_json()
    assert 50 < pauses[0] < 70 < pauses[1] < 130 < pauses[2]


async def test_what_is_due_is_read_once_however_many_look(shop: FeedShop) -> None:
    await shop.add()
    shop.has(*(item(f"a{number}") for number in range(100)))
    assert sum(await asyncio.gather(*(shop.reader.read_due() for _ in range(3)))) == 1
    assert len(shop.server.asked) == 1
    assert await shop.reader.read_due() == 0


async def test_a_feed_that_is_read_is_not_read_by_another_at_once(shop: FeedShop) -> None:
    await shop.add()
    shop.has(item("a"))
    reading = shop.reader.read(STORE, CATALOGUE)
    await anext(reading)
    with pytest.raises(FeedBusy):
        await shop.read()
    await reading.aclose()
    assert (await shop.read()).became == "applied"


async def test_a_worker_reads_what_is_due_by_itself(shop: FeedShop, client: Client) -> None:
    await shop.add()
    shop.has(item("a"))
    worker = Dispatcher(
        shop.pool, Waitlist(shop.pool), Temporal(client, "nobody"), timedelta(days=30), feeds=shop.reader
    )
    at_work = asyncio.create_task(worker.run())
    while not await shop.units():
        await next_change(shop.pool)
    at_work.cancel()
    await asyncio.gather(at_work, return_exceptions=True)
