"""What Shopify's messages say: every stored payload as the bytes it came in, and the edges around them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from activities.storefronts.storefront import NotOurs, PayloadMalformed
from schemas.incoming.facts import Fact, Policy, ProductFact, ProductGoneFact, StockFact, VariantFact
from tests.storefronts.shop import ABOUT_PEOPLE, ANSWERED, PAYLOADS, TRIGGERED_AT, facts_in, headers, product

NEW_YEAR = datetime(2022, 1, 1, tzinfo=UTC)
TRIGGERED = datetime(2025, 1, 31, 9, 30, 0, 123456, tzinfo=UTC)


def receive(body: bytes, topic: str, triggered_at: str | None = TRIGGERED_AT) -> tuple[Fact, ...] | NotOurs:
    return facts_in(body, headers(body, topic, triggered_at=triggered_at))


def receive_product(product: object, triggered_at: str | None = TRIGGERED_AT) -> ProductFact:
    facts = receive(json.dumps(product).encode(), "products/update", triggered_at)
    assert isinstance(facts, tuple)
    (fact,) = facts
    assert isinstance(fact, ProductFact)
    return fact


def variant(**changes: object) -> VariantFact:
    return receive_product(product(variants=[{"id": 31} | changes])).variants[0]


@pytest.mark.parametrize("name", ["inventory_levels_update", "inventory_levels_connect"])
def test_a_stored_level_is_one_stock_fact_with_the_unrounded_item(name: str) -> None:
    body = (PAYLOADS / f"{name}.json").read_bytes()
    assert receive(body, name.replace("levels_", "levels/")) == (
        StockFact(inventory_item_id="271878346596884015", location_id="24826418", available=None, observed_at=NEW_YEAR),
    )


def test_a_disconnected_level_has_nothing_left() -> None:
    body = (PAYLOADS / "inventory_levels_disconnect.json").read_bytes()
    assert receive(body, "inventory_levels/disconnect") == (
        StockFact(inventory_item_id="271878346596884000", location_id="24826418", available=0, observed_at=TRIGGERED),
    )


@pytest.mark.parametrize("name", ["products_update", "products_create"])
def test_a_stored_product_is_one_product_fact_with_unrounded_ids(name: str) -> None:
    body = (PAYLOADS / f"{name}.json").read_bytes()
    small, medium = "642667041472713922", "757650484644203962"
    assert receive(body, name.replace("_", "/")) == (
        ProductFact(
            product_id="788032119674292922",
            title="Example T-Shirt",
            handle="example-t-shirt",
            image_url=None,
            vendor="Acme",
            tags=("example", "mens", "t-shirt"),
            on_sale=True,
            variants=(
                VariantFact(variant_id=small, title="Small", price=Decimal("19.99"), quantity=75),
                VariantFact(variant_id=medium, title="Medium", price=Decimal("19.99"), quantity=50),
            ),
            all_variant_ids=frozenset({small, medium}),
            observed_at=NEW_YEAR,
        ),
    )


def test_a_deleted_product_is_gone() -> None:
    body = (PAYLOADS / "products_delete.json").read_bytes()
    assert receive(body, "products/delete") == (
        ProductGoneFact(product_id="788032119674292900", observed_at=TRIGGERED),
    )


@pytest.mark.parametrize("file", sorted(PAYLOADS.glob("*.json")), ids=lambda file: file.stem)
def test_every_stored_payload_is_answered_or_not_ours(file: Path) -> None:
    first, _, last = file.stem.rpartition("_")
    topic = f"{first}/{last}"
    if topic in ABOUT_PEOPLE:
        return  # test_shopify_people.py
    answer = receive(file.read_bytes(), topic)
    if topic in ANSWERED:
        assert isinstance(answer, tuple)
        assert len(answer) == 1
    else:
        assert answer == NotOurs(topic)


@pytest.mark.parametrize("file", sorted(PAYLOADS.glob("*.json")), ids=lambda file: file.stem)
@pytest.mark.parametrize("topic", sorted(ANSWERED | ABOUT_PEOPLE))
def test_a_stored_payload_under_a_wrong_topic_reads_or_says_where_it_does_not_fit(file: Path, topic: str) -> None:
    try:
        answer = receive(file.read_bytes(), topic)
    except PayloadMalformed as problem:
        answer = problem
    sample = topic in ABOUT_PEOPLE and isinstance(answer, NotOurs)
    malformed = isinstance(answer, PayloadMalformed) and answer.path.startswith("$")
    assert isinstance(answer, tuple) or sample or malformed


def test_products_as_older_versions_show_them_say_whether_units_are_counted() -> None:
    old = json.loads((PAYLOADS / "admin_product.json").read_bytes())["product"]
    fact = receive_product(old)
    assert fact.on_sale, "there was no status then"
    assert [shown.quantity for shown in fact.variants] == [10, 20, 30, 40]
    assert {shown.tracked for shown in fact.variants} == {True}
    assert {shown.policy for shown in fact.variants} == {Policy.CONTINUE}
    assert fact.all_variant_ids == {"808950810", "49148385", "39072856", "457924702"}


def test_a_product_whose_units_are_not_counted_has_no_quantity() -> None:
    uncounted = json.loads((PAYLOADS / "rest_product.json").read_bytes())["product"]
    (shown,) = receive_product(uncounted).variants
    assert (shown.tracked, shown.quantity, shown.sku, shown.price) == (False, None, None, Decimal("0.00"))


@pytest.mark.parametrize(
    ("says", "tracked", "quantity"),
    [
        ({}, None, 7),
        ({"inventory_management": "shopify"}, True, 7),
        ({"inventory_management": "a-fulfilment-service"}, True, 7),
        ({"inventory_management": None}, False, None),
        ({"inventory_management": ""}, False, None),
    ],
)
def test_counting_is_known_only_where_the_message_says_it(
    says: dict[str, object], tracked: bool | None, quantity: int | None
) -> None:
    fact = variant(inventory_quantity=7, **says)
    assert (fact.tracked, fact.quantity) == (tracked, quantity)


@pytest.mark.parametrize(
    ("changes", "on_sale"),
    [
        ({}, True),
        ({"status": None}, True),
        ({"status": "unlisted"}, True),
        ({"status": "draft"}, False),
        ({"status": "archived"}, False),
        ({"published_at": None}, False),
        ({"published_scope": "global"}, True),
    ],
)
def test_on_sale_is_active_and_published(changes: dict[str, object], on_sale: bool) -> None:
    assert receive_product(product(**changes)).on_sale is on_sale


@pytest.mark.parametrize(
    ("written", "price"),
    [("19.99", "19.99"), (19.99, "19.99"), (20, "20"), ("0.00", "0"), (1e-7, "0.0000001"), (None, None)],
)
def test_a_price_may_be_text_or_a_number(written: object, price: str | None) -> None:
    assert variant(price=written).price == (None if price is None else Decimal(price))


@pytest.mark.parametrize("price", ["-1", -1, "NaN", "1e5", "1_000", "19,99", " 1", "", True, [], "9" * 16, 1e20])
def test_what_is_not_a_price_is_malformed(price: object) -> None:
    with pytest.raises(PayloadMalformed) as problem:
        variant(price=price)
    assert problem.value.path == "$.variants[0].price"


@pytest.mark.parametrize("identity", [0, -1, True, 1.5, 1e17, "", "0", "abc", "1\n", "\u0661", [], {}, 10**20])
def test_what_is_not_an_id_is_malformed(identity: object) -> None:
    with pytest.raises(PayloadMalformed) as problem:
        variant(inventory_item_id=identity)
    assert problem.value.path == "$.variants[0].inventory_item_id"


def test_an_id_may_be_text_or_missing_beside_its_graphql_id() -> None:
    gid = "gid://shopify/ProductVariant/9007199254740993"
    assert variant(id="9007199254740993").variant_id == "9007199254740993"
    assert variant(id=None, admin_graphql_api_id=gid).variant_id == "9007199254740993"
    assert variant(id=9007199254740992, admin_graphql_api_id=gid).variant_id == "9007199254740993"


def test_a_graphql_id_of_another_form_leaves_the_plain_one() -> None:
    assert variant(admin_graphql_api_id="gid://shopify/Product/7").variant_id == "31"
    assert variant(admin_graphql_api_id=7).variant_id == "31"


def test_a_level_is_at_its_location_not_at_the_number_in_its_graphql_id() -> None:
    body = json.dumps(
        {
            "inventory_item_id": 49148385,
            "location_id": 487838322,
            "available": 18,
            "updated_at": "2023-01-03T12:21:36-05:00",
            "admin_graphql_api_id": "gid://shopify/InventoryLevel/548380009?inventory_item_id=49148385",
        }
    ).encode()
    facts = receive(body, "inventory_levels/update")
    assert isinstance(facts, tuple)
    (fact,) = facts
    assert isinstance(fact, StockFact)
    assert (fact.location_id, fact.inventory_item_id, fact.available) == ("487838322", "49148385", 18)


def test_variants_beyond_the_hundred_shown_are_known_by_their_graphql_ids() -> None:
    shown = [{"id": number} for number in range(1, 101)]
    gids = [{"admin_graphql_api_id": f"gid://shopify/ProductVariant/{number}"} for number in range(1, 251)]
    fact = receive_product(product(variants=shown, variant_gids=gids))
    assert len(fact.variants) == 100
    assert fact.all_variant_ids == {str(number) for number in range(1, 251)}


@pytest.mark.parametrize(
    "changes", [{"variants": [{"id": n} for n in range(1, 101)]}, {"variants": []}, {"variants": None}]
)
def test_all_variants_are_unknown_when_some_may_be_left_out(changes: dict[str, object]) -> None:
    assert receive_product(product(**changes)).all_variant_ids is None


def test_all_variants_are_unknown_when_one_of_their_ids_cannot_be_read() -> None:
    gids = [{"admin_graphql_api_id": "gid://shopify/ProductVariant/31"}, {"admin_graphql_api_id": None}]
    assert receive_product(product(variant_gids=gids)).all_variant_ids is None


def test_two_variants_under_one_rounded_id_are_malformed() -> None:
    with pytest.raises(PayloadMalformed) as problem:
        receive_product(product(variants=[{"id": 31}, {"id": 31}]))
    assert problem.value.path == "$.variants[1].id"


@pytest.mark.parametrize("updated_at", [None, "2021-12-31T19:00:00"])
def test_a_message_without_its_own_time_has_the_time_of_the_event(updated_at: str | None) -> None:
    timeless = product(updated_at=updated_at)
    assert receive_product(timeless).observed_at == TRIGGERED
    for header in (None, "2025-01-31T09:30:00", "yesterday"):
        with pytest.raises(PayloadMalformed) as problem:
            receive_product(timeless, triggered_at=header)
        assert problem.value.path == "$.updated_at"


@pytest.mark.parametrize(
    ("updated_at", "triggered_at", "observed_at"),
    [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.250Z", "2026-01-31T09:30:00.250Z"),
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:01.250Z", "2026-01-31T09:30:00.999999Z"),
        ("2026-01-31T09:30:00.125Z", "2026-01-31T09:30:00.250Z", "2026-01-31T09:30:00.125Z"),
        ("2026-01-31T09:30:00Z", "2026-01-31T09:31:00Z", "2026-01-31T09:30:00Z"),
        ("2026-01-31T09:30:00Z", "2026-01-31T09:29:59.900Z", "2026-01-31T09:30:00Z"),
    ],
)
def test_of_changes_within_a_second_the_header_tells_which_was_later(
    updated_at: str, triggered_at: str, observed_at: str
) -> None:
    told = receive_product(product(updated_at=updated_at), triggered_at=triggered_at)
    assert told.observed_at == datetime.fromisoformat(observed_at)


@pytest.mark.parametrize("updated_at", ["yesterday", 1640995200, "1640995200", True, "9999-12-31T23:59:59-05:00"])
def test_a_time_that_is_none_is_malformed(updated_at: object) -> None:
    with pytest.raises(PayloadMalformed) as problem:
        receive_product(product(updated_at=updated_at))
    assert problem.value.path == "$.updated_at"


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ({"src": "https://cdn.shopify.com/mug.png?v=1"}, "https://cdn.shopify.com/mug.png?v=1"),
        ({"src": "javascript:alert(1)"}, None),
        ({"src": "https://cdn.shopify.com/" + "m" * 1000}, None),
        ({"src": None}, None),
        (None, None),
    ],
)
def test_an_image_is_taken_only_by_a_web_address(image: object, address: str | None) -> None:
    assert receive_product(product(image=image)).image_url == address


def test_long_titles_are_cut_and_do_not_cost_the_stock() -> None:
    fact = receive_product(product(title="m" * 2000, handle="h" * 2000))
    assert (len(fact.title), fact.handle, fact.variants[0].quantity) == (1000, None, 3)


@pytest.mark.parametrize(
    ("says", "tags"),
    [({}, None), ({"tags": None}, ()), ({"tags": ""}, ()), ({"tags": "wool, , new in"}, ("wool", "new in"))],
)
def test_no_tags_are_an_answer_and_a_missing_field_is_none(
    says: dict[str, object], tags: tuple[str, ...] | None
) -> None:
    assert receive_product(product(**says)).tags == tags


@pytest.mark.parametrize("missing", ["title", "published_at"])
def test_a_product_narrowed_by_the_subscription_is_malformed_not_guessed(missing: str) -> None:
    narrow = product()
    del narrow[missing]
    with pytest.raises(PayloadMalformed) as problem:
        receive_product(narrow)
    assert problem.value.path == f"$.{missing}"


def test_a_level_must_say_how_many_there_are() -> None:
    level = b'{"inventory_item_id":1,"location_id":2,"updated_at":"2021-12-31T19:00:00-05:00"}'
    with pytest.raises(PayloadMalformed) as problem:
        receive(level, "inventory_levels/update")
    assert problem.value.path == "$.available"
