"""A thousand are told by text message, and by mail, and a random half says no meanwhile: `make faults`."""

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.channels import Channel
from starter.devstack.mailbox import Mailbox
from tests.faults.stops import fan_out_with_stops

PEOPLE = 1000


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("channel", list(Channel))
async def test_a_thousand_are_told_and_half_of_them_say_no_meanwhile(
    pool: Pool, client: Client, mailbox: Mailbox, channel: Channel
) -> None:
    with capture_logs():  # thousands of lines
        stopped = await fan_out_with_stops(pool, client, mailbox, channel, PEOPLE)
    print(f"\n{channel}: {stopped}")
    stopped.holds()
