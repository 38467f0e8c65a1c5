"""Reports, "why not" and pauses over HTTP."""

import csv
import io

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.responses.pausing import ResumeReport
from schemas.responses.reports import ListReport, WantedReport
from schemas.responses.why import NotYet, WhyContact, WhyProduct
from starter.runtime.ports import free_port
from tests.http.conftest import web_over
from tests.http.web import Web, problem
from tests.product import BY_HAND, STORE, address
from tests.reports.shop import Counter
from worker import connect


@pytest.fixture
async def nowhere() -> Client:
    """A client of a Temporal that is down: none of this needs it."""
    return await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)


async def test_the_wanted_report_is_json_or_csv_as_is_asked(counter: Counter, pool: Pool, nowhere: Client) -> None:
    await counter.shop.signs_up("ada")
    async with web_over(pool, nowhere) as web:
        as_json = await web.keyed.get("/v1/reports/wanted", params={"list": "default", "since": "2026-01-01"})
        assert WantedReport.model_validate_json(as_json.content).products[0].waiting == 1
        for path, accept in (("/v1/reports/wanted", "text/csv"), ("/v1/reports/wanted?format=csv", "*/*")):
            answer = await web.keyed.get(path, headers={"Accept": accept})
            assert answer.headers["content-type"].startswith("text/csv")
            (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
            assert row["waiting"] == "1"
        problem(await web.keyed.get("/v1/reports/wanted", params={"list": "none"}), 404, "not-found")
        backwards = {"since": "2026-02-01", "until": "2026-01-01"}
        problem(await web.keyed.get("/v1/reports/wanted", params=backwards), 422, "invalid")
        problem(await web.keyed.get("/v1/reports/wanted", params={"since": "0001-01-01"}), 422, "invalid")


async def test_a_lists_report_is_json_or_csv_as_is_asked(counter: Counter, pool: Pool, nowhere: Client) -> None:
    await counter.shop.signs_up("ada")
    async with web_over(pool, nowhere) as web:
        answer = await web.keyed.get("/v1/reports/lists/default")
        assert ListReport.model_validate_json(answer.content).alerts[0].entered == 1
        csv_ = await web.keyed.get("/v1/reports/lists/default", headers={"Accept": "text/csv, */*;q=0.1"})
        assert b'"entered"' in csv_.content
        problem(await web.keyed.get("/v1/reports/lists/none"), 404, "not-found")


async def test_why_is_asked_of_a_contact_and_of_a_variant(counter: Counter, pool: Pool, nowhere: Client) -> None:
    await counter.shop.signs_up("ada")
    async with web_over(pool, nowhere) as web:
        answer = await web.keyed.post("/v1/why", json={"email": address("ada"), "store": STORE, "variant": "v"})
        (entry,) = WhyContact.model_validate_json(answer.content).entries
        assert entry.standing is not None
        assert entry.standing.not_yet is NotYet.NOT_ENOUGH_UNITS
        other = await web.keyed.post("/v1/why", json={"email": address("ada"), "store": STORE, "variant": "w"})
        assert other.json() == {"known": True, "entries": [], "messages": []}
        problem(await web.keyed.post("/v1/why", json={"email": address("ada"), "variant": "v"}), 422, "invalid")
        of_all = await web.keyed.get(f"/v1/stores/{STORE}/variants/v/why")
        assert WhyProduct.model_validate_json(of_all.content).waiting == 1
        assert "@" not in answer.text + of_all.text
        problem(await web.keyed.get(f"/v1/stores/{STORE}/variants/none/why"), 404, "not-found")


@pytest.mark.parametrize("path", ["/v1/alerts/back-in-stock", "/v1/conversations/back-in-stock"])
async def test_a_resume_without_a_yes_only_counts(counter: Counter, pool: Pool, nowhere: Client, path: str) -> None:
    async with web_over(pool, nowhere) as web:
        problem(await web.keyed.post(f"{path}/pause", json={}), 422, "invalid")
        assert (await web.keyed.post(f"{path}/pause", json={"confirm": True})).json()["changed"]
        await counter.shop.signs_up("ada", "bob")
        await counter.shop.has("v", 1)
        shown = await _resume(web, path, {})
        assert (shown.resumed, shown.told_now) == (False, 1)
        problem(await web.keyed.post(f"{path}/resume", json={"confirm": True, "at_most": 0}), 409, "conflict")
        assert await counter.looks() == 0
        assert (await _resume(web, path, {"confirm": True, "at_most": 1})).resumed
        assert await counter.looks() == 1
        states = (await web.keyed.get("/v1/alerts")).json()["alerts"]
        assert {state["alert"] for state in states} == {"back-in-stock", "cheaper", "nearly-gone"}
        problem(await web.keyed.post(f"{path}-none/resume", json={"confirm": True}), 404, "not-found")
        problem(await web.keyed.post(f"{path}-none/pause", json={"confirm": True}), 404, "not-found")
    actors = [row["actor"] for row in await pool.fetch(f"select actor from audit {BY_HAND} order by id")]
    assert actors == ["API key 'tests'", "API key 'tests'"]


async def _resume(web: Web, path: str, body: dict[str, object]) -> ResumeReport:
    answer = await web.keyed.post(f"{path}/resume", json=body)
    assert answer.status_code == 200, answer.text
    return ResumeReport.model_validate_json(answer.content)
