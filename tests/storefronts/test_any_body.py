"""Whatever real message of a platform arrives under whatever topic of it, with anything in any place: it is read or
malformed, and nothing else. `make fuzz` goes on with it for as long as it is told."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.registry import STOREFRONTS, Storefronts
from activities.storefronts.storefront import NotOurs, PayloadMalformed, Storefront
from schemas.incoming.facts import Fact, WebhookDelivery
from tests.storefronts.test_any_message import ANYTHING, MESSAGES, places

PAYLOADS = Path(__file__).parent / "payloads"
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
OBSERVER = "com.adobe.commerce.observer."
TOPICS: Mapping[str, tuple[str, ...]] = {
    "shopify": (
        *("inventory_levels/update", "inventory_levels/connect", "inventory_levels/disconnect"),
        *("products/update", "products/create", "products/delete", "shop/update"),
        *("orders/create", "orders/paid", "orders/updated", "orders/cancelled"),
        *("checkouts/create", "checkouts/update", "checkouts/delete"),
        *("customers/redact", "shop/redact", "customers/data_request"),
    ),
    "bigcommerce": (
        *("store/product/updated", "store/product/deleted", "store/sku/updated", "store/sku/inventory/updated"),
        *("store/channel/1/inventory/product/stock_changed", "store/order/updated", "store/order/statusUpdated"),
        *("store/cart/updated", "store/cart/abandoned", "store/cart/converted", "store/customer/deleted"),
    ),
    "woocommerce": (
        *("product.created", "product.updated", "product.restored", "product.deleted"),
        *("order.created", "order.updated", "order.restored", "order.deleted"),
    ),
    "magento": (
        f"{OBSERVER}catalog_product_save_commit_after",
        f"{OBSERVER}catalog_product_delete_commit_after",
        f"{OBSERVER}cataloginventory_stock_item_save_commit_after",
    ),
}
"""Of the platforms of which there are real messages; test_any_message.py has those of the others."""


def bodies(source: str) -> list[Any]:
    return [json.loads(path.read_bytes()) for path in sorted((PAYLOADS / source).glob("*.json"))]


def outcome(storefront: Storefront, topic: str, body: bytes) -> tuple[Fact, ...] | NotOurs | PayloadMalformed:
    delivery = WebhookDelivery(
        store_id="shop.example", source=storefront.source, topic=topic, key="k", triggered_at=AT, about_people=True
    )
    try:
        return storefront.read(delivery, body)
    except PayloadMalformed as wrong:
        return wrong


def test_every_platform_that_sends_webhooks_has_its_fuzz() -> None:
    assert {each.source for each in STOREFRONTS} == TOPICS.keys() | {each.source for each, _, _ in MESSAGES}


@pytest.mark.parametrize("source", TOPICS)
def test_a_real_message_is_read_under_one_topic_at_least(source: str) -> None:
    storefront = Storefronts()[source]
    for topic in TOPICS[source]:
        outcomes = [outcome(storefront, topic, json.dumps(body).encode()) for body in bodies(source)]
        if any(isinstance(each, tuple) and each for each in outcomes):
            return
    pytest.fail("nothing of it is a fact")


@pytest.mark.parametrize("source", TOPICS)
@given(data=st.data())
def test_a_real_message_with_anything_in_any_place_is_read_or_malformed(source: str, data: st.DataObject) -> None:
    topic = data.draw(st.sampled_from(TOPICS[source]))
    body = json.loads(json.dumps(data.draw(st.sampled_from(bodies(source)))))
    for _ in range(data.draw(st.integers(0, 3))):
        here = [*places(body)]
        if not here:
            break
        *way, last = data.draw(st.sampled_from(here))
        inside = body
        for step in way:
            inside = inside[step]
        inside[last] = data.draw(ANYTHING)
    found = outcome(Storefronts()[source], topic, json.dumps(body).encode())
    assert isinstance(found, tuple) or found.__class__ in (NotOurs, PayloadMalformed)


@pytest.mark.parametrize("storefront", STOREFRONTS, ids=lambda each: each.source)
@given(data=st.data())
def test_any_bytes_are_malformed_or_not_ours(storefront: Storefront, data: st.DataObject) -> None:
    topics = TOPICS.get(storefront.source) or [
        topic for other, topic, _ in MESSAGES if other.source == storefront.source
    ]
    body = data.draw(st.binary(max_size=200) | st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"1" * 5000]))
    found = outcome(storefront, data.draw(st.sampled_from(topics)), body)
    assert isinstance(found, tuple) or found.__class__ in (NotOurs, PayloadMalformed)
