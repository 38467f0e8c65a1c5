"""Closed histories are archived once, and tell the same path after Temporal has forgotten them."""

import re
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from temporalio.client import Client

from activities.archive.archive import Archive, ArchiveUnavailable, HistoryCorrupt, SealedHistory
from activities.archive.archiving import archive_status
from activities.archive.postgres import PostgresArchive
from activities.archive.s3 import Bucket, S3Archive
from activities.archive.sealed import unseal
from activities.postgres.pool import Pool
from schemas.ids import JourneyId, journey_workflow_id
from schemas.reasons import Ending, Reason
from schemas.responses.archive import ArchiveReport
from starter.devstack.mailbox import Mailbox
from starter.runtime.schedules import ARCHIVING
from starter.support.replay import HistoryGone
from tests.archive.conftest import forgetful_temporal
from tests.archive.steps import AT_ONCE, archived, closed, forgotten
from tests.history import replayed_path, replayed_paths, settled_history
from tests.product import Product, running_product, starter_document
from tests.simulated.archive import SimulatedArchive
from worker import history_archive

LONG = 5
"""Events after which a server suggests a new history; by default it does so after thousands."""


async def outcomes(pool: Pool) -> dict[str, str]:
    return {row["journey_id"]: row["outcome"] for row in await pool.fetch("select * from archivings")}


# The same path ---------------------------------------------------------------------------------------------------


async def test_a_path_is_the_same_by_query_by_temporal_and_by_the_archive(product: Product, archive: Archive) -> None:
    first, second = await closed(product, "first", "second")
    told = {journey: await product.told(journey) for journey in (first, second)}
    assert {journey: await replayed_path(product.client, archive, journey) for journey in told} == told
    report = await archived(product, archive)
    assert report == ArchiveReport(kept=2)
    await forgotten(product, first, second)
    assert {journey: await replayed_path(product.client, archive, journey) for journey in told} == told
    assert told[first].ending is Ending.EXITED


async def test_an_open_journey_is_told_by_temporal_and_is_not_archived(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.settled()
    assert await archived(product, product.archive) == ArchiveReport()
    assert await product.archive.get(journey) is None
    assert await replayed_path(product.client, product.archive, journey) == await product.told(journey)


@pytest.fixture
async def long_product(pool: Pool, mailbox: Mailbox) -> AsyncGenerator[Product]:
    """Everything at work on a server that finds any history long."""
    document = starter_document(wait="1 second")
    async with (
        forgetful_temporal(f"limit.historyCount.suggestContinueAsNew={LONG}") as client,
        running_product(pool, client, mailbox, "long-archived", document) as running,
    ):
        yield running


async def test_of_a_journey_that_continued_as_new_the_archive_has_the_whole_path(long_product: Product) -> None:
    product = long_product
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.settled()
    await product.shop.has("v", 1)
    await product.until(journey, lambda report: report.ended_at is not None)
    history = await settled_history(product.client, journey_workflow_id(journey))
    begun = history.events[0].workflow_execution_started_event_attributes
    assert begun.continued_execution_run_id
    told = await product.told(journey)
    assert (await archived(product, product.archive)).kept == 1
    await forgotten(product, journey)
    assert await replayed_path(product.client, product.archive, journey) == told
    assert [entry.step for entry in told.entries] == [
        "waiting-list",
        "it-is-back",
        "pause",
        "still-here",
        "exit",
    ]


async def test_many_paths_come_from_temporal_and_archive_and_one_that_is_lost_stops_none(product: Product) -> None:
    first, second, third = await closed(product, "first", "second", "third")
    told = [await product.told(journey) for journey in (first, second)]
    await archived(product, product.archive)
    await forgotten(product, first, third)
    await product.pool.execute(
        "update histories set content = substr(content, 1, 50), bytes = 50 where journey_id = $1", third
    )
    wanted = [first, JourneyId("j-unheard-of"), second, third]
    replayed = [each async for each in replayed_paths(product.client, product.archive, wanted)]
    assert [each.told for each in replayed[:2]] == told
    lost = {each.workflow_id: type(each.told) for each in replayed[2:]}
    assert lost == {"journey/j-unheard-of": HistoryGone, journey_workflow_id(third): HistoryCorrupt}
    with pytest.raises(HistoryCorrupt, match=third):
        await replayed_path(product.client, product.archive, third)


async def test_an_erased_contacts_history_has_ids_only_and_still_tells_its_path(product: Product) -> None:
    (journey,) = await closed(product, "ada.lovelace")
    await product.shop.is_erased("ada.lovelace")
    await archived(product, product.archive)
    await forgotten(product, journey)
    content = await product.archive.get(journey)
    assert content is not None
    history = unseal(journey, content)
    text = history.to_json()
    assert "lovelace" not in text
    assert "lovelace" not in "".join(event.SerializeToString().decode("latin-1") for event in history.events)
    assert re.search(r"\bc-[0-9a-f]{28}\b", "".join(str(event) for event in history.events))
    assert (await replayed_path(product.client, product.archive, journey)).ending is Ending.EXITED


# Once, resumable, bounded ----------------------------------------------------------------------------------------


class StopsAfterPutting(SimulatedArchive):
    """Dies at the worst moment: the history is put, and nobody has marked it."""

    def __init__(self) -> None:
        super().__init__()
        self.puts = 0

    async def put(self, history: SealedHistory) -> None:
        await super().put(history)
        self.puts += 1
        if self.puts == 1:
            raise Killed


class Killed(BaseException):
    """The process ends here."""


async def test_killed_between_put_and_mark_a_history_is_put_again_and_none_is_lost(product: Product) -> None:
    journeys = await closed(product, "first", "second")
    archive = StopsAfterPutting()
    with pytest.raises(Killed):
        await archived(product, archive, most=1)
    assert await outcomes(product.pool) == {}
    assert (await archived(product, archive)).kept == 2
    assert archive.puts == 3
    assert await outcomes(product.pool) == dict.fromkeys(journeys, "kept")


async def test_a_second_run_has_nothing_to_do(product: Product) -> None:
    await closed(product, "first")
    assert (await archived(product, product.archive)).kept == 1
    assert await archived(product, product.archive) == ArchiveReport()


async def test_a_run_stops_at_its_bound_and_says_that_there_is_more(product: Product) -> None:
    await closed(product, "first", "second", "third")
    assert await archived(product, product.archive, most=2) == ArchiveReport(kept=2, more=True)
    assert await archived(product, product.archive, most=2) == ArchiveReport(kept=1)


async def test_a_history_that_temporal_no_longer_has_is_marked_so_once(product: Product) -> None:
    (journey,) = await closed(product, "first")
    await forgotten(product, journey)
    assert await archived(product, product.archive) == ArchiveReport(gone=1)
    assert await archived(product, product.archive) == ArchiveReport()
    assert await outcomes(product.pool) == {journey: "gone"}
    with pytest.raises(HistoryGone, match=journey):
        await replayed_path(product.client, product.archive, journey)


async def test_a_history_that_is_too_large_is_left_with_that_on_record(product: Product) -> None:
    (journey,) = await closed(product, "first")
    assert await archived(product, product.archive, largest=500) == ArchiveReport(too_large=1)
    assert await archived(product, product.archive) == ArchiveReport()
    assert await outcomes(product.pool) == {journey: "too_large"}
    assert await product.archive.get(journey) is None
    assert await replayed_path(product.client, product.archive, journey) == await product.told(journey)


async def test_a_journey_that_has_ended_while_its_workflow_runs_is_left_to_a_later_run(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.settled()
    await product.shop.ended(journey, ending=Ending.EXITED, reason=Reason.CANCELLED)
    assert await archived(product, product.archive) == ArchiveReport(running=1)
    assert await outcomes(product.pool) == {}
    await product.client.get_workflow_handle(journey_workflow_id(journey)).terminate()
    assert (await archived(product, product.archive)).kept == 1
    assert await replayed_path(product.client, product.archive, journey)


async def test_an_archive_that_is_away_marks_nothing_and_is_said(product: Product) -> None:
    journeys = await closed(product, "first", "second")
    archive = SimulatedArchive()
    archive.go_away()
    with pytest.raises(ArchiveUnavailable):
        await archived(product, archive)
    assert await outcomes(product.pool) == {}
    archive.come_back()
    assert (await archived(product, archive)).kept == len(journeys)


class RefusesOne(SimulatedArchive):
    """Takes every history but the first it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: JourneyId | None = None

    async def put(self, history: SealedHistory) -> None:
        self.refused = self.refused or history.journey_id
        if self.refused == history.journey_id:
            raise ArchiveUnavailable("not this one")
        await super().put(history)


async def test_one_history_that_cannot_be_put_does_not_hold_up_the_others(product: Product) -> None:
    journeys = await closed(product, "first", "second", "third")
    archive = RefusesOne()
    assert await archived(product, archive) == ArchiveReport(kept=2, failed=1)
    assert set(await outcomes(product.pool)) == set(journeys) - {archive.refused}


# By hand and by schedule -----------------------------------------------------------------------------------------


async def test_by_hand_it_runs_as_a_workflow_and_the_status_counts_what_it_did(product: Product) -> None:
    await closed(product, "first", "second")
    before = await archive_status(product.pool, product.archive)
    assert (before.kept, before.to_do, before.last_at) == (0, 2, None)
    report = await ARCHIVING.run_now(product.client, product.settings.temporal_task_queue, AT_ONCE)
    assert report == ArchiveReport(kept=2)
    after = await archive_status(product.pool, product.archive)
    assert (after.archive, after.kept, after.to_do) == ("postgres", 2, 0)
    assert after.bytes == await product.pool.fetchval("select sum(bytes) from histories")
    assert after.last_at is not None


async def test_who_ended_a_moment_ago_is_left_to_the_next_run(product: Product) -> None:
    await closed(product, "first")
    assert await ARCHIVING.run_now(product.client, product.settings.temporal_task_queue) == ArchiveReport()


async def test_the_worker_archives_into_the_bucket_that_the_settings_name(
    pool: Pool, client: Client, mailbox: Mailbox, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("BUCKET", bucket.name), ("ENDPOINT", bucket.endpoint), ("KEY_ID", "k"), ("SECRET", "s")):
        monkeypatch.setenv(f"SHELFTALK_ARCHIVE_{name}", str(value))
    async with running_product(pool, client, mailbox, f"archived-in-{bucket.name}") as product:
        (journey,) = await closed(product, "first")
        await ARCHIVING.run_now(client, product.settings.temporal_task_queue, AT_ONCE)
        told = await product.told(journey)
        await forgotten(product, journey)
        assert await S3Archive(bucket).get(journey)
        assert await PostgresArchive(pool).get(journey) is None
        assert await replayed_path(client, history_archive(product.settings, pool), journey) == told


@pytest.mark.usefixtures("scheduling_temporal")
async def test_the_schedule_runs_as_often_as_is_set_and_stays_paused(product: Product) -> None:
    queue = product.settings.temporal_task_queue
    await ARCHIVING.ensure_schedule(product.client, queue, timedelta(hours=1))
    handle = product.client.get_schedule_handle(ARCHIVING.schedule_id(queue))
    await handle.pause(note="by an operator")
    await ARCHIVING.ensure_schedule(product.client, queue, timedelta(hours=1))
    await ARCHIVING.ensure_schedule(product.client, queue, timedelta(minutes=10))
    found = (await handle.describe()).schedule
    assert [each.every for each in found.spec.intervals] == [timedelta(minutes=10)]
    assert found.state.paused
    await handle.delete()
