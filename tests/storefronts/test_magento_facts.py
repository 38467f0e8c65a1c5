"""What Magento's events and quantities say: every stored payload as the bytes it came in, and the edges around them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.magento.adapter import Magento
from activities.storefronts.magento.fields import effective_price
from activities.storefronts.magento.rest import ANSWER, RestList
from activities.storefronts.magento.stock import Exported, Salable, StockItem
from activities.storefronts.payload import fit
from activities.storefronts.shop_answers import all_fitted, fitted
from activities.storefronts.storefront import NotOurs, PayloadMalformed, SignatureWrong
from schemas.incoming.facts import Fact, HintFact, Policy, ProductFact, ProductGoneFact, VariantFact
from tests.storefronts.commerce import (
    CLIENT_ID,
    DELETED,
    EVENTS_SECRET,
    PAYLOADS,
    PRODUCT,
    STOCK_ITEM,
    event,
    facts_in,
    product,
    sent,
    stock_item,
)

SENT = datetime(2026, 11, 30, 12, 0, 0, 250000, tzinfo=UTC)
JULY = datetime(2025, 7, 17, 15, 48, 42, 436000, tzinfo=UTC)


def units_of(item: str, at: datetime = SENT) -> HintFact:
    """That the shop is to be asked how many of it it would sell."""
    return HintFact(variant_id=item, observed_at=at)


# Stored payloads -------------------------------------------------------------------------------------------------

UPDATED = datetime(2022, 9, 6, 20, 37, 25, tzinfo=UTC)
TEST2 = (
    ProductFact(
        product_id="3",
        title="test2",
        handle="test2",
        on_sale=True,
        variants=(
            VariantFact(variant_id="3", inventory_item_id="3", sku="test2", price=Decimal("123.0000"), tracked=True),
        ),
        observed_at=UPDATED,
    ),
    units_of("3", UPDATED),
)
NO_ID = "$.data.value.entity_id"
EXPORT = (Salable(99), Salable(99), Salable(4))
STORED: dict[str, object] = {
    "event_1": TEST2,
    "event_2": NO_ID,
    "event_3": NO_ID,
    "event_4": NO_ID,
    "event_5": NO_ID,
    "event_7": NotOurs("observer.sales_quote_save_after"),
    "rest_export_stock_salable_qty": EXPORT,
    # Not called: the export says the same of many at once, and of composite products too, where this call is an error.
    "rest_get_product_salable_quantity": None,
    "rest_are_products_salable": None,
    # Only that it is there is looked at: tests/storefronts/test_magento_api.py answers with it.
    "rest_stock_resolver": None,
    # Case by case in tests/storefronts/test_magento_signature.py.
    "magento_webhook_signature": None,
}
"""The facts of each, or what else becomes of it. A path: the field that a shop's narrowed subscription left out."""


def delivered(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A stored event as Adobe delivers it: it adds who it is for. Three are only the inner part of one."""
    message = json.loads((PAYLOADS / f"{name}.json").read_text())
    if name == "event_2":
        return event(PRODUCT, message), {}
    code = "com.adobe.commerce.observer.sales_quote_save_after" if name == "event_7" else PRODUCT
    return message | {"event_id": name, "recipient_client_id": CLIENT_ID}, {"x-adobe-event-code": code}


@pytest.mark.parametrize("name", sorted(STORED))
def test_every_stored_payload_becomes_what_is_written_here(name: str) -> None:
    match STORED[name]:
        case str() as path:
            with pytest.raises(PayloadMalformed) as wrong:
                facts_in(sent(*delivered(name)))
            assert wrong.value.path == path
        case each if each is EXPORT:
            values = fitted(json.loads((PAYLOADS / f"{name}.json").read_text(), parse_float=Decimal), RestList, ANSWER)
            exported = all_fitted(values.items, Exported, ANSWER)
            assert tuple(Salable.of_export(each, counted=True) for each in exported) == EXPORT
        case None:
            json.loads((PAYLOADS / f"{name}.json").read_text())
        case expected:
            assert facts_in(sent(*delivered(name))) == expected


def test_every_stored_payload_is_in_the_table() -> None:
    assert {file.stem for file in PAYLOADS.glob("*.json")} == set(STORED)


@pytest.mark.parametrize("name", ["event_1", "event_5", "event_7"])
def test_a_payload_as_its_page_shows_it_is_for_nobody_and_refused(name: str) -> None:
    with pytest.raises(SignatureWrong):
        Magento().verify(sent(json.loads((PAYLOADS / f"{name}.json").read_text())), [EVENTS_SECRET])


def test_with_its_id_a_stored_event_of_few_fields_hints_at_the_units() -> None:
    message, headers = delivered("event_3")
    message["data"]["value"]["entity_id"] = "17"
    assert facts_in(sent(message, headers)) == (units_of("17", JULY),)


# Stock -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "left", "policy"),
    [
        ({"qty": "5.5000"}, 5, Policy.DENY),
        ({"qty": 0.9}, 0, Policy.DENY),
        ({"qty": -2}, -2, Policy.DENY),
        ({"qty": "-0.5"}, -1, Policy.DENY),
        ({"qty": "5", "min_qty": "2"}, 3, Policy.DENY),
        ({"qty": "2", "min_qty": "2"}, 0, Policy.DENY),
        ({"qty": "5", "is_in_stock": "0"}, 0, Policy.DENY),
        ({"qty": "-3", "is_in_stock": False}, -3, Policy.DENY),
        ({"qty": "5", "manage_stock": "0"}, None, Policy.DENY),
        ({"qty": None, "manage_stock": 0}, None, Policy.DENY),
        ({"qty": "0", "backorders": "1"}, 0, Policy.CONTINUE),
        ({"qty": "0", "backorders": 2, "is_in_stock": "0"}, 0, Policy.CONTINUE),
        ({"qty": "5", "backorders": 1}, 5, Policy.CONTINUE),
        ({"qty": "0", "backorders": 1, "min_qty": "-10"}, 10, Policy.DENY),
        ({"qty": "-10", "backorders": 1, "min_qty": "-10"}, 0, Policy.DENY),
    ],
)
def test_a_stock_item_says_what_is_left_above_its_threshold(
    changes: dict[str, object], left: int | None, policy: Policy
) -> None:
    item = fit(json.loads(json.dumps(stock_item(**changes)), parse_float=Decimal), StockItem)
    assert (item.left, item.policy) == (left, policy)
    hint = facts_in(sent(event(STOCK_ITEM, stock_item(**changes))))
    assert hint == (units_of("21"),), "what is reserved it does not say"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("product_id", {"product_id": None}),
        ("product_id", {"product_id": "x"}),
        ("qty", {"qty": None}),
        ("qty", {"qty": "many"}),
        ("qty", {"qty": 2**31}),
        ("qty", {"qty": True}),
        ("is_in_stock", {"is_in_stock": "perhaps"}),
    ],
)
def test_a_stock_item_that_does_not_fit_says_where(field: str, changes: dict[str, object]) -> None:
    with pytest.raises(PayloadMalformed) as wrong:
        facts_in(sent(event(STOCK_ITEM, stock_item(**changes))))
    assert wrong.value.path == f"$.data.value.{field}"


@pytest.mark.parametrize("value", [None, [], "x", {}])
@pytest.mark.parametrize("type_", [STOCK_ITEM, PRODUCT, DELETED])
def test_an_event_without_its_value_is_malformed(type_: str, value: object) -> None:
    with pytest.raises(PayloadMalformed):
        facts_in(sent(event(type_, value)))


QUANTITIES = st.decimals(-1000, 1000, places=4)


@given(qty=QUANTITIES, min_qty=QUANTITIES, backorders=st.sampled_from([None, 0, 1, 2]), in_stock=st.booleans())
def test_more_is_never_said_to_be_left_than_there_is_above_the_threshold(
    qty: Decimal, min_qty: Decimal, backorders: int | None, in_stock: bool
) -> None:
    ahead = None if backorders is None else Decimal(backorders)
    item = StockItem(qty=qty, min_qty=min_qty, backorders=ahead, is_in_stock=in_stock)
    left = item.left
    assert left is not None
    assert left <= qty - min_qty
    assert in_stock or left <= 0
    assert left == floor(qty - min_qty) or not in_stock


@given(qty=QUANTITIES, sold=st.booleans(), counted=st.booleans())
def test_what_is_exported_can_be_bought_exactly_if_the_shop_says_so_and_a_whole_unit_is_left(
    qty: Decimal, sold: bool, counted: bool
) -> None:
    salable = Salable.of_export(Exported(sku="a", qty=qty, is_salable=sold), counted=counted)
    buyable = salable.units is None or salable.units > 0 or salable.policy is Policy.CONTINUE
    assert buyable == (sold and not (counted and 0 < qty < 1))


def test_what_is_not_exported_is_not_sold() -> None:
    assert Salable.of_export(None, counted=True) == Salable(0)


# Products --------------------------------------------------------------------------------------------------------


def told(**changes: object) -> tuple[Fact, ...]:
    facts = facts_in(sent(event(PRODUCT, product(**changes))))
    assert isinstance(facts, tuple)
    return facts


def test_a_simple_product_is_told_whatever_its_sku_and_its_units_are_to_be_asked_for() -> None:
    variant = VariantFact(
        variant_id="21", inventory_item_id="21", sku="24/MB 01, blue", price=Decimal("19.99"), tracked=True
    )
    mug = ProductFact(product_id="21", title="Mug", handle="mug", on_sale=True, variants=(variant,), observed_at=SENT)
    assert told() == (mug, units_of("21"))


@pytest.mark.parametrize("changes", [{"status": "2"}, {"status": 2}])
def test_a_disabled_product_is_not_on_sale(changes: dict[str, object]) -> None:
    match told(**changes):
        case (ProductFact(on_sale=False), HintFact()):
            pass
        case other:
            pytest.fail(f"on sale: {other}")


def test_a_part_without_a_page_of_its_own_hints_at_its_units_only() -> None:
    assert told(visibility="1") == (units_of("21"),)
    assert told(visibility="1", stock_data=None) == ()


def test_backorders_are_the_policy() -> None:
    ahead = {"qty": "0", "backorders": "1", "is_in_stock": "1"}
    match told(stock_data=ahead):
        case (ProductFact(variants=(VariantFact(policy=Policy.CONTINUE),)), HintFact()):
            pass
        case other:
            pytest.fail(f"not sold beyond what there is: {other}")


def test_units_stand_in_either_place() -> None:
    assert told(stock_data=None, quantity_and_stock_status={"qty": 7, "is_in_stock": "1"})[1:] == (units_of("21"),)
    assert told(stock_data=None, quantity_and_stock_status=None)[1:] == ()


@pytest.mark.parametrize("kind", ["configurable", "bundle", "grouped"])
def test_a_composite_product_has_no_units_of_its_own_and_what_is_known_of_its_parts_stays(kind: str) -> None:
    match told(type_id=kind, extension_attributes={"configurable_product_links": ["31", 32]}):
        case (ProductFact(product_id="21", on_sale=True, variants=(), all_variant_ids=None),):
            pass
        case other:
            pytest.fail(f"not the product alone: {other}")


def test_a_new_configurable_product_is_told_with_its_parts() -> None:
    match told(
        type_id="configurable", _isNew=True, extension_attributes={"configurable_product_links": ["31", 32, 32]}
    ):
        case (ProductFact(variants=variants),):
            assert [(variant.variant_id, variant.inventory_item_id) for variant in variants] == [
                ("31", "31"),
                ("32", "32"),
            ]
        case other:
            pytest.fail(f"no product: {other}")


def test_an_extension_without_fields_is_an_empty_list_in_php() -> None:
    assert told(extension_attributes=[]) == told()


def test_neither_a_description_nor_units_is_malformed_and_says_what_to_look_at() -> None:
    with pytest.raises(PayloadMalformed, match="narrowed") as wrong:
        told(name=None, stock_data=None)
    assert wrong.value.path == "$.data.value.name"


@pytest.mark.parametrize(
    "type_",
    [
        "com.adobe.commerce.observer.catalog_product_save_after",
        "com.adobe.commerce.observer.catalog_product_save_after.low_stock",
        "com.adobe.commerce.plugin.catalog.api.product_repository.save",
    ],
)
def test_a_saved_product_is_told_by_several_types(type_: str) -> None:
    assert facts_in(sent(event(type_, product()))) == told()


def test_a_deleted_product_is_gone() -> None:
    assert facts_in(sent(event(DELETED, product()))) == (ProductGoneFact(product_id="21", observed_at=SENT),)


def test_without_a_time_of_the_event_the_products_own_counts_in_utc() -> None:
    facts = facts_in(sent(event(PRODUCT, product(), time=None)))
    assert isinstance(facts, tuple)
    assert facts[1] == units_of("21", datetime(2026, 11, 30, 11, 59, 59, tzinfo=UTC))
    with pytest.raises(PayloadMalformed) as wrong:
        facts_in(sent(event(STOCK_ITEM, stock_item(), time=None)))
    assert wrong.value.path == "$.time"


# Prices ----------------------------------------------------------------------------------------------------------

DAY = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("special", "begins", "ends", "price"),
    [
        (None, None, None, "20"),
        ("15", None, None, "15"),
        ("25", None, None, "20"),
        ("15", "2026-11-30 00:00:00", "2026-11-30 00:00:00", "15"),
        ("15", "2026-12-01 00:00:00", None, "20"),
        ("15", None, "2026-11-29 00:00:00", "20"),
        ("15", "", "", "15"),
    ],
)
def test_a_special_price_counts_within_its_days(
    special: str | None, begins: str | None, ends: str | None, price: str
) -> None:
    lower = Decimal(special) if special else None
    assert effective_price(Decimal(20), lower, begins, ends, DAY) == Decimal(price)
    assert effective_price(None, lower, begins, ends, DAY) is None
