"""PostgreSQL's backends are ended at random, again and again, under a worker and a web server at work."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import asyncpg
import httpx
import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.devstack.mailbox import Mailbox, is_to
from starter.processes import running_engine
from starter.versioning.publishing import publish
from tests.history import PATIENCE
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, level_message, product_message
from tests.product import address, starter_document
from tests.storefronts.shop import SECRET, SHOP, headers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROUNDS = 40
AT_ONCE = 8
_END_ONE = """
select pg_terminate_backend(pid) from (
    select pid from pg_stat_activity
    where datname = current_database() and application_name = 'shelftalk'
    order by (state <> 'idle') desc, random() limit 1
) ended"""
_deliveries = count(1)


@dataclass(frozen=True)
class Sender:
    """Whoever sends what was not taken again, as storefronts and pages do."""

    http: httpx.AsyncClient

    async def sign_up(self, name: str) -> int:
        form = {"store": SHOP, "variant": "31", "email": address(name)}
        return await self._until_taken("/v1/signups", json.dumps(form).encode(), {"Content-Type": "application/json"})

    async def webhook(self, topic: str, body: object) -> int:
        raw, id_ = json.dumps(body).encode(), f"d-{next(_deliveries)}"
        return await self._until_taken("/v1/webhooks/shopify", raw, headers(raw, topic, secret=SECRET, webhook_id=id_))

    async def _until_taken(self, path: str, body: bytes, sent: dict[str, str]) -> int:
        """How often it was refused. Whatever is no yes is a 503 that says when to come again."""
        refused = 0
        while (answer := await self.http.post(path, content=body, headers=sent)).status_code not in (200, 202):
            assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5"), answer.text
            refused += 1
        return refused


@asynccontextmanager
async def ending_backends(database_url: str) -> AsyncGenerator[None]:
    """End one backend of Shelftalk at random, and again, ten times a second at most."""
    connection = await asyncpg.connect(database_url, server_settings={"application_name": "operator"})

    async def end_some() -> None:
        while True:
            await connection.execute(_END_ONE)
            await connection.execute("select pg_sleep(0.1)")

    task = asyncio.create_task(end_some())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        connection.terminate()


async def test_backends_that_end_at_random_end_no_process_and_every_answer_is_a_yes_or_a_503(
    database_url: str, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    """The block is cancelled, and the test fails, when a part of the worker ends."""
    await publish(pool, starter_document())
    settings = SETTINGS.model_copy(
        update={"smtp_host": mailbox.host, "smtp_port": mailbox.port, "signups_per_minute": 1_000_000}
    )
    async with running_engine(settings, pool, client), web_over(pool, client, settings) as web:
        sender = Sender(web.open)
        await sender.webhook("products/update", product_message())
        refused = 0
        async with ending_backends(database_url):
            for each in range(ROUNDS):
                people = [sender.sign_up(f"n{each}-{number}") for number in range(AT_ONCE - 1)]
                level = sender.webhook("inventory_levels/update", level_message(each % 3, each))
                refused += sum(await asyncio.gather(*people, level))
        assert refused, "nothing was hit"
        await pool.expire_connections()
        assert await pool.fetchval("select count(*) from journeys") == ROUNDS * (AT_ONCE - 1)
        await sender.webhook("inventory_levels/update", level_message(ROUNDS * AT_ONCE, ROUNDS))
        await sender.sign_up("last")
        await mailbox.wait_for(is_to(address("last")), PATIENCE)
