"""Lines and calls by hand on the command line and over HTTP: listed page by page, shown first, done with a yes."""

import pytest

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.responses.calling_forward import CallReport
from schemas.responses.keys import Scope
from schemas.responses.lines import LinePage
from starter.commands.terminal.output import ExitCode
from tests.cli.command import Shelftalk
from tests.http.conftest import nowhere as nowhere
from tests.http.conftest import web as web
from tests.http.test_keys import key_for
from tests.http.web import Web, problem
from tests.product import STORE, Shop, starter_document
from tests.waitlist.test_calling_forward import tell

CALL = ("waitlist", "call", "--store", STORE, "--variant", "v", "--alert", "back-in-stock")
CALLS = f"/v1/stores/{STORE}/calls"
ASKED = {"variant": "v", "alert": "back-in-stock", "people": 2}


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    """Five wait for one variant, of whom three were told of the three units there are; one waits for another."""
    shop = await Shop.opened(pool, starter_document(contacts_per_unit=1))
    await shop.sells("v", "w")
    await shop.signs_up("ada", "bob", "cy", "dora", "eve")
    await shop.signs_up("finn", for_="w")
    await shop.has("v", 3)
    await tell(pool, 3)
    return shop


async def lapsed(pool: Pool) -> int:
    return await pool.fetchval("select count(*) from claims where state = 'lapsed'")


async def test_the_budget_is_shown_and_asked_about_before_anybody_is_called(
    shelftalk: Shelftalk, shop: Shop, pool: Pool
) -> None:
    asked = await shelftalk.run(*CALL, "--people", "2")
    assert asked.code == ExitCode.FAILED
    assert "Units there: 3." in asked.out
    assert "2 people would be called forward, for 2 units. For that, 2 offers end" in asked.out.replace("\n", " ")
    assert await lapsed(pool) == 0
    done = await shelftalk.at_a_terminal([("]: ", "y")], *CALL, "--people", "2")
    assert (done.code, await lapsed(pool)) == (ExitCode.OK, 2)
    assert "2 people are called forward" in done.out
    nothing = (await shelftalk.run(*CALL, "--yes", "--json", "--people", "3")).answer(CallReport)
    assert (nothing.calls, nothing.done) == (2, True)
    await tell(pool, 2)
    assert (await shelftalk.run(*CALL, "--yes", "--json")).answer(CallReport).done is False, "nobody is left"


async def test_what_cannot_be_called_is_said(shelftalk: Shelftalk, shop: Shop) -> None:
    nothing_there = await shelftalk.run(*(*CALL[:5], "w", *CALL[6:]), "--json")
    assert nothing_there.failure.code == "cannot_call_forward"
    both = await shelftalk.run(*CALL, "--product", "p", "--json")
    assert both.failure.exit == ExitCode.USAGE


async def test_lines_are_listed_page_by_page(shelftalk: Shelftalk, shop: Shop) -> None:
    first = (await shelftalk.run("waitlist", "lines", "--limit", "1", "--json")).answer(LinePage)
    assert ([each.subject for each in first.lines], first.totals.lines) == (["variant/v"], 2)
    second = (await shelftalk.run("waitlist", "lines", "--after", str(first.next), "--json")).answer(LinePage)
    assert ([each.subject for each in second.lines], second.next) == (["variant/w"], None)
    shown = (await shelftalk.run("waitlist", "lines", "--store", STORE, "--show", "offered")).out
    assert ("variant/v" in shown, "variant/w" in shown, "3 there" in shown) == (True, False, True)
    assert "Nobody waits" in (await shelftalk.run("waitlist", "lines", "--store", "elsewhere")).out


async def test_the_api_shows_a_call_then_does_it_and_never_ends_more_offers_than_were_shown(
    web: Web, shop: Shop, pool: Pool
) -> None:
    shown = (await web.keyed.post(CALLS, json=ASKED)).json()
    assert (shown["calls"], shown["takes_back"], shown["done"]) == (2, 2, False)
    problem(await web.keyed.post(CALLS, json=ASKED | {"confirm": True, "takes_back_at_most": 1}), 409, "conflict")
    assert await lapsed(pool) == 0
    done = (await web.keyed.post(CALLS, json=ASKED | {"confirm": True, "takes_back_at_most": 2})).json()
    assert (done["done"], await lapsed(pool)) == (True, 2)
    problem(await web.keyed.post(CALLS, json={"alert": "back-in-stock"}), 422, "invalid")
    problem(await web.keyed.post(CALLS, json=ASKED | {"variant": "none"}), 404, "not-found")


async def test_a_key_for_another_store_sees_no_line_and_calls_nobody(web: Web, shop: Shop) -> None:
    assert [each["subject"] for each in (await web.keyed.get("/v1/lines", params={"sort": "title"})).json()["lines"]]
    elsewhere = [StoreId("elsewhere")]
    async with (
        key_for(web, Scope.READ, stores=elsewhere) as reader,
        key_for(web, Scope.SEND, stores=elsewhere) as sender,
    ):
        assert (await reader.get("/v1/lines")).json()["lines"] == []
        problem(await reader.get("/v1/lines", params={"store": STORE}), 403, "forbidden")
        problem(await sender.post(CALLS, json=ASKED), 403, "forbidden")
