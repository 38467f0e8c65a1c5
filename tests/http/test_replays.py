"""Webhooks that are forged or sent again: what a secret is good for, and what was done stays done."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from starter.ops.database_checkup import examine_left_alone
from starter.ops.findings import Health
from starter.versioning.publishing import publish
from tests.http.conftest import web_over
from tests.http.connecting import connect_stores
from tests.http.web import Web, at, problem, product_message
from tests.product import starter_document
from tests.storefronts.shop import SECRET, SHOP, headers

OTHER, OTHERS_SECRET = "b.myshopify.com", "the secret of b"
LINES = [{"product_id": 21, "variant_id": 31, "quantity": 1}]
ANN = {"id": 7, "email": "ann@example.com"}


@pytest.fixture
async def shops(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    """Two shops on one server, each with a secret."""
    await publish(pool, starter_document())
    secrets = (("shopify", SHOP, SECRET), ("shopify", OTHER, OTHERS_SECRET))
    async with web_over(pool, nowhere, secrets=secrets) as web:
        yield web


async def by_other(web: Web, topic: str, body: object, shop: str = OTHER, **changed: str | None) -> int:
    """What is answered to a webhook that whoever has the other shop's secret sends in the name of a shop."""
    raw = json.dumps(body).encode()
    sent = headers(raw, topic, secret=OTHERS_SECRET, shop_domain=shop, **changed)
    return (await web.open.post("/v1/webhooks/shopify", content=raw, headers=sent)).status_code


async def known(pool: Pool, email: str = "ann@example.com") -> bool:
    return await pool.fetchval("select exists (select from contacts where email = $1)", email)


async def test_the_secret_of_one_shop_changes_nothing_of_another(shops: Web, pool: Pool) -> None:
    await shops.webhook("products/update", product_message())
    await shops.sign_up("ann@example.com")
    forged = [
        ("products/update", product_message(units=50)),
        ("inventory_levels/update", {"inventory_item_id": 41, "location_id": 61, "available": 9}),
        ("customers/redact", {"shop_domain": SHOP, "customer": ANN}),
        ("shop/redact", {"shop_domain": SHOP}),
    ]
    for topic, body in forged:
        assert await by_other(shops, topic, body, SHOP) == 401, topic
    assert await shops.units() == 0
    assert await known(pool)
    assert await by_other(shops, "products/update", product_message()) == 200, "its own"


async def test_a_shop_forgets_nobody_whom_only_another_knows(shops: Web, pool: Pool) -> None:
    await shops.webhook("products/update", product_message())
    await shops.sign_up("ann@example.com")
    await by_other(shops, "products/update", product_message())
    now = datetime.now(UTC).isoformat()
    body = {"shop_domain": OTHER, "customer": ANN}
    assert await by_other(shops, "customers/redact", body, triggered_at=now) == 200
    assert await known(pool)


async def test_a_shop_that_told_of_nothing_has_nobody_to_forget(shops: Web, pool: Pool) -> None:
    await shops.webhook("products/update", product_message())
    await shops.sign_up("ann@example.com")
    for topic, more in (("customers/redact", {"customer": ANN}), ("shop/redact", {})):
        assert await by_other(shops, topic, {"shop_domain": OTHER} | more) == 200
    assert await known(pool)
    by_webhook = "select count(*) from audit where action = 'make store' and actor = 'storefront'"
    assert await pool.fetchval(by_webhook) == 0, "none was made"


async def test_an_erasure_under_another_id_is_done_once(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("ann@example.com")
    asked = {"shop_domain": SHOP, "customer": ANN}
    assert (await web.webhook("customers/redact", asked)).json() == {"receipt": "applied"}
    assert not await known(pool)
    await web.sign_up("ann@example.com")
    # Deliveries are forgotten after a while, and this one is not.
    await pool.execute("update inbox set received_at = now() - interval '400 days'")
    assert (await web.webhook("customers/redact", asked)).json() == {"receipt": "repeated"}
    assert await known(pool)


async def test_what_was_asked_long_ago_forgets_nobody_who_came_since(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("ann@example.com")
    long_ago = (datetime.now(UTC) - timedelta(days=300)).isoformat()
    await web.webhook("customers/redact", {"shop_domain": SHOP, "customer": ANN}, triggered_at=long_ago)
    await web.webhook("shop/redact", {"shop_domain": SHOP}, triggered_at=long_ago)
    assert await known(pool)
    on_record = "select count(*) from audit where action = 'shop not erased: asked long ago'"
    assert await pool.fetchval(on_record) == 1


async def test_what_was_asked_long_ago_and_never_done_is_done(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("ann@example.com")
    await pool.execute("update contacts set created_at = now() - interval '301 days'")
    long_ago = (datetime.now(UTC) - timedelta(days=300)).isoformat()
    await web.webhook("customers/redact", {"shop_domain": SHOP, "customer": ANN}, triggered_at=long_ago)
    assert not await known(pool)


async def test_what_came_late_is_done_when_it_is_asked_for_now(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("ann@example.com")
    asked = {"shop_domain": SHOP}
    long_ago = (datetime.now(UTC) - timedelta(days=300)).isoformat()
    assert (await web.webhook("shop/redact", asked, triggered_at=long_ago)).json() == {"receipt": "ignored"}
    assert "contact erase-store" in (await examine_left_alone(pool)).advice
    assert (await web.webhook("shop/redact", asked)).json() == {"receipt": "applied"}
    assert not await known(pool)
    assert (await examine_left_alone(pool)).health is Health.GOOD


@pytest.mark.parametrize("topic", ["customers/redact", "shop/redact"])
async def test_what_is_asked_once_more_after_a_year_is_left_to_a_person_to_decide(
    web: Web, pool: Pool, topic: str
) -> None:
    """A shop that comes back and leaves again sends the same body, and so does whoever kept the first message."""
    await web.webhook("products/update", product_message())
    asked = {"shop_domain": SHOP} | ({"customer": ANN} if topic == "customers/redact" else {})
    assert (await web.webhook(topic, asked)).json() == {"receipt": "applied"}
    await connect_stores(pool)  # a shop that is erased is connected no more
    await web.sign_up("ann@example.com")
    assert (await web.webhook(topic, asked)).json() == {"receipt": "repeated"}
    assert (await examine_left_alone(pool)).health is Health.GOOD, "the storefront only tried again"
    await pool.execute("update inbox set received_at = now() - interval '1 year'")
    for _ in range(3):
        assert (await web.webhook(topic, asked)).json() == {"receipt": "repeated"}
    assert await known(pool)
    noted = await examine_left_alone(pool)
    assert (noted.health, noted.found[:2]) == (Health.NOTE, "1 ")
    contact_id = await pool.fetchval("select id from contacts where email = 'ann@example.com'")
    if topic == "customers/redact":
        assert f"`shelftalk contact erase {contact_id}`" in noted.advice
        await web.services.people.erase(contact_id, "ben")
    else:
        assert f"`shelftalk contact erase-store {SHOP}`" in noted.advice
        await web.services.people.erase_store(StoreId(SHOP), "ben")
    assert not await known(pool)
    assert (await examine_left_alone(pool)).health is Health.GOOD


async def test_whom_another_shop_knows_too_is_forgotten_by_the_one_that_asks(shops: Web, pool: Pool) -> None:
    """A shop's own key makes anybody known to it; they stay with the others."""
    await shops.webhook("products/update", product_message())
    await by_other(shops, "products/update", product_message())
    for store in (SHOP, OTHER):
        signed_up = {"store": store, "variant": "31", "email": "ann@example.com"}
        assert (await shops.open.post("/v1/signups", json=signed_up)).status_code == 202
    ordered = {"id": 51, "email": "ann@example.com", "created_at": at(0), "updated_at": at(0), "line_items": LINES}
    assert await by_other(shops, "orders/create", ordered) == 200
    for store in (SHOP, OTHER):
        unread = "insert into inbox (store_id, source, topic, key, state, error, body)"
        await pool.execute(f"{unread} values ($1, 's', 't', $1, 'malformed', '', 'b')", store)
    now = datetime.now(UTC).isoformat()
    body = {"shop_domain": OTHER, "customer": ANN}
    assert await by_other(shops, "customers/redact", body, triggered_at=now) == 200
    assert await known(pool)
    left = await pool.fetch("select store_id, state from waiting order by store_id = $1", OTHER)
    assert [tuple(row) for row in left] == [(SHOP, "waiting"), (OTHER, "left")]
    assert await pool.fetchval("select count(*) from orders") == 0
    kept = await pool.fetch("select store_id from inbox where body is not null")
    assert [row["store_id"] for row in kept] == [SHOP], "what another shop's could not be read is not about its people"
    for late in (ordered, ordered | {"id": 52}):
        assert await by_other(shops, "orders/create", late) == 200
    assert await pool.fetchval("select count(*) from orders") == 0, "nothing it tells late of before brings it back"
    await pool.execute("update inbox set received_at = now() - interval '1 year'")
    assert await by_other(shops, "customers/redact", body, triggered_at=now) == 200
    assert (await examine_left_alone(pool)).health is Health.GOOD, "to this shop they did not come back"
    await shops.webhook("customers/redact", {"shop_domain": SHOP, "customer": ANN})
    assert not await known(pool), "now that all shops were asked"
    actions = "select action from audit where action like 'contact erased%' order by id"
    told = [row["action"] for row in await pool.fetch(actions)]
    assert told == ["contact erased from one shop", "contact erased"]


async def test_a_message_about_a_person_sent_as_one_about_the_shop_forgets_nobody(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("bob@example.com")
    answer = await web.webhook("shop/redact", {"shop_domain": SHOP, "customer": ANN})
    problem(answer, 400, "delivery-malformed")
    assert await known(pool, "bob@example.com")
