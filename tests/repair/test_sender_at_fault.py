"""A sender that is at fault, with everything running: nobody is lost, and all goes on once it is mended."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.reasons import Reason
from starter.devstack.mailbox import Mailbox
from starter.ops.repair import By, Repairs
from tests.product import BY_HAND, address, next_change, running_product
from tests.simulated.mail_api import KEY, Heard, Reply
from tests.simulated.mail_api_server import MailApiServer, Moment
from tests.simulated.mail_apis_of_json import SimulatedPostmark

BEN = By("ben", "the account was approved")


class Pending(MailApiServer[SimulatedPostmark]):
    """Postmark, with an account that may not send yet while `pending`."""

    pending = True

    async def strikes(
        self, moment: Moment, writer: asyncio.StreamWriter, heard: Heard | None = None
    ) -> Reply | bytes | None:
        if self.pending and moment is Moment.WHOLE:
            return Reply(422, {"ErrorCode": 412, "Message": "Your account is pending approval."})
        return None


@pytest.fixture
async def server() -> AsyncIterator[Pending]:
    async with Pending(SimulatedPostmark()) as server:
        yield server


async def test_those_who_were_called_wait_and_are_told_once_when_it_is_mended(
    pool: Pool, client: Client, mailbox: Mailbox, server: Pending
) -> None:
    by_postmark: dict[str, Any] = {
        "email_provider": "postmark",
        "email_key": KEY,
        "email_url": server.url,
        "sender": "Shop <alerts@example.com>",
    }
    async with running_product(pool, client, mailbox, "at-fault", **by_postmark) as product:
        await product.shop.sells("v")
        journeys = await product.shop.signs_up("ada", "ben", "cleo")
        await product.shop.has("v", 3)
        asked = "select count(*) from journeys where held_up_by = 'sender_at_fault'"
        while await pool.fetchval(asked) != 3:
            await next_change(pool)
        repairs = Repairs(pool, client, product.archive)
        (group,) = (await repairs.stuck()).groups
        assert (group.cause, group.journeys) == (Reason.SENDER_AT_FAULT, 3)
        # Those that were under way together may all have asked; nobody asks any more.
        requests = server.requests
        assert requests <= 3
        seen = await repairs.resume(Reason.SENDER_AT_FAULT, None, None, None)
        assert (seen.journeys, seen.done) == (3, False)
        assert await pool.fetchval("select count(*) from stopped_senders") == 1, "to look changes nothing"

        server.pending = False
        await repairs.resume(Reason.SENDER_AT_FAULT, None, None, BEN)

        for journey in journeys:
            await product.until(journey, lambda report: report.told_at is not None)
        assert sorted(mail.recipient for mail in server.provider.taken) == sorted(map(address, ("ada", "ben", "cleo")))
        assert server.requests == requests + 3
        assert await pool.fetchval("select count(*) from suppressions") == 0
        actions = await pool.fetch(f"select action from audit {BY_HAND} order by id")
        assert [row["action"] for row in actions] == ["resume sender", "resume journeys"]
