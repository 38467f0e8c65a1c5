"""A worker that is killed in the middle of an operation: another goes on where it stopped, loses and repeats nobody."""

from collections import Counter
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from activities.archive.postgres import PostgresArchive
from activities.postgres.pool import Pool
from schemas.ids import JourneyId, journey_workflow_id
from schemas.journey.names import Signal
from schemas.responses.operations import Choice
from starter.devstack.mailbox import Mailbox
from starter.devstack.temporal import EmbeddedTemporal
from starter.versioning.bulk import BulkOperations
from tests.faults.killable import Setting, kill, worker_process
from tests.history import replayed_path, settled_history
from tests.in_flight.decided import operation, settled
from tests.in_flight.test_moving import reworded
from tests.product import PATIENCE, Shop, addressees, next_change

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MANY = 200
"""Four of the batches that are asked at once: one of them is in the air when the worker is killed."""
UNTIL_TRIED_AGAIN = 300.0
"""Seconds: the heartbeat's limit (workflows/policies.BULK_HEARTBEAT), and as many again to come to the end."""
TOLD = 10


@pytest.fixture
def setting(database_url: str, scheduling_temporal: EmbeddedTemporal, client: Client, tmp_path: Path) -> Setting:
    return Setting(database_url, scheduling_temporal.address, client.namespace, "killed-in-bulk", tmp_path)


async def open_line(pool: Pool) -> tuple[Shop, list[JourneyId]]:
    shop = await Shop.opened(pool)
    return shop, await shop.signs_up(*(f"n{number}" for number in range(MANY)))


async def started(pool: Pool) -> None:
    while await pool.fetchval("select count(*) from outbox"):
        await next_change(pool)


async def killed_in_the_middle(pool: Pool, setting: Setting, mailbox: Mailbox, number: int) -> None:
    """Run a worker until it has asked some, and kill it."""
    async with worker_process(setting, mailbox.port) as worker:
        while (await BulkOperations(pool).show(number)).asked == 0:
            await next_change(pool)
        await kill(worker)
    report = await BulkOperations(pool).show(number)
    assert 0 < report.asked < MANY, "the worker was killed too late to prove anything"
    assert report.finished_at is None


async def moves_asked(client: Client, journey: JourneyId) -> int:
    """How often the journey was asked."""
    events = (await settled_history(client, journey_workflow_id(journey))).events
    signalled = [event for event in events if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED]
    asked = [event.workflow_execution_signaled_event_attributes.signal_name for event in signalled]
    return asked.count(Signal.INTERVENE)


async def test_a_worker_killed_in_the_middle_of_a_move_loses_and_repeats_nobody(
    setting: Setting, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    shop, journeys = await open_line(pool)
    async with worker_process(setting, mailbox.port):
        await started(pool)
    number = await operation(pool, reworded("Look, it is here"), Choice.MOVE)
    await killed_in_the_middle(pool, setting, mailbox, number)
    async with worker_process(setting, mailbox.port):
        report = await settled(pool, number, within=UNTIL_TRIED_AGAIN)
        assert (report.total, report.asked, report.done) == (MANY, MANY, MANY)
        assert await pool.fetchval("select count(*) from journeys where version_id = 'back-in-stock@2'") == MANY
        asked = Counter([await moves_asked(client, journey) for journey in journeys])
        assert set(asked) <= {1, 2}, asked
        assert asked[2] <= 50, "at most the batch in the air was asked again"
        for journey in journeys:
            path = await replayed_path(client, PostgresArchive(pool), journey)
            assert [entry.moved_to for entry in path.entries] == ["back-in-stock@2"]
        await shop.has("v", TOLD)
        await mailbox.wait_for_count(TOLD, PATIENCE)
        while await pool.fetchval("select count(*) from sends where state <> 'sent'"):
            await next_change(pool)
    assert {str(mail.read()["Subject"]) for mail in mailbox.mails} == {"Look, it is here"}
    assert Counter(addressees(mailbox)) == Counter(f"n{number}" for number in range(TOLD))


async def test_a_worker_killed_in_the_middle_of_an_end_forgets_nobody(
    setting: Setting, pool: Pool, mailbox: Mailbox
) -> None:
    shop, _ = await open_line(pool)
    async with worker_process(setting, mailbox.port):
        await started(pool)
    number = await operation(pool, reworded("Look, it is here"), Choice.END)
    await killed_in_the_middle(pool, setting, mailbox, number)
    async with worker_process(setting, mailbox.port):
        report = await settled(pool, number, within=UNTIL_TRIED_AGAIN)
        assert (report.total, report.asked, report.done) == (MANY, MANY, MANY)
        await shop.has("v", TOLD)
        await shop.signs_up("late")
        await mailbox.wait_for_count(1, PATIENCE)
    assert addressees(mailbox) == ["late"]
