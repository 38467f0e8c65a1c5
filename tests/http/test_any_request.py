"""Whatever is sent, it is never answered 5xx: the fault is the sender's, and they are told so."""

import json
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.postgres.pool import Pool
from tests.http.connecting import connect_stores
from tests.http.web import Web
from tests.storefronts.shop import ABOUT_PEOPLE, ANSWERED, SHOP

# The server and its database are the same for all examples: what earlier ones left there may only help to find more.
EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["a@example.com", SHOP, "31", "\0", "\ud800", "19.99", "9" * 15, "2026-01-31T12:00:00Z", "active"]
    )
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def object_with(**good: object) -> st.SearchStrategy[object]:
    """Objects of these fields, each good, anything or missing; or anything else altogether."""
    fields: dict[str, st.SearchStrategy[object]] = {
        name: st.one_of(st.just(value), ANYTHING) for name, value in good.items()
    }
    return st.fixed_dictionaries({}, optional=fields) | st.fixed_dictionaries(fields) | ANYTHING


VARIANT = object_with(id=31, inventory_item_id=41, title="S", price="19.99", inventory_quantity=3, sku=None)
MESSAGES = object_with(
    id=21,
    title="Mug",
    published_at="2026-01-31T12:00:00Z",
    updated_at="2026-01-31T12:00:00Z",
    inventory_item_id=41,
    location_id=61,
    available=3,
) | st.fixed_dictionaries(
    {
        "id": st.just(21),
        "title": st.just("Mug"),
        "published_at": st.just("2026-01-31T12:00:00Z"),
        "updated_at": st.just("2026-01-31T12:00:00Z"),
        "variants": st.lists(VARIANT, max_size=2),
    }
)
LINE = object_with(product_id=21, variant_id=31, quantity=1, current_quantity=1)
ABOUT_SOMEONE = st.fixed_dictionaries(
    {
        "id": st.just(51),
        "email": st.just("a@example.com") | ANYTHING,
        "line_items": st.lists(LINE, max_size=2),
        "shop_domain": st.just(SHOP) | ANYTHING,
    },
    optional={
        "token": st.just("t") | ANYTHING,
        "created_at": st.just("2026-01-31T12:00:00Z") | ANYTHING,
        "updated_at": st.just("2026-01-31T12:00:00Z") | st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
        "cancelled_at": ANYTHING,
        "customer": object_with(email="a@example.com"),
        "data_request": object_with(id=7),
    },
)
BODIES: list[tuple[str, str, st.SearchStrategy[object]]] = [
    ("POST", "/v1/signups", object_with(store=SHOP, variant="31", email="a@example.com")),
    ("PUT", "/v1/stores/s", object_with(name="S", url="https://shop.example")),
    (
        "PUT",
        "/v1/stores/s/products/p",
        object_with(title="P", handle="p", on_sale=True, variants=[{"variant": "v"}])
        | st.fixed_dictionaries(
            {
                "title": st.just("P"),
                "variants": st.lists(object_with(variant="v", price="1.00", quantity=1, tracked=True), max_size=2),
            }
        ),
    ),
    ("PUT", "/v1/stores/s/variants/v/stock", object_with(available=3, location="l")),
    ("POST", "/v1/journeys/search", object_with(email="a@example.com", store=SHOP, limit=3, cursor="x")),
    ("POST", "/v1/conversations", ANYTHING),
]


@EXAMPLES
@given(topic=st.sampled_from(sorted(ANSWERED | ABOUT_PEOPLE)), message=MESSAGES | ABOUT_SOMEONE)
async def test_any_signed_webhook_is_applied_or_refused(web: Web, pool: Pool, topic: str, message: object) -> None:
    answer = await web.webhook(topic, message)
    assert answer.status_code in (200, 400, 422), answer.text
    if topic == "shop/redact":  # With the shop goes its secret.
        await connect_stores(pool)


@EXAMPLES
@given(data=st.data())
async def test_any_body_is_taken_or_refused(web: Web, data: st.DataObject) -> None:
    method, path, bodies = data.draw(st.sampled_from(BODIES))
    body = json.dumps(data.draw(bodies)).encode()
    answer = await web.keyed.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500 or answer.json()["type"].endswith(":not-open"), answer.text


@EXAMPLES
@given(
    path=st.sampled_from(
        [
            "/v1/journeys/{}",
            "/v1/journeys/{}/path",
            "/v1/stores/{}/variants",
            "/v1/stores/s/variants/{}",
            "/v1/stores/s/variants?cursor={}",
            "/v1/journeys?cursor={}",
            "/v1/journeys?store={}&limit={}",
            "/{}",
        ]
    ),
    text=st.text(min_size=1, max_size=30),
)
async def test_any_address_is_answered(web: Web, path: str, text: str) -> None:
    answer = await web.keyed.get(path.replace("{}", quote(text, safe="", errors="replace")))
    assert answer.status_code < 500, answer.text
