"""A rise of the measure arms some of a long line at once, and the shelf arms the rest before it gives a place."""

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist import claims, episodes
from activities.waitlist.claims import Waitlist
from activities.waitlist.line_moves import LineMoves
from starter.versioning.publishing import publish
from starter.waitlists.line_moves import LineMoving, WantedMove
from tests.allocation.rules import broken_rules
from tests.product import Shop, subject
from tests.story.documents import nearly_gone, programme

ARMED = "select count(*) from waiting where armed"


@pytest.fixture
async def shop(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Two units, of which seven people wait to hear when few are left: they came when few were left already."""
    monkeypatch.setattr(episodes, "ARMED_AT_ONCE", 3)
    monkeypatch.setattr(claims, "ARMED_AT_ONCE", 3)
    await publish(pool, programme("low", nearly_gone()))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v", units=2)
    await shop.carts(*(f"c{number}" for number in range(7)))
    assert await pool.fetchval(ARMED) == 0
    return shop


async def _looks(pool: Pool) -> int:
    """As a shelf looks, again as long as there may be more. Returns how many have a place in the end."""
    waitlist = Waitlist(pool)
    while (given := await waitlist.give_places(subject("v"))).more:
        assert await broken_rules(pool, [subject("v")]) == []
    return given.to_notify


async def test_all_who_stood_there_at_the_rise_are_told_of_the_fall_whenever_that_comes(shop: Shop, pool: Pool) -> None:
    await shop.has("v", 50)
    assert await pool.fetchval(ARMED) == 3
    assert await broken_rules(pool, []) == []
    await shop.has("v", 2)
    await shop.carts("late")
    assert await _looks(pool) == 7
    assert await pool.fetchval("select count(*) from rises") == 0
    assert await pool.fetchval("select count(*) from waiting where not armed") == 1, "who came after the fall"
    assert await broken_rules(pool, [subject("v")]) == []


async def test_who_is_moved_into_a_line_is_armed_by_no_rise_of_before(shop: Shop, pool: Pool) -> None:
    await shop.sells("w", units=2)
    await shop.carts("mover", variant="w")
    await pool.execute("update alerts set action = 'browse'")  # what is in a cart is not moved
    await shop.has("v", 50)
    await shop.has("v", 2)
    await LineMoving(pool).move(WantedMove(subject("w"), subject("v")), "test")
    while await LineMoves(pool).move_next(subject("w")):
        pass
    assert await _looks(pool) == 7
    assert await pool.fetchval("select count(*) from waiting where not armed") == 1, "who was moved after the fall"


async def test_a_higher_rise_takes_the_place_of_a_lower_one(shop: Shop, pool: Pool) -> None:
    for units in (50, 2, 60):
        await shop.has("v", units)
    assert await pool.fetchval("select array_agg(measure::integer) from rises") == [60]
    assert await _looks(pool) == 0
    assert await pool.fetchval(ARMED) == 7
    assert await broken_rules(pool, []) == []
