"""Promises P1 and P2 when a worker is killed at the worst moments: nobody is told twice, nobody's place is lost."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle

from activities.postgres.pool import Pool, open_pool
from activities.senders.limits import CONNECTIONS
from schemas.ids import journey_workflow_id
from schemas.responses.journeys import JourneyReport
from starter.devstack.mailbox import Mailbox
from starter.devstack.postgres import EmbeddedPostgres
from starter.devstack.temporal import EmbeddedTemporal
from starter.support.journeys import Journeys
from tests.conformance.providers import At, BarePeer, Does, Plan
from tests.conftest import TEMPLATE
from tests.faults.killable import UNTIL_AT_WORK, Setting, kill, worker_process
from tests.namespaces import new_namespace
from tests.product import Shop, addressees, journey_where, next_change

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

UNTIL_TRIED_AGAIN = 300.0
"""Seconds until a killed attempt is followed by another and that by a third, at the latest. Temporal gives the workflow
to another worker after ten; who finds the message leased looks again after thirty (activities/delivery/deliver)."""


@pytest.fixture
def setting(database_url: str, scheduling_temporal: EmbeddedTemporal, client: Client, tmp_path: Path) -> Setting:
    return Setting(database_url, scheduling_temporal.address, client.namespace, "faults", tmp_path)


@dataclass(frozen=True)
class Aftermath:
    """What is left when a worker was killed over one message and another has taken its place.

    Attributes:
        ledger: the message's state.
        taken: how many mails the first server took.
        sent_again: how many the second worker sent.
    """

    ledger: str
    taken: int
    sent_again: int


async def killed_over_a_message(
    postgres: EmbeddedPostgres, scheduling_temporal: EmbeddedTemporal, folder: Path, at: At, found: str | None
) -> Aftermath:
    """Kill a worker when its mail server has stalled at this moment, start another, wait until it knows.

    If the ledger says `sending`, it finds the message leased and leaves it alone; then the lease passes in a moment.

    Args:
        found: what the ledger says when the worker is killed.
    """
    name = f"killed_{at.name.lower()}"
    pool = await open_pool(await postgres.create_database(name, template=TEMPLATE), 4)
    folder.mkdir()
    client = await new_namespace(scheduling_temporal.address)
    setting = Setting(postgres.dsn(name), scheduling_temporal.address, client.namespace, name, folder)
    shop = await Shop.opened(pool)
    [journey] = await shop.signs_up("ada")
    async with BarePeer() as stalling, Mailbox(folder / "mail", port=0) as mailbox:
        stalling.plan = Plan(at, Does.STALL)
        async with worker_process(setting, stalling.port) as worker:
            await shop.has("v", 1)
            await stalling.reached.wait()
            assert await pool.fetchval("select state from sends") == found
            await kill(worker)
        async with worker_process(setting, mailbox.port):
            if found is not None:
                await _finds_it_leased(client.get_workflow_handle(journey_workflow_id(journey)), pool)
                assert await pool.fetchval("select state from sends") == found
                await _leases_run_out(pool)
            await journey_where(Journeys(pool), journey, _was_told, within=UNTIL_TRIED_AGAIN)
        aftermath = Aftermath(await pool.fetchval("select state from sends"), len(stalling.taken), len(mailbox.mails))
    await pool.close()
    return aftermath


async def test_only_a_message_whose_body_may_have_left_when_the_worker_was_killed_is_unknown_and_never_sent_again(
    postgres: EmbeddedPostgres, scheduling_temporal: EmbeddedTemporal, tmp_path: Path
) -> None:
    """Before the server waits for the body, and after it took the mail; side by side, for each takes its time."""
    before, after = await asyncio.gather(
        killed_over_a_message(postgres, scheduling_temporal, tmp_path / "before", At.DATA, None),
        killed_over_a_message(postgres, scheduling_temporal, tmp_path / "after", At.TAKEN, "sending"),
    )
    assert before == Aftermath("sent", taken=0, sent_again=1)
    assert after == Aftermath("unknown", taken=1, sent_again=0)


SECONDS_A_MAIL = 0.3


class TakingItsTime(BarePeer):
    """A mail server that needs a while for every mail.

    Attributes:
        answered: when each recipient's mail was answered, by the loop's clock.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answered: dict[str, float] = {}
        self._begun: dict[asyncio.StreamWriter, str | None] = {}

    @property
    def under_way(self) -> int:
        """How many bodies were begun and are not answered."""
        return len(self._begun)

    @property
    def unanswered(self) -> set[str]:
        """The recipients of those among them that are here whole."""
        return {recipient for recipient in self._begun.values() if recipient is not None}

    def forget_under_way(self) -> None:
        """Whoever was sending is no more: nobody reads an answer."""
        self._begun.clear()

    async def struck(self, at: At, message: int, writer: asyncio.StreamWriter) -> bool:
        if at is At.MIDDLE:
            self._begun[writer] = None
        if at is At.TAKEN:
            recipient = self._begun[writer] = str(self.messages[-1]["To"])
            await asyncio.sleep(SECONDS_A_MAIL)  # that it is slow is what this is about
            if self._begun.pop(writer, None) is not None:
                self.answered[recipient] = asyncio.get_running_loop().time()
        return False


@pytest.mark.timeout(600)
async def test_kills_at_a_slow_server_leave_unknown_what_was_on_its_way_and_tell_everyone_else_once(
    setting: Setting, pool: Pool
) -> None:
    shop = await Shop.opened(pool)
    names = [f"n{number}" for number in range(40)]
    await shop.signs_up(*names)
    on_their_way = 0
    async with TakingItsTime() as server:
        for taken in (8, 20):
            async with worker_process(setting, server.port) as worker:
                await shop.has("v", len(names))
                async with asyncio.timeout(UNTIL_TRIED_AGAIN):
                    while len(server.taken) < taken:
                        await next_change(pool)
                on_their_way += server.under_way
                await kill(worker)
            server.forget_under_way()
            await _leases_run_out(pool)
        assert len(server.taken) < len(names), "the workers were killed too late to prove anything"
        async with worker_process(setting, server.port):
            await _all_told(pool, len(names))
        recipients = Counter(str(message["To"]).removesuffix("@example.com") for message in server.messages)
    unknown = await pool.fetchval("select count(*) from sends where state = 'unknown'")
    assert unknown <= on_their_way + CONNECTIONS, (
        "at most what was on its way, and what was answered in the last moment"
    )
    assert max(recipients.values()) == 1
    assert len(recipients) >= len(names) - unknown
    assert await pool.fetchval("select count(*) from sends where state = 'sent'") == len(names) - unknown


async def test_a_worker_killed_in_the_middle_of_a_fan_out_tells_everyone_once_and_no_one_too_many(
    setting: Setting, pool: Pool, mailbox: Mailbox
) -> None:
    shop = await Shop.opened(pool)
    names = [f"n{number}" for number in range(150)]
    await shop.signs_up(*names)
    async with worker_process(setting, mailbox.port) as worker:
        await shop.has("v", 100)
        await mailbox.wait_for_count(20, UNTIL_AT_WORK)
        await kill(worker)
    assert len(mailbox.mails) < 100, "the worker was killed too late to prove anything"
    await _leases_run_out(pool)
    async with worker_process(setting, mailbox.port):
        await _all_told(pool, 100)
    counts = Counter(addressees(mailbox))
    unknown = await pool.fetchval("select count(*) from sends where state = 'unknown'")
    assert max(counts.values()) == 1
    assert set(counts) <= set(names[:100]), "first in, first out"
    assert 100 - unknown <= len(counts) <= 100
    assert await pool.fetchval("select count(*) from claims") == 100
    assert await pool.fetchval("select claimed from episodes") == 100


def _was_told(journey: JourneyReport) -> bool:
    return journey.told_at is not None


async def _finds_it_leased(journey: WorkflowHandle[Any, Any], pool: Pool) -> None:
    """Wait until another worker has come to the message, and put it off."""
    async with asyncio.timeout(UNTIL_TRIED_AGAIN):
        while True:
            pending = (await journey.describe()).raw_description.pending_activities
            if any("may still be sending" in activity.last_failure.message for activity in pending):
                return
            await next_change(pool)


async def _leases_run_out(pool: Pool) -> None:
    """The time passes for which a worker that was killed keeps others from its messages."""
    await pool.execute("update sends set lease_until = now() where state = 'sending'")


async def _all_told(pool: Pool, number: int) -> None:
    last = await pool.fetchval("select id from journeys order by entered_at, id offset $1 limit 1", number - 1)
    await journey_where(Journeys(pool), last, _was_told, within=UNTIL_TRIED_AGAIN)
    open_sends = "select exists (select from journeys where told_at is null and id <= $1)"
    while await pool.fetchval(open_sends, last):
        await pool.execute("select pg_sleep(0.1)")
