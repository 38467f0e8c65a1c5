"""Each kind of data is forgotten when it is older than its setting says, in batches, and nothing younger with it."""

from datetime import timedelta

import pytest
from temporalio.client import Client

from activities.intake.retention import BATCH, Retention
from activities.postgres.pool import Pool
from schemas.responses.retention import Kept, Retain, Retained, RetentionReport
from schemas.settings import Settings
from starter.runtime.schedules import RETENTION
from tests.cli.command import Shelftalk
from tests.events.told import event, tell
from tests.http.web import Web
from tests.product import Product
from tests.revenue.told import enters, sent
from worker import kept_days

DAYS = dict.fromkeys(Kept, 10)


async def _told(web: Web, pool: Pool) -> None:
    """Of each kind something that is eleven days old, and something of today."""
    await enters(web, pool, "ann")
    (journey,) = [row["id"] for row in await pool.fetch("select id from journeys")]
    for number, days in ((1, 11), (2, 0)):
        token = f"{number + 1}" * 16
        key = await sent(pool, journey, days, number=number)
        await pool.execute("update sends set subject = 'For Ann' where key = $1", key)
        age = timedelta(days=days)
        await pool.execute(
            "insert into links (token, send_key, journey_id, target, made_at) "
            "values ($1, $2, $3, 'https://shop.example/', now() - $4::interval)",
            token,
            key,
            journey,
            age,
        )
        await pool.execute("insert into link_uses (token, used_at) values ($1, now() - $2::interval)", token, age)
        told = event("custom", name="n", id=f"event-{number}", properties={"size": number})
        await tell(web, told)
        await pool.execute("update events set received_at = now() - $2::interval where id = $1", told["id"], age)
    await pool.execute("update inbox set received_at = now() - interval '11 days'")
    await _said(pool, journey)


async def _said(pool: Pool, journey: str) -> None:
    """A question that lapsed; a consent taken back long ago and one today; likewise what they wrote."""
    await pool.execute(
        """
        insert into confirmations (journey_id, token, source, purpose, text, ends_at, lapsed_at)
        select $1, $2, 'form', 'alerts', 'words', now() - interval '11 days', now() - interval '11 days'""",
        journey,
        "q" * 22,
    )
    contact = await pool.fetchval("select contact_id from journeys where id = $1", journey)
    for channel, days in (("email", 11), ("sms", 0)):
        said = "insert into consents (contact_id, channel, granted, source, given_at) values ($1, $2, $3, 'form', $4)"
        at = await pool.fetchval("select now() - $1::interval", timedelta(days=days))
        await pool.execute("update contacts set phone = '+12025550123' where id = $1", contact)
        await pool.execute(said, contact, channel, True, at - timedelta(days=1))
        await pool.execute(said, contact, channel, False, at)
        await pool.execute(
            """
            with told as (
                insert into message_events (provider, event_id, kind, channel, contact_id, happened_at)
                values ('twilio', $3, 'said_something', 'sms', $1, now()) returning id
            )
            insert into revocations (event_id, channel, address, said, likely, due_at, decision, decided_at, decided_by)
            select id, 'sms', '+12025550123', 'leave me', true, now() + interval '14 days', 'confirmed', $2, 'me'
            from told""",
            contact,
            at,
            channel,
        )


def _of(report: RetentionReport) -> dict[Kept, tuple[int, int]]:
    return {each.kind: (each.forgotten, each.due) for each in report.kinds}


async def test_what_is_too_old_is_forgotten_and_what_is_not_stays(web: Web, pool: Pool) -> None:
    await _told(web, pool)
    retention = Retention(pool, DAYS)
    counted = await retention.retain(Retain(only_count=True))
    assert _of(counted) == dict.fromkeys(Kept, (0, 1))
    assert counted.last_run_at is None
    assert _of(await retention.retain(Retain())) == {
        Kept.INBOX: (1, 0),
        Kept.EVENT: (1, 0),
        Kept.SUBJECT: (1, 0),
        Kept.CLICK: (1, 0),
        Kept.LINK: (1, 0),
        Kept.QUESTION: (1, 0),
        Kept.PROOF: (1, 0),
        Kept.TEXT: (1, 0),
    }
    assert await pool.fetchval("select count(*) from inbox") == 0
    assert await pool.fetchval("select text from confirmations") is None
    assert [row["said"] for row in await pool.fetch("select said from revocations order by id")] == [None, "leave me"]
    granted = "select channel, source from consents where granted order by id"
    assert [tuple(row) for row in await pool.fetch(granted)][-2:] == [("email", "erased"), ("sms", "form")]
    assert [row["properties"] for row in await pool.fetch("select properties from events order by id")] == [
        {},
        {"size": 2},
    ]
    assert [row["subject"] for row in await pool.fetch("select subject from sends order by key")] == [None, "For Ann"]
    assert await pool.fetchval("select count(*) from links join link_uses using (token)") == 1
    again = await retention.retain(Retain())
    assert _of(again) == dict.fromkeys(Kept, (0, 0))
    before = {each.kind: each.oldest for each in counted.kinds}
    for each in again.kinds:
        assert (each.oldest is None) == (each.kind in (Kept.INBOX, Kept.QUESTION)), each
        assert each.oldest is None or each.oldest > (before[each.kind] or each.oldest), "the oldest is gone"
    assert again.last_run_at is not None


async def test_an_event_whose_words_are_forgotten_is_known_when_it_is_told_again(web: Web, pool: Pool) -> None:
    told = event("custom", name="n", properties={"size": 1})
    await tell(web, told)
    await pool.execute("update events set received_at = now() - interval '11 days'")
    await Retention(pool, DAYS).retain(Retain())
    (again,) = await tell(web, told)
    assert again["status"] == "repeated"
    assert await pool.fetchval("select properties from events") == {}


@pytest.mark.parametrize("most", [1, BATCH + 1, 10 * BATCH])
async def test_a_run_is_bounded_and_says_what_is_left(web: Web, pool: Pool, most: int) -> None:
    so_many = 2 * BATCH + 1
    await pool.execute(
        "insert into inbox (store_id, source, topic, key, state, received_at) "
        "select 's', 'shopify', 't', n::text, 'applied', now() - interval '11 days' from generate_series(1, $1::int) n",
        so_many,
    )
    report = await Retention(pool, DAYS).retain(Retain(most=most))
    forgotten = min(most, so_many)
    assert _of(report)[Kept.INBOX] == (forgotten, so_many - forgotten)


async def test_the_event_that_a_journey_under_way_was_entered_on_keeps_its_words(web: Web, pool: Pool) -> None:
    await _told(web, pool)
    await pool.execute("update journeys set event_id = 'event-1'")
    report = await Retention(pool, DAYS).retain(Retain())
    assert _of(report)[Kept.EVENT] == (0, 0)
    await pool.execute("update journeys set ended_at = now(), ending = 'completed'")
    assert _of(await Retention(pool, DAYS).retain(Retain()))[Kept.EVENT] == (1, 0)


async def test_every_kind_has_its_setting() -> None:
    assert kept_days(Settings()) == {kind: getattr(Settings(), f"{kind}_days") for kind in Kept}


@pytest.mark.usefixtures("scheduling_temporal")
async def test_it_runs_by_schedule_and_by_hand(beside: Shelftalk, product: Product, client: Client) -> None:
    await RETENTION.ensure_schedule(client, product.settings.temporal_task_queue)
    shown = (await beside.run("retention", "show", "--json")).answer(RetentionReport)
    assert shown.kinds[0] == Retained(kind=Kept.INBOX, days=30, forgotten=0, due=0, oldest=None)
    assert shown.last_run_at is None
    assert "clicks and opens" in (await beside.run("retention", "run")).out
    assert (await beside.run("retention", "show", "--json")).answer(RetentionReport).last_run_at is not None
    assert await product.pool.fetchval("select count(*) from audit where action = 'retention'") == 1
