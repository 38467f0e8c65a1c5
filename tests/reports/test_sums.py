"""Sums of what happened are what counting says, whatever is told late; and what they are of has no gaps."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.intake.retention import Retention
from activities.postgres.pool import Pool
from bench.busy_shop import STORE
from schemas.ids import StoreId
from schemas.responses.analytics import ENTRANCE, ConversationAnalytics, CountedContact, Measured
from schemas.responses.retention import Kept, Retain
from starter.reporting.analytics import Analytics, Chosen, Number
from starter.reporting.reports import Period, midnight
from starter.reporting.sums import MOST_AT_ONCE, OVER_FOR, first_run, stretches_of
from tests.reports.whole import read_whole

CONVERSATION = "back-in-stock"
TODAY = datetime.now(UTC).date()
EVER = Period(date(2020, 1, 1), date(2200, 1, 1))
PERIODS = (
    Period(TODAY - timedelta(days=6), TODAY),
    Period(TODAY - timedelta(days=20), TODAY - timedelta(days=11)),
    Period(TODAY - timedelta(days=3), TODAY - timedelta(days=3)),
    Period(TODAY, TODAY),
    EVER,
)
A_JOURNEY = """
insert into journeys
    (id, contact_id, conversation, version_id, alert_id, store_id, subject, product_id, entered_at, window_ends_at)
select 'late', contact_id, conversation, version_id, alert_id, store_id, subject, product_id, now() - interval '9 days',
       now() + interval '9 days'
from journeys where ended_at is not null limit 1
"""
TOLD_LATE = {
    "a journey": (A_JOURNEY,),
    "a stay": (
        """
        insert into path_entries select journey_id, 99, 'pause', entered_at - interval '1 day'
        from path_entries where step = 'exit' limit 1
        """,
    ),
    "an end": (
        """
        with one as (select id from journeys where ended_at is null and told_at is null limit 1),
        place as (update waiting set state = 'left', reason = 'purchased' where journey_id in (select id from one))
        update journeys set ended_at = now() - interval '5 days', ending = 'exited', reason = 'purchased'
        where id in (select id from one)
        """,
    ),
    "another reason of an end": (
        "update journeys set reason = 'erased' where id = (select id from journeys where reason = 'purchased' limit 1)",
    ),
    "that they were not told after all": (
        """
        update journeys set told_at = null, reason = 'no_address'
        where id = (select id from journeys where ending = 'completed' limit 1)
        """,
    ),
    "that they had not left the line": (
        """
        update waiting set state = 'told', reason = null
        where journey_id = (select journey_id from waiting where state = 'left' limit 1)
        """,
    ),
    "that a message was refused": (
        """
        update sends set state = 'refused', outcome = '{"kind": "refused", "reason": "no_address"}', resolved_at = now()
        where key = (select key from sends where state = 'sent' and settled_at < now() - interval '1 day' limit 1)
        """,
    ),
    "a message that was refused": (
        """
        insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
        select id || '/x/1', id, 'x', 1, 'x', 'refused', '{"kind": "refused", "reason": "no_consent"}', told_at
        from journeys where ending = 'completed' limit 1
        """,
    ),
    "that a message was not refused": (
        """
        update sends set state = 'ready', outcome = null, settled_at = null
        where key = (select key from sends where state = 'refused' limit 1)
        """,
    ),
    "an event": (
        """
        insert into events (store_id, id, kind, contact_id, product_id, happened_at, received_at, outcome)
        select store_id, 'late', kind, contact_id, product_id, now() - interval '2 days', now(),
            '{"alerts": [{"alert": "back-in-stock", "variant": "v1", "result": "not_entered", "reason": "filtered"}]}'
        from events where kind = 'viewed_product' limit 1
        """,
    ),
    "what came of an event, and that it is forgotten": (
        """
        update events set outcome =
            '{"conversations": [{"conversation": "back-in-stock", "result": "not_entered", "reason": "no_consent"}]}'
        where id = (select id from events where outcome = '{}' and happened_at < now() - interval '12 hours' limit 1)
        """,
        "delete from events where outcome ? 'conversations'",
    ),
    "an order's credit": (
        """
        insert into credits (store_id, order_id, send_key, touch, sent_at, touched_at, ordered_at, model)
        select t.store_id, t.order_id, s.key, 'clicked', t.ordered_at, t.ordered_at, t.ordered_at, '{}'
        from order_totals t, sends s
        where s.state = 'sent' and t.ordered_at < now() - interval '12 hours'
          and not exists (select from credits c where c.order_id = t.order_id)
        order by t.order_id, s.key limit 1
        """,
        "update order_totals set refunded = 9 where order_id = (select order_id from credits where touch = 'clicked')",
    ),
}


async def _both(pool: Pool, period: Period) -> tuple[ConversationAnalytics, ConversationAnalytics]:
    """By sums, and counted one by one: the shop has one store."""
    analytics = Analytics(pool)
    one_by_one = await analytics.figures(Chosen(CONVERSATION, period, stores=[StoreId(STORE)]))
    return await analytics.figures(Chosen(CONVERSATION, period)), one_by_one


@pytest.mark.parametrize("period", PERIODS, ids=["week", "ten days", "day", "today", "ever"])
async def test_a_period_is_what_counting_says(filled: Pool, period: Period) -> None:
    summed, counted = await _both(filled, period)
    assert summed == counted == (await _both(filled, period))[0]
    assert counted.at("waiting-list/back-in-stock").now
    assert await filled.fetchval("select count(*) from conversation_stretches") or period.since == TODAY


@pytest.mark.parametrize("late", TOLD_LATE)
async def test_what_is_told_late_is_counted(filled: Pool, late: str) -> None:
    before, counted = await _both(filled, EVER)
    assert before == counted
    for statement in TOLD_LATE[late]:
        done = await filled.execute(statement)
        assert done.endswith(" 1")
        summed, counted = await _both(filled, EVER)
        assert counted != before
        assert summed == counted
        before = counted
    for period in PERIODS:
        summed, counted = await _both(filled, period)
        assert summed == counted


async def test_whoever_came_before_is_no_new_contact_of_a_later_period(filled: Pool) -> None:
    contact = await filled.fetchval(
        "select contact_id from journeys where entered_at > now() - interval '8 days' limit 1"
    )
    week = Period(TODAY - timedelta(days=9), TODAY)
    await _both(filled, week)
    await filled.execute(A_JOURNEY.replace("where ended_at is not null", f"where contact_id = '{contact}'"))
    summed, counted = await _both(filled, week)
    assert summed == counted


async def test_what_is_told_late_while_it_is_summed_up_is_counted(filled: Pool) -> None:
    async with filled.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(A_JOURNEY)
        before, _ = await _both(filled, EVER)
        await transaction.commit()
    summed, counted = await _both(filled, EVER)
    assert summed == counted != before


async def test_retention_forgets_notes_of_what_was_told_late_with_the_sums_that_they_are_of(filled: Pool) -> None:
    await _both(filled, EVER)
    await filled.execute(A_JOURNEY)
    await Retention(filled, dict.fromkeys(Kept, 30)).retain(Retain())
    assert not await filled.fetchval("select count(*) from told_late")
    summed, counted = await _both(filled, EVER)
    assert summed == counted


async def test_what_follows_from_one_late_entry_is_found_without_reading_the_others(filled: Pool) -> None:
    await _both(filled, EVER)
    await filled.execute(A_JOURNEY)
    read = await read_whole(filled, "select forget_told_late('back-in-stock')")
    assert not read & {"journeys", "path_entries"}


async def test_several_at_once_sum_up_once(filled: Pool) -> None:
    analytics = Analytics(filled)
    found = await asyncio.gather(*(analytics.figures(Chosen(CONVERSATION, EVER)) for _ in range(3)))
    assert found[0] == found[1] == found[2] == (await _both(filled, EVER))[1]


async def test_those_in_line_under_an_alert_that_another_conversation_took_over_are_counted_where_they_are(
    filled: Pool,
) -> None:
    await filled.execute("update alerts set retired = true")
    await filled.execute("update alerts set conversation = 'long' where id = 'back-in-stock'")
    summed, counted = await _both(filled, EVER)
    assert summed == counted
    assert counted.at("waiting-list/back-in-stock").now


@pytest.mark.parametrize("measured", [Measured.PEOPLE, Measured.ENTRIES])
@pytest.mark.parametrize("place", [ENTRANCE, "waiting-list/back-in-stock", "pause"])
async def test_those_behind_a_number_are_as_many_as_it_says(filled: Pool, measured: Measured, place: str) -> None:
    analytics, chosen = Analytics(filled), Chosen(CONVERSATION, EVER)
    figures = (await analytics.figures(chosen)).at(place)
    found = await _everyone(analytics, chosen, Number(place, measured))
    assert len(found) == (figures.people if measured is Measured.PEOPLE else figures.entries)
    assert found == sorted(found, key=lambda each: each.at, reverse=True)
    assert sum(each.times for each in found) == figures.entries
    if measured is Measured.PEOPLE:
        assert len({each.contact_id for each in found}) == figures.people


async def _everyone(analytics: Analytics, chosen: Chosen, number: Number) -> list[CountedContact]:
    found: list[CountedContact] = []
    cursor: str | None = None
    while True:
        page = await analytics.people(chosen, number, "test", cursor, 37)
        found += page.contacts
        cursor = page.next
        if cursor is None:
            return found


MOMENTS = st.integers(1_577_836_800, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]).map(
    ZoneInfo
)


@given(MOMENTS, st.integers(1, 400), st.none() | MOMENTS, MOMENTS, ZONES)
def test_stretches_follow_each_other_and_are_over(
    day: datetime, days: int, first: datetime | None, now: datetime, zone: ZoneInfo
) -> None:
    since = midnight(day.date(), zone)
    until = midnight(day.date() + timedelta(days=days), zone)
    found = stretches_of(since, until, first, now, zone)
    assert since <= found.begin
    assert len(found.sinces) == len(found.untils)
    if not found.sinces:
        assert found.begin == found.end
        return
    assert found.sinces[0] == found.begin
    assert found.untils[-1] == found.end <= min(until, now - OVER_FOR)
    edges = (*found.sinces, found.end)
    longest = [after - before for before, after in pairwise(edges)]
    assert all(timedelta(0) < each <= timedelta(hours=25) for each in longest)
    assert min(until, now - OVER_FOR) - found.end < timedelta(hours=1)
    short = [begin for begin, length in zip(edges, longest, strict=False) if length == timedelta(hours=1)]
    assert len({begin.astimezone(zone).date() for begin in short}) <= 1
    assert first is not None
    assert first >= found.begin or found.begin == since


@given(st.sets(st.integers(1, 200), min_size=1).map(sorted))
def test_a_run_has_no_gap(numbers: Sequence[int]) -> None:
    run = first_run(numbers)
    assert 1 <= len(run) <= MOST_AT_ONCE
    assert list(run) == list(range(numbers[0], numbers[0] + len(run)))
    assert set(run) <= set(numbers)
    assert len(run) == MOST_AT_ONCE or run[-1] + 1 not in numbers
