"""What units would do is asked of a line with all that can stand against a turn, and nothing is written by asking."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from temporalio.client import Client

from activities.intake.intake import Intake
from activities.postgres.pool import Pool, snapshot
from schemas.document.conversation import ConversationDocument
from schemas.reasons import Reason
from schemas.responses.forecast import Forecast, ToldWhen
from schemas.responses.why import NotYet
from starter.documents import load_document
from starter.ops.pausing import Pausable, Pausing
from starter.runtime.ports import free_port
from starter.shops.arrivals import WhichLocation
from starter.shops.forecast import Forecasts
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.http.conftest import web_over
from tests.http.web import problem
from tests.product import STORE, Product, Shop, subject
from tests.story.documents import back, programme
from worker import connect

SHELF = ("--store", STORE, "--variant", "v")


async def opened(pool: Pool, document: ConversationDocument | None = None, *names: str) -> Shop:
    """A shop that has run out of `v`, and who waits for it."""
    await publish(pool, document or programme("line", back(), only_by_name=False))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    await shop.signs_up(*(names or ("ada", "bob", "cy", "dee")))
    return shop


async def who(pool: Pool, forecast: Forecast) -> list[str]:
    """The names of those who would be told."""
    return await names(pool, [each.contact_id for each in forecast.first])


async def names(pool: Pool, contacts: list[str]) -> list[str]:
    rows = await pool.fetch("select id, email from contacts")
    known = {row["id"]: row["email"].removesuffix("@example.com") for row in rows}
    return [known[each] for each in contacts]


async def test_those_at_the_front_are_told_and_the_others_stay(pool: Pool) -> None:
    await opened(pool)
    forecast = await Forecasts(pool).of_units(subject("v"), 3)
    assert await who(pool, forecast) == ["ada", "bob", "cy"]
    assert [each.place for each in forecast.first] == [1, 2, 3]
    (line,) = forecast.lines
    assert (line.told, line.stays, line.when, line.more) == (3, 1, {ToldWhen.AT_ONCE: 3}, False)
    assert (forecast.units_before, forecast.units, forecast.left) == (0, 3, 0)
    assert forecast.passed_over == ()


async def test_whoever_may_not_be_written_to_is_passed_over_with_the_reason(pool: Pool) -> None:
    shop = await opened(pool)
    await shop.opts_out("ada")
    await shop.bounces("cy")
    forecast = await Forecasts(pool).of_units(subject("v"), 2)
    assert await who(pool, forecast) == ["bob", "dee"]
    assert [each.place for each in forecast.first] == [2, 4]
    assert await names(pool, [each.contact_id for each in forecast.passed_over]) == ["ada", "cy"]
    assert [each.reason for each in forecast.passed_over] == [Reason.NO_CONSENT, Reason.SUPPRESSED]
    assert [each.not_yet for each in forecast.passed_over] == [NotYet.PASSED_OVER] * 2


async def test_units_beyond_the_line_are_left(pool: Pool) -> None:
    await opened(pool)
    forecast = await Forecasts(pool).of_units(subject("v"), 50)
    assert (forecast.told, forecast.left) == (4, 46)
    assert forecast.lines[0].stays == 0


async def test_in_quiet_hours_they_are_told_when_those_end(pool: Pool) -> None:
    now = datetime.now(UTC)
    until = (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    quiet = {"from": f"{now - timedelta(hours=1):%H:00}", "until": f"{until:%H:00}"}
    await opened(pool, programme("line", back(), only_by_name=False, quiet_hours=quiet))
    forecast = await Forecasts(pool).of_units(subject("v"), 2)
    assert forecast.lines[0].when == {ToldWhen.PUT_OFF: 2}
    assert {(each.until, each.reason) for each in forecast.first} == {(until, Reason.QUIET_HOURS)}


@pytest.mark.parametrize(
    ("terms", "nobody"), [({"quantity_threshold": 5}, NotYet.NOT_ENOUGH_UNITS), ({"units_per_contact": 5}, None)]
)
async def test_too_few_units_tell_nobody(pool: Pool, terms: dict[str, object], nobody: NotYet | None) -> None:
    await opened(pool, programme("line", back(**terms), only_by_name=False))
    forecast = await Forecasts(pool).of_units(subject("v"), 4)
    assert (forecast.told, forecast.left) == (0, 4)
    assert forecast.lines[0].nobody is (nobody or NotYet.NOT_ENOUGH_UNITS)


async def test_a_paused_alert_tells_nobody(pool: Pool) -> None:
    await opened(pool)
    await Pausing(pool).pause(Pausable("alert", "line"), "test")
    forecast = await Forecasts(pool).of_units(subject("v"), 4)
    assert (forecast.told, forecast.lines[0].nobody) == (0, NotYet.PAUSED)


async def test_of_several_locations_one_is_named(pool: Pool) -> None:
    shop = await opened(pool, programme("line", back(), only_by_name=False, locations=["here"]))
    await shop.has("v", 0, "here")
    await shop.has("v", 0, "there")
    with pytest.raises(WhichLocation, match="here, there"):
        await Forecasts(pool).of_units(subject("v"), 1)
    assert (await Forecasts(pool).of_units(subject("v"), 1, "here")).told == 1
    elsewhere = await Forecasts(pool).of_units(subject("v"), 1, "there")
    assert (elsewhere.told, elsewhere.left, elsewhere.lines[0].nobody) == (0, 1, NotYet.NOT_ENOUGH_UNITS)


async def test_asking_cannot_write(pool: Pool) -> None:
    await opened(pool)
    before = await written(pool)
    await Forecasts(pool).of_units(subject("v"), 3)
    assert await written(pool) == before
    async with snapshot(pool) as connection:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("update stores set name = 'other'")


async def written(pool: Pool) -> list[tuple[str, int, int, int]]:
    """What was written to each table so far, and the sequences, by PostgreSQL's own count."""
    await pool.execute("select pg_stat_force_next_flush()")
    rows = await pool.fetch(
        "select relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_user_tables "
        "union all select sequencename, coalesce(last_value, 0), 0, 0 from pg_sequences order by 1"
    )
    return [tuple(row) for row in rows]


async def test_it_is_asked_by_command_and_over_http(shelftalk: Shelftalk, pool: Pool) -> None:
    shop = await opened(pool)
    await shop.opts_out("ada")
    said = await shelftalk.run("stock", "forecast", "2", *SHELF)
    assert "2 people would be told; 0 units would be left" in said.out
    assert "The contact has not agreed to be written to." in said.out
    assert "@" not in said.out
    answer = (await shelftalk.run("stock", "forecast", "2", *SHELF, "--json")).answer(Forecast)
    async with web_over(pool, await nowhere()) as web:
        path = f"/v1/stores/{STORE}/variants/v/forecast"
        told = await web.keyed.get(path, params={"units": 2})
        assert Forecast.model_validate_json(told.content).lines == answer.lines
        problem(await web.keyed.get(path, params={"units": 0}), 422, "invalid")
        problem(await web.keyed.get(path.replace("/v/", "/none/"), params={"units": 1}), 404, "not-found")
    unknown = await shelftalk.run("stock", "forecast", "2", "--store", STORE, "--variant", "none", "--json")
    assert unknown.failure.code == "unknown_variant"
    assert (await shelftalk.run("stock", "forecast", "0", *SHELF, "--json")).failure.code == "usage"


async def nowhere() -> Client:
    return await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)


async def test_what_was_forecast_of_the_whole_product_happens(product: Product) -> None:
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob", "cy", "dee")
    await product.shop.opts_out("bob")
    forecast = await Forecasts(product.pool).of_units(subject("v"), 2)
    await product.shop.has("v", 2)
    await product.at_rest()
    told = await product.pool.fetch(
        "select j.contact_id from claims c join journeys j on j.id = c.journey_id where c.state = 'used' order by c.id"
    )
    assert await names(product.pool, [row["contact_id"] for row in told]) == ["ada", "cy"]
    assert await who(product.pool, forecast) == ["ada", "cy"]


async def test_who_waits_twice_for_one_thing_is_told_once_by_the_stronger_reason(pool: Pool) -> None:
    await publish(pool, programme("asked", back(), only_by_name=False))
    looked = {"type": "back-in-stock", "action": "browse", "contacts_per_unit": 2}
    await publish(pool, programme("looked", looked, only_by_name=False))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    await shop.signs_up("ada")
    await shop.sees("ada", "bob", "cy", "dee")
    forecast = await Forecasts(pool).of_units(subject("v"), 2)
    assert [(each.alert, name) for each, name in zip(forecast.first, await who(pool, forecast), strict=True)] == [
        ("asked", "ada"),
        ("looked", "bob"),
        ("looked", "cy"),
    ]
    (passed_over,) = forecast.passed_over
    assert (passed_over.alert, passed_over.not_yet) == ("looked", NotYet.TOLD_BY_ANOTHER)
    assert forecast.left == 0, "two halves and one whole"


async def test_a_line_that_everyone_is_told_of_is_followed_so_far_and_it_says_so(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.shops.giving.MOST_FOLLOWED", 3)
    monkeypatch.setattr("starter.shops.giving.MOST_CHECKED", 2)
    await opened(pool, programme("line", back(contacts_per_unit="all"), only_by_name=False))
    forecast = await Forecasts(pool).of_units(subject("v"), 1)
    assert (forecast.told, forecast.more, forecast.left) == (3, True, 1)
    assert forecast.lines[0].when == {ToldWhen.AT_ONCE: 2, ToldWhen.NOT_LOOKED_AT: 1}
    monkeypatch.setattr("starter.shops.giving.MOST_FOLLOWED", 5)
    assert not (await Forecasts(pool).of_units(subject("v"), 1)).more


async def test_whoever_is_passed_over_is_named_where_those_told_stand_far_behind(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await opened(pool)
    await shop.opts_out("ada")
    await shop.opts_out("bob")
    monkeypatch.setattr("starter.shops.giving.MOST_SHOWN", 1)
    forecast = await Forecasts(pool).of_units(subject("v"), 1)
    assert await who(pool, forecast) == ["cy"]
    assert forecast.first[0].place is None
    assert await names(pool, [each.contact_id for each in forecast.passed_over]) == ["ada"]


@pytest.mark.parametrize(
    ("steps", "when"),
    [
        ("{wait: 1 hour}, {send: it}", ToldWhen.AFTER_A_WAIT),
        ("{send: it, status: manual}", ToldWhen.APPROVED),
        ("{send: never, status: draft}, {send: it}", ToldWhen.AT_ONCE),
        ("{add_tag: told}, {send: it}", ToldWhen.AT_ONCE),
        (
            "{decide: [{name: Here, when: {orders.count: {at_least: 3}}, steps: [{wait: 1 day}]}], "
            "otherwise: [{send: it}]}",
            ToldWhen.AT_ONCE,
        ),
    ],
)
async def test_the_thread_is_walked_to_its_first_message(pool: Pool, steps: str, when: ToldWhen) -> None:
    document = load_document(_THREAD.replace("STEPS", steps).encode(), "thread.yaml")
    await opened(pool, document, "ada")
    forecast = await Forecasts(pool).of_units(subject("v"), 1)
    assert forecast.lines[0].when == {when: 1}


async def test_whose_sign_up_thread_has_not_ended_is_told_after_it(pool: Pool) -> None:
    document = load_document(_THREAD.replace("STEPS", "{id: first, send: it}").encode(), "thread.yaml")
    await opened(pool, document, "ada", "bob", "cy")
    rest = "update journeys set at_step = $2, at_since = now(), held_up_by = $3 where id = $1"
    rows = await pool.fetch("select journey_id from waiting order by place")
    await pool.execute(rest, rows[0][0], "first", None)
    await pool.execute(rest, rows[1][0], "first", Reason.MESSAGE_BROKEN)
    await pool.execute(rest, rows[2][0], "waiting-list", None)
    forecast = await Forecasts(pool).of_units(subject("v"), 3)
    assert [each.when for each in forecast.first] == [ToldWhen.AFTER_A_WAIT, ToldWhen.MENDED, ToldWhen.AT_ONCE]


_THREAD = """
conversation: line
name: Line
list: {code: line, name: Line}
alerts:
  line: {type: back-in-stock, action: sign-up}
threads:
  - {name: Told, on: line.alert, steps: [STEPS]}
messages:
  it: {channel: email, subject: It, text: It is back.}
  never: {channel: email, subject: No, text: Never.}
"""
