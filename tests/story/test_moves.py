"""Variants that move to another product, and ids told for two things: who waits is told of theirs, once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from activities.intake.deliveries import Receipt
from activities.intake.moves import AnotherThing
from schemas.ids import StoreId
from schemas.incoming.facts import ItemFact, OrderFact, ProductFact, ProductGoneFact, VariantFact, WebhookDelivery
from schemas.reasons import Reason
from schemas.responses.why import NotYet
from starter.ops.database_checkup import examine_contested
from starter.ops.findings import Health
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.product import STORE, Product, address, addressees
from tests.story.conftest import Meanwhile
from tests.story.documents import back, cheaper, programme


def _product(
    product_id: str,
    *variants: str,
    on_sale: bool = True,
    only: bool = False,
    sku: str | None = None,
    inventory_item_id: str | None = None,
) -> ProductFact:
    """What a storefront tells now of a product with these variants, named after itself."""
    return ProductFact(
        product_id=product_id,
        title=f"The {product_id}",
        handle=product_id,
        on_sale=on_sale,
        variants=tuple(
            VariantFact(variant_id=name, title=name, sku=sku, inventory_item_id=inventory_item_id) for name in variants
        ),
        all_variant_ids=frozenset(variants) if only else None,
        observed_at=datetime.now(UTC),
    )


async def _tell(at: Product | Meanwhile, *facts: ProductFact | ProductGoneFact) -> None:
    for fact in facts:
        await at.shop.intake.observe(StoreId(STORE), "shopify", [fact])


@pytest.mark.parametrize(
    "afterwards",
    [
        (),
        (_product("old", "other"),),
        (_product("old", "other", on_sale=False),),
        (_product("old", "other", only=True),),
        (ProductGoneFact(product_id="old"),),
    ],
    ids=["still-on-sale", "told-anew", "off-sale", "told-in-full", "gone"],
)
async def test_a_variant_that_moved_to_another_product_is_told_once_with_todays_title_and_page(
    product: Product, afterwards: tuple[ProductFact | ProductGoneFact, ...]
) -> None:
    await _tell(product, _product("old", "v"))
    await product.shop.has("v", 0)
    (ada,) = await product.shop.signs_up("ada")
    await _tell(product, _product("new", "v"))
    now = {"observed_at": datetime.now(UTC)}
    await _tell(product, *(fact.model_copy(update=now) for fact in afterwards))
    await product.shop.has("v", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]
    (mail,) = product.mailbox.mails
    words = mail.read().as_string()
    assert "The new" in words
    assert "/products/new" in words
    assert "The old" not in words
    assert await product.pool.fetchval("select count(*) from claims") == 1
    assert (await product.journeys.show(ada)).product_id == "new"


async def test_an_order_under_either_product_counts_as_bought(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens()
    await _tell(meanwhile, _product("old", "v"))
    await meanwhile.shop.has("v", 0)
    await meanwhile.shop.signs_up("ada", "bob", "cy")
    await _order(meanwhile, "ada", "old", "v")
    await _tell(meanwhile, _product("new", "v"))
    await _order(meanwhile, "bob", "new", "v")
    await meanwhile.shop.has("v", 1)
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == ["cy"]
        for name in ("ada", "bob"):
            (entry,) = (await Why(product.pool).contact(address(name), About())).entries
            assert entry.reason is Reason.PURCHASED


async def _order(at: Meanwhile, name: str, product_id: str, variant_id: str) -> None:
    now = datetime.now(UTC)
    item = ItemFact(product_id=product_id, variant_id=variant_id)
    order = OrderFact(
        order_id=f"o-{name}", email=address(name), items=(item,), ordered_at=now, cancelled=False, observed_at=now
    )
    await at.shop.intake.observe(StoreId(STORE), "shopify", [order])


async def test_what_a_product_offers_as_a_whole_goes_with_its_variants(product: Product) -> None:
    await publish(product.pool, programme("any", back(level="product")))
    await _tell(product, _product("old", "v", "w"))
    await product.shop.has("v", 0)
    await product.shop.has("w", 0)
    await product.shop.signs_up("ada", for_="w", list_code="any")
    await _tell(product, _product("new", "v"))
    await product.shop.has("v", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == [], "she waits for the old one"
    await product.shop.has("w", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]


async def test_a_variant_that_moved_and_moved_back_is_told_once_as_what_it_was_asked_for(product: Product) -> None:
    await _tell(product, _product("old", "v"))
    await product.shop.has("v", 0)
    await product.shop.signs_up("ada")
    await _tell(product, _product("new", "v"), _product("old", "v"))
    await product.shop.has("v", 1)
    await product.at_rest()
    (mail,) = product.mailbox.mails
    assert "The old" in mail.read().as_string()


async def test_an_id_told_for_two_products_in_turn_tells_nobody_of_the_one_they_did_not_ask_for(
    product: Product,
) -> None:
    await _tell(product, _product("shirt", "v"))
    await product.shop.has("v", 0)
    await product.shop.signs_up("ada")
    await _tell(product, _product("mug", "v"))
    (bob,) = await product.shop.signs_up("bob")
    await _tell(product, _product("shirt", "v"))
    await product.shop.has("v", 2)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]
    assert "The shirt" in product.mailbox.mails[0].read().as_string()
    assert await product.pool.fetchval("select count(*) from claims where journey_id = $1", bob) == 1
    (entry,) = (await Why(product.pool).contact(address("bob"), About())).entries
    assert entry.standing is not None
    assert entry.standing.not_yet is NotYet.PASSED_OVER
    assert Reason.OTHER_PRODUCT.sentence in entry.sentence
    noted = await examine_contested(product.pool)
    assert noted.health is Health.NOTE
    assert "'v'" in noted.found
    await _tell(product, _product("shirt", "other"), _product("mug", "v"))
    await product.mail_to("bob")
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada", "bob"], "as soon as it is one thing again"
    assert (await examine_contested(product.pool)).health is Health.GOOD


async def test_a_webhook_that_names_another_thing_by_a_known_id_leaves_it_where_it_is(product: Product) -> None:
    shirt, mug = _product("shirt", "v", sku="SHIRT-1"), _product("mug", "v", "m", sku="MUG-1")
    await _tell(product, shirt)
    await product.shop.has("v", 0)
    await product.shop.signs_up("ada")
    delivery = WebhookDelivery(store_id=STORE, source="shopify", topic="products/update", key="1")
    assert await product.shop.intake.receive(delivery, [mug]) is Receipt.APPLIED
    await product.shop.has("v", 1)
    await product.at_rest()
    (mail,) = product.mailbox.mails
    assert "The shirt" in mail.read().as_string()
    assert await product.pool.fetchval("select product_id from variants where variant_id = 'm'") == "mug"
    assert (await examine_contested(product.pool)).health is Health.NOTE


async def test_by_hand_a_known_id_for_another_thing_is_refused(meanwhile: Meanwhile) -> None:
    await _tell(meanwhile, _product("shirt", "v", inventory_item_id="1"))
    with pytest.raises(AnotherThing, match="'v' is known of product 'shirt'"):
        await _tell(meanwhile, _product("mug", "v", inventory_item_id="2"))
    assert await meanwhile.pool.fetchval("select count(*) from products") == 1
    await _tell(meanwhile, _product("shirt", "w", only=True), _product("mug", "v", inventory_item_id="2"))
    assert await meanwhile.pool.fetchval("select product_id from variants where variant_id = 'v'") == "mug"


async def test_an_old_message_that_comes_late_does_not_move_a_variant_back(meanwhile: Meanwhile) -> None:
    late = _product("old", "v").model_copy(update={"observed_at": datetime.now(UTC) - timedelta(minutes=1)})
    await _tell(meanwhile, _product("new", "v"), late)
    assert await meanwhile.pool.fetchval("select product_id from variants") == "new"


async def test_a_price_drop_follows_a_variant_to_its_new_product(product: Product) -> None:
    await publish(product.pool, programme("cheaper", cheaper()))
    await product.shop.sells("v", units=5, price="100")
    await product.shop.sees("ada")
    await _tell(product, _product("new", "v").model_copy(update={"variants": _priced("v", "80")}))
    assert await product.mail_to("ada") == "cheaper alert"
    assert "The new" in product.mailbox.mails[0].read().as_string()


def _priced(variant_id: str, price: str) -> tuple[VariantFact, ...]:
    return (VariantFact(variant_id=variant_id, inventory_item_id="item-v", price=Decimal(price)),)
