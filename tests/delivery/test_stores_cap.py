"""The cap of a store, over all its lists: together they say no more to one person than it allows."""

import asyncio
from datetime import UTC, datetime, timedelta

from activities.delivery.leaving import Leaving
from activities.postgres.pool import Pool
from schemas.channels import Channel
from schemas.document.conversation import Cap
from schemas.journey.outcome import Deferred, Sent
from schemas.reasons import Reason
from schemas.responses.stock import StoreReport
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.delivery.capped import SIZES, come_back, pass_by, request_of
from tests.delivery.capped import counter as counter
from tests.delivery.counter import Counter
from tests.product import STORE, Shop
from tests.story.documents import back, programme


async def test_every_list_of_the_store_counts_and_other_stores_do_not(counter: Counter) -> None:
    await publish(counter.pool, programme("free", back()))
    (free,) = await come_back(counter, SIZES[:1], "free")
    (held,) = await come_back(counter, SIZES[1:2])
    assert isinstance(await counter.deliver(request_of(free, code="free")), Sent)
    assert isinstance(await counter.deliver(request_of(held)), Deferred)
    # As if the first had been sent by another shop.
    await counter.pool.execute("insert into stores (id, source) values ('other.example', 'api')")
    await counter.pool.execute(
        "insert into products (store_id, product_id, title, on_sale, observed_at) "
        "select 'other.example', product_id, title, on_sale, observed_at from products"
    )
    await counter.pool.execute("update journeys set store_id = 'other.example' where id = $1", free)
    assert isinstance(await counter.deliver(request_of(held)), Sent)


async def _store_cap(pool: Pool, messages: int, per: timedelta) -> None:
    await pool.execute("update stores set cap_messages = $1, cap_length = $2", messages, per)


async def test_a_stores_cap_counts_all_its_lists_together_and_defers_as_a_lists_does(counter: Counter) -> None:
    """Eight asked at once by two lists without a cap of their own, or one that is wider: two leave in a day."""
    await publish(counter.pool, programme("free", back()))
    await _store_cap(counter.pool, 2, timedelta(days=1))
    await counter.pool.execute("update lists set cap_messages = 5 where code = 'capped'")
    journeys = [*await come_back(counter, SIZES[:4]), *await come_back(counter, SIZES[4:], "free")]
    requests = [request_of(each) for each in journeys[:4]] + [request_of(each, code="free") for each in journeys[4:]]
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
    first, second = await come_back(counter, SIZES[:2])
    third, fourth, fifth = await come_back(counter, SIZES[2:5], "free")
    assert isinstance(await counter.deliver(request_of(first)), Sent)
    turns: list[int] = []
    for request in (request_of(second), *(request_of(each, code="free") for each in (third, fourth, fifth))):
        outcome = await counter.deliver(request)
        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.TOO_FREQUENT
        turns.append(round((outcome.until - datetime.now(UTC)) / timedelta(days=1)))
    # The second of the capped list in three days, by its own; the others before and after it, one a day.
    assert turns == [3, 1, 2, 4]
    await pass_by(counter.pool, timedelta(days=1))
    assert isinstance(await counter.deliver(request_of(second)), Deferred)
    assert isinstance(await counter.deliver(request_of(third, code="free")), Sent)


async def test_a_transactional_message_is_outside_every_cap(counter: Counter) -> None:
    await _store_cap(counter.pool, 1, timedelta(days=1))
    first, owed, second = await come_back(counter, SIZES[:3])
    assert isinstance(await counter.deliver(request_of(first)), Sent)
    assert isinstance(await counter.deliver(request_of(owed)), Deferred)
    await counter.pool.execute("alter table versions disable trigger versions_are_immutable")
    await counter.pool.execute("update versions set messages = jsonb_set(messages, '{alert,transactional}', 'true')")
    other = Counter(counter.pool, counter.shop)  # it has read no template yet
    assert isinstance(await other.deliver(request_of(owed)), Sent)
    await counter.pool.execute("update sends set settled_at = now() - interval '2 days' where journey_id = $1", first)
    # Nor is it counted: only the first was.
    assert isinstance(await counter.deliver(request_of(second)), Sent)


async def test_a_text_message_holds_up_no_mail_by_the_stores_cap(counter: Counter) -> None:
    await _store_cap(counter.pool, 1, timedelta(days=1))
    await counter.pool.execute("update lists set cap_messages = null, cap_length = null")
    texted, mailed, another = await come_back(counter, SIZES[:3])
    lease = counter.ledger.lease()
    assert await counter.ledger.open(request_of(texted), lease, Leaving(channel=Channel.SMS)) is True
    assert isinstance(await counter.deliver(request_of(mailed)), Sent)
    assert isinstance(await counter.deliver(request_of(another)), Deferred)


async def test_lists_that_ask_at_once_do_not_wait_for_each_other_for_ever(counter: Counter) -> None:
    """Whoever asks holds the contact first, so that no two hold what the other needs."""
    await publish(counter.pool, programme("free", back()))
    await _store_cap(counter.pool, 4, timedelta(days=1))
    await counter.pool.execute("update lists set cap_messages = null, cap_length = null")
    journeys = [*await come_back(counter, SIZES[:4]), *await come_back(counter, SIZES[4:], "free")]
    requests = [request_of(each) for each in journeys[:4]] + [request_of(each, code="free") for each in journeys[4:]]
    outcomes = await asyncio.gather(*(counter.deliver(each) for each in requests))
    assert [type(each) for each in outcomes].count(Sent) == 4
    assert len(counter.sender.taken) == 4


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
