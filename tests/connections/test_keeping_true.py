"""What webhooks miss is asked for: what somebody waits for at intervals, what was hinted at at once."""

from datetime import UTC, datetime

from structlog.testing import capture_logs

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.storefronts.shop_api import Watched
from activities.waitlist.entrances import Entrances
from schemas.ids import StoreId
from schemas.incoming.facts import HintFact
from starter.ops.findings import Health
from starter.ops.stores_checkup import examine_connections
from starter.versioning.publishing import publish
from tests.connections.conftest import STORE, Side
from tests.product import address, starter_document


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
