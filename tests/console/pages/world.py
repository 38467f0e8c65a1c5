"""A small world for the pages of the console to show: a shop, people in line, and some of what needs somebody.

Real services make it, with worker, dispatcher and a mail server at work; nothing of it is written past them.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pydantic import SecretStr
from temporalio.client import Client

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import ExitStep, SendStep, Status, WaitStep
from schemas.ids import ContactId, JourneyId
from schemas.incoming.facts import ItemFact, OrderFact, OrderMoney
from schemas.reasons import Reason
from schemas.responses.operations import Choice
from schemas.responses.repair import Answer
from schemas.settings import Settings
from starter.accounts.viewer import actor_of
from starter.devstack.mailbox import Mailbox
from starter.ops.approvals import Approvals, Which
from starter.ops.pausing import Pausable
from starter.ops.repair import By
from starter.services import Services
from starter.versioning.bulk import Decision
from starter.versioning.publishing import publish
from tests.accounts.staff import Staff, set_up
from tests.databases import Database
from tests.history import PATIENCE
from tests.http.conftest import services_over
from tests.product import STORE, Product, address, next_change, running_product, starter_document

WAITING = ("ada", "ben", "cleo", "dan", "eve", "finn", "gus")
WHY = "read it, and it is right"


@dataclass(frozen=True)
class World:
    """What was made.

    Attributes:
        contact, journey: one that was told, and is stopped now.
        held: the keys of messages that wait for approval.
    """

    services: Services
    settings: Settings
    product: Product
    admin: Staff
    contact: ContactId
    journey: JourneyId
    held: tuple[str, ...]

    @property
    def names(self) -> dict[str, str]:
        """What routes are opened with, by name."""
        return {
            "store": STORE,
            "product": "p",
            "variant": "v",
            "contact": self.contact,
            "journey": self.journey,
            "held": self.held[0],
            "conversation": "back-in-stock",
            "list": "default",
            "alert": "back-in-stock",
            "user": self.admin.user_id,
        }


def document() -> ConversationDocument:
    """The starter, whose first message somebody approves, and whose reminder cannot be filled in."""
    starter = starter_document()
    (thread,) = starter.threads
    steps = (
        SendStep(send="it-is-back", status=Status.MANUAL),
        WaitStep(wait=timedelta(seconds=1)),
        SendStep(send="still-here"),
        ExitStep(exit="They have been told and reminded"),
    )
    messages = dict(starter.messages)
    messages["still-here"] = messages["still-here"].model_copy(update={"text": "{{ product.colour }}", "html": None})
    at = starter.list.model_copy(update={"tell_when_waiting": 3})
    return starter.model_copy(
        update={"threads": (thread.model_copy(update={"steps": steps}),), "messages": messages, "list": at}
    )


@asynccontextmanager
async def made(database: Database, client: Client, mailbox: Mailbox) -> AsyncGenerator[World]:
    """The world, on these, at work until the block ends."""
    async with running_product(database.pool, client, mailbox, "console", document()) as product:
        moved = document().model_copy(update={"goal": "They get what they waited for"})
        await publish(database.pool, moved, Decision(Choice.MOVE, "user of the tests"))
        shop = product.shop
        await shop.charges_in("EUR")
        await shop.sells("v", "w", price="49.00")
        first, second, *_ = await shop.signs_up(*WAITING)
        await shop.signs_up(*WAITING[:4], for_="w")
        await shop.has("v", 4)
        settings = product.settings.model_copy(
            update={
                "database_url": SecretStr(database.url),
                "temporal_address": client.service_client.config.target_host,
                "temporal_namespace": client.namespace,
            }
        )
        services = services_over(database.pool, client, product.archive, settings)
        admin = await set_up(services)
        by = By(actor_of(admin.user_id), WHY)
        held = await _held(product, 4)
        approved = tuple(key for key in held if key.startswith((first, second)))
        await services.approvals.answer(Answer.APPROVED, Which(keys=approved), by)
        await product.mail_to("ben")
        await _buys(product, "ben")
        async with asyncio.timeout(PATIENCE):
            while all(group.cause != Reason.MESSAGE_BROKEN for group in (await services.repairs.stuck()).groups):
                await next_change(database.pool)
        await services.pausing.pause(Pausable("alert", "back-in-stock"), by.actor)
        contact: ContactId = await database.pool.fetchval("select contact_id from journeys where id = $1", first)
        yield World(
            services, settings, product, admin, contact, first, tuple(key for key in held if key not in approved)
        )


async def _held(product: Product, count: int) -> list[str]:
    async with asyncio.timeout(PATIENCE):
        while (found := await Approvals(product.pool).held()).total != count:
            await next_change(product.pool)
    return [each.key for each in found.messages]


async def _buys(product: Product, name: str) -> None:
    now = datetime.now(UTC)
    order = OrderFact(
        order_id="1001",
        email=address(name),
        items=(ItemFact(product_id="p", variant_id="v", quantity=1),),
        ordered_at=now,
        cancelled=False,
        money=OrderMoney(currency="EUR", total=Decimal("49.00")),
        observed_at=now,
    )
    await product.shop.intake.observe(STORE, "shopify", [order])
