"""Journeys that are cancelled with Temporal's own tools."""

from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import journey_workflow_id
from schemas.reasons import Ending, Reason
from starter.devstack.mailbox import Mailbox
from tests.product import addressees, next_change, running_product


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
        await client.get_workflow_handle(journey_workflow_id(first)).cancel()
        ended = await product.until(first, lambda report: report.ended_at is not None)
        assert (ended.ending, ended.reason) == (Ending.EXITED, Reason.CANCELLED)
        await mailbox.start()
        await product.until(second, lambda report: report.told_at is not None)
        assert addressees(mailbox) == ["second"]
        states = await pool.fetch("select journey_id, state from claims order by id")
        assert [tuple(claim) for claim in states] == [(first, "lapsed"), (second, "used")]
