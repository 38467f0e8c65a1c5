"""What Shopify's messages about people say: of a person, the address and nothing else."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from activities.storefronts.storefront import NotOurs, PayloadMalformed
from schemas.incoming.facts import (
    CheckoutFact,
    ContactErasureFact,
    DataRequestFact,
    Fact,
    ItemFact,
    OrderFact,
    OrderMoney,
    ShopErasureFact,
    StoreFact,
)
from tests.storefronts.shop import ABOUT_PEOPLE, PAYLOADS, SHOP, facts_in, headers, verified

NEW_YEAR = datetime(2022, 1, 1, tzinfo=UTC)
TRIGGERED = datetime(2025, 1, 31, 9, 30, 0, 123456, tzinfo=UTC)
SOMEONE = {"id": 7, "email": "Ann@Example.com", "phone": "555-625-1199"}


def receive(body: bytes | object, topic: str) -> tuple[Fact, ...] | NotOurs:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return facts_in(raw, headers(raw, topic))


def order(**changes: object) -> dict[str, object]:
    line = {"product_id": 21, "variant_id": 31, "quantity": 2}
    moment = "2021-12-31T19:00:00-05:00"
    base = {"id": 51, "email": "ann@example.com", "created_at": moment, "updated_at": moment, "line_items": [line]}
    return base | changes


def receive_order(**changes: object) -> OrderFact:
    facts = receive(order(**changes), "orders/updated")
    assert isinstance(facts, tuple)
    (fact,) = facts
    assert isinstance(fact, OrderFact)
    return fact


@pytest.mark.parametrize("name", ["orders_create", "orders_paid", "orders_updated", "orders_cancelled"])
def test_a_stored_order_is_one_order_fact_with_the_unrounded_id(name: str) -> None:
    assert receive((PAYLOADS / f"{name}.json").read_bytes(), name.replace("_", "/")) == (
        OrderFact(
            order_id="820982911946154508",
            email="jon@example.com",
            items=(ItemFact(product_id="632910392", variant_id="808950810", quantity=2),),
            ordered_at=NEW_YEAR,
            cancelled=True,
            money=OrderMoney(total=Decimal(398), currency="USD"),
            observed_at=NEW_YEAR,
        ),
        StoreFact(currency="USD", observed_at=NEW_YEAR),
    )


def receive_checkout(topic: str, body: bytes | object) -> CheckoutFact:
    facts = receive(body, topic)
    assert isinstance(facts, tuple)
    (fact,) = facts
    assert isinstance(fact, CheckoutFact)
    return fact


def test_a_stored_checkout_is_one_checkout_fact_without_the_token_that_opens_it() -> None:
    fact = receive_checkout("checkouts/create", (PAYLOADS / "checkouts_create.json").read_bytes())
    assert fact.email == "example@email.com"
    assert fact.items == (ItemFact(product_id="632910392", variant_id="808950810", quantity=2),)
    assert fact.checkout_id is not None
    assert "123123123" not in fact.checkout_id
    assert len(fact.checkout_id) == 32


@pytest.mark.parametrize("file", sorted(PAYLOADS.glob("*.json")), ids=lambda file: file.stem)
def test_of_a_stored_payload_nothing_personal_but_the_address_is_kept(file: Path) -> None:
    first, _, last = file.stem.rpartition("_")
    if (topic := f"{first}/{last}") in ABOUT_PEOPLE:
        facts = receive(file.read_bytes(), topic)
        kept = "".join(fact.model_dump_json() for fact in facts) if isinstance(facts, tuple) else ""
        for personal in ("Steve", "Shipper", "Smith", "Bob", "555-", "Street", "Kentucky", "40003", "token"):
            assert personal not in kept


def test_an_order_holds_what_is_left_after_edits_and_refunds() -> None:
    lines = [
        {"product_id": 21, "variant_id": 31, "quantity": 2, "current_quantity": 0},
        {"product_id": 22, "variant_id": None, "quantity": 3, "current_quantity": 1},
        {"product_id": None, "variant_id": None, "quantity": 1},
    ]
    assert receive_order(line_items=lines).items == (
        ItemFact(product_id="21", variant_id="31", quantity=0),
        ItemFact(product_id="22", variant_id=None, quantity=1),
    )


@pytest.mark.parametrize(
    ("changes", "email"),
    [
        ({"email": "ANN@Example.COM"}, "ann@example.com"),
        ({"email": "", "contact_email": "b@example.com"}, "b@example.com"),
        ({"email": None, "customer": {"email": "c@example.com"}}, "c@example.com"),
        ({"email": "not an address", "customer": {"email": "c@example.com"}}, "c@example.com"),
    ],
)
def test_the_address_is_the_orders_own_or_else_the_customers(changes: dict[str, object], email: str) -> None:
    assert receive_order(**changes).email == email


@pytest.mark.parametrize("email", ["ann@example.com", None])
def test_an_order_says_the_shops_currency_of_when_it_was_made(email: str | None) -> None:
    facts = receive(order(email=email, currency="EUR", updated_at="2022-01-02T00:00:00Z"), "orders/updated")
    assert isinstance(facts, tuple)
    assert facts[-1] == StoreFact(currency="EUR", observed_at=NEW_YEAR)


def test_of_a_shop_only_its_currency_is_taken() -> None:
    shop = (PAYLOADS / "shop_update.json").read_bytes()
    assert receive(shop, "shop/update") == (StoreFact(currency="USD", observed_at=TRIGGERED),)
    assert receive({"currency": "euro"}, "shop/update") == ()


@pytest.mark.parametrize(
    "changes",
    [{"email": None}, {"email": "nobody"}, {"email": "a" * 400 + "@example.com"}, {"line_items": []}],
)
def test_an_order_of_nobody_or_of_nothing_is_taken_and_says_nothing(changes: dict[str, object]) -> None:
    assert receive(order(**changes), "orders/create") == ()


def test_an_order_says_whether_it_is_cancelled() -> None:
    assert not receive_order().cancelled
    assert receive_order(cancelled_at="2022-01-02T00:00:00Z").cancelled


def test_an_order_without_its_lines_is_malformed_not_guessed() -> None:
    narrow = order()
    del narrow["line_items"]
    with pytest.raises(PayloadMalformed) as problem:
        receive(narrow, "orders/create")
    assert problem.value.path == "$.line_items"


def test_a_checkout_that_is_over_is_an_order_and_no_checkout_any_more() -> None:
    assert receive(order(token="t", completed_at="2022-01-01T00:00:00Z"), "checkouts/update") == ()


def test_a_checkout_that_was_emptied_or_deleted_says_so_and_which_it_was() -> None:
    emptied = receive_checkout("checkouts/update", order(token="t", cart_token="c", line_items=[]))
    deleted = receive_checkout("checkouts/delete", {"id": 1, "cart_token": "c"})
    assert (emptied.items, deleted.items) == ((), ())
    assert emptied.cart_id == deleted.cart_id
    assert emptied.checkout_id is not None
    assert deleted.checkout_id is None


def test_the_privacy_topics_say_who_is_meant() -> None:
    asked = {"shop_id": 954889, "shop_domain": SHOP, "customer": SOMEONE, "orders_to_redact": [299938]}
    assert receive(asked, "customers/redact") == (
        ContactErasureFact(email="ann@example.com", order_ids=("299938",), observed_at=TRIGGERED),
    )
    assert receive(asked | {"data_request": {"id": 9999}}, "customers/data_request") == (
        DataRequestFact(email="ann@example.com", request_id="9999", observed_at=TRIGGERED),
    )
    assert receive({"shop_id": 954889, "shop_domain": SHOP}, "shop/redact") == (ShopErasureFact(observed_at=TRIGGERED),)
    for who in ({"id": 7}, {"id": 7, "email": None}, None):
        assert receive({"shop_domain": SHOP, "customer": who}, "customers/redact") == ()


@pytest.mark.parametrize("topic", ["customers/redact", "shop/redact", "customers/data_request"])
@pytest.mark.parametrize("shop", ["other.myshopify.com", "", None, "{other}.myshopify.com"])
def test_another_shops_people_cannot_be_forgotten_by_a_changed_header(topic: str, shop: str | None) -> None:
    with pytest.raises(PayloadMalformed) as problem:
        receive({"shop_domain": shop, "customer": SOMEONE}, topic)
    assert problem.value.path == "$.shop_domain"


def test_what_one_privacy_topic_asks_is_not_read_as_another() -> None:
    """The topic is not signed: who asks for a copy, or to be forgotten, must not have the whole shop erased."""
    one_person = {"shop_domain": SHOP, "customer": SOMEONE, "orders_to_redact": [1]}
    copy = {"shop_domain": SHOP, "customer": SOMEONE, "data_request": {"id": 9}}
    for asked, topic in ((one_person, "shop/redact"), (copy, "shop/redact"), (copy, "customers/redact")):
        with pytest.raises(PayloadMalformed, match="X-Shopify-Topic"):
            receive(asked, topic)


def test_the_sample_that_shopifys_tools_send_is_about_no_shop() -> None:
    assert receive((PAYLOADS / "shop_redact.json").read_bytes(), "shop/redact") == NotOurs("shop/redact")


@pytest.mark.parametrize("topic", sorted(ABOUT_PEOPLE | {"customers/update", "anything/else"}))
def test_a_delivery_about_people_says_that_its_body_is_not_to_be_kept(topic: str) -> None:
    assert verified(b"{}", headers(b"{}", topic)).about_people
    assert not verified(b"{}", headers(b"{}", "products/update")).about_people
