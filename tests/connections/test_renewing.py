"""Tokens that end are renewed by one process at a time, no row is held meanwhile; secrets are written in one order."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from activities.connections import shops as shops_module
from activities.connections.sealing import new_key
from activities.postgres.pool import transaction
from activities.storefronts.shop_api import Renewed
from activities.storefronts.shop_http import ShopAway
from tests.connections.conftest import STORE, Side
from tests.product import next_change
from tests.simulated.shop_api import SimulatedShopApi

ENDS = 'update connections set token_ends_at = now() + $1::interval, settings = settings || \'{"lasts": "3600"}\''


@pytest.mark.parametrize("left", [timedelta(minutes=1), timedelta()])
async def test_a_token_that_ends_is_renewed_once_by_many_at_the_same_time(side: Side, left: timedelta) -> None:
    await side.connect(lasts="1")
    side.shop.asked.clear()
    await side.pool.execute(ENDS, left)
    opened = await asyncio.gather(*(side.shops.open(STORE) for _ in range(4)))
    assert side.shop.asked.count("token") == 1
    if not left:
        for each in opened:
            await each.api.introduce()
    await (await side.shops.open(STORE)).api.introduce()
    assert side.shop.asked.count("token") == 1


async def test_while_a_token_is_renewed_no_row_is_held_and_the_present_one_is_used(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await side.connect()
    await side.pool.execute(ENDS, timedelta(minutes=1))
    asked = asyncio.Event()

    async def never(*_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(SimulatedShopApi, "renewed", never)
    monkeypatch.setattr(shops_module, "RENEWAL_SECONDS", 1.0)
    renewing = asyncio.create_task(side.shops.open(STORE))
    await asked.wait()
    await (await side.shops.open(STORE)).api.introduce()
    await side.pool.execute("select from connections for update nowait")
    with pytest.raises(ShopAway, match="renew"):
        await renewing
    assert await side.pool.fetchval("select renewed_until from connections") is None, "the next may try"


async def test_who_waits_for_a_token_that_has_ended_waits_no_longer_than_the_other_may_take(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await side.connect()
    await side.pool.execute(ENDS, timedelta())
    await side.pool.execute("update connections set renewed_until = now() + interval '1 minute'")
    monkeypatch.setattr(shops_module, "LEASE_SECONDS", 0.3)
    with pytest.raises(ShopAway, match="another process"):
        await side.shops.open(STORE)
    await side.pool.execute("update connections set renewed_until = now()")
    await (await side.shops.open(STORE)).api.introduce()


async def test_tokens_of_a_store_that_is_connected_anew_meanwhile_are_not_overwritten(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await side.connect()
    await side.pool.execute(ENDS, timedelta())
    renew = SimulatedShopApi.renewed

    async def overtaken(*_: object) -> Renewed:
        monkeypatch.setattr(SimulatedShopApi, "renewed", renew)
        await side.connect()
        return Renewed({"token": "of before"}, datetime.now(UTC) + timedelta(hours=1))

    monkeypatch.setattr(SimulatedShopApi, "renewed", overtaken)
    await (await side.shops.open(STORE)).api.introduce()


async def test_secrets_are_encrypted_anew_while_a_token_is_renewed(side: Side) -> None:
    await side.connect()
    (old,) = side.keys
    side.keys = [type(old)(new_key()), old]
    async with transaction(side.pool) as connection:
        await connection.execute("select from connections for no key update")
        last, first = "select max(id) from store_secrets", "select min(id) from store_secrets"
        await connection.execute(f"update store_secrets set added_at = now() where id = ({last})")
        resealing = asyncio.create_task(side.connections.reseal("test"))
        while not await side.pool.fetchval("select exists (select from pg_locks where not granted)"):
            await next_change(side.pool)
        await connection.execute(f"update store_secrets set added_at = now() where id = ({first})")
    assert (await resealing).secrets == 3
