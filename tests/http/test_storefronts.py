"""One address for every storefront: each is spoken to in its own way, and the route knows none of them."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.storefronts.registry import Storefronts
from tests.conformance.platforms import SimulatedPlatform
from tests.http.conftest import web_over
from tests.http.connecting import connect_stores
from tests.http.web import Web, problem
from tests.simulated.storefront import SimulatedStorefront

ADDRESS = "/v1/webhooks/simulated"
SENDS = SimulatedPlatform()
SECRETS = [(SENDS.storefront.source, SENDS.store, SENDS.secret)]


@pytest.fixture
async def simulated(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    """A server that takes the simulated storefront's webhooks, and no others."""
    async with web_over(pool, nowhere, storefronts=Storefronts(SENDS.storefront), secrets=SECRETS) as web:
        yield web


async def test_a_storefront_reads_the_answer_that_it_expects(simulated: Web, pool: Pool) -> None:
    sent = SENDS.product(21, 31)
    for _ in range(2):
        answer = await simulated.open.post(ADDRESS, content=sent.body, headers=dict(sent.headers))
        assert (answer.status_code, answer.json()) == (200, {"op": "success"})
        assert answer.headers["content-type"] == "application/json"
    assert await pool.fetchval("select count(*) from inbox where source = 'simulated'") == 1
    assert await pool.fetchval("select source from stores") == "simulated"


async def test_an_unsigned_ping_is_answered_and_leaves_nothing(simulated: Web, pool: Pool) -> None:
    answer = await simulated.open.post(ADDRESS, data={"webhook_id": "7"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert await pool.fetchval("select count(*) from inbox") == 0


async def test_a_challenge_is_given_back_as_it_came(simulated: Web) -> None:
    answer = await simulated.open.get(ADDRESS, params={"challenge": "a b&c"})
    assert (answer.status_code, answer.text) == (200, "a b&c")


async def test_a_get_that_asks_nothing_finds_nothing(simulated: Web) -> None:
    problem(await simulated.open.get(ADDRESS), 404, "not-found")


async def test_a_storefront_that_asks_nothing_is_told_nothing(web: Web) -> None:
    problem(await web.open.get("/v1/webhooks/shopify", params={"challenge": "x"}), 404, "not-found")


async def test_what_is_signed_wrongly_is_refused(simulated: Web, pool: Pool) -> None:
    sent = SENDS.stock(41, 3)
    problem(await simulated.open.post(ADDRESS, content=sent.body[:-1]), 401, "signature-wrong")
    assert await pool.fetchval("select count(*) from inbox") == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_storefront_is_not_found_and_the_known_ones_are_named(simulated: Web, method: str) -> None:
    said = problem(await simulated.open.request(method, "/v1/webhooks/shoppify"), 404, "not-found")
    assert SimulatedStorefront.source in said.detail
    assert "shoppify" not in said.detail


async def test_a_store_that_was_put_in_by_hand_is_its_storefronts_once_it_is_connected(
    pool: Pool, nowhere: Client
) -> None:
    async with web_over(pool, nowhere, storefronts=Storefronts(SENDS.storefront), secrets=()) as web:
        await web.keyed.put("/v1/stores/simulated-shop", json={"name": "S", "url": "https://s.example"})
        assert await pool.fetchval("select source from stores") == "api"
        await connect_stores(pool, SECRETS)
        assert await pool.fetchval("select source from stores") == "simulated"
        sent = SENDS.product(21, 31)
        answer = await web.open.post(ADDRESS, content=sent.body, headers=dict(sent.headers))
        assert answer.status_code == 200, answer.text
        await web.keyed.put("/v1/stores/simulated-shop/products/p", json={"title": "P", "variants": [{"variant": "v"}]})
        assert await pool.fetchval("select source from stores") == "simulated"
