"""What people with a key do with a document: checked, published, rehearsed."""

import pytest

from starter.documents import STARTER_CONVERSATION
from tests.http.web import Web, problem


async def test_a_document_is_checked_and_published_once(web: Web) -> None:
    text = STARTER_CONVERSATION.read_text(encoding="utf-8").replace("goal: The", "goal: That the")
    checked = (await web.keyed.post("/v1/conversations/check", content=text)).json()
    assert (checked["ok"], checked["diagnostics"]) == (True, [])
    published = await web.keyed.post("/v1/conversations", content=text)
    assert published.status_code == 201
    assert published.json() == {
        "conversation": "back-in-stock",
        "version": "back-in-stock@2",
        "number": 2,
        "new": True,
        "given_ids": [],
        "warnings": [],
    }
    again = await web.keyed.post("/v1/conversations", content=text)
    assert (again.status_code, again.json()["new"]) == (200, False)


async def test_a_document_with_mistakes_is_answered_line_by_line(web: Web) -> None:
    text = STARTER_CONVERSATION.read_text(encoding="utf-8").replace("wait: 2 days", "wait: two days")
    checked = (await web.keyed.post("/v1/conversations/check", content=text)).json()
    assert not checked["ok"]
    said = problem(await web.keyed.post("/v1/conversations", content=text), 422, "invalid")
    assert said.path == checked["diagnostics"][0]["path"] == "threads[0].steps[1].wait"
    assert said.errors[0].line == checked["diagnostics"][0]["line"]


async def test_a_document_is_rehearsed_with_everyone_in_its_scenario(web: Web) -> None:
    text = STARTER_CONVERSATION.read_text(encoding="utf-8")
    at = "/v1/conversations/test-run"
    usual = (await web.keyed.post(at, content=text)).json()
    assert (usual["told"], usual["ending"]) == (["somebody"], "completed")
    two_people = "\nscenarios:\n  - name: Two\n    others: [{name: ann, before: 1 day}]\n    happens: [{stock: 1}]\n"
    crowd = text[: text.index("\nscenarios:")] + two_people
    two = (await web.keyed.post(at, content=crowd, params={"scenario": "Two"})).json()
    assert [(each["name"], each["not_told"]) for each in two["contacts"]] == [
        ("somebody", None),
        ("ann", None),
    ], "nobody takes the offer up, so the place passes on"
    assert two["told"] == ["ann", "somebody"]
    assert {line["who"] for line in two["lines"]} == {None, "ann", "somebody"}
    said = problem(await web.keyed.post(at, content=text, params={"scenario": "None"}), 422, "invalid")
    assert said.path == "query.scenario"
    problem(await web.keyed.post(at, content=text.replace("wait: 2 days", "wait: soon")), 422, "invalid")


async def test_an_alert_that_another_conversation_has_is_a_conflict(web: Web) -> None:
    text = STARTER_CONVERSATION.read_text(encoding="utf-8")
    other = text.replace("conversation: back-in-stock", "conversation: other")
    problem(await web.keyed.post("/v1/conversations", content=other), 409, "conflict")


@pytest.mark.parametrize("body", [b"", b"\xff", b"a: [", b"&a [*a, *a]", b"- - - x"])
async def test_any_bytes_can_be_checked(web: Web, body: bytes) -> None:
    answer = await web.keyed.post("/v1/conversations/check", content=body)
    assert (answer.status_code, answer.json()["ok"]) == (200, False)
    problem(await web.keyed.post("/v1/conversations", content=body), 422, "invalid")
