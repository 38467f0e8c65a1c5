"""Erased stays erased: nothing that is told later of what was before brings a person back (P8)."""

from collections.abc import Mapping

import pytest

from activities.postgres.pool import Pool
from tests.events.test_erasure import everywhere, redact
from tests.events.told import ago, event, order, tell
from tests.http.connecting import connect_stores
from tests.http.web import Web, at, product_message
from tests.storefronts.shop import SHOP

LINES = [{"product_id": 21, "variant_id": 31, "quantity": 1}]
ORDER: dict[str, object] = {
    "id": 51,
    "email": "Ann@example.com",
    "created_at": at(0),
    "updated_at": at(0),
    "line_items": LINES,
}
CHECKOUT: dict[str, object] = {
    "id": 61,
    "token": "t",
    "cart_token": "c",
    "email": "ann@example.com",
    "line_items": LINES,
}


async def people(pool: Pool) -> int:
    """How many contacts there are of whom an address is known."""
    return await pool.fetchval("select count(*) from contacts where email is not null")


@pytest.mark.parametrize("topic", ["orders/create", "orders/paid", "orders/updated", "orders/cancelled"])
async def test_an_order_of_an_erased_person_that_is_told_of_again_brings_nobody_back(
    web: Web, pool: Pool, topic: str
) -> None:
    await web.webhook("orders/create", ORDER)
    await redact(web)
    again = ORDER | {"created_at": ago(minutes=-1), "updated_at": ago(minutes=-1)}
    assert (await web.webhook(topic, again)).json() == {"receipt": "applied"}
    assert await people(pool) == 0
    assert await pool.fetchval("select count(*) from orders") == 0
    (as_event,) = await tell(web, order("51"))
    assert as_event["status"] == "refused"
    assert await everywhere(pool, "ann@") == []


async def test_nor_does_one_that_was_told_of_under_another_address_since(web: Web, pool: Pool) -> None:
    await web.webhook("orders/create", ORDER)
    await redact(web)
    await web.webhook("orders/updated", ORDER | {"email": "ann.new@example.com", "updated_at": ago(minutes=0)})
    assert await people(pool) == 0


async def test_an_order_that_the_request_names_is_forgotten_before_it_arrives(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    asked = {"shop_domain": SHOP, "customer": {"email": "ann@example.com"}, "orders_to_redact": [51]}
    await web.webhook("customers/redact", asked)
    await web.webhook("orders/create", ORDER | {"created_at": ago(minutes=-1)})
    assert await people(pool) == 0


LATE: Mapping[str, tuple[str, dict[str, object]]] = {
    "an order": ("orders/create", ORDER),
    "a checkout": ("checkouts/create", CHECKOUT | {"updated_at": at(0)}),
}


@pytest.mark.parametrize("late", LATE)
async def test_a_late_webhook_of_what_was_before_brings_nobody_back(web: Web, pool: Pool, late: str) -> None:
    await web.webhook("products/update", product_message())
    await redact(web)
    assert (await web.webhook(*LATE[late])).json() == {"receipt": "applied"}
    assert await people(pool) == 0
    assert await pool.fetchval("select count(*) from events") == 0


@pytest.mark.parametrize("kind", ["viewed_product", "added_to_cart", "checkout_started", "clicked_message"])
async def test_a_late_event_of_what_was_before_is_refused(web: Web, pool: Pool, kind: str) -> None:
    await web.webhook("products/update", product_message())
    before = event(kind, happened_at=ago(minutes=5))
    await redact(web)
    (outcome,) = await tell(web, before)
    assert outcome["status"] == "refused"
    assert "erased after this happened" in outcome["refused"]
    assert await people(pool) == 0
    (since,) = await tell(web, event(kind))
    assert since["status"] == "accepted", "what they do now is of someone new"


async def test_a_checkout_of_an_erased_person_that_changes_brings_nobody_back(web: Web, pool: Pool) -> None:
    await web.webhook("checkouts/create", CHECKOUT | {"updated_at": at(0)})
    await redact(web)
    for topic in ("checkouts/update", "checkouts/delete"):
        await web.webhook(topic, CHECKOUT | {"updated_at": ago(minutes=-1)})
    checkout = event(
        "checkout_started", checkout="77", items=[{"product": "21"}], happened_at=ago(minutes=1), who="ben"
    )
    await tell(web, checkout)
    await redact(web, "ben")
    (again,) = await tell(web, checkout | {"happened_at": ago(minutes=-1)})
    assert again["status"] == "repeated"
    assert await people(pool) == 0


async def test_what_a_shop_that_left_told_of_brings_nobody_back(web: Web, pool: Pool) -> None:
    told = event()
    await tell(web, told)
    await web.webhook("orders/create", ORDER)
    await web.webhook("shop/redact", {"shop_id": 1, "shop_domain": SHOP})
    await connect_stores(pool)
    (again,) = await tell(web, told)
    assert again["status"] == "repeated"
    await web.webhook("orders/updated", ORDER | {"updated_at": ago(minutes=-1)})
    assert await people(pool) == 0
    assert await pool.fetchval("select count(*) from orders") == 0
