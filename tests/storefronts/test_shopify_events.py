"""Shopify's Events: deliveries whose headers have no `X-`, and whose data a subscription's own query shaped."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.shopify.adapter import Shopify
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    SignatureWrong,
    WebhookRequest,
)
from schemas.incoming.facts import Fact, Policy, ProductFact, ProductGoneFact, VariantFact
from tests.storefronts.shop import PAYLOADS, SHOP, event_headers, facts_in, headers, signature, verified
from tests.storefronts.test_payload import ANY_JSON

PRICE = json.loads((PAYLOADS / "event_product_update_price_with_query.json").read_text())
TRIGGERED = datetime(2025, 1, 31, 9, 30, 0, 123456, tzinfo=UTC)


def receive(event: object, topic: str = "Product", action: str | None = "update") -> tuple[Fact, ...] | NotOurs:
    body = json.dumps(event).encode()
    return facts_in(body, event_headers(body, topic, action))


def price_event(**changes: object) -> dict[str, Any]:
    """The stored event, with parts of its data changed; None leaves one out."""
    data = {name: value for name, value in (PRICE["data"] | changes).items() if value is not None}
    return PRICE | {"data": data}


def test_an_event_about_a_price_says_which_variant_it_is_of_and_what_its_units_are_counted_under() -> None:
    assert receive(PRICE) == (
        ProductFact(
            product_id="123",
            title="Kettle",
            handle="kettle",
            vendor="Acme",
            tags=("kitchen",),
            on_sale=True,
            variants=(
                VariantFact(
                    variant_id="456",
                    inventory_item_id="789",
                    title="Red",
                    sku="K-R",
                    price=Decimal("19.90"),
                    policy=Policy.CONTINUE,
                    tracked=True,
                ),
            ),
            observed_at=datetime(2026, 10, 20, 8, 0, 1, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize("form", ["nodes", "edges"])
def test_variants_listed_under_the_product_are_read_in_either_form(form: str) -> None:
    variant = PRICE["data"]["productVariant"]
    others = [variant | {"id": f"gid://shopify/ProductVariant/{number}"} for number in (1, 2)]
    listed = {"nodes": others} if form == "nodes" else {"edges": [{"node": other} for other in others]}
    answer = receive(price_event(product=PRICE["data"]["product"] | {"variants": listed}))
    assert isinstance(answer, tuple)
    (fact,) = answer
    assert isinstance(fact, ProductFact)
    assert [each.variant_id for each in fact.variants] == ["1", "2", "456"]
    assert fact.all_variant_ids is None


@pytest.mark.parametrize(
    ("status", "published", "on_sale"),
    [
        ("ACTIVE", "2026-10-01T08:00:00Z", True),
        ("UNLISTED", "2026-10-01T08:00:00Z", True),
        ("ACTIVE", None, False),
        ("DRAFT", "2026-10-01T08:00:00Z", False),
        ("ARCHIVED", None, False),
    ],
)
def test_an_event_says_whether_the_product_is_on_sale(status: str, published: str | None, on_sale: bool) -> None:
    product = PRICE["data"]["product"] | {"status": status, "publishedAt": published}
    match receive(price_event(product=product)):
        case (ProductFact() as fact,):
            assert fact.on_sale is on_sale
        case other:
            pytest.fail(f"not one product: {other}")


def test_a_deleted_product_is_gone_though_there_is_no_data_of_it() -> None:
    deleted = {"topic": "Product", "action": "delete", "query_variables": {"productId": "gid://shopify/Product/123"}}
    assert receive(deleted, action="delete") == (ProductGoneFact(product_id="123", observed_at=TRIGGERED),)


@pytest.mark.parametrize("change", ["title", "status", "publishedAt"])
def test_a_query_that_leaves_a_products_field_out_is_malformed_not_guessed(change: str) -> None:
    product = {name: value for name, value in PRICE["data"]["product"].items() if name != change}
    with pytest.raises(PayloadMalformed) as problem:
        receive(price_event(product=product))
    assert problem.value.path == f"$.data.product.{change}"


def test_a_price_without_its_policy_is_malformed_not_guessed() -> None:
    variant = {name: value for name, value in PRICE["data"]["productVariant"].items() if name != "inventoryPolicy"}
    with pytest.raises(PayloadMalformed) as problem:
        receive(price_event(productVariant=variant))
    assert problem.value.path == "$.data.productVariant.inventoryPolicy"


@pytest.mark.parametrize(
    "event",
    [
        {"topic": "InventoryItem", "action": "update", "data": {"inventoryItem": {"tracked": False}}},
        {"topic": "Customer", "action": "create", "data": {"customer": {"email": "ann@example.com"}}},
        PRICE | {"data": {"product": None}},
        {name: value for name, value in PRICE.items() if name != "data"},
    ],
)
def test_of_other_events_nothing_is_read(event: dict[str, Any]) -> None:
    assert receive(event, event["topic"], event["action"]) == NotOurs(
        f"events/{event['topic'].lower()}/{event['action']}"
    )


def test_the_body_says_what_happened_whatever_the_headers_say() -> None:
    assert receive(PRICE, "InventoryItem", "delete") == receive(PRICE)


def test_the_older_form_of_changed_fields_is_read_alike() -> None:
    assert receive(PRICE | {"fields_changed": ["product[id: 'gid://shopify/Product/123'].title"]}) == receive(PRICE)


def test_an_event_is_known_by_its_own_headers_also_where_the_classic_ones_stand_beside() -> None:
    body = json.dumps(PRICE).encode()
    alone = event_headers(body, "Product", "update")
    both = alone | headers(body, "product", webhook_id="another")
    assert verified(body, both) == verified(body, alone)
    assert verified(body, alone).key == "events/product/update:0c3b6a8e-6a5e-4a4b-9a53-4f8d9f0a5d11"
    assert verified(body, alone).store_id == Shopify().store_named(WebhookRequest(body, alone)) == SHOP


def test_an_event_without_its_id_is_known_by_its_body() -> None:
    body = json.dumps(PRICE).encode()
    assert verified(body, event_headers(body, "Product", "update", webhook_id=None)).key.startswith(
        "events/product/update:"
    )


@pytest.mark.parametrize("topic", ["customers/redact", "shop/redact"])
def test_no_event_is_taken_for_a_message_about_privacy(topic: str) -> None:
    body = json.dumps({"shop_domain": SHOP, "customer": {"email": "ann@example.com"}}).encode()
    sent = event_headers(body, topic)
    assert verified(body, sent).topic == f"events/{topic}"
    with pytest.raises(PayloadMalformed):
        facts_in(body, sent)


def test_an_event_that_nobody_signed_is_refused_by_the_name_of_its_header() -> None:
    body = json.dumps(PRICE).encode()
    sent = event_headers(body, "Product") | {"Shopify-Hmac-Sha256": signature(body, "another")}
    with pytest.raises(SignatureWrong, match=r"^Shopify-Hmac-Sha256"):
        verified(body, sent)


@pytest.mark.parametrize(
    ("name", "value"),
    [("Shop-Domain", "localhost"), ("Topic", ""), ("Action", "update!"), ("Webhook-Id", "a b")],
)
def test_an_event_with_a_header_of_another_form_is_malformed(name: str, value: str) -> None:
    body = json.dumps(PRICE).encode()
    with pytest.raises(DeliveryMalformed, match=f"header Shopify-{name} "):
        verified(body, event_headers(body, "Product", "update") | {f"Shopify-{name}": value})


@pytest.mark.parametrize(
    ("topic", "data", "about_people"),
    [
        ("Product", {"product": None}, False),
        ("InventoryItem", {}, False),
        ("Customer", {}, True),
        ("Product", {"order": {"customer": {"firstName": "Ann"}}}, True),
        ("Product", {"order": {"shippingAddress": {"address1": "1 Street"}}}, True),
    ],
)
def test_an_event_that_may_be_about_people_says_so(topic: str, data: object, about_people: bool) -> None:
    body = json.dumps({"topic": topic, "action": "update", "data": data}).encode()
    assert verified(body, event_headers(body, topic, "update")).about_people is about_people


@given(
    value=ANY_JSON | st.fixed_dictionaries({"topic": st.just("Product"), "action": st.just("update"), "data": ANY_JSON})
)
def test_any_json_is_read_or_malformed(value: object) -> None:
    paths = ["$"]
    try:
        receive(value)
    except PayloadMalformed as problem:
        paths.append(problem.path)
    assert all(path.startswith("$") for path in paths)
