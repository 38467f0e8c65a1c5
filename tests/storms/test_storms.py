"""Storms over shops of every platform with webhooks: three hundred deliveries each, or as many as STORM says.

What holds at the end, exactly:
- Of each variant that somebody waits for we know as many units as the shop has.
- Each whole delivery that was sent is in the inbox once, applied, however often it came; each broken one was refused,
  and kept where its signature is good and the store that it is of can be read.
- Units that arrived, by all episodes of a variant, are no fewer than there are now and no more than ever came into the
  shop, and there are no more episodes than restocks. What we saw of the shop is some of its states in their order, so
  each of its rises is seen at most once; of a variant that is never sold all three numbers are the same.
"""

import os

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.simulated.shop import SendingShop
from starter.simulated.shops import SHOPS
from tests.http.conftest import nowhere as nowhere  # a fixture of the tests over HTTP
from tests.storms.storm import VARIANTS, Kind, Storm, storm_over

DELIVERIES = int(os.environ.get("STORM") or 300)
SEED = 14
VARIANTS_EACH = 3
NAMED_IN_THE_BODY = {"bigcommerce", "square"}
"""What is no JSON names no store: its signature cannot be looked at."""
STORMED = [each for each in SHOPS if issubclass(each, SendingShop)]
"""It sends nothing."""


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("platform", STORMED, ids=lambda each: each.source)
async def test_after_a_storm_all_is_as_the_shop_has_it_and_each_change_counted_once(
    pool: Pool, nowhere: Client, platform: type[SendingShop]
) -> None:
    async with storm_over(platform(VARIANTS // VARIANTS_EACH, VARIANTS_EACH), pool, nowhere, SEED) as storm:
        await storm.begin()
        await storm.rage(DELIVERIES)
        print(f"\n{platform.source:<12} {storm.told.figures()}")
        assert await pool.fetchval("select failing_why from connections") is None
        await stock_is_the_shops(storm)
        await nothing_taken_is_lost(storm)
        broken_is_refused(storm)
        await each_rise_counted_once(storm)


async def stock_is_the_shops(storm: Storm) -> None:
    known = await storm.units()
    waited = [place for place in range(VARIANTS) if storm.waits(place)]
    told = {place: known[storm.shop.variant(place)] for place in waited}
    assert told == {place: storm.shop.units[place] for place in waited}


async def nothing_taken_is_lost(storm: Storm) -> None:
    told = storm.told
    assert set(told.receipts) == {"applied", "repeated"}
    # One that was put off may have been taken along all the same: then it is nothing new when it comes again.
    assert len(told.taken) - told.again <= told.receipts["applied"] <= len(told.taken)
    states = {
        row["state"]: row["n"] for row in await storm.pool.fetch("select state, count(*) n from inbox group by 1")
    }
    assert states == {"applied": len(told.taken)} | ({"malformed": len(told.kept)} if told.kept else {})


def broken_is_refused(storm: Storm) -> None:
    answered = {Kind.JSON: 401 if storm.shop.source in NAMED_IN_THE_BODY else 400, Kind.FIELDS: 400, Kind.STRANGER: 401}
    seen = set(storm.told.refused)
    assert seen == set(answered.items())


async def each_rise_counted_once(storm: Storm) -> None:
    episodes = await storm.episodes()
    for place in filter(storm.waits, range(VARIANTS)):
        seen = episodes.get(storm.shop.variant(place), [])
        arrived, units, rises = sum(each for each, _ in seen), storm.shop.units[place], storm.told.rises[place]
        assert units <= arrived <= rises, f"{storm.shop.variant(place)}: {seen}"
        assert len(seen) <= storm.told.restocks[place]
        assert sum(available for _, available in seen) == units
        if storm.only_rises(place):
            assert arrived == units == rises
