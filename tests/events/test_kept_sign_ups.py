"""Sign-ups that could not be entered: kept once each, however often they are sent, and found by back-population."""

import asyncio
from datetime import datetime

import pytest

from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import NotEntered
from activities.waitlist.unfulfilled_sign_ups import SIGNED_UP
from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.product import starter_document
from tests.waitlist.late import BLUE, RED, SCARF, SHOP, LateShop, all_draft, days_ago


@pytest.fixture
async def shop(pool: Pool) -> LateShop:
    """Sold out, and every message a draft."""
    await publish(pool, all_draft())
    shop = LateShop.over(pool)
    await shop.sells(SCARF, RED, BLUE)
    return shop


async def signs_up(shop: LateShop, name: str, at: datetime | None = None, variant: str = RED) -> Reason:
    """Why they were not entered."""
    result = await Entrances(shop.pool).sign_up(f"{name}@shop.example", SHOP, variant, "form", at)
    assert isinstance(result, NotEntered)
    return result.reason


async def kept(shop: LateShop) -> list[Reason]:
    rows = await shop.pool.fetch("select outcome from events where name = $1 order by happened_at", SIGNED_UP)
    return [Reason(row["outcome"]["alerts"][0]["reason"]) for row in rows]


async def test_a_sign_up_that_is_retried_is_kept_once(shop: LateShop) -> None:
    for _ in range(3):
        assert await signs_up(shop, "ann") is Reason.MESSAGE_DRAFT
    assert await kept(shop) == [Reason.MESSAGE_DRAFT]
    await signs_up(shop, "ben")
    await signs_up(shop, "ann", variant=BLUE)
    assert len(await kept(shop)) == 3, "someone else's, and one for another variant"


async def test_retries_at_the_same_moment_are_kept_once(shop: LateShop) -> None:
    await asyncio.gather(*(signs_up(shop, "ann") for _ in range(8)))
    assert await kept(shop) == [Reason.MESSAGE_DRAFT]


async def test_one_with_its_own_time_is_kept_once_however_often_it_is_told(shop: LateShop) -> None:
    for _ in range(2):
        await signs_up(shop, "ann", days_ago(3))
    assert len(await kept(shop)) == 1


async def test_two_that_lie_months_apart_are_both_kept(shop: LateShop) -> None:
    for days in (70, 0.5):
        await signs_up(shop, "ann", days_ago(days))
    await signs_up(shop, "ann")
    assert len(await kept(shop)) == 2
    await publish(shop.pool, starter_document())
    report = await shop.back_populates("back-in-stock", days_ago(300))
    assert (report.contacts, report.counts.entered) == (1, 1)


async def test_one_for_another_reason_is_kept_beside_it_and_back_population_finds_the_one_it_reads(
    shop: LateShop,
) -> None:
    await publish(shop.pool, starter_document())
    await shop.knows("ann")
    await shop.bought("ann")
    moment = days_ago(1)
    assert await signs_up(shop, "ann", moment) is Reason.PURCHASED
    await publish(shop.pool, all_draft())
    assert await signs_up(shop, "ann", moment) is Reason.MESSAGE_DRAFT
    assert sorted(await kept(shop)) == [Reason.MESSAGE_DRAFT, Reason.PURCHASED]
    await shop.pool.execute("update orders set cancelled = true")
    await publish(shop.pool, starter_document())
    assert (await shop.back_populates("back-in-stock")).counts.entered == 1


async def test_an_earlier_one_that_is_told_later_decides_the_place(shop: LateShop) -> None:
    await signs_up(shop, "ann", days_ago(3))
    await signs_up(shop, "ben", days_ago(3.2))
    await signs_up(shop, "ann", days_ago(3.5))
    await publish(shop.pool, starter_document())
    await shop.back_populates("back-in-stock")
    assert await shop.line() == ["ann", "ben"]
