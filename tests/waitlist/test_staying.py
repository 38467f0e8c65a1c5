"""Who stays until they bought, beside what else happens to them and to their line."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from activities.delivery.ledger import Ledger
from activities.intake.erasure import forget_address
from activities.intake.intake import Intake
from activities.postgres.pool import Pool, transaction
from activities.waitlist.claims import Waitlist
from activities.waitlist.line_moves import LineMoves
from activities.waitlist.staying import keep_in_line
from activities.waitlist.up_to_them import pause_places
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send
from schemas.ids import StepId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Sent
from starter.versioning.publishing import publish
from starter.waitlists.line_moves import LineMoving, WantedMove
from tests.allocation.rules import broken_rules
from tests.product import STORE, Shop, address, next_change, starter_document, subject
from tests.story.documents import back, programme

LINE = "select count(*) from waiting where state = 'waiting' and subject = $1"


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    shop = await Shop.opened(pool, starter_document(stay_until_bought=3))
    await shop.sells("v", "w")
    return shop


async def _are_told(pool: Pool, variant: str = "v") -> None:
    """Whoever has a place is told, and their journey is over with it."""
    await Waitlist(pool).give_places(subject(variant))
    now = datetime.now(UTC)
    for claim in await Waitlist(pool).claims_to_notify(subject(variant), 10):
        version = await pool.fetchval("select version_id from journeys where id = $1", claim.journey_id)
        await Ledger(pool).settle(
            Deliver(
                journey_id=claim.journey_id,
                event=AlertEvent.ALERT,
                version=version,
                step=Send(id=StepId("told"), message="told"),
                round=1,
                give_up_at=now + timedelta(hours=1),
                last=True,
            ),
            Sent(message_id=f"{claim.claim_id}@shop.example", at=now),
        )


async def _done_or_blocked(pool: Pool, task: asyncio.Task[object]) -> None:
    while not task.done() and not await pool.fetchval("select exists (select from pg_locks where not granted)"):
        await next_change(pool)


async def test_who_waits_for_it_already_because_their_line_was_moved_does_not_stay_a_second_time(
    shop: Shop, pool: Pool
) -> None:
    """Their place there may be older than the one by which they were told."""
    await shop.signs_up("ada", for_="w")
    await shop.signs_up("ada", "bob")
    await shop.has("v", 2)
    await _are_told(pool)
    await shop.has("v", 0)
    await LineMoving(pool).move(WantedMove(subject("w"), subject("v")), "test")
    while await LineMoves(pool).move_next(subject("w")):
        pass
    assert await pool.fetchval(LINE, "variant/v") == 1, "ada"
    assert await keep_in_line(pool) == 1, "bob"
    assert await pool.fetchval(LINE, "variant/v") == 2
    assert await broken_rules(pool) == []


async def test_who_is_erased_while_they_would_stay_is_in_no_line(shop: Shop, pool: Pool) -> None:
    await shop.signs_up("ada")
    await shop.has("v", 1)
    await _are_told(pool)
    await shop.has("v", 0)
    async with transaction(pool) as connection:
        await forget_address(connection, address("ada"), STORE)
        staying = asyncio.create_task(keep_in_line(pool))
        await _done_or_blocked(pool, staying)
    assert await staying == 0
    assert await pool.fetchval(LINE, "variant/v") == 0


async def test_who_pauses_while_they_would_stay_is_passed_over(shop: Shop, pool: Pool) -> None:
    await shop.signs_up("ada")
    await shop.has("v", 1)
    await _are_told(pool)
    await shop.has("v", 0)
    ada = await pool.fetchval("select id from contacts")
    async with transaction(pool) as connection:
        await connection.execute("select from contacts for no key update")
        await pause_places(connection, ada, 7)
        staying = asyncio.create_task(keep_in_line(pool))
        await _done_or_blocked(pool, staying)
    assert await staying == 1
    assert await pool.fetchval(LINE + " and passed_over_for = 'contact_paused'", "variant/v") == 1
    assert await broken_rules(pool) == []


async def test_who_would_stay_while_the_conversation_is_retired_enters_no_more(shop: Shop, pool: Pool) -> None:
    """Whoever retires it counts, and ends, those who are under way: nobody enters behind their back."""
    await shop.signs_up("ada")
    await shop.has("v", 1)
    await _are_told(pool)
    await shop.has("v", 0)
    async with transaction(pool) as connection:
        await connection.execute("update conversations set published = null")
        await connection.execute("update alerts set retired = true")
        staying = asyncio.create_task(keep_in_line(pool))
        await _done_or_blocked(pool, staying)
    assert await staying == 0
    assert await pool.fetchval(LINE, "variant/v") == 0


async def test_who_is_told_by_another_alert_of_what_is_there_still_stays_once_that_is_over_too(pool: Pool) -> None:
    """Also where they are told of it just when they would stay (promise P9)."""
    await publish(pool, programme("near", back(stay_until_bought=1), locations=("depot",)))
    await publish(pool, programme("all", back()))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    await shop.signs_up("ada", list_code="near")
    await shop.has("v", 1, "depot")
    await _are_told(pool)
    await shop.has("v", 1, "warehouse")
    await shop.signs_up("ada", list_code="all")
    await shop.has("v", 0, "depot")
    async with transaction(pool) as connection:
        await connection.execute("select from contacts for update")
        staying = asyncio.create_task(keep_in_line(pool))
        await _done_or_blocked(pool, staying)
        assert not staying.done(), "nobody else has told them so far"
        await _are_told(pool)
    assert await staying == 0
    assert await keep_in_line(pool) == 0
    await shop.has("v", 0, "warehouse")
    assert await keep_in_line(pool) == 1
    assert await broken_rules(pool) == []
