"""What a browser is shown where there is no page, and what programs are told there."""

import pytest

from tests.http.web import Web


@pytest.mark.parametrize(("language", "title"), [("en", "There is no such page"), ("de", "Diese Seite gibt es nicht")])
async def test_a_browser_that_finds_nothing_is_shown_a_page_in_its_language(
    web: Web, language: str, title: str
) -> None:
    answered = await web.open.get("/nothing", headers={"Accept": "text/html", "Accept-Language": language})
    assert (answered.status_code, answered.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert f"<h1>{title}</h1>" in answered.text
    assert "default-src 'none'" in answered.headers["content-security-policy"]


async def test_a_program_that_finds_nothing_is_told_so_as_a_problem(web: Web) -> None:
    for path, accept in (("/nothing", "*/*"), ("/v1/nothing", "text/html")):
        answered = await web.open.get(path, headers={"Accept": accept})
        assert (answered.status_code, answered.headers["content-type"]) == (404, "application/problem+json")


async def test_styles_and_scripts_are_kept_for_ever_under_what_they_say(web: Web) -> None:
    shown = (await web.open.get("/nothing", headers={"Accept": "text/html"})).text
    path = next(part for part in shown.split('"') if part.endswith("/console.css"))
    style = await web.open.get(path)
    assert style.status_code == 200
    assert "immutable" in style.headers["cache-control"]
    assert (await web.open.get(path.replace("/console/", "/console/0"))).status_code == 404
