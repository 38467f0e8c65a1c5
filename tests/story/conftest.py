"""What the stories stand on beside the product at work: a clock that skips, and a shop whose messages are held up."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.conversation import ConversationDocument
from schemas.ids import Subject
from starter.devstack.mailbox import Mailbox
from starter.versioning.publishing import publish
from tests.product import Product, Shop, running_product, starter_document, subject
from tests.workflows.conftest import hours, test_server

__all__ = ["hours", "test_server"]
"""Fixtures that are shared with tests/workflows."""


@dataclass(frozen=True)
class Meanwhile:
    """The shop in the moment between being called forward and being written to: worker and dispatcher are away."""

    pool: Pool
    shop: Shop
    mailbox: Mailbox
    _back: Callable[[ConversationDocument], AbstractAsyncContextManager[Product]]

    async def opens(self, document: ConversationDocument | None = None) -> ConversationDocument:
        """This conversation, the starter if none is given, is in force, and `v` is sold."""
        document = document or starter_document()
        await publish(self.pool, document)
        return document

    async def calls_forward(self, what: Subject | None = None) -> int:
        """Places are given; nobody has been written to. Returns how many wait to be called."""
        return (await Waitlist(self.pool).give_places(what or subject("v"))).to_notify

    def writes(self, document: ConversationDocument) -> AbstractAsyncContextManager[Product]:
        """Worker and dispatcher are back, with this conversation published."""
        return self._back(document)


@pytest.fixture
async def meanwhile(pool: Pool, client: Client, mailbox: Mailbox) -> Meanwhile:
    def back(document: ConversationDocument) -> AbstractAsyncContextManager[Product]:
        return running_product(pool, client, mailbox, "story", document)

    return Meanwhile(pool, Shop(pool, Intake(pool)), mailbox, back)


@pytest.fixture
async def in_time(
    pool: Pool, hours: WorkflowEnvironment, mailbox: Mailbox
) -> Callable[[ConversationDocument], AbstractAsyncContextManager[Product]]:
    """Runs the product over the clock that skips, with a conversation."""

    @asynccontextmanager
    async def running(document: ConversationDocument) -> AsyncGenerator[Product]:
        async with running_product(pool, hours.client, mailbox, "time", document) as product:
            yield product

    return running
