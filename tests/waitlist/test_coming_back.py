"""Who was asked to leave a line and comes back before Temporal has heard of it: the old stay ends, a new one begins."""

from collections.abc import Awaitable, Callable

import pytest

from activities.intake.events import Events
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.ids import JourneyId
from schemas.incoming.events import Event, EventKind
from tests.product import STORE, Shop, address, subject
from tests.story.documents import nearly_gone, programme


async def _takes_out(shop: Shop) -> None:
    await Events(shop.pool).take(
        Event(id="out", store=STORE, kind=EventKind.REMOVED_FROM_CART, email=address("ada"), product="p", variant="v")
    )


async def _is_asked_by_an_operator(shop: Shop) -> None:
    await shop.pool.execute("update journeys set leaving = 'cancelled'")


async def _is_told_by_another_alert(shop: Shop) -> None:
    await shop.has("v", 3)
    await Waitlist(shop.pool).give_places(subject("v"))
    await shop.pool.execute("insert into yields (journey_id, claim_id) select journey_id, id from claims")


@pytest.mark.parametrize("leaves", [_takes_out, _is_asked_by_an_operator, _is_told_by_another_alert])
async def test_who_leaves_a_line_and_comes_back_at_once_is_in_it(
    pool: Pool, leaves: Callable[[Shop], Awaitable[None]]
) -> None:
    shop = await Shop.opened(pool, programme("low", nearly_gone(3)))
    await shop.has("v", 10)
    [first] = await shop.carts("ada")
    await leaves(shop)
    await shop.has("v", 10)
    [again] = await shop.carts("ada")
    assert again != first
    assert await _in_line(pool) == [again]
    assert await pool.fetchval("select state from waiting where journey_id = $1", first) == "left"
    assert await pool.fetchval("select count(*) from claims where state = 'given'") == 0


async def _in_line(pool: Pool) -> list[JourneyId]:
    return [row[0] for row in await pool.fetch("select journey_id from waiting where state in ('waiting', 'claimed')")]
