"""Publishing while people are under way, over the API."""

from importlib.resources import files

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.responses.operations import InFlight
from starter.documents import load_document
from starter.versioning.versions import Versions
from tests.http.conftest import nowhere, web, web_over
from tests.http.web import Web, problem
from tests.product import Shop

__all__ = ["nowhere", "web", "web_over"]
"""Fixtures that are shared with tests/http."""

TEXT = files("starter").joinpath("conversations/back-in-stock.yaml").read_text(encoding="utf-8")
CHANGED = TEXT.replace("wait: 2 days", "wait: 60 hours").replace("after: 5 days", "after: 132 hours")
PUBLISH = "/v1/conversations/back-in-stock/publish"
COUNTS = "/v1/conversations/back-in-stock/in-flight"


@pytest.fixture
async def waiting(web: Web, pool: Pool) -> Web:
    """One stands in line, and another version is worked on."""
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    await shop.signs_up("ann")
    await Versions(pool).save(CHANGED, load_document(CHANGED, "changed"), "ada", None)
    return web


async def test_who_is_under_way_is_counted_for_the_working_version_and_any_other(waiting: Web) -> None:
    answer = await waiting.keyed.get(COUNTS)
    assert answer.status_code == 200, answer.text
    shown = InFlight.model_validate_json(answer.content)
    assert (shown.version, shown.journeys, shown.moves_now, shown.in_line) == ("back-in-stock@2", 1, 1, 1)
    assert [(each.version, each.place) for each in shown.places] == [("back-in-stock@1", "waiting-list")]
    for version in ("1", "published", "back-in-stock@1"):
        assert (await waiting.keyed.get(COUNTS, params={"version": version})).json()["journeys"] == 0
    problem(await waiting.keyed.get(COUNTS, params={"version": "7"}), 404, "not-found")
    problem(await waiting.keyed.get("/v1/conversations/unknown/in-flight"), 404, "not-found")
    problem(await waiting.open.get(COUNTS), 401, "key-needed")


async def test_without_a_decision_nothing_is_published_while_somebody_is_under_way(waiting: Web, pool: Pool) -> None:
    said = problem(await waiting.keyed.post(PUBLISH, json={}), 409, "conflict")
    assert "under way on another version (1)" in said.detail
    assert await pool.fetchval("select count(*) from versions") == 1


async def test_terms_that_tell_those_who_wait_are_published_only_by_who_says_how_many(web: Web, pool: Pool) -> None:
    patient = TEXT.replace("action: sign-up", "action: sign-up\n    quantity_threshold: 9", 1)
    published = {"document": patient, "in_flight": "stay", "despite_scenarios": True}
    assert (await web.keyed.post(PUBLISH, json=published)).status_code == 201
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    await shop.signs_up("ann", "ben", "cyd")
    await shop.has("v", 2)
    assert (await web.keyed.get(COUNTS, params={"version": "1"})).json()["told_now"] == 2
    again = {"version": "1", "in_flight": "stay"}
    said = problem(await web.keyed.post(PUBLISH, json=again), 409, "conflict")
    assert "with these terms 2 of those who wait are told at once" in said.detail
    problem(await web.keyed.post(PUBLISH, json=again | {"tells_at_most": 1}), 409, "conflict")
    assert (await web.keyed.post(PUBLISH, json=again | {"tells_at_most": 2})).status_code == 200


async def test_no_other_door_publishes_terms_that_tell_more_than_was_agreed_to(web: Web, pool: Pool) -> None:
    """Neither a document by itself, nor a past version again."""
    patient = TEXT.replace("action: sign-up", "action: sign-up\n    quantity_threshold: 9", 1)
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    despite = {"despite_scenarios": "true"}
    assert (await web.keyed.post("/v1/conversations", content=patient, params=despite)).status_code == 201
    await shop.signs_up("ann", "ben", "cyd")
    await shop.has("v", 2)
    back = "/v1/conversations/back-in-stock/rollback"
    for most in ({}, {"tells_at_most": 1}):
        by_itself = await web.keyed.post("/v1/conversations", content=TEXT, params=despite | most)
        again = await web.keyed.post(back, json={"version": 1} | most)
        for answer in (by_itself, again):
            said = problem(answer, 409, "conflict")
            assert "with these terms 2 of those who wait are told at once" in said.detail
            assert "`tells_at_most`: 2" in said.detail
    assert await pool.fetchval("select published from conversations") == "back-in-stock@2"
    assert (await web.keyed.post(back, json={"version": 1, "tells_at_most": 2})).json()["changed"]


async def test_a_decision_begins_an_operation_that_can_be_followed(waiting: Web, pool: Pool) -> None:
    answer = await waiting.keyed.post(PUBLISH, json={"in_flight": "move", "note": "a typo"})
    assert answer.status_code == 201, answer.text
    decided = answer.json()
    assert (decided["version"], decided["new"], decided["in_flight"]) == ("back-in-stock@2", True, "move")
    shown = (await waiting.keyed.get(f"/v1/operations/{decided['operation']}")).json()
    assert (shown["kind"], shown["requested_by"], shown["why"], shown["total"], shown["left_over"]) == (
        "move",
        "API key 'tests'",
        "a typo",
        1,
        1,
    )
    assert (await waiting.keyed.get("/v1/operations")).json()["operations"] == [shown]
    assert await pool.fetchval("select note from publications order by id desc limit 1") == "a typo"
    assert await pool.fetchval("select count(*) from working_versions") == 0


async def test_a_past_version_is_published_again_and_those_under_way_come_back_to_it(waiting: Web, pool: Pool) -> None:
    await waiting.keyed.post(PUBLISH, json={"in_flight": "stay"})
    await Shop(pool, Intake(pool)).signs_up("ben")
    assert await pool.fetchval("select version_id from journeys order by id desc limit 1") == "back-in-stock@2"
    answer = await waiting.keyed.post(PUBLISH, json={"version": "1", "in_flight": "move"})
    assert (answer.status_code, answer.json()["version"], answer.json()["new"]) == (200, "back-in-stock@1", False)
    shown = (await waiting.keyed.get(f"/v1/operations/{answer.json()['operation']}")).json()
    assert (shown["to_version"], shown["total"]) == ("back-in-stock@1", 1)


async def test_a_past_version_in_which_todays_rules_find_mistakes_is_refused(waiting: Web, pool: Pool) -> None:
    await pool.execute(
        """
        insert into versions (id, conversation, number, content_hash, document, program)
        select 'back-in-stock@9', conversation, 9, 'of another time',
               jsonb_set(document, '{threads,0,steps}', '[{"send": "nobody-wrote-this"}]'), program
        from versions"""
    )
    said = problem(await waiting.keyed.post(PUBLISH, json={"version": "9", "in_flight": "stay"}), 422, "invalid")
    assert "nobody-wrote-this" in said.model_dump_json()
    assert await pool.fetchval("select published from conversations") == "back-in-stock@1"


async def test_a_document_is_published_if_it_is_of_this_conversation(waiting: Web) -> None:
    answer = await waiting.keyed.post(PUBLISH, json={"document": CHANGED, "in_flight": "end"})
    assert (answer.status_code, answer.json()["version"]) == (201, "back-in-stock@2")
    elsewhere = {"document": CHANGED, "in_flight": "end"}
    said = problem(await waiting.keyed.post("/v1/conversations/other/publish", json=elsewhere), 422, "invalid")
    assert said.path == "$.document"
    broken = {"document": TEXT.replace("conversation:", "conversatoin:")}
    problem(await waiting.keyed.post(PUBLISH, json=broken), 422, "invalid")
    problem(await waiting.keyed.post(PUBLISH, json={"document": TEXT, "version": "1"}), 422, "invalid")


async def test_an_operation_that_is_not_there_is_not_found(web: Web) -> None:
    problem(await web.keyed.get("/v1/operations/1"), 404, "not-found")
    problem(await web.keyed.get("/v1/operations/0"), 422, "invalid")
