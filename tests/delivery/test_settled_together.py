"""What many have told at the same time is written down in one statement: of each its own, as if it had come alone."""

import asyncio
from collections import Counter as Tally
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from activities.delivery.lease import Lease
from activities.delivery.leaving import Leaving
from activities.delivery.ledger import SQL
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.channels import Channel
from schemas.ids import JourneyId
from schemas.journey.outcome import Sent
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message
from tests.product import Shop, starter_document

MANY = 40
"""More than two statements take."""


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


def sent(journey: JourneyId) -> Sent:
    return Sent(message_id=f"{journey}@shop.example", at=datetime.now(UTC))


async def handed_over(counter: Counter, count: int) -> dict[JourneyId, Lease]:
    """So many have a place, and an attempt each that has the right to send."""
    leases: dict[JourneyId, Lease] = {}
    for journey in await counter.calls(*(f"c{number}" for number in range(count)), units=count):
        leases[journey] = counter.ledger.lease()
        assert await counter.ledger.open(message(journey), leases[journey], Leaving(channel=Channel.EMAIL)) is True
    return leases


async def test_each_has_its_own_outcome_its_place_used_and_is_counted_once(counter: Counter) -> None:
    leases = await handed_over(counter, MANY)
    outcomes: dict[JourneyId, Sent] = {journey: sent(journey) for journey in leases}
    recorded = await asyncio.gather(
        *(counter.ledger.settle(message(journey), sent_, leases[journey]) for journey, sent_ in outcomes.items())
    )
    assert recorded == [*outcomes.values()]
    for journey, outcome in outcomes.items():
        assert (await counter.ledger.look_up(message(journey))).recorded == outcome
        assert await counter.place(journey) == ("told", ["used"])
    lines = await counter.pool.fetch(
        "select what, sum(count)::int as n from line_counts group by what having sum(count) <> 0"
    )
    assert {row["what"]: row["n"] for row in lines} == {"entered": MANY, "told": MANY}
    episode = await counter.pool.fetchrow("select claimed from episodes")
    assert episode is not None
    assert episode["claimed"] == MANY


async def test_who_lost_the_right_to_send_is_not_written_down_with_those_who_have_it(counter: Counter) -> None:
    leases = await handed_over(counter, MANY)
    late = [*leases][::4]
    await counter.pool.execute(
        "update sends set holder = $1 where journey_id = any($2::text[])", uuid4(), [str(each) for each in late]
    )
    recorded = await asyncio.gather(
        *(counter.ledger.settle(message(journey), sent(journey), leases[journey]) for journey in leases)
    )
    assert [journey for journey, outcome in zip(leases, recorded, strict=True) if outcome is None] == late
    places = Tally([await counter.place(journey) == ("told", ["used"]) for journey in leases])
    assert places == {True: MANY - len(late), False: len(late)}


async def test_an_outcome_that_is_asked_for_many_times_at_once_is_written_once_and_keeps_nobody_else_back(
    counter: Counter,
) -> None:
    leases = await handed_over(counter, 4)
    first = next(iter(leases))
    outcome = sent(first)
    again = [counter.ledger.settle(message(first), outcome, leases[first]) for _ in range(MANY)]
    others = [counter.ledger.settle(message(each), sent(each), leases[each]) for each in [*leases][1:]]
    assert [*await asyncio.gather(*again)] == [outcome] * MANY
    assert all(isinstance(each, Sent) for each in await asyncio.gather(*others))
    assert await counter.pool.fetchval("select count(*) from claims where state = 'used'") == 4


async def test_it_is_not_planned_anew_for_every_number_of_them(counter: Counter) -> None:
    leases = await handed_over(counter, MANY)
    journeys = iter(leases)
    async with counter.pool.acquire() as connection:
        for number in range(12):
            some = [next(journeys) for _ in range(1 + number % 4)]
            columns: dict[str, list[Any]] = {
                "keys": [message(each).key for each in some],
                "journey_ids": some,
                "steps": ["it-is-back"] * len(some),
                "rounds": [1] * len(some),
                "messages": ["it-is-back"] * len(some),
                "states": ["sent"] * len(some),
                "outcomes": [sent(each).model_dump(mode="json") for each in some],
                "holders": [leases[each].holder for each in some],
                "lasts": [False] * len(some),
            }
            assert sorted(await SQL.settle_told.values(connection, **columns)) == sorted(columns["keys"])
        kept = "select generic_plans from pg_prepared_statements where statement = $1"
        assert await connection.fetchval(kept, SQL.settle_told.sql) > 0
