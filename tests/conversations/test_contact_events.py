"""What a journey's contact has done, as criteria, entry triggers, intake and dry runs ask the database."""

import re

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool, Row
from activities.postgres.queries import load_queries
from schemas.ids import JourneyId
from starter.shops.consents import Consents
from starter.versioning.publishing import publish
from tests.conversations.told import ago, did, entered, orders, shows_order, talk, thread
from tests.product import Shop, address


@pytest.fixture
async def ann(pool: Pool) -> JourneyId:
    """A journey that was entered a day ago: put back by hand, for an event so old would enter nobody."""
    waits = {"wait_for": ["custom.never"], "within": "30 days"}
    await publish(pool, talk("club", thread("custom.quiz", waits, {"send": "hello"})))
    journey = entered(await did(pool, "custom", name="quiz", id="door"))
    await pool.execute("update journeys set entered_at = $1", ago(days=1))
    return journey


async def events(pool: Pool, journey: JourneyId) -> list[str]:
    return [row["event"] for row in await _rows(pool, journey)]


async def _rows(pool: Pool, journey: JourneyId) -> list[Row]:
    return await pool.fetch(
        "select event, happened_at, known_at from journey_contact_events where journey_id = $1 "
        "order by known_at, happened_at, event",
        journey,
    )


async def test_all_that_a_contact_did_since_but_for_the_entry(pool: Pool, ann: JourneyId) -> None:
    await did(pool, "custom", name="before", happened_at=ago(days=2))
    await did(pool, "custom", name="since")
    await did(pool, "custom", "ben", name="of-ben")
    await did(pool, "custom", name="elsewhere", store="other.example")
    await orders(pool)
    await Consents(pool).record(address("ann"), "test", granted=False, by="test")
    assert await events(pool, ann) == ["custom.since", "bought", "ordered", "unsubscribed"]


async def test_a_message_of_another_journey_is_none_of_this_one(pool: Pool, ann: JourneyId) -> None:
    await did(pool, "clicked_message", message="<j-other.hello.1@shop.example>")
    assert await events(pool, ann) == []
    await did(pool, "clicked_message", message=f"<{ann}.hello.1@shop.example>")
    await did(pool, "opened_message", message="<from-elsewhere@shop.example>")
    assert await events(pool, ann) == ["clicked_message", "opened_message"]


async def test_of_a_product_only_its_own_order_is_bought(pool: Pool, ann: JourneyId) -> None:
    await Shop(pool, Intake(pool)).sells("v")
    await pool.execute("update journeys set product_id = 'p'")
    await orders(pool, product="q")
    assert await events(pool, ann) == ["ordered"]
    await orders(pool, product="p")
    assert await events(pool, ann) == ["ordered", "bought", "ordered"]


async def test_joining_a_list_again_is_no_event_whichever_was_told_first(pool: Pool, ann: JourneyId) -> None:
    await did(pool, "joined_list", list="club")
    await did(pool, "joined_list", list="club")
    await did(pool, "joined_list", list="club", happened_at=ago(hours=2))
    (only,) = await _rows(pool, ann)
    assert only["event"] == "joined_list"
    assert only["happened_at"] > ago(hours=1), "the one that journeys were told of"


async def test_a_sign_up_that_was_kept_is_told_to_nobody(pool: Pool, ann: JourneyId) -> None:
    await did(pool, "custom", name="signed_up")
    assert await events(pool, ann) == ["custom.signed_up"], "one of the shop's own"
    await pool.execute("""update events set outcome = '{"alerts": []}' where name = 'signed_up'""")
    assert await events(pool, ann) == []


@pytest.mark.parametrize("ahead", [3, 0, -3])
async def test_an_order_that_was_the_entry_is_no_event_however_often_it_is_shown(pool: Pool, ahead: int) -> None:
    waits = {"wait_for": ["custom.never"], "within": "30 days"}
    await publish(pool, talk("thanks", thread("ordered", waits, {"send": "hello"})))
    ordered_at = ago(minutes=-ahead)
    for _ in range(2):
        await shows_order(pool, "p", ordered_at=ordered_at)
    journey = JourneyId(await pool.fetchval("select id from journeys"))
    assert await events(pool, journey) == []


async def test_an_order_is_one_event_and_known_when_it_was_told_first(pool: Pool, ann: JourneyId) -> None:
    ordered_at = ago(hours=3)
    await shows_order(pool, "p", ordered_at=ordered_at)
    await shows_order(pool, "p", "q", ordered_at=ordered_at)
    told, *others = await pool.fetch("select received_at from orders order by received_at")
    rows = await _rows(pool, ann)
    assert [row["event"] for row in rows] == ["bought", "ordered", "bought"]
    assert {row["happened_at"] for row in rows} == {ordered_at}
    assert [row["known_at"] for row in rows] == [told["received_at"]] * 2 + [row["received_at"] for row in others]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(load_queries("activities.decisions", "deciding.sql").journey.sql, id="decisions"),
        pytest.param(load_queries("activities.journeys", "entering.sql").done_since.sql, id="entry triggers"),
        pytest.param(load_queries("activities.journeys", "contact_events.sql").awaiting.sql, id="intake"),
        pytest.param(load_queries("starter.versioning", "dry_run.sql").contact_events.sql, id="dry runs"),
    ],
)
async def test_contact_events_are_found_by_their_contact_however_many_there_are(pool: Pool, query: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        parameters = ", ".join("null" for _ in (await connection.prepare(query)).get_parameters())
        await connection.execute("set local enable_seqscan = off; set local plan_cache_mode = force_generic_plan")
        await connection.execute(f"prepare asked as {query}")
        plan = [row[0] for row in await connection.fetch(f"explain execute asked({parameters})")]
        await connection.execute("deallocate asked")
    scans = [line for line in plan if re.search(r" on (events|orders|consents) ", line)]
    assert not any("Seq Scan" in line for line in scans)
    by_contact = [line for line in plan if re.search(r"Index Cond: .*\bcontact_id = ", line)]
    assert len(by_contact) >= 4, "events, orders twice, consents"
