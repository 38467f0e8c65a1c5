"""WooCommerce's webhooks: whom we believe, and what every stored payload and every state of stock says."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.storefront import NotOurs, PayloadMalformed, WebhookAnswer, WebhookRequest
from activities.storefronts.woocommerce.adapter import WooCommerce, entities_decoded
from activities.storefronts.woocommerce.products import LOCATION
from schemas.incoming.facts import (
    Fact,
    HintFact,
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
from tests.storefronts.woocommerce_shop import (
    NOW,
    PAYLOADS,
    SECRET,
    SHOP,
    facts_in,
    order,
    product,
    request,
    signature,
    told,
)

STORED = PAYLOADS / "woocommerce"


def stored(name: str) -> Any:
    return json.loads((STORED / name).read_bytes())


def single(name: str) -> list[Any]:
    """The bodies in a file: a list of rows and the answer to a batch hold several."""
    match stored(name):
        case {"create": created, "update": updated, "delete": deleted}:
            return [*created, *updated, *deleted]
        case [*rows]:
            return rows
        case body:
            return [body]


def variation(name: str) -> list[object]:
    """Variations as a webhook shows them: REST has them in a list of their product's, which is 22."""
    return [{**each, "type": "variation", "name": "Ship Your Idea", "parent_id": 22} for each in single(name)]


def kinds(facts: tuple[Fact, ...] | NotOurs) -> str:
    return "not ours" if isinstance(facts, NotOurs) else " ".join(fact.kind for fact in facts)


TABLE: dict[str, tuple[str, list[object], Sequence[str]]] = {
    # Refunds, webhooks and a list of them are answers of the API; no webhook has them as its body.
    "order-refunds_1.json": ("order.updated", single("order-refunds_1.json"), ["$.status"]),
    "order-refunds_2.json": ("order.updated", single("order-refunds_2.json"), ["$.status"]),
    "order-refunds_3.json": ("order.updated", single("order-refunds_3.json"), ["$.status"] * 2),
    "order-refunds_4.json": ("order.updated", single("order-refunds_4.json"), ["$.status"]),
    "webhooks_2.json": ("product.updated", single("webhooks_2.json"), ["$.type"]),
    "webhooks_3.json": ("product.updated", single("webhooks_3.json"), ["$.type"] * 2),
    "webhooks_4.json": ("product.updated", single("webhooks_4.json"), ["$.type"]),
    "webhooks_5.json": ("product.updated", single("webhooks_5.json"), ["$.type"]),
    "orders_1.json": ("order.created", single("orders_1.json"), ["order store"]),
    "orders_2.json": ("order.created", single("orders_2.json"), ["order store"]),
    "orders_4.json": ("order.updated", single("orders_4.json"), ["order store"]),
    "orders_5.json": ("order.updated", single("orders_5.json"), ["order store"]),
    "orders_6.json": ("order.updated", single("orders_6.json"), ["order store"] * 4),
    "product_simple.json": ("product.updated", single("product_simple.json"), ["product"]),
    "product_variable.json": ("product.created", single("product_variable.json"), ["product hint"]),
    "products_3.json": ("product.updated", single("products_3.json"), ["product"]),
    "products_4.json": ("product.updated", single("products_4.json"), ["product hint", "product"]),
    "products_5.json": ("product.updated", single("products_5.json"), ["product"]),
    "products_6.json": ("product.restored", single("products_6.json"), ["product"]),
    "products_7.json": (
        "product.updated",
        single("products_7.json"),
        ["product", "product", "product hint", "product"],
    ),
    # Nobody counts them and they are there, so a webhook says no more than that the product is to be looked at.
    "product-variations_1.json": ("product.updated", variation("product-variations_1.json"), ["hint"]),
    "product-variations_4.json": ("product.updated", variation("product-variations_4.json"), ["hint"]),
    "product-variations_5.json": ("product.updated", variation("product-variations_5.json"), ["hint"]),
    "product-variations_6.json": ("product.updated", variation("product-variations_6.json"), ["hint"] * 4),
    "variation_managed_by_parent.json": (
        "product.updated",
        variation("variation_managed_by_parent.json"),
        ["stock hint"],
    ),
}
"""Of each stored payload: the topic, its bodies, and of each body the facts, or the path that does not fit."""


def test_no_stored_payload_is_left_out() -> None:
    assert set(TABLE) == {file.name for file in STORED.glob("*.json")}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_stored_payload_says_what_the_table_has(name: str) -> None:
    topic, bodies, says = TABLE[name]
    for body, expected in zip(bodies, says, strict=True):
        if expected.startswith("$"):
            with pytest.raises(PayloadMalformed) as wrong:
                told(body, topic)
            assert wrong.value.path == expected
        else:
            assert kinds(told(body, topic)) == expected


def test_a_stored_simple_product_is_its_own_only_variant() -> None:
    facts = told(stored("product_simple.json"))
    assert facts == (
        ProductFact(
            product_id="794",
            title="Premium Quality",
            handle="premium-quality-19",
            page_url="https://example.com/product/premium-quality-19/",
            image_url="https://example.com/wp-content/uploads/2017/03/T_2_front-4.jpg",
            tags=(),
            collections=("Clothing", "T-shirts"),
            on_sale=True,
            variants=(VariantFact(variant_id="794", inventory_item_id="794", price=Decimal("21.9900"), tracked=False),),
            all_variant_ids=frozenset({"794"}),
            observed_at=NOW,
        ),
    )


def test_a_stored_variation_without_units_of_its_own_tells_of_its_products() -> None:
    (body,) = variation("variation_managed_by_parent.json")
    assert told(body) == (
        StockFact(inventory_item_id="22", location_id=LOCATION, available=7, observed_at=NOW),
        HintFact(product_id="22", observed_at=NOW),
    )


def test_a_stored_order_is_read_with_its_money_and_what_was_given_back() -> None:
    refunded = single("orders_6.json")[3]
    facts = told(refunded, "order.updated")
    ordered_at = datetime(2017, 3, 21, 19, 16, tzinfo=UTC)
    assert facts == (
        OrderFact(
            order_id="723",
            email="joao.silva@example.com",
            items=(ItemFact(product_id="87", variant_id="87"), ItemFact(product_id="34", variant_id="34")),
            ordered_at=ordered_at,
            cancelled=False,
            money=OrderMoney(total=Decimal("39.00"), refunded=Decimal("19.00"), currency="USD"),
            observed_at=NOW,
        ),
        StoreFact(currency="USD", observed_at=ordered_at),
    )


VECTORS = json.loads((PAYLOADS / "vectors" / "woocommerce.json").read_bytes())["cases"]


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_a_signature_vector_verifies_by_the_secret_as_it_was_typed(case: dict[str, str]) -> None:
    assert case["valid"]
    body = case["body"].encode()
    sent = request(body, signature=case["signature"])
    assert WooCommerce().verify(sent, [case["secret_as_typed"]]).store_id == SHOP
    assert entities_decoded(case["secret_as_typed"]) == case["key_used"]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("&#039;&#39;&#x27;&#0039;", "''''"),
        ("&#034;&quot;&#X22;", '"""'),
        ("&lt;&#060;&gt;&#62;", "<<>>"),
        ("&amp;amp;", "&amp;"),
        ("&#38;&#x26;", "&&"),
        ("&copy;&#65;&amp", "&copy;&#65;&amp"),
    ],
)
def test_only_the_entities_that_wordpress_takes_for_characters_are(typed: str, key: str) -> None:
    assert entities_decoded(typed) == key


@given(st.text(st.sampled_from("&amplt;#0123xX2 67gtquo")))
def test_a_secret_without_an_ampersand_is_itself_and_any_is_read_in_one_go(typed: str) -> None:
    assert entities_decoded(typed.replace("&", "")) == typed.replace("&", "")
    assert entities_decoded(typed.replace("&", "&amp;")) == typed


def test_the_ping_is_answered_exactly_200_and_nothing_else_is_one() -> None:
    greet = WooCommerce().greet
    assert greet(WebhookRequest(b"webhook_id=12", {})) == WebhookAnswer()
    assert greet(WebhookRequest(b"webhook_id=12&x=1", {})) is None
    assert greet(WebhookRequest(b"webhook_id=12", {"X-WC-Webhook-Signature": signature(b"webhook_id=12")})) is None


@pytest.mark.parametrize("store", ["", "no host", "host//path", "host/ ", "a" * 300, "ü.example", "-x.example", "x:y"])
def test_an_address_without_the_host_of_a_shop_names_none(store: str) -> None:
    assert WooCommerce().store_named(WebhookRequest(b"{}", {}, {"store": store})) is None


def test_two_shops_in_folders_of_one_host_are_two_stores() -> None:
    named = [WooCommerce().store_named(WebhookRequest(b"{}", {}, {"store": f"Host.example/{each}"})) for each in "ab"]
    assert named == ["host.example/a", "host.example/b"]


def test_the_host_in_the_address_may_have_any_case_and_a_port() -> None:
    assert WooCommerce().store_named(WebhookRequest(b"{}", {}, {"store": "Shop.Example:8443"})) == "shop.example:8443"


def test_two_deliveries_of_one_second_are_two_and_the_same_again_is_one() -> None:
    bodies = [json.dumps(product(stock_quantity=units)).encode() for units in (1, 2, 1)]
    keys = [WooCommerce().verify(request(body, delivery_id="d41d8cd9"), [SECRET]).key for body in bodies]
    assert keys[0] != keys[1]
    assert keys[0] == keys[2]


def variant(**changes: object) -> tuple[VariantFact, int | None]:
    """The only variant of a product that is so, and the units that are told of it."""
    facts = told(product(**changes))
    assert not isinstance(facts, NotOurs)
    levels = [fact for fact in facts if isinstance(fact, StockFact)]
    shown = facts[-1]
    assert isinstance(shown, ProductFact)
    assert facts == (*levels, shown), "levels come first"
    return shown.variants[0], levels[0].available if levels else None


@pytest.mark.parametrize(
    ("changes", "tracked", "units", "policy"),
    [
        ({}, False, None, Policy.DENY),
        ({"stock_status": "outofstock"}, True, 0, Policy.DENY),
        ({"stock_status": "onbackorder"}, False, None, Policy.DENY),
        ({"manage_stock": True, "stock_quantity": 5}, True, 5, Policy.DENY),
        ({"manage_stock": True, "stock_quantity": "5.9"}, True, 5, Policy.DENY),
        ({"manage_stock": True, "stock_quantity": None}, True, 0, Policy.DENY),
        # The shop's no-stock amount is 2.
        ({"manage_stock": True, "stock_quantity": 2, "stock_status": "outofstock"}, True, 0, Policy.DENY),
        ({"manage_stock": True, "stock_quantity": -3, "stock_status": "outofstock"}, True, -3, Policy.DENY),
        (
            {"manage_stock": True, "stock_quantity": -3, "stock_status": "onbackorder", "backorders": "notify"},
            True,
            -3,
            Policy.CONTINUE,
        ),
        ({"manage_stock": True, "stock_quantity": 4, "backorders": "yes"}, True, 4, Policy.CONTINUE),
        ({"manage_stock": True, "stock_quantity": 4, "purchasable": False, "price": ""}, True, 0, Policy.DENY),
        ({"manage_stock": True, "stock_quantity": 4, "status": "private"}, True, 0, Policy.DENY),
    ],
)
def test_every_state_of_stock(changes: dict[str, object], tracked: bool, units: int | None, policy: Policy) -> None:
    shown, available = variant(**changes)
    assert (shown.tracked, available, shown.policy) == (tracked, units, policy)
    assert shown.quantity is None, "a level and a total of the same units would count twice"


@given(
    st.sampled_from([True, False, "parent", None, "yes"]),
    st.none() | st.integers(-100, 100),
    st.sampled_from(["instock", "outofstock", "onbackorder", None]),
    st.sampled_from(["no", "notify", "yes", None]),
)
def test_what_is_out_of_stock_has_nothing_to_sell_whatever_is_counted(
    managed: object, quantity: int | None, status: str | None, backorders: str | None
) -> None:
    shown, available = variant(
        manage_stock=managed, stock_quantity=quantity, stock_status=status, backorders=backorders
    )
    if status == "outofstock":
        assert shown.tracked
        assert available is not None
        assert available <= 0
        assert shown.policy is Policy.DENY
    else:
        assert (available is None) == (shown.tracked is False)


def test_a_variable_product_names_its_variations_and_leaves_them_to_be_read() -> None:
    body = product(id=22, type="variable", variations=[23, 24], manage_stock=True, stock_quantity=7, purchasable=False)
    facts = told(body)
    assert isinstance(facts, tuple)
    stock, shown, hint = facts
    assert isinstance(shown, ProductFact)
    assert stock == StockFact(inventory_item_id="22", location_id=LOCATION, available=7, observed_at=NOW)
    assert (shown.variants, shown.all_variant_ids) == ((), frozenset({"23", "24"}))
    assert hint == HintFact(product_id="22", observed_at=NOW)


def test_a_variation_of_no_product_is_malformed() -> None:
    with pytest.raises(PayloadMalformed, match=r"\$.parent_id"):
        told(product(type="variation"))


def test_a_product_is_deleted_by_a_message_of_its_id_only() -> None:
    assert facts_in(b'{"id": 794}', "product.deleted") == (ProductGoneFact(product_id="794", observed_at=NOW),)
    with pytest.raises(PayloadMalformed):
        told(order(), "product.deleted")


@pytest.mark.parametrize("topic", ["coupon.created", "coupon.deleted", "customer.updated", "order.deleted", "action.x"])
def test_other_topics_are_not_ours(topic: str) -> None:
    assert facts_in(b'{"id": 1}', topic) == NotOurs(topic)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "checkout-draft"}, ""),
        ({"status": "pending"}, "order store"),
        ({"billing": {"email": ""}}, "store"),
        ({"line_items": []}, "store"),
        ({"line_items": [{"product_id": 0, "variation_id": 0, "quantity": 1}]}, "store"),
        ({"currency": "euro"}, "order"),
    ],
)
def test_of_an_order_without_its_parts_less_is_said(changes: dict[str, object], says: str) -> None:
    assert kinds(told(order(**changes), "order.updated")) == says


@pytest.mark.parametrize("status", ["cancelled", "refunded", "failed", "trash"])
def test_an_order_that_came_to_nothing_is_cancelled(status: str) -> None:
    facts = told(order(status=status), "order.updated")
    assert isinstance(facts, tuple)
    assert isinstance(facts[0], OrderFact)
    assert facts[0].cancelled


def test_an_order_has_its_codes_and_each_thing_once() -> None:
    lines = [
        {"product_id": 22, "variation_id": 23, "quantity": 1},
        {"product_id": 22, "variation_id": 23, "quantity": 2},
    ]
    facts = told(order(line_items=lines, coupon_lines=[{"code": "SPRING"}, {"code": "x" * 300}]), "order.created")
    assert isinstance(facts, tuple)
    assert isinstance(facts[0], OrderFact)
    assert facts[0].email == "ada@example.com"
    assert facts[0].items == (ItemFact(product_id="22", variant_id="23", quantity=3),)
    assert facts[0].codes == ("SPRING",)


def test_a_body_about_people_is_known_by_itself_whatever_its_topic_says() -> None:
    body = json.dumps(order()).encode()
    assert WooCommerce().verify(request(body, "product.updated"), [SECRET]).about_people
    thing = json.dumps(product()).encode()
    assert not WooCommerce().verify(request(thing, "product.updated"), [SECRET]).about_people
