"""Adobe Commerce at the address of its webhooks, down to what is kept: a challenge, events, and a question."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.storefronts.magento.adapter import Magento
from activities.storefronts.registry import Storefronts
from activities.storefronts.storefront import WebhookRequest
from tests.http.conftest import web_over
from tests.http.web import Web, problem
from tests.storefronts import commerce

ADDRESS = f"/v1/webhooks/magento?store={commerce.SHOP}"


@pytest.fixture
async def web(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    """A server that a shop is connected to by both its secrets."""
    both = (commerce.EVENTS_SECRET, commerce.WEBHOOKS_SECRET)
    given = [("magento", commerce.SHOP, secret) for secret in both]
    async with web_over(pool, nowhere, storefronts=Storefronts(Magento()), secrets=given) as web:
        yield web


async def post(web: Web, sent: WebhookRequest, address: str = ADDRESS) -> object:
    answer = await web.open.post(address, content=sent.body, headers=dict(sent.headers))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_address_shows_adobe_that_it_is_ours(web: Web) -> None:
    answer = await web.open.get(f"{ADDRESS}&challenge=8ec8d794-e0ab")
    assert (answer.status_code, answer.text) == (200, "8ec8d794-e0ab")
    assert answer.headers["content-type"].startswith("text/plain")


async def test_a_product_is_kept_as_an_event_tells_it_and_its_units_are_to_be_asked_for(web: Web, pool: Pool) -> None:
    product = commerce.sent(commerce.event(commerce.PRODUCT, commerce.product()))
    assert await post(web, product) == {"receipt": "applied"}
    assert await post(web, product) == {"receipt": "repeated"}
    assert await pool.fetchval("select title from products where product_id = '21'") == "Mug"
    assert await pool.fetchval("select sku from variants where variant_id = '21'") == "24/MB 01, blue"
    assert await pool.fetchval("select count(*) from stock") == 0, "more than may be sold, by what is reserved"
    for time in ("2026-11-30T12:00:01Z", "2026-11-30T11:00:00Z"):
        units = commerce.event(commerce.STOCK_ITEM, commerce.stock_item(qty="9"), time=time)
        assert await post(web, commerce.sent(units)) == {"receipt": "applied"}
    assert [row["variant_id"] for row in await pool.fetch("select variant_id from hints")] == ["21"]


async def test_a_part_saved_by_itself_changes_nothing_and_hints_at_its_units(web: Web, pool: Pool) -> None:
    parts = {"configurable_product_links": ["31"]}
    whole = commerce.product(type_id="configurable", _isNew=True, extension_attributes=parts)
    await post(web, commerce.sent(commerce.event(commerce.PRODUCT, whole)))
    part = commerce.product(entity_id="31", visibility="1", name="Mug-Blue")
    await post(web, commerce.sent(commerce.event(commerce.PRODUCT, part)))
    assert await pool.fetchval("select array_agg(product_id) from products") == ["21"]
    assert await pool.fetchval("select product_id from variants where variant_id = '31'") == "21"
    assert [row["variant_id"] for row in await pool.fetch("select variant_id from hints")] == ["31"]


async def test_a_question_of_the_shop_is_answered_that_it_may_go_on_and_is_not_kept(web: Web, pool: Pool) -> None:
    question = commerce.asked(b'{"data":{"quote":{"customer_email":"one@shop.example"}}}')
    for _ in range(2):
        assert await post(web, question) == {"op": "success"}
    assert await pool.fetchval("select count(*) from inbox where body is not null") == 0


async def test_an_event_that_adobe_sends_for_somebody_else_is_refused(web: Web, pool: Pool) -> None:
    others = {"recipientclientid": "somebody-else", "recipient_client_id": "somebody-else"}
    sent = commerce.sent(commerce.event(commerce.STOCK_ITEM, commerce.stock_item(), **others))
    answer = await web.open.post(ADDRESS, content=sent.body, headers=dict(sent.headers))
    problem(answer, 401, "signature-wrong")
    other_store = "/v1/webhooks/magento?store=other.example"
    problem(await web.open.post(other_store, content=sent.body, headers=dict(sent.headers)), 401, "signature-wrong")
    assert await pool.fetchval("select count(*) from inbox") == 0
