"""What people open and click, apart from what machines do."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.decisions.filters import criteria_facts
from activities.postgres.pool import Pool
from schemas.incoming.message_events import MessageEventKind as Kind
from tests.delivery.counter import Counter, message
from tests.feedback.told import counter as counter
from tests.feedback.told import ledger, of, tell
from tests.product import STORE, address


async def engagement(pool: Pool, name: str = "first") -> tuple[datetime | None, datetime | None]:
    contact_id = await pool.fetchval("select id from contacts where email = $1", address(name))
    facts = await criteria_facts(pool, contact_id, STORE, None, None, None)
    assert facts is not None
    return facts.engagement_last_open, facts.engagement_last_click


async def test_what_people_open_and_click_is_what_criteria_know(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    at = datetime.now(UTC) - timedelta(minutes=1)
    await tell(pool, of(journey, Kind.OPENED, at=at), of(journey, Kind.CLICKED, at=at, link="a"))
    assert await engagement(pool) == (at, at)
    told = await pool.fetchval("select message_id from events where kind = 'clicked_message'")
    assert told == f"{journey}.it-is-back.1@shop.example"


async def test_machines_never_count_as_readers(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    await tell(pool, of(journey, Kind.MACHINE_OPENED), of(journey, Kind.MACHINE_CLICKED, link="a"))
    assert await engagement(pool) == (None, None)
    assert (await ledger(pool, journey))[1] == "delivered", "though it has arrived"


@pytest.mark.parametrize("one_by_one", [True, False])
async def test_many_links_within_seconds_are_a_scanners_also_the_first(
    counter: Counter, pool: Pool, one_by_one: bool
) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    at = datetime.now(UTC) - timedelta(minutes=1)
    clicks = [of(journey, Kind.CLICKED, at=at + timedelta(seconds=number), link=str(number)) for number in range(4)]
    if one_by_one:
        for click in clicks:
            await tell(pool, click)
    else:
        await tell(pool, *clicks)
    assert await engagement(pool) == (None, None)
    assert await pool.fetchval("select array_agg(distinct kind) from message_events") == ["machine_clicked"]
    later = of(journey, Kind.CLICKED, at=at + timedelta(seconds=40), link="1")
    await tell(pool, later)
    assert (await engagement(pool))[1] == later.at, "and then somebody read it"


async def test_only_what_lies_near_a_new_click_is_looked_at_again(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    at = datetime.now(UTC) - timedelta(hours=1)
    await pool.execute(
        "insert into message_events (provider, event_id, kind, channel, send_key, link, happened_at) "
        "select 'postmark', 'old-' || n, 'clicked', 'email', $1, n::text, $2 from generate_series(1, 3) n",
        message(journey).key,
        at,
    )
    await tell(pool, of(journey, Kind.CLICKED, link="4"))
    assert await pool.fetchval("select array_agg(distinct kind) from message_events") == ["clicked"]
    await tell(pool, of(journey, Kind.CLICKED, at=at + timedelta(seconds=1), link="4"))
    assert await pool.fetchval("select count(*) from message_events where kind = 'machine_clicked'") == 4


async def test_one_link_clicked_thrice_is_a_persons(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    at = datetime.now(UTC) - timedelta(minutes=1)
    await tell(pool, *(of(journey, Kind.CLICKED, at=at + timedelta(seconds=n), link="a") for n in range(3)))
    assert (await engagement(pool))[1] == at + timedelta(seconds=2)


# Texts -----------------------------------------------------------------------------------------------------------
