"""Versions over HTTP: saved, shown, compared, discarded, published again; and who did it is the key's name."""

import httpx

from activities.postgres.pool import Pool
from schemas.responses.versions import ConversationList, DifferenceReport, SavedWorking, ShownVersion, VersionList
from starter.versioning.contents import as_yaml
from starter.versioning.publishing import publish
from tests.http.web import Web, problem
from tests.product import starter_document

CODE = "back-in-stock"
AT = f"/v1/conversations/{CODE}"


def written(wait: str = "2 days") -> str:
    return as_yaml(starter_document(wait).model_dump(mode="json", by_alias=True))


async def save(web: Web, text: str, based_on: str | None = None) -> httpx.Response:
    headers = {"Content-Type": "application/yaml"} | ({"If-Match": based_on} if based_on else {})
    return await web.keyed.put(f"{AT}/working", content=text.encode(), headers=headers)


async def test_what_is_worked_on_is_saved_shown_compared_and_discarded(web: Web) -> None:
    saved = await save(web, f"# mine\n{written('3 days')}")
    one = SavedWorking.model_validate_json(saved.content)
    assert (one.saved_by, one.changed) == ("API key 'tests'", True)
    shown = await web.keyed.get(f"{AT}/working")
    assert ShownVersion.model_validate_json(shown.content).source.startswith("# mine\n")
    assert shown.headers["etag"] == saved.headers["etag"] == f'"{one.content_hash}"'
    told = DifferenceReport.model_validate_json((await web.keyed.get(f"{AT}/diff")).content)
    assert (told.before, told.after) == (f"{CODE}@published", f"{CODE}@working")
    (difference,) = told.differences
    assert "3 days" in difference.sentence
    same = await web.keyed.get(f"{AT}/diff", params={"from": "1", "to": "published"})
    assert DifferenceReport.model_validate_json(same.content).differences == ()
    listed = ConversationList.model_validate_json((await web.keyed.get("/v1/conversations")).content)
    assert [(each.published, each.working is not None) for each in listed.conversations] == [(f"{CODE}@1", True)]
    assert (await web.keyed.delete(f"{AT}/working")).status_code == 204
    problem(await web.keyed.delete(f"{AT}/working"), 404, "not-found")
    assert (await web.keyed.get(AT)).json()["working"] is None


async def test_somebody_elses_work_is_not_written_over(web: Web, pool: Pool) -> None:
    etag = (await save(web, written("3 days"))).headers["etag"]
    await pool.execute("update working_versions set saved_by = 'bob'")
    assert "bob" in problem(await save(web, written("4 days")), 409, "conflict").detail
    problem(await save(web, written("4 days"), '"another"'), 409, "conflict")
    assert (await save(web, written("4 days"), etag)).status_code == 200


async def test_a_document_with_mistakes_is_not_saved_and_each_is_told_by_its_place(web: Web) -> None:
    said = problem(await save(web, written().replace("send: it-is-back", "send: nothing")), 422, "invalid")
    assert (said.path, said.errors[0].line is not None) == ("threads[0].steps[0].send", True)
    elsewhere = await web.keyed.put("/v1/conversations/another/working", content=written().encode())
    assert problem(elsewhere, 422, "invalid").path == "conversation"
    problem(await web.keyed.get(f"{AT}/working"), 404, "not-found")


async def test_a_past_version_is_listed_shown_and_published_again(web: Web, pool: Pool) -> None:
    await publish(pool, starter_document("3 days"), by="bob")
    back = await web.keyed.post(f"{AT}/rollback", json={"version": 1, "note": "too long"})
    assert back.json() == {"conversation": CODE, "version": f"{CODE}@1", "number": 1, "changed": True}
    again = await web.keyed.post(f"{AT}/rollback", json={"version": 1})
    assert again.json() == back.json() | {"changed": False}
    two, one = VersionList.model_validate_json((await web.keyed.get(f"{AT}/versions")).content).versions
    assert (one.published, two.published, two.published_by) == (True, False, "bob")
    assert (one.publications[-1].by, one.publications[-1].note) == ("API key 'tests'", "too long")
    shown = ShownVersion.model_validate_json((await web.keyed.get(f"{AT}/versions/2")).content)
    assert "wait: 3 days" in shown.source
    problem(await web.keyed.post(f"{AT}/rollback", json={"version": 9}), 404, "not-found")
    problem(await web.keyed.get(f"{AT}/versions/9"), 404, "not-found")
    problem(await web.keyed.get(f"{AT}/diff", params={"from": "nine"}), 404, "not-found")
    problem(await web.keyed.get("/v1/conversations/none/versions"), 404, "not-found")
