"""How long alerts take: each told for a change of the shop's, or for none; leg by leg, by whoever's clock."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.document.alert_types.vocabulary import Action
from schemas.ids import JourneyId, StoreId, message_reference
from schemas.incoming.facts import ProductFact, VariantFact
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.responses.delays import DelayReport, Leg, LegFigures
from starter.ops.pausing import Pausable, Pausing
from starter.reporting.delays import SQL, DelayReports
from starter.reporting.reports import NoSuchList, Period
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.delivery.counter import Counter
from tests.events.conftest import web as web
from tests.feedback.told import counter as counter
from tests.feedback.told import of, tell
from tests.http.conftest import web_over
from tests.http.web import Web, problem, product_message
from tests.product import STORE, Product, starter_document
from tests.reports.shop import Counter as Watchers
from tests.reports.shop import watches

ALWAYS = Period(until=datetime.now(UTC).date() + timedelta(days=1))


async def legs(pool: Pool, **only: object) -> dict[Leg, LegFigures]:
    report = await DelayReports(pool).delays(ALWAYS, **only)  # type: ignore[arg-type]  # its own names
    return {row.leg: row for row in report.legs}


async def changes(pool: Pool, units: int, at: datetime) -> None:
    """The shop tells that there are so many of `v` since then, by its own clock."""
    variant = VariantFact(variant_id="v", inventory_item_id="item-v", title="v", quantity=units)
    fact = ProductFact(product_id="p", title="Blue kettle", on_sale=True, variants=(variant,), observed_at=at)
    await Intake(pool).observe(STORE, "shopify", [fact])


async def is_for_a_change(pool: Pool, journey: JourneyId) -> bool:
    """Whether the newest claim of a journey was made possible by a change that we heard of."""
    return await pool.fetchval(
        "select heard_at is not null from claims where journey_id = $1 order by id desc limit 1", journey
    )


async def test_a_webhooks_own_time_is_followed_to_the_delivered_mail(product: Product) -> None:
    def changed(ago: timedelta, units: int) -> dict[str, object]:
        return product_message(units=units, updated_at=(datetime.now(UTC) - ago).isoformat())

    async with web_over(product.pool, product.client) as web:
        await web.webhook("products/update", changed(timedelta(hours=2), 0))
        await web.sign_up("ada@example.com")
        journey = JourneyId(await product.pool.fetchval("select id from journeys"))
        await web.webhook("products/update", changed(timedelta(minutes=10), 1))
        await product.at_rest()
        sent = message_reference(await product.pool.fetchval("select key from sends where state = 'sent'"))
        await tell(product.pool, of(journey, Kind.DELIVERED, name="ada", reference=sent))
        answer = await web.keyed.get("/v1/reports/delays")
    report = DelayReport.model_validate_json(answer.content)
    assert (report.told, report.otherwise, report.cut) == (1, 0, False)
    found = {row.leg: row for row in report.legs}
    assert [row.alerts for row in report.legs] == [1] * len(Leg)
    assert 600 <= (found[Leg.HEARD].p50 or 0) <= (found[Leg.ALL_HANDED_OVER].p50 or 0)
    parts = sum(found[leg].p50 or 0 for leg in (Leg.HEARD, Leg.DECIDED, Leg.HANDED_OVER, Leg.DELIVERED))
    assert found[Leg.ALL_DELIVERED].p50 == pytest.approx(parts, abs=0.005)
    assert not any(row.clock_off for row in report.legs)


async def test_a_level_keeps_the_shops_own_time_however_far_ahead_its_clock_is(web: Web, pool: Pool) -> None:
    await publish(pool, starter_document())
    await web.webhook("products/update", product_message())
    for number, ahead in enumerate((timedelta(minutes=-20), timedelta(hours=3)), start=1):
        then = datetime.now(UTC) + ahead
        level = {"inventory_item_id": 41, "location_id": 61, "available": number, "updated_at": then.isoformat()}
        await web.webhook("inventory_levels/update", level)
        assert await pool.fetchval("select shop_at from episodes") == then


async def test_half_took_no_longer_than_p50_and_95_in_a_hundred_no_longer_than_p95(
    counter: Counter, pool: Pool
) -> None:
    for journey in await counter.calls(*(f"n{n}" for n in range(21)), units=21):
        await counter.tells(journey)
    await pool.execute(
        "update claims c set heard_at = given_at, shop_at = given_at - make_interval(secs => n.number) "
        "from (select id, row_number() over (order by id) - 1 as number from claims) n where n.id = c.id"
    )
    heard = (await legs(pool))[Leg.HEARD]
    assert (heard.alerts, heard.p50, heard.p95) == (21, 10, 19)


async def test_a_clock_that_runs_ahead_makes_no_leg_shorter_than_nothing(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.shop.signs_up("ada")
    await changes(pool, 1, datetime.now(UTC) + timedelta(hours=3))
    await counter.looks()
    await counter.tells(journey)
    found = await legs(pool)
    assert (found[Leg.HEARD].p50, found[Leg.HEARD].clock_off) == (0, 1)
    assert (found[Leg.ALL_HANDED_OVER].p95, found[Leg.DECIDED].clock_off) == (0, 0)
    await tell(pool, of(journey, Kind.DELIVERED, name="ada", at=datetime.now(UTC) - timedelta(minutes=1)))
    delivered = (await legs(pool))[Leg.DELIVERED]
    assert (delivered.p50, delivered.clock_off) == (0, 1), "the provider's clock runs behind"


async def test_what_is_said_by_hand_has_no_time_of_the_shops(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("ada")
    await counter.tells(journey)
    found = await legs(pool)
    assert {leg: row.alerts for leg, row in found.items()} == {
        Leg.HEARD: 0,
        Leg.DECIDED: 1,
        Leg.HANDED_OVER: 1,
        Leg.DELIVERED: 0,
        Leg.ALL_HANDED_OVER: 0,
        Leg.ALL_DELIVERED: 0,
    }
    assert found[Leg.HEARD].p50 is None
    assert await is_for_a_change(pool, journey)


async def test_who_comes_while_there_are_units_is_told_for_no_change(counter: Counter, pool: Pool) -> None:
    first, second = await counter.calls("ada", "bob", units=5)
    (late,) = await counter.shop.signs_up("cy")
    await counter.looks()
    for journey in (first, second, late):
        await counter.tells(journey)
    assert [await is_for_a_change(pool, journey) for journey in (first, second, late)] == [True, True, False]
    report = await DelayReports(pool).delays(ALWAYS)
    assert (report.told, report.otherwise) == (3, 1)
    assert report.legs[1].alerts == 2


async def test_a_place_that_passes_on_is_told_of_for_no_change_and_the_next_arrival_is_one_again(
    counter: Counter, pool: Pool
) -> None:
    first, second, third = await counter.calls("ada", "bob", "cy")
    await counter.shop.ended(first)
    await counter.looks()
    assert not await is_for_a_change(pool, second)
    await counter.shop.has("v", 2)
    await counter.looks()
    assert await is_for_a_change(pool, third)
    assert await pool.fetchval("select freed from episodes") == 0


async def test_of_an_arrival_and_of_places_given_back_each_tells_its_own(counter: Counter, pool: Pool) -> None:
    journeys = await counter.calls(*(f"n{n}" for n in range(6)), units=4)
    for journey in journeys[:2]:
        await counter.shop.ended(journey)
    assert await pool.fetchval("select freed from episodes") == 2
    await counter.looks()
    assert [await is_for_a_change(pool, each) for each in journeys] == [True] * 4 + [False] * 2


async def test_who_is_told_after_a_resume_is_told_for_no_change(counter: Counter, pool: Pool) -> None:
    for thing in (Pausable("alert", "back-in-stock"), Pausable("conversation", "back-in-stock")):
        (journey,) = await counter.shop.signs_up(thing.kind)
        await Pausing(pool).pause(thing, "test")
        await counter.shop.has("v", 0)
        await counter.shop.has("v", 1)
        await counter.looks()
        await Pausing(pool).resume(thing, "test")
        await counter.looks()
        assert not await is_for_a_change(pool, journey)


async def test_a_lower_price_and_a_lower_stock_are_changes_too(pool: Pool) -> None:
    await publish(pool, watches())
    shop = Watchers.over(pool)
    await shop.prices("20", 9)
    cheaper, nearly_gone = [
        *await shop.shows_interest(Action.BROWSE, "ada"),
        *await shop.shows_interest(Action.CART, "bob"),
    ]
    for price, units in (("17", 9), ("17", 2)):
        variant = VariantFact(variant_id="v", inventory_item_id="item-v", price=Decimal(price), quantity=units)
        then = datetime.now(UTC)
        fact = ProductFact(product_id="p", title="Blue kettle", on_sale=True, variants=(variant,), observed_at=then)
        await shop.shop.intake.observe(STORE, "shopify", [fact])
        assert await shop.looks() == 1
        newest = "select journey_id, shop_at from claims order by id desc limit 1"
        assert await pool.fetchrow(newest) == (cheaper if units == 9 else nearly_gone, then)


async def test_the_last_hour_is_a_summary_for_prometheus(counter: Counter, pool: Pool, web: Web) -> None:
    assert "shelftalk_alert_delay_seconds{" not in (await web.open.get("/metrics")).text
    lately, long_ago = await counter.calls("ada", "bob", units=2)
    for journey in (lately, long_ago):
        await counter.tells(journey)
    await pool.execute(
        "update claims set given_at = settled_at - interval '5 s', heard_at = settled_at - interval '7 s'"
    )
    for table in ("sends", "claims"):
        changed = f"update {table} set settled_at = settled_at - interval '2 hours' where journey_id = $1"
        await pool.execute(changed, long_ago)
    lines = (await web.open.get("/metrics")).text.splitlines()
    assert "# TYPE shelftalk_alert_delay_seconds summary" in lines
    assert [line for line in lines if line.startswith("shelftalk_alert_delay_seconds")] == [
        f'shelftalk_alert_delay_seconds{{leg="{leg}",quantile="{quantile}"}} {seconds}'
        for leg, seconds in (("decided", 2.0), ("handed_over", 5.0))
        for quantile in ("0.5", "0.95")
    ]


async def test_it_is_asked_of_a_list_and_of_a_store(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("ada")
    await counter.tells(journey)
    assert (await legs(pool, list_code="default", store=STORE))[Leg.DECIDED].alerts == 1
    assert (await legs(pool, store=StoreId("another.example")))[Leg.DECIDED].alerts == 0
    assert (await legs(pool, stores=[]))[Leg.DECIDED].alerts == 0
    with pytest.raises(NoSuchList):
        await legs(pool, list_code="none")


async def test_of_years_of_messages_those_of_the_period_are_read_and_no_others(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("ada")
    await counter.tells(journey)
    await pool.execute(
        "insert into sends (key, journey_id, step, round, message, state, outcome, opened_at, settled_at) "
        "select journey_id || '/old/' || n, journey_id, 'old', n, message, state, outcome, opened_at, "
        "settled_at - interval '1 year' - make_interval(mins => n) from sends, generate_series(1, 20000) n"
    )
    await pool.execute("analyze")
    given = {
        "since": datetime.now(UTC) - timedelta(days=1),
        "until": datetime.now(UTC) + timedelta(days=1),
        "list_code": None,
        "stores": None,
        "most": 1000,
    }
    plan = await pool.fetchval(f"explain (analyze, format json) {SQL.legs.sql}", *SQL.legs.arguments(given))
    used = _nodes(json.loads(plan)[0]["Plan"])
    (sends,) = [node for node in used if node.get("Relation Name") == "sends"]
    assert sends["Index Name"] == "sends_newest"
    assert sends["Actual Rows"] * sends["Actual Loops"] == 1


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for each in plan.get("Plans", ()) for node in _nodes(each))]


async def test_it_comes_as_words_json_and_csv(shelftalk: Shelftalk, counter: Counter, pool: Pool, web: Web) -> None:
    assert "Nobody was told" in (await shelftalk.run("report", "delay")).out
    (journey,) = await counter.calls("ada")
    await counter.tells(journey)
    await pool.execute("update claims set shop_at = heard_at - interval '90 minutes'")
    said = (await shelftalk.run("report", "delay", "--store", STORE)).out
    assert "shop → heard" in said
    assert "1 h 30 min" in said
    report = (await shelftalk.run("report", "delay", "--list", "default", "--json")).answer(DelayReport)
    assert report.told == 1
    rows = csv.DictReader(io.StringIO((await shelftalk.run("report", "delay", "--csv")).out.lstrip("\ufeff")))
    assert [row["leg"] for row in rows] == list(Leg)
    as_csv = await web.keyed.get("/v1/reports/delays", params={"format": "csv", "store": STORE})
    assert as_csv.headers["content-type"].startswith("text/csv")
    problem(await web.keyed.get("/v1/reports/delays", params={"list": "none"}), 404, "not-found")
