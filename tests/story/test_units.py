"""How many are told, and who: units that come, go, return and move, and the places they give."""

import pytest

from schemas.document.alert_types.vocabulary import Order
from schemas.incoming.facts import Policy, VariantFact
from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.product import Product, addressees, starter_document
from tests.story.conftest import Meanwhile
from tests.story.documents import back, nearly_gone, programme


async def test_five_units_tell_five_people_however_many_wait(product: Product) -> None:
    await product.shop.sells("v")
    await product.shop.signs_up(*(f"shopper{number}" for number in range(100)))
    await product.shop.has("v", 5)
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == [f"shopper{number}" for number in range(5)]


async def test_a_returned_unit_tells_two_people_not_everyone(product: Product) -> None:
    await publish(product.pool, starter_document(contacts_per_unit=2))
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob", "cy", "dee", "eve", "fay", "gus", "hal")
    await product.shop.has("v", 2)
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob", "cy", "dee"]
    await product.shop.has("v", 1)
    await product.shop.has("v", 2)
    await product.at_rest()
    assert sorted(addressees(product.mailbox)[4:]) == ["eve", "fay"]


async def test_units_sold_before_the_shelf_looks_are_offered_to_nobody(meanwhile: Meanwhile) -> None:
    await meanwhile.opens()
    await meanwhile.shop.sells("v")
    await meanwhile.shop.signs_up("ada", "bob", "cy", "dee", "eve")
    await meanwhile.shop.has("v", 5)
    await meanwhile.shop.has("v", 2)
    assert await meanwhile.calls_forward() == 2


async def test_sold_out_while_notifying_those_not_written_to_yet_keep_their_old_places(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens()
    await meanwhile.shop.sells("v")
    ada, bob, cy = await meanwhile.shop.signs_up("ada", "bob", "cy")
    await meanwhile.shop.has("v", 2)
    assert await meanwhile.calls_forward() == 2
    await meanwhile.shop.has("v", 0)
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == []
        assert [(await product.journeys.show(journey)).ahead for journey in (ada, bob, cy)] == [0, 1, 2]
        await product.shop.has("v", 1)
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]


async def test_a_falling_quantity_gives_no_further_places_while_it_is_notified(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens()
    await meanwhile.shop.sells("v")
    await meanwhile.shop.signs_up("ada", "bob", "cy", "dee")
    await meanwhile.shop.has("v", 3)
    assert await meanwhile.calls_forward() == 3
    await meanwhile.shop.has("v", 1)
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert sorted(addressees(product.mailbox)) == ["ada", "bob", "cy"], "called for units that were there"


async def test_nobody_is_told_before_as_many_are_there_as_the_alert_asks_for(product: Product) -> None:
    await publish(product.pool, starter_document(quantity_threshold=3))
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob", "cy", "dee", "eve")
    await product.shop.has("v", 2)
    await product.at_rest()
    assert addressees(product.mailbox) == []
    await product.shop.has("v", 3)
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob", "cy"]
    await product.shop.has("v", 1)
    await product.shop.has("v", 2)
    await product.at_rest()
    assert addressees(product.mailbox)[3:] == ["dee"], "it goes on until nothing is left"


async def test_with_contacts_all_everyone_in_line_is_told(product: Product) -> None:
    await publish(product.pool, starter_document(contacts_per_unit="all"))
    await product.shop.sells("v")
    names = [f"shopper{number}" for number in range(8)]
    await product.shop.signs_up(*names)
    await product.shop.has("v", 1)
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == names


async def test_first_in_last_out_tells_the_newest_first(product: Product) -> None:
    await publish(product.pool, starter_document(order=Order.FIRST_IN_LAST_OUT))
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob", "cy")
    await product.shop.has("v", 1)
    await product.mail_to("cy")
    await product.shop.has("v", 2)
    await product.mail_to("bob")
    await product.at_rest()
    assert addressees(product.mailbox) == ["cy", "bob"]


async def test_a_whole_product_is_the_sum_of_its_variants(product: Product) -> None:
    await publish(product.pool, programme("any", back(level="product", quantity_threshold=3)))
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada", "bob", "cy", "dee", list_code="any")
    await product.shop.has("v", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == []
    await product.shop.has("w", 2)
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob", "cy"]


async def test_who_wants_one_variant_and_who_wants_any_each_hear_of_their_own(product: Product) -> None:
    await publish(product.pool, programme("any", back(level="product")))
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada", for_="v")
    await product.shop.signs_up("bob", for_="v", list_code="any")
    await product.shop.has("w", 1)
    assert await product.mail_to("bob") == "any alert"
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob"]
    await product.shop.has("v", 1)
    await product.mail_to("ada")
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob", "ada"]


async def test_several_alerts_on_one_variant_share_its_units_and_who_is_told_that_few_are_left_takes_none(
    product: Product,
) -> None:
    await publish(product.pool, programme("vip", back(contacts_per_unit=2)))
    await publish(product.pool, programme("few", nearly_gone()))
    await product.shop.sells("v", units=10)
    await product.shop.carts("zoe")
    await product.shop.sells("v", units=0)
    await product.shop.signs_up("ada")
    await product.shop.signs_up("cy", "dee", "eve", list_code="vip")
    await product.shop.sells("v", units=2)
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "cy", "dee", "zoe"]


async def test_stock_at_a_location_that_does_not_ship_does_not_count(product: Product) -> None:
    await publish(product.pool, programme("ships", back(), locations=("warehouse", "depot")))
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob", "cy", list_code="ships")
    await product.shop.has("v", 50, at="showroom")
    await product.at_rest()
    assert addressees(product.mailbox) == []
    await product.shop.has("v", 1, at="warehouse")
    await product.shop.has("v", 1, at="depot")
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob"]


async def test_a_transfer_to_a_location_that_counts_is_an_arrival_there(product: Product) -> None:
    await publish(product.pool, programme("ships", back(), locations=("warehouse",)))
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob", "cy", list_code="ships")
    await product.shop.has("v", 3, at="showroom")
    await product.shop.has("v", 1, at="showroom")
    await product.shop.has("v", 2, at="warehouse")
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob"]


async def test_a_transfer_between_locations_that_count_tells_no_more_than_were_moved(product: Product) -> None:
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob", "cy", "dee", "eve", "fay")
    await product.shop.has("v", 2, at="warehouse")
    await product.at_rest()
    await product.shop.has("v", 2, at="depot")
    await product.shop.has("v", 0, at="warehouse")
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob", "cy", "dee"]


async def test_units_that_only_make_up_for_overselling_tell_nobody(product: Product) -> None:
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob")
    await product.shop.has("v", -3)
    await product.shop.has("v", 0)
    await product.at_rest()
    assert addressees(product.mailbox) == []
    await product.shop.has("v", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]


@pytest.mark.parametrize(
    "variant",
    [
        VariantFact(variant_id="v", inventory_item_id="item-v", tracked=False),
        VariantFact(variant_id="v", inventory_item_id="item-v", policy=Policy.CONTINUE, quantity=0),
    ],
    ids=["untracked", "sold-on-at-zero"],
)
async def test_without_real_units_nobody_is_told_it_is_back(product: Product, variant: VariantFact) -> None:
    await product.shop.sells("v")
    (ada,) = await product.shop.signs_up("ada")
    await product.shop.tells(variant)
    await product.at_rest()
    assert addressees(product.mailbox) == []
    assert (await product.journeys.show(ada)).ahead == 0


async def test_the_alert_does_not_go_out_for_an_unpublished_product(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens()
    await meanwhile.shop.sells("v")
    ada, bob = await meanwhile.shop.signs_up("ada", "bob")
    await meanwhile.shop.has("v", 1)
    assert await meanwhile.calls_forward() == 1
    await meanwhile.shop.unpublishes()
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        await product.shop.has("v", 2)
        await product.at_rest()
        assert addressees(product.mailbox) == []
        assert [(await product.journeys.show(journey)).ahead for journey in (ada, bob)] == [0, 1]
        await product.shop.publishes()
        await product.at_rest()
        assert sorted(addressees(product.mailbox)) == ["ada", "bob"]


async def test_the_alert_does_not_go_out_for_a_variant_that_was_removed(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens()
    await meanwhile.shop.sells("v", "w")
    (ada,) = await meanwhile.shop.signs_up("ada")
    await meanwhile.shop.has("v", 1)
    assert await meanwhile.calls_forward() == 1
    w = VariantFact(variant_id="w", inventory_item_id="item-w", title="w")
    await meanwhile.shop.tells(w, only=True)
    async with meanwhile.writes(document) as product:
        ended = await product.until(ada, lambda report: report.ended_at is not None)
        assert ended.reason is Reason.DISCONTINUED
        assert addressees(product.mailbox) == []
