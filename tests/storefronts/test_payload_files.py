"""Every stored payload and vector of Wix, Square, Klaviyo and the open API, in one table: what each is read as."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activities.storefronts.open.adapter import Open
from activities.storefronts.square.adapter import Square
from activities.storefronts.storefront import (
    DeliveryMalformed,
    PayloadMalformed,
    SignatureWrong,
    Storefront,
    WebhookRequest,
)
from activities.storefronts.wix.adapter import Wix
from schemas.incoming.facts import StockFact
from tests.storefronts import wix_app

PAYLOADS = Path(__file__).parent / "payloads"
FOLDERS = ("wix", "square", "klaviyo", "open")
WIX_PRODUCT = "7e4f023f-53d2-70da-30bb-31662b3c095f"
SIGNED = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)


def stored(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_bytes())


def sold_out(variant: int) -> StockFact:
    name = f"{WIX_PRODUCT}-00000000-0000-{variant:04}-0005-918e4641acb0"
    return StockFact(inventory_item_id=name, location_id="store", available=0, observed_at=SIGNED)


def outcome(storefront: Storefront, request: WebhookRequest, secret: str) -> object:
    """The facts, or the error's type."""
    try:
        return storefront.read(storefront.verify(request, [secret]), request.body)
    except (SignatureWrong, DeliveryMalformed, PayloadMalformed) as error:
        return type(error)


def wix_data() -> None:
    topic = "com.wix.ecommerce.inventory.api.v1.InventoryVariantsChanged"
    request = wix_app.sent(topic, stored("wix/v1_inventory_variants_changed_data.json"), iat=int(SIGNED.timestamp()))
    assert outcome(Wix(), request, wix_app.public()) == (sold_out(1), sold_out(3))


def wix_claims() -> None:
    request = WebhookRequest(
        wix_app.token(stored("wix/v1_inventory_variants_changed_jwt_claims.json")),
        {},
        at=SIGNED,
    )
    assert outcome(Wix(), request, wix_app.public()) == (sold_out(1), sold_out(3))
    assert Wix().store_named(request) == "00000000-1111-2222-3333-444444444444"


def wix_vectors() -> None:
    vectors = stored("wix/vectors_jwt.json")
    assert len(vectors["cases"]) >= 4
    for case in vectors["cases"]:
        request = WebhookRequest(case["body"].encode(), {}, at=datetime.fromtimestamp(case["now"], UTC))
        expected = (sold_out(1), sold_out(3)) if case["valid"] else SignatureWrong
        assert outcome(Wix(), request, vectors["public_key"]) == expected, case["name"]


def square_count() -> None:
    body = (PAYLOADS / "square" / "inventory_count_updated.json").read_bytes()
    assert outcome(Square(), WebhookRequest(body, {}), "key") is SignatureWrong
    request = WebhookRequest(body, {}, url="https://shelftalk.example/v1/webhooks/square")
    assert Square().store_named(request) == "6SSW7HV8K2ST5"


def square_vectors() -> None:
    vectors = stored("square/vectors.json")
    at = datetime(2019, 10, 29, 18, 38, 45, 102960, tzinfo=UTC)
    level = StockFact(
        inventory_item_id="FGQ5JJWT2PYTHF35CKZ2DSKP", location_id="YYQR03DGCTXA4", available=10, observed_at=at
    )
    for case in vectors["cases"]:
        headers = {"X-Square-HmacSha256-Signature": case["signature"]}
        request = WebhookRequest(case["body"].encode(), headers, url=vectors["url"])
        expected = (level,) if case["valid"] else SignatureWrong
        assert outcome(Square(), request, vectors["key"]) == expected, case["name"]


def open_vector() -> None:
    """Its signature is right; its body is of no form of ours, and it is from 2021."""
    vector = stored("open/vector.json")
    then = datetime.fromtimestamp(int(vector["headers"]["webhook-timestamp"]), UTC)
    for at, expected in ((then, DeliveryMalformed), (datetime.now(UTC), SignatureWrong)):
        request = WebhookRequest(vector["body"].encode(), vector["headers"], {"store": "shop.example"}, at=at)
        assert outcome(Open(), request, vector["secret"]) is expected


def in_another_file() -> None:
    """Klaviyo's are bodies of sign-ups and no webhooks: tests/http/test_klaviyo.py posts both of them."""
    posted = (Path(__file__).parent.parent / "http" / "test_klaviyo.py").read_text(encoding="utf-8")
    assert "back_in_stock_subscription_create.json" in posted
    assert "custom_catalog_example.json" in posted


TABLE: dict[str, Callable[[], None]] = {
    "wix/v1_inventory_variants_changed_data.json": wix_data,
    "wix/v1_inventory_variants_changed_jwt_claims.json": wix_claims,
    "wix/vectors_jwt.json": wix_vectors,
    "square/inventory_count_updated.json": square_count,
    "square/vectors.json": square_vectors,
    "open/vector.json": open_vector,
    "klaviyo/back_in_stock_subscription_create.json": in_another_file,
    "klaviyo/custom_catalog_example.json": in_another_file,
}
FILES = sorted(f"{folder}/{file.name}" for folder in FOLDERS for file in (PAYLOADS / folder).glob("*.json"))


@pytest.mark.parametrize("name", FILES)
def test_every_stored_file_is_read_as_the_table_says(name: str) -> None:
    TABLE[name]()


def test_the_table_has_no_file_that_is_not_there() -> None:
    assert sorted(TABLE) == FILES
