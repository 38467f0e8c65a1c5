"""A list's cap on messages to one person: what is above it is put off, keeps its place and is told later, once."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.delivery.cap import next_turn
from activities.delivery.ledger import Leaving
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.channels import Channel
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import Cap, ConversationDocument
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Deferred, Outcome, Refused, Sent
from schemas.reasons import Reason
from schemas.responses.stock import StoreReport
from starter.reporting.reports import Period, Reports
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.delivery.counter import Counter, waits_for_a_lock
from tests.product import STORE, Product, Shop, address, addressees, subject
from tests.story.documents import back, programme

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
SIZES = tuple(f"size-{number}" for number in range(8))
FOUR_HOURS = timedelta(hours=4)

caps = st.builds(Cap, messages=st.integers(1, 4), per=st.timedeltas(timedelta(minutes=1), timedelta(days=2)))
moments = st.timedeltas(timedelta(0), timedelta(days=3)).map(lambda age: START + age)


@given(caps, st.lists(moments, max_size=30).map(sorted))
def test_no_time_of_the_caps_length_has_more_messages_than_it_allows(cap: Cap, asked: list[datetime]) -> None:
    """However many ask, and when: each leaves at its turn, after those that asked before."""
    left: list[datetime] = []
    for moment in asked:
        left.append(next_turn(left, cap, moment) or moment)
    for end in left:
        assert len([each for each in left if end - cap.per < each <= end]) <= cap.messages


@given(caps, st.lists(moments, max_size=10), moments)
def test_a_turn_is_the_earliest_moment_that_the_cap_allows(cap: Cap, before: list[datetime], now: datetime) -> None:
    before = [each for each in before if each <= now]
    turn = next_turn(before, cap, now)
    at = turn or now
    assert len([each for each in before if at - cap.per < each]) < cap.messages
    if turn is not None:
        just_before = turn - timedelta(microseconds=1)
        assert len([each for each in before if just_before - cap.per < each]) >= cap.messages


@given(st.lists(moments))
def test_without_a_cap_it_is_always_their_turn(before: list[datetime]) -> None:
    assert next_turn(before, None, START) is None


def capped(code: str = "capped", messages: int = 1, per: str = "4 hours", *answers: AlertEvent) -> ConversationDocument:
    return programme(code, back(), *answers, at_most={"messages": messages, "per": per})


def _request(journey: JourneyId, event: AlertEvent = AlertEvent.ALERT, code: str = "capped") -> Deliver:
    return Deliver(
        journey_id=journey,
        event=event,
        version=VersionId(f"{code}@1"),
        step=Send(id=StepId(event), message=event),
        round=1,
        give_up_at=datetime.now(UTC) + timedelta(hours=24),
    )


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    """Eight sizes of one product, none there."""
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await publish(pool, capped())
    await counter.shop.sells(*SIZES)
    return counter


async def _comes_back(counter: Counter, sizes: Sequence[str] = SIZES, list_code: str = "capped") -> list[JourneyId]:
    """Ada waits for each of these sizes; all come back, and she has a place for each."""
    journeys = [(await counter.shop.signs_up("ada", for_=size, list_code=list_code))[0] for size in sizes]
    for size in sizes:
        await counter.shop.has(size, 1)
        await counter.waitlist.give_places(subject(size))
    return journeys


async def _passes(pool: Pool, time: timedelta) -> None:
    """All that was sent or put off is so much longer ago."""
    await pool.execute(
        "update sends set settled_at = settled_at - $1::interval, put_off_until = put_off_until - $1::interval", time
    )


async def _together(counter: Counter, journeys: Sequence[JourneyId]) -> dict[JourneyId, Outcome]:
    outcomes = await asyncio.gather(*(counter.deliver(_request(journey)) for journey in journeys))
    return dict(zip(journeys, outcomes, strict=True))


async def test_of_eight_sizes_back_at_once_one_is_told_now_and_each_other_when_its_turn_comes(counter: Counter) -> None:
    journeys = await _comes_back(counter)
    counter.sender.open.clear()  # all are ready to be handed over before the first one is
    sending = asyncio.create_task(_together(counter, journeys))
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
        await _passes(counter.pool, FOUR_HOURS)
        again = await _together(counter, [journey for _, journey in turns if journey not in told_later])
        (told,) = [journey for journey, each in again.items() if isinstance(each, Sent)]
        told_later.append(told)
    assert told_later == [journey for _, journey in turns]
    assert len(counter.sender.taken) == 8


async def test_the_database_gives_no_right_to_send_above_the_cap(counter: Counter) -> None:
    """Whoever asks, and however many at once."""
    journeys = await _comes_back(counter)
    rows = await asyncio.gather(
        *(counter.ledger.open(_request(journey), counter.ledger.lease()) for journey in journeys)
    )
    assert [each is True for each in rows].count(True) == 1
    states = await counter.pool.fetch("select state, count(*) as n from sends group by state order by state")
    assert [(row["state"], row["n"]) for row in states] == [("ready", 7), ("sending", 1)]
    await counter.pool.execute("update sends set state = 'sending', holder = gen_random_uuid(), lease_until = now()")
    assert await counter.pool.fetchval("select count(*) from sends where state = 'sending'") == 1


async def test_what_was_not_taken_after_all_does_not_count(counter: Counter) -> None:
    first, second = await _comes_back(counter, SIZES[:2])
    lease = counter.ledger.lease()
    assert await counter.ledger.open(_request(first), lease) is True
    assert isinstance(await counter.ledger.open(_request(second), counter.ledger.lease()), datetime)
    await counter.ledger.release(_request(first), lease)
    assert isinstance(await counter.deliver(_request(second)), Sent)


async def test_a_turn_that_is_not_used_holds_nobody_up_for_longer(counter: Counter) -> None:
    first, second, third = await _comes_back(counter, SIZES[:3])
    assert isinstance(await counter.deliver(_request(first)), Sent)
    for journey in (second, third):
        assert isinstance(await counter.deliver(_request(journey)), Deferred)
    await counter.shop.has(SIZES[1], 0)
    assert isinstance(await counter.deliver(_request(second)), Refused)
    await _passes(counter.pool, FOUR_HOURS)
    assert isinstance(await counter.deliver(_request(third)), Sent)


async def test_every_list_of_the_store_counts_and_other_stores_do_not(counter: Counter) -> None:
    await publish(counter.pool, programme("free", back()))
    (free,) = await _comes_back(counter, SIZES[:1], "free")
    (held,) = await _comes_back(counter, SIZES[1:2])
    assert isinstance(await counter.deliver(_request(free, code="free")), Sent)
    assert isinstance(await counter.deliver(_request(held)), Deferred)
    # As if the first had been sent by another shop.
    await counter.pool.execute("insert into stores (id, source) values ('other.example', 'api')")
    await counter.pool.execute(
        "insert into products (store_id, product_id, title, on_sale, observed_at) "
        "select 'other.example', product_id, title, on_sale, observed_at from products"
    )
    await counter.pool.execute("update journeys set store_id = 'other.example' where id = $1", free)
    assert isinstance(await counter.deliver(_request(held)), Sent)


async def _store_cap(pool: Pool, messages: int, per: timedelta) -> None:
    await pool.execute("update stores set cap_messages = $1, cap_length = $2", messages, per)


async def test_a_stores_cap_counts_all_its_lists_together_and_defers_as_a_lists_does(counter: Counter) -> None:
    """Eight asked at once by two lists without a cap of their own, or one that is wider: two leave in a day."""
    await publish(counter.pool, programme("free", back()))
    await _store_cap(counter.pool, 2, timedelta(days=1))
    await counter.pool.execute("update lists set cap_messages = 5 where code = 'capped'")
    journeys = [*await _comes_back(counter, SIZES[:4]), *await _comes_back(counter, SIZES[4:], "free")]
    requests = [_request(each) for each in journeys[:4]] + [_request(each, code="free") for each in journeys[4:]]
    opened = await asyncio.gather(*(counter.ledger.open(each, counter.ledger.lease()) for each in requests))
    assert opened.count(True) == 2
    turns = sorted(each for each in opened if isinstance(each, datetime))
    days = [round((turn - datetime.now(UTC)) / timedelta(days=1)) for turn in turns]
    assert days == [1, 1, 2, 2, 3, 3]
    for journey in journeys:
        assert (await counter.place(journey))[0] == "claimed"


async def test_the_stores_cap_is_kept_by_the_database_whoever_asks_and_takes_nobodys_turn(counter: Counter) -> None:
    """A list's own longer wait leaves room in the store's cap, which another list takes."""
    await publish(counter.pool, programme("free", back()))
    await counter.pool.execute("update lists set cap_length = '3 days' where code = 'capped'")
    await _store_cap(counter.pool, 1, timedelta(days=1))
    first, second = await _comes_back(counter, SIZES[:2])
    third, fourth, fifth = await _comes_back(counter, SIZES[2:5], "free")
    assert isinstance(await counter.deliver(_request(first)), Sent)
    turns: list[int] = []
    for request in (_request(second), *(_request(each, code="free") for each in (third, fourth, fifth))):
        outcome = await counter.deliver(request)
        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.TOO_FREQUENT
        turns.append(round((outcome.until - datetime.now(UTC)) / timedelta(days=1)))
    # The second of the capped list in three days, by its own; the others before and after it, one a day.
    assert turns == [3, 1, 2, 4]
    await _passes(counter.pool, timedelta(days=1))
    assert isinstance(await counter.deliver(_request(second)), Deferred)
    assert isinstance(await counter.deliver(_request(third, code="free")), Sent)


async def test_a_transactional_message_is_outside_every_cap(counter: Counter) -> None:
    await _store_cap(counter.pool, 1, timedelta(days=1))
    first, owed, second = await _comes_back(counter, SIZES[:3])
    assert isinstance(await counter.deliver(_request(first)), Sent)
    assert isinstance(await counter.deliver(_request(owed)), Deferred)
    await counter.pool.execute("alter table versions disable trigger versions_are_immutable")
    await counter.pool.execute("update versions set messages = jsonb_set(messages, '{alert,transactional}', 'true')")
    other = Counter(counter.pool, counter.shop)  # it has read no template yet
    assert isinstance(await other.deliver(_request(owed)), Sent)
    await counter.pool.execute("update sends set settled_at = now() - interval '2 days' where journey_id = $1", first)
    # Nor is it counted: only the first was.
    assert isinstance(await counter.deliver(_request(second)), Sent)


async def test_a_text_message_holds_up_no_mail_by_the_stores_cap(counter: Counter) -> None:
    await _store_cap(counter.pool, 1, timedelta(days=1))
    await counter.pool.execute("update lists set cap_messages = null, cap_length = null")
    texted, mailed, another = await _comes_back(counter, SIZES[:3])
    lease = counter.ledger.lease()
    assert await counter.ledger.open(_request(texted), lease, Leaving(channel=Channel.SMS)) is True
    assert isinstance(await counter.deliver(_request(mailed)), Sent)
    assert isinstance(await counter.deliver(_request(another)), Deferred)


async def test_lists_that_ask_at_once_do_not_wait_for_each_other_for_ever(counter: Counter) -> None:
    """Whoever asks holds the contact first, so that no two hold what the other needs."""
    await publish(counter.pool, programme("free", back()))
    await _store_cap(counter.pool, 4, timedelta(days=1))
    await counter.pool.execute("update lists set cap_messages = null, cap_length = null")
    journeys = [*await _comes_back(counter, SIZES[:4]), *await _comes_back(counter, SIZES[4:], "free")]
    requests = [_request(each) for each in journeys[:4]] + [_request(each, code="free") for each in journeys[4:]]
    outcomes = await asyncio.gather(*(counter.deliver(each) for each in requests))
    assert [type(each) for each in outcomes].count(Sent) == 4
    assert len(counter.sender.taken) == 4


async def test_the_answer_to_a_sign_up_is_neither_put_off_nor_counted(pool: Pool) -> None:
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await publish(pool, capped("capped", 1, "4 hours", AlertEvent.SUBSCRIPTION))
    await counter.shop.sells(*SIZES)
    first, second = await _comes_back(counter, SIZES[:2])
    assert isinstance(await counter.deliver(_request(first, AlertEvent.SUBSCRIPTION)), Sent)
    assert isinstance(await counter.deliver(_request(first)), Sent)
    assert isinstance(await counter.deliver(_request(second, AlertEvent.SUBSCRIPTION)), Sent)
    assert isinstance(await counter.deliver(_request(second)), Deferred)


async def test_postgresql_and_the_rehearsal_have_one_meaning_of_a_turn(counter: Counter) -> None:
    journeys = await _comes_back(counter)
    ages = [timedelta(minutes=minutes) for minutes in (0, 10, 30, 45, 90, 200, 270)]
    for journey in journeys[:-1]:
        await counter.pool.execute("update lists set cap_messages = null, cap_length = null where code = 'capped'")
        assert isinstance(await counter.deliver(_request(journey)), Sent)
    now: datetime = await counter.pool.fetchval("select now()")
    for journey, age in zip(journeys, ages, strict=False):
        await counter.pool.execute("update sends set settled_at = $2 where journey_id = $1", journey, now - age)
    for messages in range(1, 9):
        cap = Cap(messages=messages, per=FOUR_HOURS)
        await counter.pool.execute("update lists set cap_messages = $1, cap_length = $2", messages, FOUR_HOURS)
        turn = await counter.pool.fetchval("select turn_of($1, $2, 'email')", _request(journeys[-1]).key, journeys[-1])
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
    first, second = await _comes_back(counter, SIZES[:2])
    assert await counter.ledger.open(_request(first), counter.ledger.lease()) is True
    assert await counter.ledger.open(_request(second), counter.ledger.lease()) is not True
    await counter.pool.execute("update sends set lease_until = now() - interval '5 hours' where state = 'sending'")
    assert await counter.ledger.open(_request(second), counter.ledger.lease()) is True


async def test_what_one_list_has_put_off_holds_up_none_of_another(counter: Counter) -> None:
    """The other's cap counts what was sent, not what may be sent days later."""
    first, second = await _comes_back(counter, SIZES[:2])
    await publish(counter.pool, capped("daily", 1, "1 hour"))
    (other,) = await _comes_back(counter, SIZES[2:3], list_code="daily")
    for journey in (first, second):
        await counter.ledger.open(_request(journey), counter.ledger.lease())
    put_off = await counter.ledger.open(_request(other, code="daily"), counter.ledger.lease())
    assert isinstance(put_off, datetime)
    assert put_off < datetime.now(UTC) + timedelta(hours=2)


async def test_whoever_was_erased_after_the_last_look_is_sent_nothing(counter: Counter) -> None:
    (journey,) = await _comes_back(counter, SIZES[:1])
    await counter.pool.execute("update contacts set email = null, erased_at = now()")
    assert await counter.ledger.open(_request(journey), counter.ledger.lease()) is False
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
    (journey,) = await _comes_back(counter, SIZES[:1])
    async with counter.pool.acquire() as holder, holder.transaction():
        await holder.execute(f"select from contacts for {held}")
        opening = asyncio.create_task(counter.ledger.open(_request(journey), counter.ledger.lease()))
        await waits_for_a_lock(counter.pool)
        await happens(counter, journey)
    assert await opening is given
    assert await counter.pool.fetchval("select count(*) from sends") == given


async def test_a_stores_cap_is_set_shown_and_taken_away_by_hand(shelftalk: Shelftalk, pool: Pool) -> None:
    await Shop.opened(pool)
    unset = await shelftalk.run("store", "cap", STORE)
    assert unset.out == f"{STORE} has no cap: only those of its lists hold.\n"
    said = await shelftalk.run("store", "cap", STORE, "--at-most", "3", "--per", "1 day")
    assert (
        said.out == f"{STORE}: at most 3 messages in 1 day to one contact on each channel, by all its lists together.\n"
    )
    assert (await shelftalk.run("store", "cap", STORE, "--json")).answer(StoreReport).at_most == Cap(
        messages=3, per=timedelta(days=1)
    )
    for wrong in (
        ("--at-most", "3"),
        ("--at-most", "3", "--per", "0 days"),
        ("--none", "--at-most", "3", "--per", "1 day"),
    ):
        assert (await shelftalk.run("store", "cap", STORE, *wrong)).code == 2
    assert (await shelftalk.run("store", "cap", "other.example", "--json")).failure.code == "unknown_store"
    await shelftalk.run("store", "cap", STORE, "--none")
    assert await pool.fetchval("select count(*) from stores where cap_messages is not null") == 0
    assert await pool.fetchval("select count(*) from audit where action = 'cap store'") == 2
