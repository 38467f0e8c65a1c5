"""Every stored payload of Shopify: what it says, or why nothing of it is read, or where it does not fit its topic."""

import json
from pathlib import Path

import pytest

from activities.storefronts.storefront import NotOurs, PayloadMalformed
from schemas.incoming.facts import (
    CheckoutFact,
    Fact,
    OrderFact,
    ProductFact,
    ProductGoneFact,
    StockFact,
    StoreFact,
)
from tests.markdown import ROOT
from tests.storefronts.shop import PAYLOADS, event_headers, facts_in, headers

ORDER = ("order 820982911946154508: 1 item, cancelled", "store in USD")
PRODUCT = ("product 788032119674292922: 2 of 2 variants",)
SAID: dict[str, tuple[str, ...]] = {
    "products_create": PRODUCT,
    "products_update": PRODUCT,
    "products_delete": ("product 788032119674292900 gone",),
    "inventory_levels_connect": ("271878346596884015 at 24826418: None",),
    "inventory_levels_update": ("271878346596884015 at 24826418: None",),
    "inventory_levels_disconnect": ("271878346596884000 at 24826418: 0",),
    "orders_create": ORDER,
    "orders_paid": ORDER,
    "orders_updated": ORDER,
    "orders_cancelled": ORDER,
    "checkouts_create": ("checkout: 1 item",),
    "checkouts_create_without_id": ("checkout: 1 item",),
    "checkouts_delete": ("checkout: 0 items",),
    "shop_update": ("store in USD",),
    "event_product_update_price_with_query": ("product 123: 1 of some variants",),
}
NO_FACT = {
    "refunds_create": "no address and not what is left of the order: `orders/updated` has both, and comes with it",
    "orders_edited": "lines by their ids only, without products: `orders/updated` comes with it",
    "carts_create": "nobody's address",
    "carts_update": "nobody's address",
    "inventory_items_create": "neither a variant nor a location",
    "inventory_items_update": "neither a variant nor a location",
    "variants_in_stock": "not whether the product is on sale: `products/update` comes with it",
    "variants_out_of_stock": "not whether the product is on sale: `products/update` comes with it",
    "locations_create": "no units",
    "locations_deactivate": "no units: what it had is read back",
    "locations_delete": "no units: what it had is read back",
    "collections_update": "not which products are in it",
    "customers_create": "no purchase; an account is no consent",
    "customers_update": "no purchase; an account is no consent",
    "customers_email_marketing_consent_update": "a consent to the shop's own mails, not to these",
    "event_product_update_price": "no query, so no `data`",
    "shop_redact": "the sample of Shopify's tools, about no shop",
}
MADE_UP = {
    "app/uninstalled": "nothing of products; `store status` finds that the token is not taken any more",
    "bulk_operations/finish": "an operation is asked for by its id until it is done",
    "inventory_items/delete": "neither a variant nor a location",
}
"""Topics without a stored payload."""
ANSWERS_OF_THE_API = {file.stem for file in PAYLOADS.glob("*.json") if file.stem.startswith(("admin_", "rest_"))}
"""Answers of the REST API, which no webhook has for its body. test_shopify_facts.py reads each under each topic."""


def topic_of(stem: str) -> str:
    plain = stem.removesuffix("_without_id")
    if plain.startswith("variants_"):
        return plain.replace("_", "/", 1)
    first, _, last = plain.rpartition("_")
    return f"{first}/{last}"


def receive(stem: str) -> tuple[Fact, ...] | NotOurs:
    body = (PAYLOADS / f"{stem}.json").read_bytes()
    if stem.startswith("event_"):
        return facts_in(body, event_headers(body, "Product", "update"))
    return facts_in(body, headers(body, topic_of(stem)))


def told(fact: Fact) -> str:
    match fact:
        case ProductFact():
            known = "some" if fact.all_variant_ids is None else len(fact.all_variant_ids)
            return f"product {fact.product_id}: {len(fact.variants)} of {known} variants"
        case ProductGoneFact():
            return f"product {fact.product_id} gone"
        case StockFact():
            return f"{fact.inventory_item_id} at {fact.location_id}: {fact.available}"
        case OrderFact():
            return f"order {fact.order_id}: {_items(fact)}{', cancelled' if fact.cancelled else ''}"
        case CheckoutFact():
            return f"checkout: {_items(fact)}"
        case StoreFact():
            return f"store in {fact.currency}"
        case _:
            return fact.kind


def _items(fact: OrderFact | CheckoutFact) -> str:
    return f"{len(fact.items)} item{'' if len(fact.items) == 1 else 's'}"


@pytest.mark.parametrize("file", sorted(PAYLOADS.glob("*.json")), ids=lambda file: file.stem)
def test_every_stored_payload_has_its_row(file: Path) -> None:
    rows = [file.stem in table for table in (SAID, NO_FACT, ANSWERS_OF_THE_API)]
    assert rows.count(True) == 1


@pytest.mark.parametrize("stem", SAID)
def test_a_stored_payload_says(stem: str) -> None:
    answer = receive(stem)
    assert isinstance(answer, tuple)
    assert tuple(told(fact) for fact in answer) == SAID[stem]


@pytest.mark.parametrize("stem", NO_FACT)
def test_of_a_stored_payload_nothing_is_read(stem: str) -> None:
    answer = receive(stem)
    assert isinstance(answer, NotOurs)


@pytest.mark.parametrize("topic", MADE_UP)
def test_of_a_topic_nothing_is_read(topic: str) -> None:
    assert facts_in(b"{}", headers(b"{}", topic)) == NotOurs(topic)


@pytest.mark.parametrize("stem", sorted(ANSWERS_OF_THE_API))
def test_an_answer_of_the_api_is_no_message_about_a_product(stem: str) -> None:
    """Whoever has the wrong bytes sent is told where they do not fit."""
    body = (PAYLOADS / f"{stem}.json").read_bytes()
    with pytest.raises(PayloadMalformed) as problem:
        facts_in(body, headers(body, "products/update"))
    assert problem.value.path.startswith("$")


def test_a_checkout_is_the_same_with_and_without_its_id() -> None:
    body = json.loads((PAYLOADS / "checkouts_create_without_id.json").read_text())
    with_id = json.dumps(body | {"id": 981820079255243537}).encode()
    assert facts_in(with_id, headers(with_id, "checkouts/update")) == receive("checkouts_create_without_id")


@pytest.mark.parametrize("topic", sorted({topic_of(stem) for stem in NO_FACT if stem[:5] != "event"} | {*MADE_UP}))
def test_why_nothing_is_read_of_a_topic_stands_in_the_docs(topic: str) -> None:
    page = (ROOT / "docs" / "storefronts" / "shopify.md").read_text(encoding="utf-8")
    assert f"`{topic}`" in page
