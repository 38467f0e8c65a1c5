"""Whatever stands in a signed message of Wix, Square or the open API, it is read or malformed, and nothing else."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.open.adapter import Open
from activities.storefronts.square.adapter import Square
from activities.storefronts.storefront import NotOurs, PayloadMalformed, Storefront
from activities.storefronts.wix.adapter import Wix
from schemas.incoming.facts import WebhookDelivery
from tests.storefronts.test_wix import COUNTED, order
from tests.storefronts.wix_app import event, item

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(["0", "-1", "1e999", "2026-13-01", "x" * 2000, "\0", "\ud800", "https://", "9" * 40])
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
)
VARIANT = {
    "id": "v-1",
    "price": {"actualPrice": {"amount": "1.5"}},
    "choices": [{"optionChoiceNames": {"choiceName": "S"}}],
}
WIX_PRODUCT = {
    "id": "p-1",
    "name": "Mug",
    "slug": "mug",
    "currency": "EUR",
    "brand": {"name": "Acme"},
    "url": {"url": "https://shop.example/mug"},
    "media": {"main": {"image": {"url": "https://shop.example/i"}}},
    "variantsInfo": {"variants": [VARIANT]},
}
V3 = "wix.stores.catalog.v3."
COUNT = {
    "catalog_object_id": "V",
    "location_id": "L",
    "quantity": "1",
    "state": "IN_STOCK",
    "calculated_at": "2026-01-31T12:00:00Z",
}
MONEY = {"total": 2, "refunded": 1, "currency": "EUR"}
ITEMS = [{"product": 1, "variant": 2, "quantity": 1}]
MESSAGES: list[tuple[Storefront, str, dict[str, Any]]] = [
    (Wix(), f"{V3}inventory_item_updated", event(updatedEvent={"currentEntity": item()})),
    (Wix(), f"{V3}inventory_item_deleted", event(deletedEvent={"deletedEntity": item()})),
    (Wix(), f"{V3}product_updated", event(updatedEvent={"currentEntity": WIX_PRODUCT})),
    (Wix(), f"{V3}product_deleted", event(entityId="p-1")),
    (
        Wix(),
        "com.wix.ecommerce.inventory.api.v1.InventoryVariantsChanged",
        {"productId": "p-1", "variants": [{"id": COUNTED, "newValue": {"quantity": 1, "inStock": True}}]},
    ),
    (Wix(), "wix.ecom.v1.order_approved", event(actionEvent={"body": {"order": order()}})),
    (Square(), "inventory.count.updated", {"data": {"object": {"inventory_counts": [COUNT]}}}),
    (
        Open(),
        "product.updated",
        {
            "id": 1,
            "title": "Mug",
            "tags": ["a"],
            "url": "https://a",
            "currency": "EUR",
            "variants": [{"id": 2, "price": 1}],
        },
    ),
    (Open(), "stock.updated", {"levels": [{"item": 1, "location": 2, "units": 3}]}),
    (
        Open(),
        "order.updated",
        {
            "id": 1,
            "email": "a@example.com",
            "items": ITEMS,
            "money": {"total": 2, "refunded": 1, "currency": "EUR"},
            "codes": ["A"],
        },
    ),
    (Open(), "checkout.updated", {"id": 1, "email": "a@example.com", "items": ITEMS}),
]


def places(value: object, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where something stands in a message."""
    if here:
        yield here
    if isinstance(value, dict):
        for name, inner in cast("dict[str, object]", value).items():
            yield from places(inner, (*here, name))
    elif isinstance(value, list):
        for number, inner in enumerate(cast("list[object]", value)):
            yield from places(inner, (*here, number))


def body(storefront: Storefront, topic: str, message: object) -> bytes:
    """The bytes in which it arrives; that they are signed is another's matter."""
    if storefront.source == "open":
        message = {"type": topic, "timestamp": AT.isoformat(), "data": message}
    if storefront.source != "wix":
        return json.dumps(message).encode()
    claims = {"data": json.dumps({"eventType": topic, "instanceId": "i", "data": json.dumps(message)}), "iat": 1}
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    return b"e30." + part + b".c2ln"


def outcome(storefront: Storefront, topic: str, message: object) -> object:
    delivery = WebhookDelivery(store_id="s", source=storefront.source, topic=topic, key="k", triggered_at=AT)
    try:
        return storefront.read(delivery, body(storefront, topic, message))
    except PayloadMalformed as wrong:
        return wrong


@pytest.mark.parametrize(("storefront", "topic", "message"), MESSAGES, ids=[topic for _, topic, _ in MESSAGES])
@given(data=st.data())
def test_with_anything_in_any_place_it_is_read_or_malformed(
    storefront: Storefront, topic: str, message: dict[str, Any], data: st.DataObject
) -> None:
    whole = outcome(storefront, topic, message)
    assert isinstance(whole, tuple)
    assert whole
    *way, last = data.draw(st.sampled_from(list(places(message))))
    changed = json.loads(json.dumps(message))
    inside: Any = changed
    for step in way:
        inside = inside[step]
    inside[last] = data.draw(ANYTHING)
    assert isinstance(outcome(storefront, topic, changed), tuple | NotOurs | PayloadMalformed)
