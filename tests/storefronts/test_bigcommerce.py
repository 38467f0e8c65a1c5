"""BigCommerce's webhooks: whom we believe, and what every stored payload says, which is mostly where to look."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from activities.storefronts.bigcommerce.adapter import BigCommerce
from activities.storefronts.bigcommerce.hints import SUBSCRIBED, about_people
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    SignatureWrong,
    WebhookRequest,
)
from schemas.incoming.facts import CheckoutFact, Fact, HintFact, ProductGoneFact
from tests.storefronts.bigcommerce_store import (
    HAPPENED,
    NOW,
    PAYLOADS,
    SECRET,
    STORE,
    event,
    facts_in,
    request,
)

STORED = PAYLOADS / "bigcommerce"


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def variant(created_at: int, product_id: str, variant_id: str) -> tuple[Fact, ...]:
    return (HintFact(product_id=product_id, variant_id=variant_id, observed_at=at(created_at)),)


def cart(created_at: int, id_: str = "09346904-4175-44fd-be53-f7e598531b6c") -> tuple[Fact, ...]:
    return (HintFact(cart_id=id_, observed_at=at(created_at)),)


def order(created_at: int, id_: str) -> tuple[Fact, ...]:
    return (HintFact(order_id=id_, observed_at=at(created_at)),)


LINE = "b0386708-fef3-45de-9d8b-fbe3031450a4"
SAYS: dict[str, tuple[Fact, ...] | NotOurs | type[DeliveryMalformed]] = {
    "rest_inventory_items.json": DeliveryMalformed,  # no webhook, but an answer of the API: test_bigcommerce_api.py
    "store_cart_abandoned.json": cart(1561482670),
    "store_cart_converted.json": order(1561486893, "252"),
    "store_cart_created.json": cart(1561482670),
    "store_cart_lineItem_created.json": cart(1561481786, LINE),
    "store_cart_lineItem_updated.json": cart(1561481786, LINE),
    "store_cart_updated.json": cart(1561482670),
    "store_channel_inventory_product_stock_changed.json": variant(1682624640, "113", "127"),
    "store_customer_created.json": NotOurs("store/customer/created"),
    "store_customer_deleted.json": NotOurs("store/customer/created"),
    "store_customer_updated.json": NotOurs("store/customer/created"),
    "store_order_refund_created.json": order(1561479923, "250"),
    "store_order_statusUpdated.json": order(1561479335, "250"),
    "store_order_updated.json": order(1561479335, "250"),
    "store_product_deleted.json": (ProductGoneFact(product_id="205", observed_at=at(1561479233)),),
    "store_sku_created.json": variant(1561480465, "206", "509"),
    "store_sku_deleted.json": variant(1561480465, "206", "509"),
    "store_sku_inventory_order_updated.json": variant(1561480673, "206", "509"),
    "store_sku_inventory_updated.json": variant(1561480673, "206", "509"),
    "store_sku_updated.json": variant(1561480465, "206", "509"),
    "store_subscriber_created.json": NotOurs("store/subscriber/created"),
    "store_subscriber_deleted.json": NotOurs("store/subscriber/updated"),
    "store_subscriber_updated.json": NotOurs("store/subscriber/deleted"),
}
"""What each stored payload says. The documentation has a hash to be filled in where the store's stands."""


def test_no_stored_payload_is_left_out() -> None:
    assert set(SAYS) == {file.name for file in STORED.glob("*.json")}


@pytest.mark.parametrize("name", sorted(SAYS))
def test_a_stored_payload_says_what_the_table_has(name: str) -> None:
    body, says = (STORED / name).read_bytes().replace(b"{store_hash}", STORE.encode()), SAYS[name]
    if isinstance(says, type):
        with pytest.raises(says):
            facts_in(body)
    else:
        assert facts_in(body) == says


VECTORS = json.loads((PAYLOADS / "vectors" / "bigcommerce.json").read_bytes())


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_signature_vector_is_taken_or_refused(case: Any) -> None:
    sent = WebhookRequest(case["body"].encode(), case["headers"], at=at(case["now"]))
    # Their body names the store as the documentation does, so a right signature is followed by this question.
    with pytest.raises(DeliveryMalformed if case["valid"] else SignatureWrong):
        BigCommerce().verify(sent, [VECTORS["client_secret"]])


def test_the_published_vector_is_what_the_library_signs_and_its_key_is_not_its_text() -> None:
    """A client secret is the key itself; in the published vector the secret is the base64 of a key that is no text."""
    vector = json.loads((PAYLOADS / "vectors" / "standard_webhooks.json").read_bytes())
    headers, body = vector["headers"], vector["body"]
    sent_at = at(int(headers["webhook-timestamp"]))
    assert Webhook(vector["secret"]).sign(headers["webhook-id"], sent_at, body) == headers["webhook-signature"]
    with pytest.raises(SignatureWrong):
        BigCommerce().verify(WebhookRequest(body.encode(), headers, at=sent_at), [vector["secret"]])


@pytest.mark.parametrize(("minutes", "taken"), [(-6, False), (-5, True), (0, True), (5, True), (6, False)])
def test_what_was_signed_more_than_five_minutes_from_now_is_refused(minutes: int, taken: bool) -> None:
    sent = request(event("store/product/updated", {"id": 1}), sent_at=NOW + timedelta(minutes=minutes))
    if taken:
        assert BigCommerce().verify(sent, [SECRET]).triggered_at == NOW + timedelta(minutes=minutes)
    else:
        with pytest.raises(SignatureWrong, match="clock"):
            BigCommerce().verify(sent, [SECRET])


def test_one_event_that_comes_twice_is_one_delivery_and_the_next_change_is_another() -> None:
    body = event("store/product/updated", {"id": 1})
    once, again = (BigCommerce().verify(request(body, id_=id_), [SECRET]) for id_ in ("msg_1", "msg_2"))
    assert once.key == again.key
    later = json.dumps(json.loads(body) | {"created_at": int(HAPPENED.timestamp()) + 1}).encode()
    assert BigCommerce().verify(request(later), [SECRET]).key != once.key


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_without_one_of_its_headers_nothing_is_believed(header: str) -> None:
    sent = request(event("store/product/updated", {"id": 1}))
    with pytest.raises(SignatureWrong):
        BigCommerce().verify(
            replace(sent, headers={name: value for name, value in sent.headers.items() if name != header}), [SECRET]
        )


@pytest.mark.parametrize(
    ("scope", "data", "says"),
    [
        ("store/channel/7/inventory/product/stock_changed", {"variant_id": 2}, {"variant_id": "2"}),
        ("store/channel/*/inventory/product/settings_changed", {"product_id": 1}, {"product_id": "1"}),
        ("store/channel/*/inventory/product/low_stock_reached", {"product_id": 1}, {"product_id": "1"}),
        ("store/product/created", {"type": "product", "id": 1}, {"product_id": "1"}),
        ("store/product/inventory/updated", {"type": "product", "id": 1}, {"product_id": "1"}),
        ("store/order/archived", {"type": "order", "id": 3}, {"order_id": "3"}),
        ("store/cart/couponApplied", {"type": "cart", "id": "c-1", "couponId": 5}, {"cart_id": "c-1"}),
        ("store/inventory/location/updated", {"location_id": 2}, {}),
        ("store/information/updated", {}, {}),
    ],
)
def test_a_scope_is_a_hint_at_what_it_names(scope: str, data: object, says: dict[str, str]) -> None:
    assert facts_in(event(scope, data)) == (HintFact.model_validate({**says, "observed_at": HAPPENED}),)


def test_a_cart_that_is_deleted_is_empty() -> None:
    assert facts_in(event("store/cart/deleted", {"type": "cart", "id": "c-1"})) == (
        CheckoutFact(checkout_id="c-1", items=(), observed_at=HAPPENED),
    )


@pytest.mark.parametrize(
    ("scope", "data"),
    [
        ("store/channel/*/inventory/product/stock_changed", {"location_id": 2}),
        ("store/product/updated", {"id": "x"}),
        ("store/product/deleted", {}),
        ("store/sku/updated", {}),
        ("store/order/updated", {"id": 0}),
        ("store/cart/updated", {"id": "no/cart"}),
        ("store/cart/converted", {"id": "c-1"}),
        ("store/cart/updated", "c-1"),
    ],
)
def test_a_message_without_the_id_that_its_scope_has_is_malformed(scope: str, data: object) -> None:
    with pytest.raises(PayloadMalformed) as wrong:
        facts_in(event(scope, data))
    assert wrong.value.path.startswith("$.data")


def test_without_a_time_of_its_own_a_message_is_of_the_moment_that_is_signed() -> None:
    assert facts_in(event("store/product/updated", {"id": 1}, created_at=None)) == (
        HintFact(product_id="1", observed_at=NOW),
    )


def test_the_token_of_a_cart_is_not_kept_and_what_is_subscribed_is_read() -> None:
    assert about_people("store/cart/abandoned")
    assert not about_people("store/product/updated")
    ids = {"id": 1, "product_id": 1, "orderId": 1, "sku": {"product_id": 1}}
    cart_ids = {"id": "c-1", "orderId": 1}
    for scope in SUBSCRIBED:
        assert not isinstance(facts_in(event(scope, cart_ids if "/cart/" in scope else ids)), NotOurs)


@given(
    st.text(st.characters(codec="utf-8"), max_size=60), st.recursive(st.none() | st.integers() | st.text(), st.lists)
)
def test_whatever_a_signed_body_says_it_is_read_or_malformed(scope: str, data: object) -> None:
    with suppress(DeliveryMalformed, PayloadMalformed):
        facts_in(event(scope, data))
