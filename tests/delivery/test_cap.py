"""A list's cap on messages to one person: what is above it is put off, keeps its place and is told later, once."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from activities.delivery.cap import next_turn
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import Cap
from schemas.ids import JourneyId
from schemas.journey.outcome import Deferred, Refused, Sent
from schemas.reasons import Reason
from starter.reporting.reports import Period, Reports
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.delivery.capped import SIZES, capped, come_back, deliver_at_once, pass_by, request_of
from tests.delivery.capped import counter as counter
from tests.delivery.counter import Counter, waits_for_a_lock
from tests.product import Product, Shop, address, addressees

FOUR_HOURS = timedelta(hours=4)


async def test_of_eight_sizes_back_at_once_one_is_told_now_and_each_other_when_its_turn_comes(counter: Counter) -> None:
    journeys = await come_back(counter)
    counter.sender.open.clear()  # all are ready to be handed over before the first one is
    sending = asyncio.create_task(deliver_at_once(counter, journeys))
    await counter.sender.somebody_waits.wait()
    counter.sender.open.set()
    outcomes = await sending
    assert [type(each) for each in outcomes.values()].count(Sent) == 1
    put_off = {journey: each for journey, each in outcomes.items() if isinstance(each, Deferred)}
    assert len(put_off) == 7
    assert {each.reason for each in put_off.values()} == {Reason.TOO_FREQUENT}
    turns = sorted((each.until, journey) for journey, each in put_off.items())
    # Each has a turn of its own, four hours after the one before.
    assert all(b[0] - a[0] == FOUR_HOURS for a, b in itertools.pairwise(turns))
    for journey in journeys:
        assert (await counter.place(journey))[0] in ("told", "claimed")
    told_later: list[JourneyId] = []
    for _ in turns:
        await pass_by(counter.pool, FOUR_HOURS)
        again = await deliver_at_once(counter, [journey for _, journey in turns if journey not in told_later])
        (told,) = [journey for journey, each in again.items() if isinstance(each, Sent)]
        told_later.append(told)
    assert told_later == [journey for _, journey in turns]
    assert len(counter.sender.taken) == 8


async def test_the_database_gives_no_right_to_send_above_the_cap(counter: Counter) -> None:
    """Whoever asks, and however many at once."""
    journeys = await come_back(counter)
    rows = await asyncio.gather(
        *(counter.ledger.open(request_of(journey), counter.ledger.lease()) for journey in journeys)
    )
    assert [each is True for each in rows].count(True) == 1
    states = await counter.pool.fetch("select state, count(*) as n from sends group by state order by state")
    assert [(row["state"], row["n"]) for row in states] == [("ready", 7), ("sending", 1)]
    await counter.pool.execute("update sends set state = 'sending', holder = gen_random_uuid(), lease_until = now()")
    assert await counter.pool.fetchval("select count(*) from sends where state = 'sending'") == 1


async def test_what_was_not_taken_after_all_does_not_count(counter: Counter) -> None:
    first, second = await come_back(counter, SIZES[:2])
    lease = counter.ledger.lease()
    assert await counter.ledger.open(request_of(first), lease) is True
    assert isinstance(await counter.ledger.open(request_of(second), counter.ledger.lease()), datetime)
    await counter.ledger.release(request_of(first), lease)
    assert isinstance(await counter.deliver(request_of(second)), Sent)


async def test_a_turn_that_is_not_used_holds_nobody_up_for_longer(counter: Counter) -> None:
    first, second, third = await come_back(counter, SIZES[:3])
    assert isinstance(await counter.deliver(request_of(first)), Sent)
    for journey in (second, third):
        assert isinstance(await counter.deliver(request_of(journey)), Deferred)
    await counter.shop.has(SIZES[1], 0)
    assert isinstance(await counter.deliver(request_of(second)), Refused)
    await pass_by(counter.pool, FOUR_HOURS)
    assert isinstance(await counter.deliver(request_of(third)), Sent)


async def test_the_answer_to_a_sign_up_is_neither_put_off_nor_counted(pool: Pool) -> None:
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await publish(pool, capped("capped", 1, "4 hours", AlertEvent.SUBSCRIPTION))
    await counter.shop.sells(*SIZES)
    first, second = await come_back(counter, SIZES[:2])
    assert isinstance(await counter.deliver(request_of(first, AlertEvent.SUBSCRIPTION)), Sent)
    assert isinstance(await counter.deliver(request_of(first)), Sent)
    assert isinstance(await counter.deliver(request_of(second, AlertEvent.SUBSCRIPTION)), Sent)
    assert isinstance(await counter.deliver(request_of(second)), Deferred)


async def test_postgresql_and_the_rehearsal_have_one_meaning_of_a_turn(counter: Counter) -> None:
    journeys = await come_back(counter)
    ages = [timedelta(minutes=minutes) for minutes in (0, 10, 30, 45, 90, 200, 270)]
    for journey in journeys[:-1]:
        await counter.pool.execute("update lists set cap_messages = null, cap_length = null where code = 'capped'")
        assert isinstance(await counter.deliver(request_of(journey)), Sent)
    now: datetime = await counter.pool.fetchval("select now()")
    for journey, age in zip(journeys, ages, strict=False):
        await counter.pool.execute("update sends set settled_at = $2 where journey_id = $1", journey, now - age)
    for messages in range(1, 9):
        cap = Cap(messages=messages, per=FOUR_HOURS)
        await counter.pool.execute("update lists set cap_messages = $1, cap_length = $2", messages, FOUR_HOURS)
        turn = await counter.pool.fetchval(
            "select turn_of($1, $2, 'email')", request_of(journeys[-1]).key, journeys[-1]
        )
        assert turn == next_turn([now - age for age in ages], cap, now)


async def test_sizes_that_come_back_at_once_are_told_one_after_the_other(product: Product) -> None:
    await publish(product.pool, capped(per="1 second"))
    await product.shop.sells(*SIZES)
    waits = [(await product.shop.signs_up("ada", for_=size, list_code="capped"))[0] for size in SIZES[:3]]
    for size in SIZES[:3]:
        await product.shop.has(size, 1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"] * 3
    told = await product.pool.fetch("select settled_at from sends where state = 'sent' order by settled_at")
    assert all(b["settled_at"] - a["settled_at"] >= timedelta(seconds=1) for a, b in itertools.pairwise(told))
    for journey in waits:
        path = await product.path(journey)
        assert [type(entry.outcome) for entry in path.entries if entry.kind == "send"] == [Sent]


async def test_support_reads_until_when_and_why_a_message_is_put_off(product: Product) -> None:
    await publish(product.pool, capped())
    await product.shop.sells(*SIZES)
    for size in SIZES[:2]:
        await product.shop.signs_up("ada", for_=size, list_code="capped")
    await product.shop.has(SIZES[0], 1)
    await product.mail_to("ada")
    await product.shop.has(SIZES[1], 1)
    journey = await product.pool.fetchval("select id from journeys where subject = $1", f"variant/{SIZES[1]}")
    held = await product.held_up(journey)
    report = await product.until(journey, lambda report: report.reason is Reason.TOO_FREQUENT)
    until = f"{held.until:%Y-%m-%d %H:%M:%S} UTC"
    sentence = f"It is put off until {until}: {Reason.TOO_FREQUENT.sentence}"
    assert report.why == sentence
    listed = await Reports(product.pool).list_figures("capped", Period())
    assert listed.put_off == 1
    why = await Why(product.pool).contact(address("ada"), About())
    assert f"Their turn has come. {sentence}" in [entry.sentence for entry in why.entries]


async def test_a_message_whose_worker_was_killed_holds_nobody_up_for_ever(counter: Counter) -> None:
    first, second = await come_back(counter, SIZES[:2])
    assert await counter.ledger.open(request_of(first), counter.ledger.lease()) is True
    assert await counter.ledger.open(request_of(second), counter.ledger.lease()) is not True
    await counter.pool.execute("update sends set lease_until = now() - interval '5 hours' where state = 'sending'")
    assert await counter.ledger.open(request_of(second), counter.ledger.lease()) is True


async def test_what_one_list_has_put_off_holds_up_none_of_another(counter: Counter) -> None:
    """The other's cap counts what was sent, not what may be sent days later."""
    first, second = await come_back(counter, SIZES[:2])
    await publish(counter.pool, capped("daily", 1, "1 hour"))
    (other,) = await come_back(counter, SIZES[2:3], list_code="daily")
    for journey in (first, second):
        await counter.ledger.open(request_of(journey), counter.ledger.lease())
    put_off = await counter.ledger.open(request_of(other, code="daily"), counter.ledger.lease())
    assert isinstance(put_off, datetime)
    assert put_off < datetime.now(UTC) + timedelta(hours=2)


async def test_whoever_was_erased_after_the_last_look_is_sent_nothing(counter: Counter) -> None:
    (journey,) = await come_back(counter, SIZES[:1])
    await counter.pool.execute("update contacts set email = null, erased_at = now()")
    assert await counter.ledger.open(request_of(journey), counter.ledger.lease()) is False
    assert await counter.pool.fetchval("select count(*) from sends") == 0


async def _bounces(counter: Counter, _: JourneyId) -> None:
    await counter.suppresses("ada")


async def _nothing(counter: Counter, _: JourneyId) -> None:
    pass


@pytest.mark.parametrize(
    ("has_cap", "held", "happens", "given"),
    [
        # Another message of theirs holds them, for the cap.
        (True, "no key update", Counter.hears_no_from, False),
        (True, "no key update", _bounces, False),
        (True, "no key update", _nothing, True),
        # They change their address.
        (False, "update", _bounces, False),
        (False, "update", _nothing, True),
    ],
)
async def test_a_no_that_is_said_while_the_right_to_send_waits_for_the_contact_is_seen(
    counter: Counter,
    has_cap: bool,
    held: str,
    happens: Callable[[Counter, JourneyId], Awaitable[None]],
    given: bool,
) -> None:
    if not has_cap:
        await counter.pool.execute("update lists set cap_messages = null, cap_length = null")
    (journey,) = await come_back(counter, SIZES[:1])
    async with counter.pool.acquire() as holder, holder.transaction():
        await holder.execute(f"select from contacts for {held}")
        opening = asyncio.create_task(counter.ledger.open(request_of(journey), counter.ledger.lease()))
        await waits_for_a_lock(counter.pool)
        await happens(counter, journey)
    assert await opening is given
    assert await counter.pool.fetchval("select count(*) from sends") == given
