"""Shopify's catalogue by bulk operation: whole or not at all, in any order of its lines, and in little memory."""

import json
import random
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopAway
from activities.storefronts.shopify.bulk import CATALOGUE
from activities.storefronts.shopify.spool import Spool
from schemas.errors import DomainError
from schemas.incoming.facts import Fact, ProductFact, StockFact
from starter.simulated.shopify.admin import ShopifyShop
from starter.simulated.shopify.answers import bulk_lines
from starter.simulated.shopify.things import Product, Variant
from tests.storefronts.shopify_connected import Connected, connected


def shop_of(*products: Product) -> ShopifyShop:
    shop = ShopifyShop()
    shop.products = list(products)
    return shop


def read(facts: list[Fact]) -> dict[str, dict[str, dict[str, int | None]]]:
    """Units by product, variant and location."""
    levels: dict[str, dict[str, int | None]] = {}
    for fact in facts:
        if isinstance(fact, StockFact):
            levels.setdefault(fact.inventory_item_id, {})[fact.location_id] = fact.available
    return {
        fact.product_id: {each.variant_id: levels.get(each.inventory_item_id or "", {}) for each in fact.variants}
        for fact in facts
        if isinstance(fact, ProductFact)
    }


def there(shop: ShopifyShop) -> dict[str, dict[str, dict[str, int | None]]]:
    active = {place.id for place in shop.places if place.active}
    return {
        str(product.id): {
            str(each.id): {
                str(where): units if each.tracked else None for where, units in each.levels.items() if where in active
            }
            for each in product.variants
        }
        for product in shop.products
    }


async def test_a_catalogue_is_told_whole_whatever_the_order_of_its_lines() -> None:
    shop = shop_of(
        Product(1, [Variant(11, {1: 3, 2: 5}), Variant(12, {1: 0}, policy="CONTINUE")]),
        Product(2, [Variant(21, {1: 4}, tracked=False)], status="DRAFT"),
        Product(3, [Variant(31, {})], published_at=None),
    )
    async with connected(shop) as at:
        pages = [page async for page in at.api.catalogue()]
    facts = [fact for page in pages for fact in page.facts]
    assert read(facts) == there(shop)
    assert (pages[-1].read, pages[-1].total) == (3, 3)
    products = {fact.product_id: fact for fact in facts if isinstance(fact, ProductFact)}
    assert products["1"].all_variant_ids == {"11", "12"}
    assert [each.policy for each in products["1"].variants] == ["deny", "continue"]
    assert [product.on_sale for product in products.values()] == [True, False, False]
    assert products["2"].variants[0].tracked is False
    assert products["2"].variants[0].quantity is None


async def test_a_product_of_as_many_variants_as_there_may_be_is_told_whole() -> None:
    shop = shop_of(Product(1, [Variant(each, {1: each % 5, 2: 1}) for each in range(2048)][1:]), Product(2, []))
    async with connected(shop) as at:
        facts = await at.catalogue()
    assert read(facts) == there(shop)


async def test_a_catalogue_comes_in_pages_and_says_how_far_it_is() -> None:
    shop = shop_of(*(Product(each, [Variant(each * 100 + one, {1: 1}) for one in range(3)]) for each in range(1, 501)))
    async with connected(shop) as at:
        pages = [page async for page in at.api.catalogue()]
    told = [page for page in pages if page.facts]
    assert len(told) > 3
    assert [page.read for page in told] == sorted({page.read for page in told})
    assert {page.total for page in told} == {500}
    assert max(len(page.facts) for page in told) < 600
    assert read([fact for page in told for fact in page.facts]) == there(shop)


async def test_what_is_told_is_as_of_when_the_operation_began() -> None:
    """A webhook about what changed while the file was made is the newer."""
    shop = shop_of(
        Product(1, [Variant(11, {1: 3})]), Product(2, [Variant(21, {1: 3}, updated_at="2026-10-20T08:00:09Z")])
    )
    async with connected(shop) as at:
        facts = await at.catalogue()
    assert {str(fact.observed_at) for fact in facts[:2]} == {"2026-10-20 08:00:00+00:00"}
    assert {str(fact.observed_at) for fact in facts[2:]} == {"2026-10-20 08:00:09+00:00"}


async def test_an_empty_shop_has_an_empty_catalogue() -> None:
    async with connected(shop_of()) as at:
        pages = [page async for page in at.api.catalogue()]
        assert [page.facts for page in pages if page.facts] == []
        assert (pages[-1].read, pages[-1].total) == (0, 0)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        ("FAILED", "TIMEOUT", ShopAway),
        ("FAILED", "INTERNAL_SERVER_ERROR", ShopAway),
        ("FAILED", "ACCESS_DENIED", AccessRefused),
        ("EXPIRED", None, ShopAway),
        ("CANCELED", None, ShopAway),
    ],
)
async def test_of_an_operation_that_failed_no_part_is_taken_for_the_catalogue(
    status: str, code: str | None, kind: type[DomainError]
) -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3})]))
    shop.bulk_ends = (status, code)
    facts: list[Fact] = []
    async with connected(shop) as at:
        with pytest.raises(kind):
            await gather(at, facts)
    assert facts == []


async def test_where_as_many_operations_run_as_may_it_is_asked_again_later() -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3})]))
    shop.bulk_asks = 1000
    async with connected(shop) as at:
        running = [at.api.catalogue() for _ in range(5)]
        for pages in running:
            await anext(pages)
        with pytest.raises(ShopAway) as away:
            await at.catalogue()
        assert away.value.retry_after is not None
        for pages in running:
            await pages.aclose()


async def test_whoever_leaves_a_catalogue_that_is_being_made_leaves_no_operation_running() -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3})]))
    shop.bulk_asks = 1000
    async with connected(shop) as at:
        pages = at.api.catalogue()
        await anext(pages)
        await pages.aclose()
        assert [each.status for each in shop.operations.values()] == ["CANCELED"]


async def test_a_catalogue_may_be_left_while_its_file_is_read() -> None:
    shop = shop_of(*(Product(each, [Variant(each * 10, {1: 1})]) for each in range(1, 400)))
    async with connected(shop) as at:
        pages = at.api.catalogue()
        async for page in pages:
            if page.total is not None:
                break
        await pages.aclose()
        assert [each.status for each in shop.operations.values()] == ["COMPLETED"]
        assert read(await at.catalogue()) == there(shop)


async def test_a_download_that_breaks_off_is_made_again_and_nothing_is_told_twice() -> None:
    shop = shop_of(*(Product(each, [Variant(each * 10, {1: 1})]) for each in range(1, 40)))
    async with connected(shop) as at:
        at.server.break_off = 2
        facts = await at.catalogue()
        assert read(facts) == there(shop)
        assert sum(isinstance(fact, ProductFact) for fact in facts) == 39


async def test_a_download_that_breaks_off_each_time_is_no_catalogue() -> None:
    shop = shop_of(*(Product(each, [Variant(each * 10, {1: 1})]) for each in range(1, 40)))
    async with connected(shop) as at:
        at.server.break_off = 99
        with pytest.raises(ShopAway, match="broke off"):
            await at.catalogue()


@pytest.mark.parametrize(
    "line",
    [
        b"not JSON\n",
        b"[]\n",
        b'{"id": "gid://shopify/Collection/1"}\n',
        b'{"id": "gid://shopify/ProductVariant/1", "title": "x", "inventoryPolicy": "DENY"}\n',
        b'{"id": "gid://shopify/Product/5", "title": "x"}\n',
        b"x" * (2 * 1024 * 1024),
    ],
)
async def test_a_file_that_is_no_catalogue_is_refused_before_anything_is_told(line: bytes) -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3})]), Product(2, [Variant(21, {1: 3})]))
    facts: list[Fact] = []
    async with connected(shop) as at:
        shop.strange = [line]
        with pytest.raises(ShopAnswerOdd):
            await gather(at, facts)
    assert facts == []


async def test_a_file_that_lacks_a_product_is_not_whole() -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3})]), Product(2, []))
    shop.lost = 1
    facts: list[Fact] = []
    async with connected(shop) as at:
        with pytest.raises(ShopAnswerOdd, match="not whole"):
            await gather(at, facts)
    assert facts == []


async def gather(at: Connected, facts: list[Fact]) -> None:
    async for page in at.api.catalogue():
        facts += page.facts


# The lines on the disk.


def lines_of(shop: ShopifyShop) -> list[bytes]:
    return [json.dumps(line).encode() for line in bulk_lines(shop.root(), CATALOGUE)[0]]


def spooled(lines: list[bytes], at_once: int) -> list[tuple[str | None, list[str | None], int]]:
    with Spool() as spool:
        for begin in range(0, len(lines), at_once):
            spool.take(lines[begin : begin + at_once])
        return [
            (each.product.id, [variant.id for variant in each.variants], len(each.levels)) for each in spool.whole()
        ]


@given(
    sizes=st.lists(st.integers(0, 4), max_size=5),
    order=st.randoms(use_true_random=False),
    at_once=st.integers(1, 7),
)
def test_in_whatever_order_and_batches_lines_come_each_product_has_what_is_its_own(
    sizes: list[int], order: random.Random, at_once: int
) -> None:
    shop = shop_of(
        *(
            Product(number, [Variant(number * 10 + one, {1: one, 2: 1}) for one in range(size)])
            for number, size in enumerate(sizes, 1)
        )
    )
    lines = lines_of(shop)
    order.shuffle(lines)
    assert spooled(lines, at_once) == [
        (str(product.id), [str(each.id) for each in product.variants], 2 * len(product.variants))
        for product in shop.products
    ]


def test_a_large_catalogue_takes_little_memory() -> None:
    def batches() -> Iterator[list[bytes]]:
        line = lines_of(shop_of(Product(7, [])))[0]
        for number in range(1, 15_001):
            yield [line.replace(b"/Product/7", f"/Product/{number}".encode()).replace(b"Acme", b"x" * 500)]

    tracemalloc.start()
    try:
        with Spool() as spool:
            for batch in batches():
                spool.take(batch)
            assert sum(1 for _ in spool.whole()) == 15_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2 * 1024 * 1024, "the lines are of 14 MB"
