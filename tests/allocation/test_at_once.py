"""The waiting list keeps its rules when everything happens at the same time."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from activities.delivery.ledger import Ledger
from activities.intake.intake import Intake
from activities.postgres.pool import Pool, transaction
from activities.waitlist.claims import Claim, Waitlist, give_up_place, return_to_line
from activities.waitlist.entrances import Entrances
from activities.waitlist.line_moves import LineMoves
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send
from schemas.ids import JourneyId, Level, StepId, Subject, VersionId
from schemas.incoming.facts import ProductFact, VariantFact
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Refused, Sent
from schemas.reasons import Ending, Reason
from starter.support.journeys import JourneyEnded, Journeys
from starter.versioning.publishing import publish
from starter.waitlists.line_moves import LineMoving, WantedMove
from starter.waitlists.move_refusals import MoveUnderWay, TargetGone
from starter.waitlists.successors import Successors
from tests.allocation.rules import broken_rules
from tests.at_once import at_once
from tests.product import STORE, Shop, address, next_change, subject
from tests.story.documents import back, programme

LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    return await Shop.opened(pool)


async def _done_or_blocked(pool: Pool, task: asyncio.Task[object]) -> None:
    """Until this task's work in PostgreSQL is done, or waits for a lock that another holds."""
    blocked = "select exists (select from pg_locks where not granted)"
    while not task.done() and not await pool.fetchval(blocked):
        await next_change(pool)


async def _blocked(pool: Pool, tasks: int) -> None:
    """Until so many wait in PostgreSQL for locks that others hold."""
    while await pool.fetchval("select count(*) from pg_locks where not granted") < tasks:
        await next_change(pool)


async def _one_is_called(shop: Shop) -> JourneyId:
    """The only one in line, called forward for the only unit."""
    (journey,) = await shop.signs_up("first")
    await shop.has("v", 1)
    assert (await Waitlist(shop.pool).give_places(subject("v"))).to_notify == 1
    await shop.pool.execute("delete from outbox")
    return journey


async def test_a_place_given_up_while_someone_signs_up_is_looked_at(shop: Shop, pool: Pool) -> None:
    """Neither sees the other's uncommitted work, so one has to wait for the other."""
    called = await _one_is_called(shop)
    async with transaction(pool) as connection:
        await give_up_place(connection, called, "refused", Reason.NO_CONSENT)
        signing_up = asyncio.create_task(shop.signs_up("second"))
        await _done_or_blocked(pool, signing_up)
    await signing_up
    assert await broken_rules(pool) == []


async def test_a_claim_given_back_while_a_new_unit_comes_is_looked_at(shop: Shop, pool: Pool) -> None:
    called = await _one_is_called(shop)
    await shop.has("v", 0)
    async with transaction(pool) as connection:
        await return_to_line(connection, called, Reason.SOLD_OUT_AGAIN)
        restocking = asyncio.create_task(shop.has("v", 1))
        await _done_or_blocked(pool, restocking)
    await restocking
    assert await broken_rules(pool) == []
    assert await pool.fetchval("select count(*) from outbox where kind = 'look_again'") == 1


async def test_a_journey_that_ends_while_its_place_is_given_keeps_no_place(shop: Shop, pool: Pool) -> None:
    (journey,) = await shop.signs_up("first")
    await shop.has("v", 1)
    waitlist = Waitlist(pool)
    async with transaction(pool) as connection:
        # Holds up the giving after it has looked for who is next, and the end before it has left the line.
        await connection.execute("select from journeys where id = $1 for update", journey)
        giving = asyncio.create_task(waitlist.give_places(subject("v")))
        await _done_or_blocked(pool, giving)
        ending = asyncio.create_task(waitlist.close(journey, Ending.EXITED, Reason.CANCELLED))
        while await pool.fetchval("select count(*) from pg_locks where not granted") < 2 and not ending.done():
            await next_change(pool)
    await asyncio.gather(giving, ending)
    assert await broken_rules(pool) == []


async def test_who_leaves_while_their_line_is_moved_to_another_product_has_no_place_of_that(
    shop: Shop, pool: Pool
) -> None:
    """Whoever waits for the product that they leave holds in the end the one that they have come to."""
    other = VariantFact(variant_id="o", inventory_item_id="item-o", title="o", quantity=0)
    q = ProductFact(product_id="q", title="q", on_sale=True, variants=(other,), observed_at=datetime.now(UTC))
    await shop.intake.observe(STORE, "shopify", [q])
    (journey,) = await shop.signs_up("first")
    await shop.has("o", 1)
    await LineMoving(pool).move(WantedMove(subject("v"), subject("o")), "test")
    hold_journey, waitlist = "select from journeys where id = $1 for update", Waitlist(pool)
    async with transaction(pool) as at_the_claim:
        async with transaction(pool) as old_product:
            async with transaction(pool) as at_the_move:
                await at_the_move.execute(hold_journey, journey)
                moving = asyncio.create_task(LineMoves(pool).move_next(subject("v")))
                await _blocked(pool, 1)
                next_there = "select from products where product_id = 'p' for no key update"
                holding = asyncio.create_task(old_product.execute(next_there))
                await _blocked(pool, 2)
                ending = asyncio.create_task(waitlist.close(journey, Ending.EXITED, Reason.CANCELLED))
                await _blocked(pool, 3)
            await asyncio.gather(moving, holding)
            await at_the_claim.execute(hold_journey, journey)
            # Whoever gives the place has taken it out of the line, and nobody else sees the claim yet.
            giving = asyncio.create_task(waitlist.give_places(subject("o")))
            await _blocked(pool, 2)
        await _blocked(pool, 2)
    await asyncio.gather(giving, ending)
    assert await broken_rules(pool) == []
    assert await pool.fetchval("select state from claims") == "lapsed"


async def test_a_line_is_moved_only_while_the_product_is_held_that_its_target_is_of_by_then(
    shop: Shop, pool: Pool
) -> None:
    """The target moves to another product while a batch waits for the one that it was of."""
    await shop.sells("v", "w")
    q = ProductFact(product_id="q", title="q", on_sale=True, variants=(), observed_at=datetime.now(UTC))
    await shop.intake.observe(STORE, "shopify", [q])
    await shop.signs_up("first")
    await LineMoving(pool).move(WantedMove(subject("v"), subject("w")), "test")
    there = "select subject from waiting"
    async with transaction(pool) as another:
        await another.execute("select from products where product_id = 'q' for no key update")
        async with transaction(pool) as connection:
            await connection.execute("select from products where product_id = 'p' for no key update")
            await connection.execute("update variants set product_id = 'q' where variant_id = 'w'")
            moving = asyncio.create_task(LineMoves(pool).move_next(subject("v")))
            await _blocked(pool, 1)
        assert await moving
        assert await pool.fetchval(there) == "variant/v"
    assert await LineMoves(pool).move_next(subject("v"))
    assert await pool.fetchval(there) == "variant/w"
    assert await broken_rules(pool) == []


async def test_places_are_given_only_while_the_product_is_held_that_the_variant_is_of_by_then(
    shop: Shop, pool: Pool
) -> None:
    """The variant moves to another product while its shelf waits for the one that it was of (promise P9)."""
    q = ProductFact(product_id="q", title="q", on_sale=True, variants=(), observed_at=datetime.now(UTC))
    await shop.intake.observe(STORE, "shopify", [q])
    await shop.signs_up("first")
    await shop.has("v", 1)
    async with transaction(pool) as another:
        await another.execute("select from products where product_id = 'q' for no key update")
        async with transaction(pool) as connection:
            await connection.execute("select from products where product_id = 'p' for no key update")
            await connection.execute("update variants set product_id = 'q' where variant_id = 'v'")
            giving = asyncio.create_task(Waitlist(pool).give_places(subject("v")))
            await _blocked(pool, 1)
        await _done_or_blocked(pool, giving)
        assert not giving.done()
    assert (await giving).to_notify == 1
    assert await broken_rules(pool) == []


async def test_an_episode_that_waited_to_open_opens_after_all_that_was_told_meanwhile(shop: Shop, pool: Pool) -> None:
    """Who was told of the units before, and asks again, is told of these, and both are on record in that order."""
    called = await _one_is_called(shop)
    await shop.has("v", 0)
    asked_at = datetime.now(UTC)
    async with transaction(pool) as connection:
        await connection.execute("select from products for share")
        restocking = asyncio.create_task(shop.has("v", 1))
        await _done_or_blocked(pool, restocking)
        claim = Claim(await pool.fetchval("select id from claims"), called, late=False)
        await Ledger(pool).settle(_sent(claim, "back-in-stock@1"), Sent(message_id="m@shop.example", at=LATER))
        (again,) = await shop.signs_up("first")
    await restocking
    assert again != called
    told_at = await pool.fetchval("select settled_at from claims")
    opened_at = await pool.fetchval("select opened_at from episodes where closed_at is null")
    assert asked_at < told_at < opened_at


async def test_many_sign_ups_and_stock_changes_at_once_lose_nothing(shop: Shop, pool: Pool) -> None:
    async def restocked(units: int) -> None:
        await shop.has("v", units)

    await at_once(
        *(shop.signs_up(f"c{number % 40}") for number in range(120)),
        *(restocked(units % 7) for units in range(30)),
    )
    assert await broken_rules(pool) == []
    assert await pool.fetchval("select count(*) from waiting") == 40
    starts = "select count(*) from outbox where kind = 'start_journey'"
    assert await pool.fetchval(starts) == 40


def _sent(claim: Claim, version: str) -> Deliver:
    return Deliver(
        journey_id=claim.journey_id,
        event=AlertEvent.ALERT,
        version=VersionId(version),
        step=Send(id=StepId(f"step-{claim.claim_id}"), message="alert"),
        round=1,
        give_up_at=LATER,
    )


async def test_two_shelves_and_two_deliveries_at_once_tell_one_person_of_one_thing_once(pool: Pool) -> None:
    """Everybody asked for the variant and looked at the product, on lists of their own; all shelves look at once."""
    await publish(pool, programme("asked", back(contacts_per_unit="all")))
    await publish(pool, programme("seen", back(action="browse", level="product", contacts_per_unit="all")))
    shop, names = Shop(pool, Intake(pool)), [f"c{number}" for number in range(30)]
    await shop.sells("v")
    await shop.sees(*names)
    await shop.signs_up(*names, list_code="asked")
    waitlist, ledger = Waitlist(pool), Ledger(pool)
    subjects = (subject("v"), Subject(store_id=STORE, level=Level.PRODUCT, id="p"))

    async def tells(what: Subject) -> None:
        for claim in await waitlist.claims_to_notify(what, 10):
            await waitlist.mark_notified([claim])
            await ledger.settle(_sent(claim, "asked@1"), Sent(message_id=f"{claim.claim_id}@shop.example", at=LATER))

    await shop.has("v", 1)
    for _ in range(6):
        looking = [waitlist.give_places(what) for what in subjects * 2]
        await asyncio.gather(*looking, *(tells(what) for what in subjects * 2))
        assert await broken_rules(pool) == []
    told = await pool.fetch("select w.contact_id, w.alert_id from waiting w where w.state = 'told'")
    assert {row["alert_id"] for row in told} == {"asked"}
    assert len(told) == len(names)
    gave_way = "select count(*) from outbox where kind = 'leave' and reason = 'told_already'"
    assert await pool.fetchval(gave_way) == len(names)


@pytest.mark.parametrize("seed", range(4))
async def test_everything_at_once_keeps_the_rules_and_nothing_deadlocks(shop: Shop, pool: Pool, seed: int) -> None:
    random = Random(seed)
    waitlist, ledger, journeys = Waitlist(pool), Ledger(pool), Journeys(pool)

    look_again = "insert into outbox (kind, store_id, subject) values ('look_again', $1, 'variant/v')"

    async def look() -> None:
        """As dispatcher and shelf do together: the request goes first, then it is looked."""
        async with transaction(pool) as connection:
            due = "select id from outbox where kind = 'look_again' for update skip locked"
            await connection.execute(f"delete from outbox where id in ({due})")
        more = await LineMoves(pool, at_once=5).move_next(subject("v"))
        if (await waitlist.give_places(subject("v"))).more or more:
            await pool.execute(look_again, STORE)

    async def answer() -> None:
        for claim in await waitlist.claims_to_notify(subject("v"), 5):
            await waitlist.mark_notified([claim])
            request = Deliver(
                journey_id=claim.journey_id,
                event=AlertEvent.ALERT,
                version=VersionId("back-in-stock@1"),
                step=Send(id=StepId(f"step-{claim.claim_id}"), message="it-is-back"),
                round=1,
                give_up_at=LATER,
            )
            outcome = random.choice(
                (
                    Sent(message_id="m@shop.example", at=LATER),
                    Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE),
                    Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.LEAVE),
                )
            )
            await ledger.settle(request, outcome)

    async def someone_ends() -> None:
        query = "select journey_id from waiting where state = 'waiting' order by place offset $1 limit 1"
        journey = await pool.fetchval(query, random.randrange(5))
        if journey is not None:
            if random.random() < 0.5:
                await waitlist.close(journey, Ending.EXITED, Reason.CANCELLED)
            else:
                try:
                    await journeys.cancel(journey, "test")
                except JourneyEnded:
                    return

    async def sign_up() -> None:
        when = datetime.now(UTC) - timedelta(hours=random.randrange(100))
        await Entrances(pool).sign_up(address(f"c{random.randrange(60)}"), STORE, "v", "test", when)

    async def move() -> None:
        """One of the two lines to the other, or a batch of what is under way."""
        there_and_back = (WantedMove(subject("v"), subject("w")), WantedMove(subject("w"), subject("v")))
        wanted = random.choice(there_and_back)
        if not await LineMoves(pool, at_once=5).move_next(wanted.line):
            with suppress(MoveUnderWay, TargetGone):
                await LineMoving(pool).move(wanted, "test")

    async def come_and_go() -> None:
        """`v` is gone for good, with `w` its successor, or is there again; its shelf looks as it goes."""
        await pool.execute("update variants set removed = not removed where variant_id = 'v'")
        await pool.execute(look_again, STORE)

    async def restock() -> None:
        await shop.has("v", random.randrange(6))

    def anything() -> Coroutine[None, None, None]:
        return random.choice((sign_up, sign_up, look, answer, someone_ends, move, come_and_go, restock))()

    await shop.sells("v", "w")
    await Successors(pool).set(subject("v"), subject("w"), "test")
    await shop.signs_up(*(f"c{number}" for number in range(20)))
    await shop.signs_up(*(f"c{number}" for number in range(0, 20, 4)), for_="w")
    await shop.has("v", 5)
    for _ in range(8):
        await at_once(*(anything() for _ in range(40)))
        assert await broken_rules(pool) == []
    told_gone = "select count(*) from waiting where reason = 'discontinued'"
    assert await pool.fetchval(told_gone) == 0, "there is a successor"
