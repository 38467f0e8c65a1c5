"""Who says no in the middle of a fan-out gets nothing that had not begun to leave. With a thousand: `make faults`."""

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.channels import Channel
from starter.devstack.mailbox import Mailbox
from tests.faults.stops import fan_out_with_stops

PEOPLE = 40


@pytest.mark.slow
@pytest.mark.parametrize("channel", list(Channel))
async def test_nobody_who_said_no_in_the_middle_of_a_fan_out_is_told_after_it(
    pool: Pool, client: Client, mailbox: Mailbox, channel: Channel
) -> None:
    stopped = await fan_out_with_stops(pool, client, mailbox, channel, PEOPLE)
    stopped.holds()
    assert len(stopped.accepted) == PEOPLE // 2
    assert stopped.taken.total() < PEOPLE, "they said it too late to prove anything"
