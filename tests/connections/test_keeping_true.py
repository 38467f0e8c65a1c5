"""What webhooks miss is asked for: what somebody waits for at intervals, what was hinted at at once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from activities.connections import keeping_true as keeping_true_module
from activities.connections.keeping_true import AT_ONCE
from activities.connections.sealing import new_key
from activities.intake.intake import Intake
from activities.postgres.pool import Pool, transaction
from activities.storefronts.shop_api import Watched
from activities.waitlist.entrances import Entrances
from schemas.ids import StoreId
from schemas.incoming.facts import Fact, HintFact
from starter.ops.findings import Health
from starter.ops.stores_checkup import examine_connections
from starter.versioning.publishing import publish
from tests.connections.conftest import STORE, Side
from tests.product import address, starter_document
from tests.simulated.shop_api import SimulatedShopApi


async def waiting_for(side: Side, *variants: str) -> None:
    """A connected store whose catalogue is known, and somebody in line for each of these."""
    await publish(side.pool, starter_document())
    await side.connect()
    await side.connections.sync(STORE, lambda _done, _total: None, "test")
    for variant in variants:
        await Entrances(side.pool).sign_up(address("ann"), STORE, variant, "test")


async def arrived(pool: Pool) -> list[int]:
    """The units of each episode of what somebody waits for."""
    rows = await pool.fetch("select arrived from episodes where subject = 'variant/b-v' order by id")
    return [row["arrived"] for row in rows]


async def test_what_somebody_waits_for_is_asked_for_and_a_lost_webhook_is_made_up_for(side: Side) -> None:
    await waiting_for(side, "b-v")
    side.shop.units |= {"b": 4, "a": 99}
    assert await side.keeping_true.look() == 2, "what is waited for, and the subscriptions"
    assert await side.units() == {"a": 3, "b": 4, "c": 7}, "nobody waits for a"
    assert await arrived(side.pool) == [4]
    side.shop.units["b"] = 5
    assert await side.keeping_true.look() == 0, "its next time has not come"
    (shown,) = (await side.status.show(STORE)).stores
    assert shown.polled_at is not None
    due = "select poll_due - polled_at between interval '4 minutes' and interval '5 minutes' from connections"
    assert await side.pool.fetchval(due)


async def test_the_same_change_by_webhook_and_by_poll_is_one_transition(side: Side) -> None:
    await waiting_for(side, "b-v")
    side.shop.units["b"] = 4
    opened = await side.shops.open(STORE)
    told = await opened.api.read_back([Watched("b", "b-v")])
    await side.keeping_true.look()
    for _ in range(2):
        await Intake(side.pool).learn(STORE, "simulated", told)
    assert await arrived(side.pool) == [4]


async def test_what_the_shop_has_no_more_is_gone(side: Side) -> None:
    await waiting_for(side, "b-v")
    del side.shop.units["b"]
    await side.keeping_true.look()
    assert await side.units() == {"a": 3, "c": 7}


async def test_what_a_webhook_hinted_at_is_asked_for_at_once(side: Side) -> None:
    await waiting_for(side)
    await side.keeping_true.look()
    side.shop.units["a"] = 11
    hint = HintFact(product_id="a", variant_id="a-v", observed_at=datetime.now(UTC))
    for _ in range(2):
        await Intake(side.pool).learn(STORE, "simulated", [hint])
    assert await side.keeping_true.look() == 1
    assert (await side.units())["a"] == 11
    assert await side.pool.fetchval("select count(*) from hints") == 0


async def test_a_hint_at_a_variant_alone_is_asked_by_the_product_that_is_known_of_it(side: Side) -> None:
    await waiting_for(side)
    await side.keeping_true.look()
    side.shop.units["a"] = 12
    for variant in ("a-v", "nobody knows"):
        await Intake(side.pool).learn(STORE, "simulated", [HintFact(variant_id=variant, observed_at=datetime.now(UTC))])
    assert await side.keeping_true.look() == 1
    assert (await side.units())["a"] == 12
    assert await side.pool.fetchval("select count(*) from hints") == 0


async def test_a_hint_that_names_nothing_has_the_whole_catalogue_read(side: Side) -> None:
    await waiting_for(side)
    await side.keeping_true.look()
    side.shop.units |= {"c": 1, "new": 5}
    await Intake(side.pool).learn(STORE, "simulated", [HintFact(observed_at=datetime.now(UTC))])
    assert await side.keeping_true.look() == 1
    assert await side.units() == {"a": 3, "b": 0, "c": 1, "new": 5}


async def test_of_too_many_hints_what_is_waited_for_is_asked_instead(side: Side) -> None:
    await waiting_for(side, "b-v")
    await side.keeping_true.look()
    await side.pool.execute(
        "insert into hints (store_id, product_id, due_at) select $1, n::text, now() + interval '1 hour' "
        "from generate_series(1, 10000) n",
        STORE,
    )
    side.shop.units["b"] = 6
    at = datetime.now(UTC)
    for _ in range(2):
        await Intake(side.pool).learn(STORE, "simulated", [HintFact(product_id="b", observed_at=at)])
    await Intake(side.pool).learn(
        STORE, "simulated", [HintFact(order_id="o", observed_at=at), HintFact(product_id="7", observed_at=at)]
    )
    rows = await side.pool.fetch("select product_id, order_id from hints where due_at <= now()")
    assert {tuple(row) for row in rows} == {("7", None), (None, "o")}, "one that is known, and orders beside them"
    (shown,) = (await side.status.show(STORE)).stores
    assert (shown.hints, shown.hints_dropped) == (10_001, 2)
    assert any("2 more were not kept" in each for each in shown.problems)
    within = "select poll_due - polled_at from connections"
    assert await side.pool.fetchval(within) == timedelta(minutes=1)
    await side.pool.execute("update connections set poll_due = now()")
    await side.keeping_true.look()
    assert (await side.units())["b"] == 6


async def test_a_hint_of_a_store_that_cannot_be_asked_is_not_kept(side: Side) -> None:
    await Intake(side.pool).learn(StoreId("elsewhere"), "simulated", [HintFact(observed_at=datetime.now(UTC))])
    assert await side.pool.fetchval("select count(*) from hints") == 0


async def test_a_hint_waits_while_the_shop_is_away_and_is_not_lost(side: Side) -> None:
    await waiting_for(side)
    await side.keeping_true.look()
    await side.pool.execute("insert into hints (store_id, product_id) values ($1, 'a')", STORE)
    side.shop.refuses = 401
    with capture_logs() as logs:
        assert await side.keeping_true.look() == 0
    assert [each["event"] for each in logs] == ["shop not asked"]
    (shown,) = (await side.status.show(STORE)).stores
    assert (shown.hints, "does not answer as it should" in shown.problems[0]) == (1, True)
    assert (await examine_connections(side.pool)).health is Health.GOOD, "it may only stumble"
    await side.pool.execute("update connections set failing_since = now() - interval '20 minutes'")
    found = await examine_connections(side.pool)
    assert (found.health, f"`shelftalk store status {STORE}`" in found.advice) == (Health.BAD, True)
    side.shop.refuses, side.shop.units["a"] = None, 2
    await side.pool.execute("update hints set due_at = now()")
    assert await side.keeping_true.look() == 1
    assert (await side.units())["a"] == 2
    (shown,) = (await side.status.show(STORE)).stores
    assert (shown.hints, shown.problems) == (0, ())


async def test_subscriptions_are_looked_at_and_made_again(side: Side) -> None:
    done = await side.connect()
    side.shop.subscribed.clear()
    with capture_logs() as logs:
        await side.keeping_true.look()
    assert "subscriptions made again" in [each["event"] for each in logs]
    assert side.shop.subscribed == dict.fromkeys(("product", "stock"), done.address)
    await side.keeping_true.look()
    assert side.shop.asked.count("hooks") < 10, "not at every look"


async def test_an_answer_that_is_not_understood_holds_up_no_other_store(side: Side) -> None:
    await waiting_for(side, "b-v")
    await side.pool.execute("insert into stores (id, source) values ('odd', 'simulated')")
    await side.pool.execute("insert into connections (store_id, source) values ('odd', 'simulated')")
    await side.pool.execute("insert into hints (store_id, product_id) values ('odd', 'a')")
    side.shop.units["b"] = 4
    with capture_logs() as logs:
        await side.keeping_true.look()
    assert "shop answer not understood" in [each["event"] for each in logs]
    assert (await side.units())["b"] == 4


async def hint(side: Side, *products: str | None, store: str = STORE) -> None:
    for product in products:
        await side.pool.execute("insert into hints (store_id, product_id) values ($1, $2)", store, product)


async def hinted(side: Side) -> set[str | None]:
    """What is still to be asked about."""
    return {row["product_id"] for row in await side.pool.fetch("select product_id from hints")}


async def another_store(side: Side, name: str, **settings: str) -> None:
    """A connection of the same platform."""
    await side.pool.execute("insert into stores (id, source) values ($1, 'simulated')", name)
    await side.pool.execute(
        "insert into connections (store_id, source, settings) values ($1, 'simulated', $2)", name, settings
    )


async def broken_store(side: Side, name: str) -> None:
    """A connection whose token has ended, and no other is given out."""
    await another_store(side, name)
    await side.pool.execute("update connections set token_ends_at = now() where store_id = $1", name)


async def test_an_answer_that_cannot_be_unpacked_ends_no_process_and_is_the_shops(side: Side) -> None:
    await waiting_for(side, "b-v")
    side.shop.packed = b"no gzip at all"
    assert await side.keeping_true.look() == 0
    (shown,) = (await side.status.show(STORE)).stores
    assert "does not answer as it should" in shown.problems[0]


async def test_an_error_of_any_kind_at_one_store_holds_up_no_other(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    await waiting_for(side, "b-v")

    async def overflows(*_: object) -> None:
        raise OverflowError("a date of the year 99999, and a secret")

    monkeypatch.setattr(SimulatedShopApi, "subscriptions", overflows)
    side.shop.units["b"] = 4
    with capture_logs() as logs:
        assert await side.keeping_true.look() == 1
    assert (await side.units())["b"] == 4
    (told,) = [each for each in logs if each["event"] == "shop answer not understood"]
    assert ("overflows" in str(told["where"]), "secret" in str(told)) == (True, False)


async def test_stores_that_let_nobody_in_do_not_keep_the_others_from_being_asked(side: Side) -> None:
    await waiting_for(side)
    keeping_true = side.keeping_true
    await keeping_true.look()
    for number in range(AT_ONCE):
        await broken_store(side, f"broken-{number}")
        await hint(side, "x", store=f"broken-{number}")
    await hint(side, "a")
    side.shop.units["a"] = 11
    for _ in range(2):
        await keeping_true.look()
    assert (await side.units())["a"] == 11


async def test_a_store_that_lets_nobody_in_is_not_asked_at_every_look(side: Side) -> None:
    await broken_store(side, "broken")
    await hint(side, "x", store="broken")
    keeping_true = side.keeping_true
    with capture_logs() as logs:
        for _ in range(3):
            await keeping_true.look()
    assert len([each for each in logs if each["store"] == "broken"]) == 3, "for its hint, its poll, its subscriptions"


async def test_stores_that_have_always_hints_have_their_turns_one_after_the_other(side: Side) -> None:
    names = [f"store-{number}" for number in range(AT_ONCE + 1)]
    for name in names:
        await another_store(side, name)
        await hint(side, "x", store=name)
    keeping_true = side.keeping_true
    for _ in range(2):
        await keeping_true.look()
        await side.pool.execute("update hints set due_at = now()")
    taken = await side.pool.fetch("select store_id from hints where attempts > 0 order by 1")
    assert [row["store_id"] for row in taken] == names


async def test_a_hint_that_spoils_the_answer_is_asked_about_alone_and_the_others_are_followed(side: Side) -> None:
    await waiting_for(side)
    await side.keeping_true.look()
    side.shop.units |= {"a": 8, "c": 9}
    side.shop.spoilt.add("b")
    await hint(side, "a", "b", "c")
    await side.keeping_true.look()
    assert await hinted(side) == {"b"}
    known = await side.units()
    assert (known["a"], known["c"]) == (8, 9)


async def test_a_catalogue_that_shrank_is_on_record_and_other_hints_are_followed(side: Side) -> None:
    side.shop.units = {f"p{number:02}": number for number in range(40)}
    await waiting_for(side)
    await side.keeping_true.look()
    side.shop.units = {"p00": 9}
    await hint(side, "p00", None)
    await side.keeping_true.look()
    assert await hinted(side) == {None}, "it is read again later"
    (shown,) = (await side.status.show(STORE)).stores
    assert "--accept-gone" in shown.problems[0], "what to do is said"
    due = "select due_at > now() + interval '10 minutes' from hints"
    assert await side.pool.fetchval(due), "and not while another process may still read it"


async def test_a_hint_that_came_again_and_was_taken_by_another_is_not_followed_by_the_first(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await waiting_for(side)
    await side.keeping_true.look()
    await hint(side, "a")

    async def taken_by_another(*_: object) -> list[Fact]:
        await Intake(side.pool).learn(STORE, "simulated", [HintFact(product_id="a", observed_at=datetime.now(UTC))])
        await side.pool.execute("update hints set attempts = 1, due_at = now() + interval '5 seconds'")
        return []

    monkeypatch.setattr(SimulatedShopApi, "read_hints", taken_by_another)
    await side.keeping_true.look()
    assert await hinted(side) == {"a"}, "the other may yet fail"


async def test_a_store_that_takes_long_keeps_no_other_waiting(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    await waiting_for(side)
    await side.keeping_true.look()
    began, goes_on, asked = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow_for_one(_: object, hints: Sequence[HintFact]) -> list[Fact]:
        (one,) = hints
        if one.product_id == "slow":
            began.set()
            await goes_on.wait()
        else:
            asked.set()
        return []

    monkeypatch.setattr(SimulatedShopApi, "read_hints", slow_for_one)
    monkeypatch.setattr(keeping_true_module, "IDLE", timedelta(seconds=0.01))
    other = StoreId("other")
    await another_store(side, other, url=side.shop.url, lasts="3600")
    async with transaction(side.pool) as connection:
        await side.shops.keep_secrets(connection, other, {"password": "x", "token": "y"})
    await hint(side, "slow")
    running = asyncio.create_task(side.keeping_true.run())
    try:
        await began.wait()
        await hint(side, "a", store=other)
        await asyncio.wait_for(asked.wait(), 20)
    finally:
        goes_on.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_that_there_are_no_subscriptions_to_ask_for_does_not_say_that_a_shop_answers(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await side.connect()
    monkeypatch.setattr(SimulatedShopApi, "subscriptions", _none)
    await side.pool.execute("update connections set failing_since = now(), failing_why = 'it was away'")
    await side.keeping_true.look()
    (shown,) = (await side.status.show(STORE)).stores
    assert "it was away" in shown.problems[0]


async def test_a_store_whose_key_is_lost_is_not_said_to_be_well(side: Side) -> None:
    await side.connect()
    side.keys = [SecretStr(new_key())]
    await side.keeping_true.look()
    (shown,) = (await side.status.show(STORE)).stores
    assert "SHELFTALK_SECRETS_KEYS" in shown.problems[0]


async def test_a_poll_that_is_under_way_is_begun_by_no_other_process(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await waiting_for(side, "b-v")
    asked = SimulatedShopApi.read_back

    async def slow(self: SimulatedShopApi, watched: Sequence[Watched]) -> Sequence[Fact]:
        await side.pool.execute("update connections set poll_due = now()")
        return await asked(self, watched)

    monkeypatch.setattr(SimulatedShopApi, "read_back", slow)
    await side.keeping_true.look()
    assert await side.pool.fetchval("select poll_due > now() + interval '4 minutes' from connections")


async def _none(*_: object) -> list[object]:
    return []
