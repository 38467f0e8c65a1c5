"""Wix, Square and the open API over HTTP, and the examples of their pages as they stand there."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.storefronts.storefront import WebhookRequest
from starter.versioning.publishing import publish
from tests.conformance.other_platforms import OpenPlatform, SquarePlatform, WixPlatform
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web, problem
from tests.markdown import page
from tests.product import starter_document

WIX, SQUARE, OPEN = WixPlatform(), SquarePlatform(), OpenPlatform()
SECRETS = [(shop.storefront.source, shop.store, shop.secret) for shop in (WIX, SQUARE, OPEN)]
PUBLIC = SETTINGS.model_copy(update={"public_url": "https://shelftalk.example"})


@pytest.fixture
async def shops(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    """A server behind a proxy, with the three stores connected and the starter conversation published."""
    await publish(pool, starter_document())
    async with web_over(pool, nowhere, PUBLIC, secrets=SECRETS) as web:
        yield web


async def send(web: Web, source: str, sent: WebhookRequest) -> httpx.Response:
    address = httpx.URL(f"/v1/webhooks/{source}", params=dict(sent.query) or None)
    return await web.open.post(address, content=sent.body, headers=dict(sent.headers))


async def test_wix_tells_of_a_product_and_then_of_its_stock(shops: Web) -> None:
    for sent in (WIX.product(7, 7), WIX.stock(7, 3)):
        answer = await send(shops, "wix", sent)
        assert (answer.status_code, answer.json()) == (200, {"receipt": "applied"})
    told = await shops.keyed.get(f"/v1/stores/{WIX.store}/variants/7")
    assert told.json()["units"] == 3


async def test_square_signs_the_address_that_it_was_given_and_not_the_one_behind_the_proxy(shops: Web) -> None:
    sent = SQUARE.stock(7, 3)
    assert not shops.url.startswith("https://shelftalk.example")
    assert (await send(shops, "square", sent)).json() == {"receipt": "applied"}
    assert (await send(shops, "square", sent)).json() == {"receipt": "repeated"}


async def test_without_a_public_address_what_was_signed_for_one_is_refused(pool: Pool, nowhere: Client) -> None:
    async with web_over(pool, nowhere, secrets=SECRETS) as web:
        problem(await send(web, "square", SQUARE.stock(7, 3)), 401, "signature-wrong")


async def test_an_open_message_is_taken_while_it_is_fresh(shops: Web) -> None:
    now = datetime.now(UTC)
    fresh = OPEN.signed("stock.updated", {"levels": [{"item": "a", "units": 1}]}, at=now)
    assert (await send(shops, "open", fresh)).json() == {"receipt": "applied"}
    old = problem(await send(shops, "open", OPEN.stock(1, 1)), 401, "signature-wrong")
    assert "within 5 minutes" in old.detail
    another = replace(fresh, query={"store": "another.example"})
    problem(await send(shops, "open", another), 401, "signature-wrong")
    wrong = OPEN.signed("stock.updated", {"levels": [{"item": "a", "units": "many"}]}, at=now)
    assert problem(await send(shops, "open", wrong), 400, "delivery-malformed").path == "$.data.levels[0].units"


def example(language: str, holding: str) -> str:
    """A fence of the page, as it stands there."""
    text = page("docs/storefronts/open.md").file.read_text(encoding="utf-8")
    (found,) = [code for code in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if holding in code]
    return found


async def run(*command: str, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_the_example_in_python_tells_of_a_shop(shops: Web, pool: Pool) -> None:
    url = f"{shops.url}/v1/webhooks/open?store={OPEN.store}"
    said = await run(sys.executable, "-c", example("python", "product.updated"), URL=url, SECRET=OPEN.secret)
    assert said.split() == ["applied"] * 5
    for variant, units in (("kettle-red", 0), ("kettle-blue", 3)):
        told = (await shops.keyed.get(f"/v1/stores/{OPEN.store}/variants/{variant}")).json()
        assert told["units"] == units
    assert await pool.fetchval("select count(*) from orders") == 1
    assert await pool.fetchval("select count(*) from events where kind = 'checkout_started'") == 1


@pytest.mark.skipif(
    not all(map(shutil.which, ("curl", "openssl", "bash", "od", "base64"))), reason="the example calls these programs"
)
async def test_the_example_with_curl_tells_of_stock(shops: Web) -> None:
    await send(shops, "open", OPEN.signed("product.updated", KETTLE, at=datetime.now(UTC)))
    url = f"{shops.url}/v1/webhooks/open?store={OPEN.store}"
    said = await run("bash", "-c", example("sh", "webhook-signature"), URL=url, SECRET=OPEN.secret)
    assert said == '{"receipt":"applied"}'
    told = (await shops.keyed.get(f"/v1/stores/{OPEN.store}/variants/kettle-red")).json()
    assert told["units"] == 5


KETTLE = {"id": "kettle", "title": "Kettle", "variants": [{"id": "kettle-red"}]}
