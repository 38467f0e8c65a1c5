"""What became of messages, counted: each once, people and machines apart, by message, version, conversation or list."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.responses.message_activity import ActivityBy, MessageActivity
from starter.reporting.messages import MessageReports
from starter.reporting.reports import NoSuchList, Period
from tests.cli.command import Shelftalk
from tests.delivery.counter import Counter, reminder
from tests.events.conftest import web as web
from tests.feedback.told import counter as counter
from tests.feedback.told import of, tell, unknown
from tests.http.web import Web, problem
from tests.storefronts.shop import SHOP

ALWAYS = Period(until=datetime.now(UTC).date() + timedelta(days=1))


async def told(counter: Counter, pool: Pool) -> None:
    """Three were written to, one of them twice, and one is not known of."""
    first, second, third = await counter.calls("a", "b", "c", units=3)
    for journey in (first, second):
        await counter.tells(journey)
    await counter.deliver(reminder(first))
    await tell(
        pool,
        of(first, Kind.DELIVERED, name="a"),
        of(first, Kind.OPENED, name="a"),
        of(first, Kind.OPENED, name="a"),
        of(first, Kind.CLICKED, name="a", link="x"),
        of(first, Kind.UNSUBSCRIBED, name="a"),
        of(second, Kind.DELIVERED, name="b"),
        of(second, Kind.MACHINE_OPENED, name="b"),
        of(second, Kind.BOUNCED, name="b"),
        of(first, Kind.COMPLAINED, name="a", step="still-here"),
    )
    del third


async def test_each_message_counts_once_however_much_is_told_of_it(counter: Counter, pool: Pool) -> None:
    await told(counter, pool)
    rows = (await MessageReports(pool).activity(ALWAYS)).messages
    assert [(row.message, row.sent, row.delivered, row.bounced) for row in rows] == [
        ("it-is-back", 2, 1, 1),
        ("still-here", 1, 1, 0),
    ]
    alert, follow_up = rows
    assert (alert.opened, alert.machine_opened, alert.clicked, alert.unsubscribed) == (1, 1, 1, 1)
    assert (alert.complained, follow_up.complained) == (0, 1)


@pytest.mark.parametrize("by", ActivityBy)
async def test_by_whatever_it_is_counted_the_sum_is_the_same(counter: Counter, pool: Pool, by: ActivityBy) -> None:
    await told(counter, pool)
    rows = (await MessageReports(pool).activity(ALWAYS, by)).messages
    assert sum(row.sent for row in rows) == 3
    assert len(rows) == (2 if by in (ActivityBy.MESSAGE, ActivityBy.STEP) else 1)
    assert rows[0].list_code == "default"
    assert (rows[0].version is None) == (by in (ActivityBy.CONVERSATION, ActivityBy.ALERT, ActivityBy.LIST))
    assert (rows[0].alert == "back-in-stock") == (by is ActivityBy.ALERT)


async def test_it_is_asked_for_one_alert_or_one_store(counter: Counter, pool: Pool) -> None:
    await told(counter, pool)
    reports = MessageReports(pool)

    async def sent(alert: str | None = None, store: str | None = None, stores: list[StoreId] | None = None) -> int:
        of_store = StoreId(store) if store else None
        return sum(
            each.sent for each in (await reports.activity(ALWAYS, alert=alert, store=of_store, stores=stores)).messages
        )

    assert [await sent("back-in-stock"), await sent("another"), await sent("back-in-stock", SHOP)] == [3, 0, 3]
    assert [await sent(store="elsewhere"), await sent(store=SHOP, stores=[StoreId("elsewhere")])] == [0, 0]


async def test_a_message_that_nobody_knows_of_counts_as_sent_until_its_provider_tells(
    counter: Counter, pool: Pool
) -> None:
    (journey,) = await unknown(counter, "a")
    (row,) = (await MessageReports(pool).activity(ALWAYS)).messages
    assert (row.sent, row.unknown, row.bounced) == (1, 1, 0)
    await tell(pool, of(journey, Kind.FAILED, name="a"))
    (row,) = (await MessageReports(pool).activity(ALWAYS)).messages
    assert (row.sent, row.unknown, row.bounced) == (1, 0, 1)


async def test_the_period_is_when_a_message_was_sent_and_the_last_thirty_days_if_none_is_named(
    counter: Counter, pool: Pool
) -> None:
    await told(counter, pool)
    await pool.execute("update sends set settled_at = settled_at - interval '40 days' where message = 'still-here'")
    reports = MessageReports(pool)
    usual = await reports.activity(Period())
    assert [row.message for row in usual.messages] == ["it-is-back"]
    assert usual.since is not None
    assert usual.until is not None
    assert (usual.until - usual.since).days == 29
    assert len((await reports.activity(Period(since=usual.since - timedelta(days=60)))).messages) == 2
    assert (await reports.activity(Period(), conversation="another")).messages == ()
    with pytest.raises(NoSuchList):
        await reports.activity(Period(), list_code="none")


async def test_it_comes_as_words_json_and_csv(shelftalk: Shelftalk, counter: Counter, pool: Pool) -> None:
    await told(counter, pool)
    answer = (await shelftalk.run("report", "messages", "--by", "conversation", "--json")).answer(MessageActivity)
    assert [(row.sent, row.told) for row in answer.messages] == [(3, 3)]
    assert "it-is-back" in (await shelftalk.run("report", "messages", "--list", "default")).out
    rows = list(csv.DictReader(io.StringIO((await shelftalk.run("report", "messages", "--csv")).out.lstrip("\ufeff"))))
    assert [row["clicked"] for row in rows] == ["1", "0"]
    assert [row["told"] for row in rows] == ["2", "1"]
    nothing = await shelftalk.run("report", "messages", "--since", "2020-01-01", "--until", "2020-02-01")
    assert nothing.out.startswith("No message was sent from 2020-01-01")


async def test_the_api_answers_the_same_and_a_key_of_another_store_sees_nothing(
    web: Web, counter: Counter, pool: Pool
) -> None:
    await told(counter, pool)
    answer = await web.keyed.get("/v1/reports/messages", params={"by": "list"})
    assert [(row["sent"], row["told"]) for row in answer.json()["messages"]] == [(3, 3)]
    as_csv = await web.keyed.get("/v1/reports/messages", headers={"Accept": "text/csv"})
    assert as_csv.text.count("\n") == 3
    problem(await web.keyed.get("/v1/reports/messages", params={"list": "none"}), 404, "not-found")
