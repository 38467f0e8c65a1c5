"""Reading back what is waited for at a Shopify shop: in few queries, with its units at each location."""

from collections.abc import Iterable
from datetime import UTC, datetime

from activities.storefronts.shop_api import Watched
from schemas.incoming.facts import Fact, ProductFact, ProductGoneFact, StockFact
from starter.simulated.shopify.admin import ShopifyShop
from starter.simulated.shopify.things import Place, Product, Variant
from tests.storefronts.shopify_connected import connected


def shop_of(*products: Product, places: list[Place] | None = None) -> ShopifyShop:
    shop = ShopifyShop()
    shop.products = list(products)
    shop.places = places or [Place(1, "Warehouse")]
    return shop


def units(facts: Iterable[Fact]) -> dict[tuple[str, str], int | None]:
    return {(each.inventory_item_id, each.location_id): each.available for each in facts if isinstance(each, StockFact)}


async def read_back(shop: ShopifyShop, *watched: Watched) -> tuple[Fact, ...]:
    async with connected(shop) as at:
        return tuple(await at.api.read_back(watched))


async def test_a_variant_is_told_with_its_product_its_price_and_its_units() -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3}), Variant(12, {1: 4})]))
    before = datetime.now(UTC).replace(microsecond=0)
    product, stock = await read_back(shop, Watched("1", "11", "1011"))
    assert isinstance(product, ProductFact)
    assert isinstance(stock, StockFact)
    assert [(each.variant_id, str(each.price), each.quantity) for each in product.variants] == [("11", "19.90", 3)]
    assert product.all_variant_ids is None
    assert (stock.inventory_item_id, stock.available) == ("1011", 3)
    assert before <= stock.observed_at <= datetime.now(UTC)


async def test_what_changed_after_it_was_asked_for_has_its_own_time() -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3}, updated_at="2126-01-01T00:00:00Z")]))
    assert {str(fact.observed_at) for fact in await read_back(shop, Watched("1", "11"))} == {
        "2126-01-01 00:00:00+00:00"
    }


async def test_many_variants_are_asked_for_in_few_queries() -> None:
    shop = shop_of(*(Product(each, [Variant(each * 10, {1: each})]) for each in range(1, 301)))
    async with connected(shop) as at:
        facts = tuple(
            await at.api.read_back([Watched(str(each.id), str(each.variants[0].id)) for each in shop.products])
        )
        assert at.asked("variants") <= 6
        assert len(shop.heard) == 1 + at.asked("variants")
    assert units(facts) == {(str(each * 10 + 1000), "1"): each for each in range(1, 301)}


async def test_variants_of_one_product_are_one_fact_about_it() -> None:
    shop = shop_of(Product(1, [Variant(each, {1: 1}) for each in range(1, 10)]))
    facts = await read_back(shop, *(Watched("1", str(each)) for each in range(1, 10)))
    (product,) = (fact for fact in facts if isinstance(fact, ProductFact))
    assert len(product.variants) == 9


async def test_a_whole_product_is_told_with_all_its_variants_and_no_variant_twice() -> None:
    shop = shop_of(Product(1, [Variant(each, {1: 1}) for each in range(1, 26)]), Product(2, [Variant(201, {1: 2})]))
    facts = await read_back(shop, Watched("1"), Watched("2"), Watched("1", "7"))
    products = {fact.product_id: fact for fact in facts if isinstance(fact, ProductFact)}
    assert products["1"].all_variant_ids == {str(each) for each in range(1, 26)}
    assert products["2"].all_variant_ids == {"201"}
    assert len([fact for fact in facts if isinstance(fact, ProductFact)]) == 2


async def test_a_product_of_as_many_variants_as_there_may_be_is_read_whole() -> None:
    shop = shop_of(Product(1, [Variant(each, {1: each % 7}) for each in range(1, 2049)]))
    facts = await read_back(shop, Watched("1"))
    assert isinstance(facts[0], ProductFact)
    assert len(facts[0].all_variant_ids or ()) == 2048
    assert units(facts) == {(str(each + 1000), "1"): each % 7 for each in range(1, 2049)}


async def test_what_the_shop_has_no_more_is_said_to_be_gone() -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3})]))
    facts = await read_back(shop, Watched("1", "99"), Watched("2", "21"), Watched("3"))
    (left,) = (fact for fact in facts if isinstance(fact, ProductFact))
    assert (left.product_id, left.variants, left.all_variant_ids) == ("1", (), {"11"})
    assert {fact.product_id for fact in facts if isinstance(fact, ProductGoneFact)} == {"2", "3"}


async def test_a_variant_that_moved_is_told_where_it_is_now() -> None:
    shop = shop_of(Product(1, []), Product(2, [Variant(11, {1: 3})]))
    (product, _) = await read_back(shop, Watched("1", "11"))
    assert isinstance(product, ProductFact)
    assert product.product_id == "2"


async def test_units_are_told_at_each_location_and_none_where_it_is_not_stocked_or_that_is_closed() -> None:
    """Those in town too, for a list says which count; its webhooks tell them all."""
    places = [Place(1, "Warehouse"), Place(2, "In town", online=False), Place(3, "Barn"), Place(4, "Old", active=False)]
    shop = shop_of(Product(1, [Variant(11, {1: 3, 2: 5, 4: 9})]), places=places)
    assert units(await read_back(shop, Watched("1", "11"))) == {
        ("1011", "1"): 3,
        ("1011", "2"): 5,
        ("1011", "3"): 0,
        ("1011", "4"): 0,
    }


async def test_in_a_shop_of_very_many_locations_those_that_have_nothing_are_not_listed_for_each_item() -> None:
    places = [Place(each, f"Store {each}") for each in range(1, 61)]
    shop = shop_of(Product(1, [Variant(11, {each: each for each in range(1, 51)})]), places=places)
    told = units(await read_back(shop, Watched("1", "11")))
    assert told == {("1011", str(each)): each for each in range(1, 51)}


async def test_what_is_oversold_is_told_below_nothing() -> None:
    shop = shop_of(Product(1, [Variant(11, {1: -2})]))
    assert units(await read_back(shop, Watched("1", "11"))) == {("1011", "1"): -2}


async def test_what_is_not_counted_has_no_number_anywhere() -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3}, tracked=False)]), places=[Place(1, "A"), Place(2, "B")])
    product, *stock = await read_back(shop, Watched("1", "11"))
    assert isinstance(product, ProductFact)
    assert (product.variants[0].tracked, product.variants[0].quantity) == (False, None)
    assert units(stock) == {("1011", "1"): None}


async def test_what_has_no_id_of_shopifys_is_left_out_and_nothing_is_asked_for_nobody() -> None:
    shop = shop_of(Product(1, [Variant(11, {1: 3})]))
    async with connected(shop) as at:
        assert await at.api.read_back([]) == ()
        assert shop.heard == []
        facts = await at.api.read_back([Watched("by-hand", "blue"), Watched("kettle"), Watched("1", "11")])
    assert len(facts) == 2
