"""Journeys that are cancelled with Temporal's own tools, whatever they are about: their place passes on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import CallWebhookStep, SendStep
from schemas.ids import JourneyId, StepId, journey_workflow_id
from schemas.reasons import Ending, Reason
from starter.devstack.mailbox import Mailbox
from tests.conformance.shops import SECRET
from tests.delivery.slow_server import SlowServer
from tests.product import Product, addressees, next_change, running_product, starter_document

ALLOWED = {"webhook_private_hosts": True, "webhook_secrets": SECRET.get_secret_value()}
"""To call a system that listens on this machine."""


async def _is_cancelled(product: Product, journey: JourneyId) -> None:
    await product.client.get_workflow_handle(journey_workflow_id(journey)).cancel()
    ended = await product.until(journey, lambda report: report.ended_at is not None)
    assert (ended.ending, ended.reason) == (Ending.EXITED, Reason.CANCELLED)


async def _claims(pool: Pool) -> list[tuple[JourneyId, str]]:
    return [tuple(claim) for claim in await pool.fetch("select journey_id, state from claims order by id")]


async def test_a_journey_cancelled_while_its_message_is_tried_again_passes_its_place_on(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    async with running_product(pool, client, mailbox, "cancelled") as product:
        await product.shop.sells("v")
        first, second = await product.shop.signs_up("first", "second")
        await mailbox.stop()
        await product.shop.has("v", 1)
        while not await pool.fetchval("select exists (select from sends where state = 'ready')"):
            await next_change(pool)
        await _is_cancelled(product, first)
        await mailbox.start()
        await product.until(second, lambda report: report.told_at is not None)
        assert addressees(mailbox) == ["second"]
        assert await _claims(pool) == [(first, "lapsed"), (second, "used")]


async def test_a_journey_cancelled_while_a_server_is_asked_for_the_first_time_passes_its_place_on(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    async with (
        SlowServer() as server,
        running_product(pool, client, mailbox, "first-try", smtp_host=server.host, smtp_port=server.port) as product,
    ):
        await product.shop.sells("v")
        first, second = await product.shop.signs_up("first", "second")
        await product.shop.has("v", 1)
        await server.has_seen(recipients=1)
        await _is_cancelled(product, first)
        server.accepts.set()
        server.answers.set()
        await product.until(second, lambda report: report.told_at is not None)
        assert [str(mail["To"]) for mail in server.messages] == ["second@example.com"]
        assert await _claims(pool) == [(first, "lapsed"), (second, "used")]


@pytest.fixture
async def system() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """The shop's own system, which takes a call and says nothing: its address, and that it was called."""
    called, ended = asyncio.Event(), asyncio.Event()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1")
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/told", called
    ended.set()
    server.close()


def _tells_the_shop_first(url: str) -> ConversationDocument:
    document = starter_document()
    (thread,) = document.threads
    steps = (CallWebhookStep(call_webhook=url, id=StepId("tell-the-shop")), SendStep(send="it-is-back"))
    return document.model_copy(update={"threads": (thread.model_copy(update={"steps": steps}),)})


async def test_a_journey_cancelled_while_another_system_is_called_passes_its_place_on(
    pool: Pool, client: Client, mailbox: Mailbox, system: tuple[str, asyncio.Event]
) -> None:
    url, called = system
    document = _tells_the_shop_first(url)
    async with running_product(pool, client, mailbox, "calling", document, **ALLOWED) as product:
        await product.shop.sells("v")
        first, second = await product.shop.signs_up("first", "second")
        await product.shop.has("v", 1)
        await called.wait()
        await _is_cancelled(product, first)
        while await _claims(pool) != [(first, "lapsed"), (second, "given")]:
            await next_change(pool)
