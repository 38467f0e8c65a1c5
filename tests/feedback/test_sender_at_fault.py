"""A sender is stopped by what comes back later only when several receivers say so, of what left since it was mended."""

from collections.abc import Sequence

import pytest

from activities.archive.postgres import PostgresArchive
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.channels import Channel
from schemas.ids import JourneyId
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.reasons import Reason
from starter.ops.feedback_checkup import examine_faults
from starter.ops.findings import Health
from starter.ops.repair import By, Repairs
from starter.runtime.ports import free_port
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter
from tests.feedback.told import of, tell
from tests.product import Shop, address, starter_document
from worker import connect

NAMES = ("ann", "ben", "cat", "dan")


@pytest.fixture
async def told(pool: Pool) -> Sequence[JourneyId]:
    """They were told, all at one receiving domain."""
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    counter = Counter(pool, shop)
    journeys = await counter.calls(*NAMES, units=len(NAMES))
    for journey in journeys:
        await counter.tells(journey)
    return journeys


async def live_at_different_domains(pool: Pool) -> None:
    for name in NAMES:
        await pool.execute("update contacts set email = $2 where email = $1", address(name), f"{name}@{name}.example")


async def refused(pool: Pool, *journeys: JourneyId, channel: Channel = Channel.EMAIL) -> None:
    for journey in journeys:
        await tell(pool, of(journey, Kind.SENDER_AT_FAULT, channel=channel, code="5.7.26"))


async def stopped(pool: Pool) -> list[tuple[str, str | None]]:
    rows = await pool.fetch("select channel, sender from stopped_senders")
    return [(row["channel"], row["sender"]) for row in rows]


async def test_one_receiving_domain_stops_no_sender_however_often_it_refuses(
    pool: Pool, told: Sequence[JourneyId]
) -> None:
    await refused(pool, *told)
    assert await stopped(pool) == []
    finding = await examine_faults(pool)
    assert (finding.health, "4 messages" in finding.found) == (Health.BAD, True)


async def test_three_receiving_domains_stop_the_sender(pool: Pool, told: Sequence[JourneyId]) -> None:
    await live_at_different_domains(pool)
    await refused(pool, told[0], told[1], told[1])
    assert await stopped(pool) == []
    await refused(pool, told[2])
    assert await stopped(pool) == [("email", "")]


async def test_one_filtered_text_stops_no_texts_but_those_to_three_people_do(
    pool: Pool, told: Sequence[JourneyId]
) -> None:
    await refused(pool, told[0], told[0], told[1], channel=Channel.SMS)
    assert await stopped(pool) == []
    await refused(pool, told[2], channel=Channel.SMS)
    assert await stopped(pool) == [("sms", None)]


async def test_what_left_before_the_sender_was_resumed_does_not_stop_it_again(
    pool: Pool, told: Sequence[JourneyId]
) -> None:
    await live_at_different_domains(pool)
    await refused(pool, *told[:3])
    nowhere = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    await Repairs(pool, nowhere, PostgresArchive(pool)).resume(
        Reason.SENDER_AT_FAULT, None, None, By("ben", "DKIM is back")
    )
    await refused(pool, *told)
    assert await stopped(pool) == []
    await pool.execute("update sends set settled_at = now() where settled_at is not null")
    await refused(pool, told[3])
    assert await stopped(pool) == [("email", "")], "but what left since does"
