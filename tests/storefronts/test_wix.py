"""What is particular to Wix: whose key signs, how its two catalogues tell of stock, and what is newer."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.storefront import NotOurs, PayloadMalformed, SignatureWrong, WebhookRequest
from activities.storefronts.wix.fields import units, variant_name, version
from schemas.incoming.facts import (
    Fact,
    HintFact,
    ItemFact,
    OrderFact,
    OrderMoney,
    ProductFact,
    ProductGoneFact,
    StockFact,
    VariantFact,
)
from tests.storefronts.wix_app import (
    ANOTHER_KEY,
    INSTANCE,
    NO_VARIANT,
    event,
    facts_in,
    item,
    public,
    sent,
    token,
    verified,
)

V3 = "wix.stores.catalog.v3."
V1 = "com.wix.ecommerce.inventory.api.v1.InventoryVariantsChanged"
SIGNED = datetime(2026, 1, 31, 12, tzinfo=UTC)
AT = datetime(2026, 1, 31, 12, 0, 0, 123007, tzinfo=UTC)
COUNTED = "00000000-0000-0001-0005-918e4641acb0"
STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
CLAIMS = {"data": json.dumps({"eventType": V1, "instanceId": INSTANCE, "data": "{}"}), "iat": 1769860800}


def told(topic: str, **inside: object) -> tuple[Fact, ...]:
    facts = facts_in(sent(V3 + topic, event(entityEventSequence="7", **inside)))
    assert isinstance(facts, tuple)
    return facts


# Who sent it ---------------------------------------------------------------------------------------------------------


def by_secret(algorithm: str) -> bytes:
    """A token signed with the public key as if it were a shared secret."""
    head, claims = (json.dumps(part).encode() for part in ({"alg": algorithm, "typ": "JWT"}, CLAIMS))
    parts = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (head, claims))
    made = hmac.new(public().encode(), parts, hashlib.sha256).digest()
    return parts + b"." + base64.urlsafe_b64encode(made).rstrip(b"=")


@pytest.mark.parametrize(
    "body",
    [
        by_secret("HS256"),
        by_secret("RS256"),
        by_secret("none"),
        token(CLAIMS, ANOTHER_KEY),
        token(CLAIMS, alg="RS512"),
        token(CLAIMS, alg="PS256"),
        token(CLAIMS, alg="none"),
        token(CLAIMS).rpartition(b".")[0] + b".",
        token(CLAIMS) + b"=",
    ],
)
def test_a_token_that_the_apps_key_did_not_sign_by_rs256_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureWrong):
        verified(WebhookRequest(body, {}))


def test_a_token_holds_until_it_ends_and_a_minute_more() -> None:
    request = replace(sent(V3 + "product_deleted", event(entityId="p-1"), exp=1769864400))
    ends = datetime.fromtimestamp(1769864400, UTC)
    assert verified(replace(request, at=ends + timedelta(seconds=59))).topic == V3 + "product_deleted"
    with pytest.raises(SignatureWrong):
        verified(replace(request, at=ends + timedelta(seconds=61)))


@pytest.mark.parametrize("pasted", [public().replace("\n", ""), public().replace("\n", "\\n"), f"  {public()}  "])
def test_a_key_may_have_lost_its_line_breaks(pasted: str) -> None:
    assert verified(WebhookRequest(token(CLAIMS), {}), pasted).store_id == INSTANCE


def test_only_messages_about_things_may_be_kept() -> None:
    about = {topic: verified(sent(topic, event())).about_people for topic in (V3 + "product_updated", V1)}
    assert set(about.values()) == {False}
    assert verified(sent("wix.ecom.v1.order_approved", event())).about_people
    assert verified(sent("wix.contacts.v4.contact_created", event())).about_people


def test_an_event_is_known_by_its_id_and_one_without_by_its_bytes() -> None:
    again = event(entityId="p-1")
    first, second = (verified(sent(V3 + "product_deleted", again, iat=at)) for at in (1769860800, 1769864400))
    assert first.key == second.key
    older, newer = (verified(sent(V1, {"productId": "p", "variants": []}, iat=at)) for at in (1769860800, 1769860801))
    assert older.key != newer.key


# Stock ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "available"),
    [
        ({"quantity": 5}, 5),
        ({"quantity": 0}, 0),
        ({"quantity": -3}, -3),
        ({"quantity": None, "inStock": True}, None),
        ({"quantity": None, "inStock": False}, 0),
    ],
)
def test_an_item_of_v3_has_a_number_or_says_that_there_are_some(said: dict[str, object], available: int | None) -> None:
    expected = (StockFact(inventory_item_id="p-1", location_id="l-1", available=available, observed_at=AT),)
    assert told("inventory_item_created", createdEvent={"entity": item(**said)}) == expected
    assert told("inventory_item_updated", updatedEvent={"currentEntity": item(**said)}) == expected
    assert told("inventory_item_updated", updatedEvent={"currentEntityAsJson": json.dumps(item(**said))}) == expected
    reason = {"body": {"inventoryItem": item(**said), "reason": "ORDER"}}
    assert told("inventory_item_updated_with_reason", actionEvent=reason) == expected


def test_a_deleted_item_has_none_left_where_the_message_says_of_what() -> None:
    gone = StockFact(inventory_item_id="p-1", location_id="l-1", available=0, observed_at=AT)
    assert told("inventory_item_deleted", deletedEvent={"deletedEntity": item()}) == (gone,)
    assert told("inventory_item_deleted", deletedEvent={}) == told("inventory_item_deleted") == ()


def test_a_reason_whose_item_goes_by_another_name_is_left_to_its_other_event() -> None:
    assert told("inventory_item_updated_with_reason", actionEvent={"body": {"another": item()}}) == ()
    assert told("inventory_item_updated_with_reason") == ()


def test_an_item_without_a_number_and_without_a_word_is_malformed() -> None:
    with pytest.raises(PayloadMalformed, match="neither 'quantity' nor 'inStock'"):
        told("inventory_item_updated", updatedEvent={"currentEntity": item(quantity=None)})


@given(quantity=st.none() | st.integers(-100_000, 1_000_000), in_stock=st.sampled_from([None, True, False]))
def test_what_is_out_of_stock_cannot_be_bought_whatever_number_stands_beside_it(
    quantity: int | None, in_stock: bool | None
) -> None:
    found = units(quantity, in_stock)
    if in_stock is False:
        assert found is not None
        assert found <= 0
    else:
        assert found == quantity


@given(
    first=st.integers(0, 10**9), after=st.integers(1, 999), millisecond=st.integers(0, 999), noise=st.integers(0, 999)
)
def test_within_a_millisecond_the_later_number_wins_and_across_them_the_later_time(
    first: int, after: int, millisecond: int, noise: int
) -> None:
    at = SIGNED.replace(microsecond=millisecond * 1000 + noise)
    later = at + timedelta(milliseconds=1)
    assert version(at, first) < version(later, 0)
    if first % 1000 + after < 1000:
        assert version(at, first) < version(at, first + after)


@pytest.mark.parametrize(
    ("variant", "name"),
    [(None, "p-1"), ("", "p-1"), (NO_VARIANT, "p-1"), (COUNTED, f"p-1-{COUNTED}"), ("3fa9-77", "3fa9-77")],
)
def test_a_variant_has_one_name_in_the_whole_store(variant: str | None, name: str) -> None:
    assert variant_name("p-1", variant) == name


def test_variants_of_v1_count_as_of_when_the_message_was_signed() -> None:
    changed = {
        "productId": "p-1",
        "variants": [
            {"id": NO_VARIANT, "newValue": {"quantity": 4, "inStock": True}},
            {"id": COUNTED, "newValue": {"inStock": True}},
            {"id": "00000000-0000-0003-0005-918e4641acb0", "newValue": {"availableForPreorder": True}},
        ],
    }
    assert facts_in(sent(V1, changed)) == (
        StockFact(inventory_item_id="p-1", location_id="store", available=4, observed_at=SIGNED),
        StockFact(inventory_item_id=f"p-1-{COUNTED}", location_id="store", available=None, observed_at=SIGNED),
    )


# Products and orders -------------------------------------------------------------------------------------------------


def test_a_product_of_v3_has_its_shown_variants_with_prices_from_text() -> None:
    choice = {"optionChoiceNames": {"optionName": "Size", "choiceName": "Small"}}
    variants = [
        {"id": "v-1", "sku": "M-S", "price": {"actualPrice": {"amount": "19.99"}}, "choices": [choice]},
        {"id": "v-2", "price": {"actualPrice": {"amount": "21.5"}}, "visible": False},
    ]
    product = {
        "id": "p-1",
        "name": "Mug",
        "slug": "mug",
        "visible": True,
        "brand": {"name": "Acme"},
        "media": {"main": {"image": {"url": "https://static.example/mug.jpg"}}},
        "variantsInfo": {"variants": variants},
    }
    (fact,) = told("product_updated", updatedEvent={"currentEntity": product})
    assert fact == ProductFact(
        product_id="p-1",
        title="Mug",
        handle="mug",
        image_url="https://static.example/mug.jpg",
        vendor="Acme",
        on_sale=True,
        variants=(
            VariantFact(variant_id="v-1", inventory_item_id="v-1", title="Small", sku="M-S", price=Decimal("19.9900")),
        ),
        all_variant_ids=frozenset({"v-1"}),
        observed_at=AT,
    )


def test_a_message_without_variants_says_nothing_of_them() -> None:
    (fact,) = told("product_created", createdEvent={"entity": {"id": "p-1", "name": "Mug", "visible": False}})
    assert isinstance(fact, ProductFact)
    assert (fact.on_sale, fact.variants, fact.all_variant_ids) == (False, (), None)


def test_a_deleted_product_is_gone_in_both_catalogues() -> None:
    assert told("product_deleted", entityId="p-1") == (ProductGoneFact(product_id="p-1", observed_at=AT),)
    v1 = facts_in(sent("com.wix.ecommerce.catalog.api.v1.ProductDeleted", {"productId": "p-1"}))
    assert v1 == (ProductGoneFact(product_id="p-1", observed_at=SIGNED),)


@pytest.mark.parametrize("name", ["catalog.api.v1.ProductChanged", "inventory.api.v1.InventoryItemChanged"])
def test_a_message_of_v1_that_only_says_that_something_changed_hints_at_its_product(name: str) -> None:
    hint = HintFact(product_id="p-1", observed_at=SIGNED)
    assert facts_in(sent(f"com.wix.ecommerce.{name}", {"productId": "p-1", "trackInventory": True})) == (hint,)


@pytest.mark.parametrize("name", [f"{V3}category_created", "com.wix.ecommerce.catalog.api.v1.CollectionChanged"])
def test_other_events_are_not_followed(name: str) -> None:
    assert facts_in(sent(name, event())) == NotOurs(name)


def order(**changes: object) -> dict[str, object]:
    def line(product: str, variant: str | None, app: str = STORES, quantity: int = 1) -> dict[str, object]:
        options = {} if variant is None else {"options": {"variantId": variant}}
        return {"catalogReference": {"catalogItemId": product, "appId": app, **options}, "quantity": quantity}

    base: dict[str, object] = {
        "id": "o-1",
        "createdDate": "2026-01-31T11:00:00Z",
        "buyerInfo": {"email": "Ada@Example.com", "contactId": "c-1"},
        "status": "APPROVED",
        "currency": "EUR",
        "lineItems": [
            line("p-1", NO_VARIANT),
            line("p-1", None, quantity=2),
            line("p-2", COUNTED),
            line("b-1", None, app="13d21c63-b5ec-5912-8397-c3a5ddb27a97"),
            {"productName": {"original": "A tip"}},
        ],
        "priceSummary": {"total": {"amount": "59.97"}},
        "balanceSummary": {"refunded": {"amount": "19.99"}},
        "appliedDiscounts": [{"coupon": {"code": "SPRING"}}, {"merchantDiscount": 1}],
    }
    return base | changes


def test_an_order_is_who_bought_what_of_the_shops_catalogue() -> None:
    approved = event(entityEventSequence="7", actionEvent={"body": {"order": order()}})
    assert facts_in(sent("wix.ecom.v1.order_approved", approved)) == (
        OrderFact(
            order_id="o-1",
            email="ada@example.com",
            items=(
                ItemFact(product_id="p-1", variant_id="p-1"),
                ItemFact(product_id="p-1", quantity=2),
                ItemFact(product_id="p-2", variant_id=f"p-2-{COUNTED}"),
            ),
            ordered_at=datetime(2026, 1, 31, 11, tzinfo=UTC),
            cancelled=False,
            money=OrderMoney(total=Decimal("59.97"), refunded=Decimal("19.99"), currency="EUR"),
            codes=("SPRING",),
            observed_at=AT,
        ),
    )


def test_a_cancelled_order_says_so_and_one_of_nobody_is_no_fact() -> None:
    cancelled = event(actionEvent={"body": {"order": order(status="CANCELED")}})
    (fact,) = facts_in(sent("wix.ecom.v1.order_canceled", cancelled))  # type: ignore[misc]
    assert isinstance(fact, OrderFact)
    assert fact.cancelled
    for nobody in (order(buyerInfo=None), order(lineItems=[]), order(buyerInfo={"email": "nobody"})):
        assert facts_in(sent("wix.ecom.v1.order_updated", event(updatedEvent={"currentEntity": nobody}))) == ()
