"""A mail server that cannot be reached holds a message up; it does not lose it, and it does not fail the journey."""

from pathlib import Path

from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.devstack.mailbox import Mailbox
from starter.runtime.ports import free_port
from tests.product import PATIENCE, running_product


async def test_a_message_held_up_by_a_dead_mail_server_leaves_when_the_server_is_back(
    pool: Pool, client: Client, tmp_path: Path
) -> None:
    mailbox = Mailbox(tmp_path / "mail", port=free_port())  # not started yet
    async with running_product(pool, client, mailbox, "provider-down") as product:
        await product.shop.sells("v")
        [journey] = await product.shop.signs_up("ada")
        await product.shop.has("v", 1)
        while await pool.fetchval("select count(*) from sends where state = 'ready'") == 0:
            await pool.execute("select pg_sleep(0.05)")
        async with mailbox:
            await mailbox.wait_for_count(1, PATIENCE)
            told = await product.until(journey, lambda report: report.told_at is not None)
    assert told.ended_at is None
    assert len(mailbox.mails) == 1
