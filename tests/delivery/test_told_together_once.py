"""What is told together leaves once and has one outcome, whichever journey hands it over, whatever is killed."""

import asyncio

import pytest
from temporalio.exceptions import ApplicationError

from activities.delivery.deliver import DeliverActivity
from activities.delivery.leaving import Leaving
from activities.delivery.settling import SQL as SETTLING
from activities.delivery.settling import settle_unknowns
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import Query
from schemas.ids import message_reference
from schemas.journey.outcome import AfterRefusal, Outcome, Refused, Sent, Stopped, Unknown
from schemas.reasons import Reason
from tests.delivery.counter import Counter
from tests.delivery.together import (
    SIZES,
    come_back,
    deliver_all,
    leases_lapse,
    places_of,
    request,
    said_by_mails,
    window_ends,
)
from tests.delivery.together import counter as counter
from tests.faults.crashes import CrashPoint, MortalLedger, Process
from tests.product import subject
from tests.simulated.sender import Answer


async def test_two_journeys_that_deliver_at_once_send_one_mail(counter: Counter) -> None:
    """Both have gathered all, and are ready to hand over: one gets the right to send, for all of them."""
    journeys = await come_back(counter)
    await window_ends(counter)
    other = DeliverActivity(counter.ledger, counter.sender, "shop.example")
    counter.sender.open.clear()
    ways = [
        asyncio.create_task(counter.outcome_or_later(delivery, request(journey)))
        for delivery, journey in ((counter.delivery, journeys[0]), (other, journeys[5]))
    ]
    await counter.sender.somebody_waits.wait()
    counter.sender.open.set()
    assert sorted(await asyncio.gather(*ways)) in (["InProgress", "sent"], ["sent", "sent"])
    assert all(isinstance(each, Sent) for each in await deliver_all(counter, journeys))
    assert [len(each) for each in said_by_mails(counter)] == [8]


async def test_all_eight_that_deliver_at_once_send_one_mail(counter: Counter) -> None:
    journeys = await come_back(counter)
    await window_ends(counter)
    ended = await asyncio.gather(*(counter.outcome_or_later(counter.delivery, request(each)) for each in journeys))
    assert {*ended} <= {"sent", "InProgress"}
    assert all(isinstance(each, Sent) for each in await deliver_all(counter, journeys))
    assert [len(each) for each in said_by_mails(counter)] == [8]
    assert await places_of(counter, journeys) == {("told", "used")}


async def test_a_worker_killed_between_leaves_all_unknown_together_and_sends_none_again(counter: Counter) -> None:
    journeys = await come_back(counter)
    await window_ends(counter)
    counter.sender.open.clear()
    sending = asyncio.create_task(counter.deliver(request(journeys[0])))
    await counter.sender.somebody_waits.wait()
    states = await counter.pool.fetch("select distinct state, holder, lease_until from sends")
    assert [row["state"] for row in states] == ["sending"]
    with pytest.raises(ApplicationError, match="another attempt"):
        await counter.deliver(request(journeys[4]))
    await leases_lapse(counter)
    # Whichever of them wakes first: it is so for all.
    assert await counter.deliver(request(journeys[4])) == Unknown()
    assert {row["state"] for row in await counter.pool.fetch("select state from sends")} == {"unknown"}
    assert await places_of(counter, journeys) == {("told", "used")}
    sending.cancel()
    counter.sender.open.set()
    await asyncio.gather(sending, return_exceptions=True)
    assert await deliver_all(counter, journeys) == [Unknown()] * 8
    assert len(counter.sender.taken) <= 1


@pytest.mark.parametrize("after", [False, True])
async def test_killed_at_whichever_statement_both_are_in_one_mail_at_most_once(
    counter: Counter, database_url: str, after: bool
) -> None:
    """A new process does again what a killed one was at; what cannot be known is so of both, and not sent again."""
    process = await Process.on(database_url, counter.pool)
    dying = DeliverActivity(MortalLedger(process), counter.sender, "shop.example")
    sizes = SIZES[:2]
    ended: list[set[str]] = []
    for number in range(1, 27):
        name = f"n{number}"
        journeys = [(await counter.shop.signs_up(name, for_=size, list_code="sizes"))[0] for size in sizes]
        for size in sizes:
            await counter.shop.has(size, number)
            await counter.waitlist.give_places(subject(size))
        await deliver_all(counter, journeys)
        await window_ends(counter)
        process.will_crash(CrashPoint(number, after))
        for journey in journeys:
            await process.survives(lambda journey=journey: counter.outcome_or_later(dying, request(journey)))
        process.will_not_crash()
        await leases_lapse(counter)
        outcomes = await deliver_all(counter, journeys)
        ended.append({each.kind for each in outcomes})
        assert await places_of(counter, journeys) == {("told", "used")}
    assert process.crashes >= 15
    assert all(each in ({"sent"}, {"unknown"}) for each in ended)
    assert {"sent"} in ended
    assert [len(each) for each in said_by_mails(counter)] == [2] * len(counter.sender.taken)
    recipients = [each.recipient for each in counter.sender.taken]
    assert len(recipients) == len({*recipients}) >= ended.count({"sent"})
    await process.pool.close()


async def test_what_a_provider_tells_later_settles_all_that_was_in_the_mail(counter: Counter) -> None:
    journeys = await come_back(counter, SIZES[:3])
    await window_ends(counter)
    lead = request(journeys[0])
    lease = counter.ledger.lease()
    others = [request(each).key for each in journeys[1:]]
    assert await counter.ledger.open(lead, lease, Leaving(others=others)) is True
    await counter.ledger.settle(lead, Unknown(), lease)
    await counter.pool.execute(
        "insert into message_events (provider, event_id, kind, channel, send_key, happened_at) "
        "values ('test', 'e1', 'delivered', 'email', $1, now())",
        lead.key,
    )
    async with transaction(counter.pool) as connection:
        await settle_unknowns(connection, [lead.key])
    outcomes = await deliver_all(counter, journeys)
    assert [type(each) for each in outcomes] == [Sent] * 3
    assert {each.message_id for each in outcomes if isinstance(each, Sent)} == {lead.key.replace("/", ".")}


@pytest.mark.parametrize("sends", [0, 1, 2])
async def test_whichever_journey_sends_it_it_is_the_message_of_the_one_that_waits_for_longest(
    counter: Counter, sends: int
) -> None:
    journeys = await come_back(counter, SIZES[:3])
    await window_ends(counter)
    first, *others = [request(each).key for each in journeys]
    (outcome,) = await deliver_all(counter, journeys[sends : sends + 1])
    assert isinstance(outcome, Sent)
    assert outcome.message_id == counter.sender.taken[0].message_id == f"{first.replace('/', '.')}@shop.example"
    assert counter.sender.taken[0].reference == message_reference(first)
    assert said_by_mails(counter) == [[f"Blue kettle: {size}" for size in SIZES[:3]]]
    rows = await counter.pool.fetch("select key, told_with from sends")
    assert {row["key"]: row["told_with"] for row in rows} == {first: None} | dict.fromkeys(others, first)
    assert await deliver_all(counter, journeys) == [outcome] * 3


@pytest.mark.parametrize("sends", [0, 2])
@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        (Answer.REFUSE, Refused(reason=Reason.PROVIDER_REFUSED, then=AfterRefusal.LEAVE)),
        (Answer.LOSE, Unknown()),
        (Answer.ACCOUNT_AT_FAULT, Stopped(reason=Reason.SENDER_AT_FAULT)),
    ],
)
async def test_whichever_journey_sends_it_all_have_the_one_outcome(
    counter: Counter, sends: int, answer: Answer, ends: Outcome
) -> None:
    journeys = await come_back(counter, SIZES[:3])
    await window_ends(counter)
    counter.sender.answer_next(answer)
    assert await deliver_all(counter, journeys[sends : sends + 1]) == [ends]
    assert await deliver_all(counter, journeys) == [ends] * 3
    held = await counter.pool.fetchval("select count(*) from sends where holder is not null")
    assert (held, counter.sender.taken) == (0, ())


async def test_a_mail_that_was_certainly_not_taken_gives_all_their_right_back(counter: Counter) -> None:
    journeys = await come_back(counter, SIZES[:3])
    await window_ends(counter)
    lease = counter.ledger.lease()
    others = [request(each).key for each in journeys[1:]]
    assert await counter.ledger.open(request(journeys[0]), lease, Leaving(others=others)) is True
    await counter.ledger.release(request(journeys[0]), lease)
    rows = await counter.pool.fetch("select distinct state, told_with, holder from sends")
    assert [tuple(row) for row in rows] == [("ready", None, None)]
    assert all(isinstance(each, Sent) for each in await deliver_all(counter, journeys))
    assert [len(each) for each in said_by_mails(counter)] == [3]


async def test_nothing_is_opened_where_one_of_them_was_told_or_declined_meanwhile(counter: Counter) -> None:
    journeys = await come_back(counter, SIZES[:3])
    lead, *others = [request(each).key for each in journeys]
    await counter.pool.execute("update journeys set leaving = 'cancelled' where id = $1", journeys[2])
    assert await counter.ledger.open(request(journeys[0]), counter.ledger.lease(), Leaving(others=others)) is False
    states = await counter.pool.fetch("select key, state, told_with from sends where key = $1", lead)
    assert [(row["state"], row["told_with"]) for row in states] == [("ready", None)]


async def test_a_refusal_of_the_mail_is_that_of_all_that_was_in_it(counter: Counter) -> None:
    journeys = await come_back(counter, SIZES[:3])
    await window_ends(counter)
    lease = counter.ledger.lease()
    others = [request(each).key for each in journeys[1:]]
    assert await counter.ledger.open(request(journeys[0]), lease, Leaving(others=others)) is True
    refused = Refused(reason=Reason.BAD_ADDRESS, then=AfterRefusal.LEAVE)
    assert await counter.ledger.settle(request(journeys[0]), refused, lease) == refused
    assert await deliver_all(counter, journeys) == [refused] * 3
    assert await places_of(counter, journeys) == {("left", "refused")}


@pytest.mark.parametrize("query", [SETTLING.hold, SETTLING.were_unknown], ids=lambda query: query.name)
async def test_what_a_provider_tells_of_is_found_by_the_keys_however_much_was_sent(pool: Pool, query: Query) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        plan = [row[0] for row in await connection.fetch(f"explain {query.sql}", ["key"])]
    for column in ("key", "told_with"):
        assert [line for line in plan if f"Index Cond: ({column} = ANY" in line], column
