"""Whatever a batch holds, it is answered event by event, and what was accepted is there."""

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from activities.postgres.pool import Pool
from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.low_inventory import LowInventory
from schemas.document.alert_types.price_drop import PriceDrop
from schemas.document.alert_types.registry import AlertSection
from schemas.document.alert_types.vocabulary import Action, AlertType
from schemas.incoming.events import ABOUT_MESSAGES, EventKind
from starter.versioning.publishing import publish
from tests.events.told import conversation
from tests.http.test_any_request import ANYTHING, object_with
from tests.http.web import Web, product_message
from tests.storefronts.shop import SHOP

ALERTS: dict[str, AlertSection] = {
    "back": BackInStock(type=AlertType.BACK_IN_STOCK, action=Action.BROWSE, quantity_threshold=5),
    "drop": PriceDrop.model_validate({"type": "price-drop", "action": "cart", "drops_by": "10%"}),
    "low": LowInventory(type=AlertType.LOW_INVENTORY, action=Action.CART, low_at=3),
}
# The server and its database are the same for all examples: what earlier ones left there may only help to find more.
EXAMPLES = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
ID = st.text("ab", min_size=1, max_size=3)
ITEM = st.fixed_dictionaries({"product": st.sampled_from(["21", "22"])}, optional={"variant": st.just("31")})
MESSAGES = st.just("<j-1.tell.0@shop.example>") | st.text(max_size=5) | ANYTHING
MOMENTS = st.datetimes().map(lambda at: f"{at.isoformat()}Z") | st.sampled_from(
    ["2026-01-31T12:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", 0, 1e300]
)


def event_of(kind: EventKind) -> st.SearchStrategy[object]:
    needed: dict[str, st.SearchStrategy[object]] = {
        "id": ID,
        "store": st.just(SHOP),
        "kind": st.just(kind.value),
        "email": st.sampled_from(["ann@example.com", "Ben@example.com"]) | st.emails(),
    }
    if kind is EventKind.CUSTOM:
        needed["name"] = st.text(max_size=5)
    elif kind is EventKind.VIEWED_PRODUCT:
        needed["product"] = st.sampled_from(["21", "22"])
    elif kind is EventKind.JOINED_LIST:
        needed["list"] = st.sampled_from(["default", "of-nobody"]) | ANYTHING
    elif kind not in ABOUT_MESSAGES:
        needed["items"] = st.lists(ITEM, min_size=1, max_size=3)
    if kind is EventKind.ORDERED:
        needed["order"] = ID
    optional: dict[str, st.SearchStrategy[object]] = {"message": MESSAGES} if kind in ABOUT_MESSAGES else {}
    details = st.dictionaries(st.text(max_size=5), ANYTHING, max_size=2)
    return st.fixed_dictionaries(
        needed, optional=optional | {"happened_at": MOMENTS | ANYTHING, "properties": details, "attributes": details}
    )


EVENTS = st.sampled_from(list(EventKind)).flatmap(event_of) | object_with(
    id="a",
    store=SHOP,
    kind="viewed_product",
    email="ann@example.com",
    product="21",
    variant="31",
    quantity=1,
    items=[{"product": "21"}],
    message="<j-1.tell.0@shop.example>",
    list="default",
    happened_at="2026-01-31T12:00:00Z",
)


HALF = {"id": "\ud800", "store": SHOP, "kind": "viewed_product", "email": "ann@example.com", "product": "21"}


@EXAMPLES
@example(batch=[HALF, {"id": "\ud800"}])
@given(batch=st.lists(EVENTS, min_size=1, max_size=6))
async def test_any_batch_is_answered_event_by_event(web: Web, pool: Pool, batch: list[object]) -> None:
    if not await pool.fetchval("select exists (select from products)"):
        await publish(pool, conversation(ALERTS))
        await web.webhook("products/update", product_message(units=4))
    body = json.dumps({"events": batch}).encode()
    answer = await web.keyed.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    outcomes = answer.json()["outcomes"]
    assert len(outcomes) == len(batch)
    for outcome in outcomes:
        assert (outcome["refused"] is not None) == (outcome["status"] == "refused")
        if outcome["status"] == "accepted":
            assert await pool.fetchval("select exists (select from events where id = $1)", outcome["id"])


@EXAMPLES
@example(body=HALF)
@example(body=HALF | {"id": "a", "order": "\udfff"})
@given(body=EVENTS | ANYTHING)
async def test_any_single_event_is_taken_or_refused(web: Web, body: object) -> None:
    content = json.dumps(body).encode()
    answer = await web.keyed.post("/v1/events", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400, 422), answer.text
