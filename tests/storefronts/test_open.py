"""What is particular to the open API: its signature and its age, and its strict form."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.open import messages
from activities.storefronts.open.adapter import Open
from activities.storefronts.open.messages import OpenPayload
from activities.storefronts.storefront import DeliveryMalformed, NotOurs, PayloadMalformed, SignatureWrong
from schemas.incoming.facts import (
    CheckoutFact,
    Fact,
    ItemFact,
    OrderFact,
    OrderMoney,
    Policy,
    ProductFact,
    ProductGoneFact,
    StockFact,
    StoreFact,
    VariantFact,
)
from tests.conformance.other_platforms import NOW, OpenPlatform
from tests.markdown import first_code, page

SHOP = OpenPlatform()
FIELDS = [shape for shape in vars(messages).values() if isinstance(shape, type) and issubclass(shape, OpenPayload)]


def read(type_: str, data: object, **changed: Any) -> tuple[Fact, ...] | NotOurs:
    sent = SHOP.signed(type_, data, **changed)
    return Open().read(Open().verify(sent, [SHOP.secret]), sent.body)


def outcome(type_: str, data: object) -> object:
    try:
        return read(type_, data)
    except PayloadMalformed as wrong:
        return wrong


@pytest.mark.parametrize("seconds", [-301, 301, 86400, -86400])
def test_a_message_that_was_not_signed_just_now_is_refused(seconds: int) -> None:
    sent = SHOP.stock(1, 2)
    with pytest.raises(SignatureWrong, match="within 5 minutes"):
        Open().verify(replace(sent, at=NOW + timedelta(seconds=seconds)), [SHOP.secret])


@given(seconds=st.integers(-300, 300))
def test_clocks_may_differ_by_five_minutes(seconds: int) -> None:
    sent = SHOP.stock(1, 2)
    assert Open().verify(replace(sent, at=NOW + timedelta(seconds=seconds)), [SHOP.secret]).triggered_at == NOW


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_id_and_time_are_signed_with_the_body(name: str) -> None:
    sent = SHOP.stock(1, 2)
    for changed in (f"{sent.headers[name]}0", "", "x"):
        with pytest.raises(SignatureWrong):
            Open().verify(replace(sent, headers={**sent.headers, name: changed}), [SHOP.secret])


@pytest.mark.parametrize("others", ["v1,AAAA ", "v2,anything v1a,xyz ", "  "])
def test_one_of_several_signatures_is_enough(others: str) -> None:
    sent = SHOP.stock(1, 2)
    headers = {**sent.headers, "webhook-signature": others + sent.headers["webhook-signature"]}
    assert Open().verify(replace(sent, headers=headers), [SHOP.secret]).store_id == SHOP.store


@pytest.mark.parametrize("secret", ["whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "a plain word", f"whsec_{'A' * 200}"])
def test_what_is_no_secret_of_standard_webhooks_signs_nothing(secret: str) -> None:
    with pytest.raises(SignatureWrong):
        Open().verify(SHOP.stock(1, 2), [secret])


def test_a_message_without_the_envelope_is_no_delivery() -> None:
    wrong: list[dict[str, Any]] = [{"timestamp": None}, {"type": "Nothing At All"}, {"more": 1}]
    for changed in wrong:
        sent = SHOP.signed("stock.updated", {"levels": []}, **changed)
        with pytest.raises(DeliveryMalformed):
            Open().verify(sent, [SHOP.secret])


@pytest.mark.parametrize("type_", ["order.updated", "checkout.updated", "weather.changed"])
def test_only_messages_about_things_may_be_kept(type_: str) -> None:
    assert Open().verify(SHOP.signed(type_, {}), [SHOP.secret]).about_people
    assert not Open().verify(SHOP.stock(1, 2), [SHOP.secret]).about_people


def test_a_product_is_told_with_all_its_variants() -> None:
    small = {"id": 31, "item": "i", "title": "Small", "sku": "M", "price": 19.99, "units": "2.5", "sells_at_zero": True}
    data = {
        "id": 21,
        "title": "Mug",
        "url": "https://shop.example/mug",
        "image": "https://shop.example/mug.jpg",
        "vendor": "Acme",
        "tags": ["new"],
        "collections": [],
        "on_sale": False,
        "currency": "EUR",
        "variants": [small, {"id": "32", "counted": False, "units": 4}],
    }
    assert read("product.updated", data) == (
        ProductFact(
            product_id="21",
            title="Mug",
            page_url="https://shop.example/mug",
            image_url="https://shop.example/mug.jpg",
            vendor="Acme",
            tags=("new",),
            collections=(),
            on_sale=False,
            variants=(
                VariantFact(
                    variant_id="31",
                    inventory_item_id="i",
                    title="Small",
                    sku="M",
                    price=Decimal("19.99"),
                    policy=Policy.CONTINUE,
                    quantity=2,
                ),
                VariantFact(variant_id="32", inventory_item_id="32", tracked=False),
            ),
            all_variant_ids=frozenset({"31", "32"}),
            observed_at=NOW,
        ),
        StoreFact(currency="EUR", observed_at=NOW),
    )
    assert read("product.deleted", {"id": 21}) == (ProductGoneFact(product_id="21", observed_at=NOW),)


def test_stock_is_told_by_item_and_location() -> None:
    levels = [{"item": "a", "units": 3}, {"item": "a", "location": 7, "units": None}]
    assert read("stock.updated", {"levels": levels}) == (
        StockFact(inventory_item_id="a", location_id="shop", available=3, observed_at=NOW),
        StockFact(inventory_item_id="a", location_id="7", available=None, observed_at=NOW),
    )


def test_orders_and_checkouts_are_who_and_what() -> None:
    items = [{"product": 1, "variant": 2}, {"product": 1, "variant": 2, "quantity": 2}, {"product": 3, "quantity": 0}]
    money = {"total": "59.97001", "refunded": 1, "currency": "EUR"}
    order = {"id": 5, "email": "Ada@Example.com", "items": items, "money": money, "codes": ["A"], "cancelled": True}
    (told,) = read("order.updated", order)  # type: ignore[misc]
    mugs = ItemFact(product_id="1", variant_id="2", quantity=3)
    assert told == OrderFact(
        order_id="5",
        email="ada@example.com",
        items=(mugs, ItemFact(product_id="3", quantity=0)),
        ordered_at=NOW,
        cancelled=True,
        money=OrderMoney(total=Decimal("59.97"), refunded=Decimal(1), currency="EUR"),
        codes=("A",),
        observed_at=NOW,
    )
    (told,) = read("checkout.updated", {"id": "c-1", "items": items})  # type: ignore[misc]
    assert isinstance(told, CheckoutFact)
    assert (told.email, told.items) == (None, (mugs,))
    assert told.checkout_id != "c-1"


PRODUCT: dict[str, Any] = {"id": 1, "title": "Mug", "variants": [{"id": 2}]}
ORDER: dict[str, Any] = {"id": 1, "email": "ada@example.com", "items": [{"product": 1}]}


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("product.updated", PRODUCT | {"titel": "x"}, "$.data.titel"),
    ("product.updated", PRODUCT | {"title": None}, "$.data.title"),
    ("product.updated", PRODUCT | {"title": "a\0b"}, "$.data.title"),
    ("product.updated", PRODUCT | {"variants": []}, "$.data.variants"),
    ("product.updated", PRODUCT | {"variants": [{"id": 2, "price": "1,99"}]}, "$.data.variants[0].price"),
    ("product.updated", PRODUCT | {"variants": [{"id": 2}, {"id": "2"}]}, "$.data.variants"),
    ("product.updated", PRODUCT | {"url": "javascript:alert(1)"}, "$.data.url"),
    ("product.updated", PRODUCT | {"currency": "euro"}, "$.data.currency"),
    ("stock.updated", {"levels": [{"item": 1}]}, "$.data.levels[0].units"),
    ("stock.updated", {"levels": [{"item": 1, "units": True}]}, "$.data.levels[0].units"),
    ("order.updated", ORDER | {"email": "nobody"}, "$.data.email"),
    ("order.updated", ORDER | {"items": [{"product": 1, "quantity": -1}]}, "$.data.items[0].quantity"),
    ("order.updated", ORDER | {"ordered_at": "2026-01-31T12:00:00"}, "$.data.ordered_at"),
    ("order.updated", ORDER | {"money": {"total": 1, "refunded": 2, "currency": "EUR"}}, "$.data.money.refunded"),
    ("checkout.updated", {"id": 1, "email": "nobody"}, "$.data.email"),
]


@pytest.mark.parametrize(("type_", "data", "path"), WRONG)
def test_what_is_wrong_is_named_where_it_stands(type_: str, data: object, path: str) -> None:
    with pytest.raises(PayloadMalformed) as wrong:
        read(type_, data)
    assert wrong.value.path == path
    assert "nobody" not in str(wrong.value)


def test_a_time_without_its_offset_is_refused() -> None:
    with pytest.raises(PayloadMalformed) as wrong:
        read("stock.updated", {"levels": [{"item": 1, "units": 1}]}, timestamp="2026-01-31T12:00:00")
    assert wrong.value.path == "$.timestamp"


@given(text=st.text(st.characters(codec="utf-8"), max_size=30) | st.integers() | st.booleans() | st.none())
def test_whatever_stands_in_a_field_is_read_or_named(text: object) -> None:
    for type_, data in (("product.updated", PRODUCT), ("order.updated", ORDER)):
        for name in data:
            assert isinstance(outcome(type_, {**data, name: text}), tuple | PayloadMalformed)


@pytest.mark.parametrize("shape", FIELDS, ids=lambda shape: shape.__name__)
def test_every_field_is_documented(shape: type[OpenPayload]) -> None:
    told = page("docs/storefronts/open.md")
    words = {word for code in told.whole.code for word in code.replace("`", "").split()}
    assert set(shape.model_fields) <= words
    assert first_code(told.section("3. Messages").rows)
