"""A reply to STOP or HELP waits for as long as its sender is stopped, and stops one that it finds at fault."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from math import inf

import pytest

from activities.archive.postgres import PostgresArchive
from activities.delivery.replying import Replies, Replying
from activities.postgres.pool import Pool
from activities.senders.sender import Message
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.reasons import Reason
from schemas.settings import Settings
from starter.ops.findings import Health
from starter.ops.repair import By, Repairs
from starter.ops.sending_checkup import examine_senders
from starter.runtime.ports import free_port
from tests.feedback.told import tell, text
from tests.simulated.sender import SimulatedHandover, SimulatedSender
from tests.simulated.sms import Answer, SimulatedVonage
from tests.sms.test_replies import STOPPED, replying, states
from tests.sms.test_replies import shop as shop
from tests.sms.test_replies import vonage as vonage
from worker import connect


async def mend(pool: Pool) -> None:
    nowhere = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    repairs = Repairs(pool, nowhere, PostgresArchive(pool))
    await repairs.resume(Reason.SENDER_AT_FAULT, None, None, By("ben", "the key was renewed"))


async def test_a_reply_that_finds_its_sender_at_fault_stops_it_and_all_wait_until_it_is_mended(
    pool: Pool, vonage: SimulatedVonage
) -> None:
    ours = replying(pool, vonage)
    vonage.answer_next(Answer.LOGIN)
    await tell(pool, text(Kind.SAID_STOP))
    assert await ours.reply_due() == 1
    assert await states(pool) == [("stop", "ready", True)]
    stop = await pool.fetchrow("select channel, sender, found_by, found_by_reply from stopped_senders")
    assert stop is not None
    assert (stop["channel"], stop["sender"], stop["found_by"]) == ("sms", None, None)
    assert stop["found_by_reply"] == await pool.fetchval("select event_id from replies")
    assert (await examine_senders(pool)).health is Health.BAD

    await tell(pool, text(Kind.SAID_HELP))
    assert await ours.reply_due() == 0
    assert vonage.heard == 1, "nobody asks the provider meanwhile"

    await mend(pool)
    assert await ours.reply_due() == 2
    assert STOPPED in {each.text for each in vonage.taken}
    assert await states(pool) == [("stop", "sent", False), ("help", "sent", False)]


async def test_a_reply_whose_sender_is_mended_too_late_is_left(pool: Pool, vonage: SimulatedVonage) -> None:
    ours = replying(pool, vonage)
    vonage.answer_next(Answer.LOGIN)
    await tell(pool, text(Kind.SAID_STOP))
    await ours.reply_due()
    await pool.execute("update replies set give_up_at = now()")

    assert await ours.reply_due() == 0
    await mend(pool)
    assert await ours.reply_due() == 0

    assert await states(pool) == [("stop", "left", False)]
    assert vonage.taken == []
    assert await pool.fetchval("select suppressed_for from kept_refusals") == "stop", (
        "what they said holds all the same"
    )


@pytest.mark.parametrize(("channel", "leaves"), [("sms", False), ("email", True)])
async def test_a_sender_that_is_stopped_while_the_provider_gets_ready_sends_no_reply(
    pool: Pool, channel: str, leaves: bool
) -> None:
    class StoppedMeanwhile(SimulatedSender):
        @asynccontextmanager
        async def ready(self, message: Message, within: float = inf) -> AsyncGenerator[SimulatedHandover]:
            await pool.execute(
                "insert into stopped_senders (channel, why, found_by_reply) select $1, 'key', event_id from replies",
                channel,
            )
            async with super().ready(message, within) as handover:
                yield handover

    sender = StoppedMeanwhile()
    await tell(pool, text(Kind.SAID_STOP))
    ours = Replying(pool, sender, "shop.example", Replies.from_settings(Settings(sms_provider="vonage")))
    assert await ours.reply_due() == 1
    assert bool(sender.texted) is leaves
    assert await states(pool) == [("stop", "sent", False) if leaves else ("stop", "ready", True)]
