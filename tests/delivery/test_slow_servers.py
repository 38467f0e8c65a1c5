"""At a slow mail server a message is decided when nothing is left to wait for (promises P1 and P3); counted there."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from activities.delivery.deliver import DeliverActivity
from activities.delivery.ledger import Ledger
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.senders.email.limits import Limits
from activities.senders.registry import Senders
from activities.senders.sms.providers import NoProvider
from schemas.incoming.facts import ContactErasureFact
from schemas.journey.outcome import AfterRefusal, Deferred, Outcome, Refused, Sent
from schemas.reasons import Reason
from starter.ops.pausing import Pausable, Pausing
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message
from tests.delivery.slow_server import SlowServer
from tests.product import STORE, Shop, address, starter_document


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


@pytest.fixture
async def server() -> AsyncIterator[SlowServer]:
    async with SlowServer() as server:
        yield server


async def happens(counter: Counter, what: str) -> None:
    """Something after which nobody is to be told."""
    match what:
        case "sold out":
            await counter.shop.has("v", 0)
        case "paused":
            await Pausing(counter.pool).pause(Pausable("alert", "back-in-stock"), "test")
        case _:
            erasures = [ContactErasureFact(email=address(f"c{number}")) for number in range(6)]
            await counter.shop.intake.observe(STORE, "shopify", erasures)


EVENTS = pytest.mark.parametrize("what", ["sold out", "paused", "erased"])


def is_right(outcome: Outcome, what: str) -> bool:
    match what:
        case "sold out":
            return outcome == Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE)
        case "paused":
            return isinstance(outcome, Deferred)
        case _:
            return isinstance(outcome, Refused) and outcome.then is AfterRefusal.LEAVE


@EVENTS
async def test_what_happens_before_the_server_accepts_the_recipient_is_what_counts(
    counter: Counter, server: SlowServer, what: str
) -> None:
    (journey,) = await counter.calls("c0")
    delivery = DeliverActivity(counter.ledger, Senders(server.sender(Limits()), NoProvider()), "shop.example")
    attempt = asyncio.create_task(delivery.deliver(message(journey)))
    await server.has_seen(recipients=1)
    assert await counter.pool.fetchval("select count(*) from sends") == 0, "nothing may be leaving yet"
    await happens(counter, what)
    server.accepts.set()
    assert is_right((await attempt).outcome, what)
    assert "DATA" not in server.heard


@EVENTS
async def test_of_those_who_wait_for_their_turn_nobody_is_told_after_it(
    counter: Counter, server: SlowServer, what: str
) -> None:
    """Two bodies are under way and two rows say `sending`; those two are what a kill would leave unknown."""
    server.accepts.set()
    journeys = await counter.calls(*(f"c{number}" for number in range(6)), units=6)
    delivery = DeliverActivity(
        counter.ledger, Senders(server.sender(Limits(), connections=2), NoProvider()), "shop.example"
    )
    attempts = [asyncio.create_task(delivery.deliver(message(journey))) for journey in journeys]
    await server.has_seen(bodies=2)
    assert await counter.pool.fetchval("select count(*) from sends where state = 'sending'") == 2
    await happens(counter, what)
    server.answers.set()
    outcomes = [(await attempt).outcome for attempt in attempts]
    assert server.bodies == len(server.taken) == 2
    assert sum(isinstance(outcome, Sent) for outcome in outcomes) == 2
    assert all(is_right(outcome, what) for outcome in outcomes if not isinstance(outcome, Sent))


async def test_a_message_tells_the_price_of_the_moment_in_which_it_leaves(counter: Counter, server: SlowServer) -> None:
    (journey,) = await counter.calls("c0")
    delivery = DeliverActivity(counter.ledger, Senders(server.sender(Limits()), NoProvider()), "shop.example")
    attempt = asyncio.create_task(delivery.deliver(message(journey)))
    await server.has_seen(recipients=1)
    await counter.pool.execute("update products set title = 'Green kettle'")
    server.accepts.set()
    server.answers.set()
    assert isinstance((await attempt).outcome, Sent)
    assert server.messages[0]["Subject"] == "Green kettle is back"


async def test_a_contact_who_moved_meanwhile_is_written_to_at_the_new_address(
    counter: Counter, server: SlowServer
) -> None:
    (journey,) = await counter.calls("c0")
    delivery = DeliverActivity(counter.ledger, Senders(server.sender(Limits()), NoProvider()), "shop.example")
    attempt = asyncio.create_task(counter.outcome_or_later(delivery, message(journey)))
    await server.has_seen(recipients=1)
    await counter.pool.execute("update contacts set email = 'new@example.com'")
    server.accepts.set()
    server.answers.set()
    assert await attempt == "NotTaken"
    assert await counter.outcome_or_later(delivery, message(journey)) == "sent"
    assert [mail["To"] for mail in server.messages] == ["new@example.com"]


async def test_a_right_to_send_that_was_given_back_twice_does_not_take_the_next_one_away(counter: Counter) -> None:
    """The answer to the first time was lost; meanwhile another attempt may be sending."""
    (journey,) = await counter.calls("c0")
    ledger, request = Ledger(counter.pool), message(journey)
    first, second = ledger.lease(), ledger.lease()
    assert await ledger.open(request, first)
    await ledger.release(request, first)
    assert await ledger.open(request, second)
    await ledger.release(request, first)
    assert not await ledger.open(request, ledger.lease())
    await ledger.release(request, second)
    assert await ledger.open(request, ledger.lease())
