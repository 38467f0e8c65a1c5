"""A sender at fault stops, and only that: nobody is suppressed, asked for again or loses their place (promise P1)."""

import asyncio

import pytest

from activities.intake.intake import Intake
from activities.journeys.positions import Positions
from activities.postgres.pool import Pool
from schemas.ids import JourneyId, StepId
from schemas.journey.activities import RecordPosition
from schemas.journey.outcome import AfterRefusal, Refused, Sent, Stopped
from schemas.reasons import Reason
from starter.ops.backlog import Backlog
from starter.ops.findings import Health
from starter.ops.sending_checkup import examine_senders
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message, waits_for_a_lock
from tests.product import Shop, address, starter_document
from tests.simulated.sender import Answer

AT_FAULT = Stopped(reason=Reason.SENDER_AT_FAULT)


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


async def suppressed(pool: Pool) -> list[str]:
    return [row["address"] for row in await pool.fetch("select address from suppressions")]


async def mend(pool: Pool) -> None:
    await pool.execute("delete from stopped_senders")


@pytest.mark.parametrize("answer", [Answer.SENDER_AT_FAULT, Answer.ACCOUNT_AT_FAULT])
async def test_one_message_finds_it_and_the_others_are_not_tried_until_it_is_mended(
    counter: Counter, answer: Answer
) -> None:
    first, second = await counter.calls("first", "second", units=2)
    counter.sender.answer_next(answer)
    assert await counter.tells(first) == AT_FAULT
    assert await counter.entry(message(first)) == ("ready", 1)
    assert await counter.tells(second) == AT_FAULT
    assert await counter.entry(message(second)) == ("ready", 0), "it was not tried"
    assert await counter.deliver(message(second, patience_over=True)) == AT_FAULT, "nobody's patience runs out over it"
    assert [await counter.place(journey) for journey in (first, second)] == [("claimed", ["given"])] * 2
    assert await suppressed(counter.pool) == []
    assert counter.sender.taken == ()

    await mend(counter.pool)

    assert isinstance(await counter.tells(first), Sent)
    assert isinstance(await counter.tells(second), Sent)
    assert [mail.recipient for mail in counter.sender.taken] == [address("first"), address("second")]


async def test_a_from_address_stops_for_the_lists_that_have_it_and_an_account_for_all(counter: Counter) -> None:
    first, second, third = await counter.calls("first", "second", "third", units=3)
    counter.sender.answer_next(Answer.SENDER_AT_FAULT)
    assert await counter.tells(first) == AT_FAULT
    await counter.pool.execute("update lists set sender = 'Other <other@example.com>'")
    assert isinstance(await counter.tells(second), Sent)
    counter.sender.answer_next(Answer.ACCOUNT_AT_FAULT)
    assert await counter.tells(third) == AT_FAULT
    await counter.pool.execute("update lists set sender = 'Third <third@example.com>'")
    assert await counter.tells(third) == AT_FAULT
    stops = await counter.pool.fetch("select channel, sender, found_by from stopped_senders order by stopped_at")
    assert [(stop["channel"], stop["sender"]) for stop in stops] == [("email", ""), ("email", None)]
    assert [stop["found_by"] for stop in stops] == [message(first).key, message(third).key]


async def test_many_at_once_find_it_together_and_it_is_on_record_once(counter: Counter) -> None:
    names = [f"c{number}" for number in range(8)]
    journeys = await counter.calls(*names, units=8)
    counter.sender.answer_next(*[Answer.ACCOUNT_AT_FAULT] * 8)
    assert await asyncio.gather(*(counter.tells(journey) for journey in journeys)) == [AT_FAULT] * 8
    assert await counter.pool.fetchval("select count(*) from stopped_senders") == 1


async def test_it_is_seen_in_the_check_up_and_in_the_figures(counter: Counter) -> None:
    assert (await examine_senders(counter.pool)).health is Health.GOOD
    (first,) = await counter.calls("first")
    counter.sender.answer_next(Answer.ACCOUNT_AT_FAULT)
    await counter.tells(first)
    found = await examine_senders(counter.pool)
    assert found.health is Health.BAD
    assert "all of email stopped since" in found.found
    assert "the account is suspended" in found.found
    assert "shelftalk repair resume --cause sender_at_fault" in found.advice
    assert (await Backlog(counter.pool).figures()).stopped_senders == 1


async def test_what_is_more_lasting_than_the_stop_is_still_said(counter: Counter) -> None:
    first, second = await counter.calls("first", "second")
    counter.sender.answer_next(Answer.ACCOUNT_AT_FAULT)
    await counter.tells(first)
    await counter.hears_no_from(first)
    assert await counter.tells(first) == Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.LEAVE)
    await counter.looks()
    assert await counter.place(second) == ("claimed", ["given"])


async def rests(pool: Pool, journey: JourneyId) -> str | None:
    """The journey is on record as resting for the sender; returns what it is held up by then."""
    rest = RecordPosition(journey_id=journey, step=StepId("it-is-back"), cause=Reason.SENDER_AT_FAULT)
    await Positions(pool).record_position(rest)
    return await pool.fetchval("select held_up_by from journeys where id = $1", journey)


async def woken(pool: Pool) -> list[str]:
    return [row["journey_id"] for row in await pool.fetch("select journey_id from outbox where kind = 'intervene'")]


async def test_one_that_comes_to_rest_when_it_is_mended_already_is_woken_at_once(counter: Counter) -> None:
    """Its message was stopped just before somebody resumed; whoever resumes could not see it rest yet."""
    first, second = await counter.calls("first", "second", units=2)
    counter.sender.answer_next(Answer.ACCOUNT_AT_FAULT)
    await counter.tells(first)
    assert await rests(counter.pool, first) == Reason.SENDER_AT_FAULT
    assert await woken(counter.pool) == []
    await mend(counter.pool)
    assert await rests(counter.pool, second) is None
    assert await woken(counter.pool) == [second]


async def test_the_stop_of_another_channel_holds_nobody(counter: Counter) -> None:
    first, second = await counter.calls("first", "second", units=2)
    counter.sender.answer_next(Answer.ACCOUNT_AT_FAULT)
    for journey in (first, second):
        assert await counter.tells(journey) == AT_FAULT
    assert await rests(counter.pool, first) == Reason.SENDER_AT_FAULT
    await counter.pool.execute("update stopped_senders set channel = 'sms'")
    assert await rests(counter.pool, second) is None
    assert await woken(counter.pool) == [second]


async def test_one_that_comes_to_rest_while_it_is_being_mended_waits_for_that(counter: Counter) -> None:
    (first,) = await counter.calls("first")
    counter.sender.answer_next(Answer.ACCOUNT_AT_FAULT)
    await counter.tells(first)
    async with counter.pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute("delete from stopped_senders")
            resting = asyncio.create_task(rests(counter.pool, first))
            await waits_for_a_lock(counter.pool)
        assert await resting is None
    assert await woken(counter.pool) == [first]


async def test_an_address_that_nobody_is_at_is_suppressed_with_the_refusal(counter: Counter) -> None:
    first, second = await counter.calls("first", "second")
    counter.sender.answer_next(Answer.NOBODY_THERE)
    assert await counter.tells(first) == Refused(reason=Reason.BAD_ADDRESS, then=AfterRefusal.LEAVE)
    assert await counter.place(first) == ("left", ["refused"])
    assert await suppressed(counter.pool) == [address("first")]
    await counter.looks()
    assert isinstance(await counter.tells(second), Sent)


async def test_a_refusal_of_one_message_suppresses_nobody(counter: Counter) -> None:
    (first,) = await counter.calls("first")
    counter.sender.answer_next(Answer.REFUSE)
    assert await counter.tells(first) == Refused(reason=Reason.PROVIDER_REFUSED, then=AfterRefusal.LEAVE)
    assert await suppressed(counter.pool) == []
