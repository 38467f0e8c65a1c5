"""The documentation says what is there, and nothing that is not: settings, routes, metrics, events, files.

The command line is in test_docs_commands.py.
"""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from activities.delivery.counting import OUTCOMES
from activities.postgres.pool import Pool
from schemas.reasons import Reason
from schemas.settings import Settings
from starter.documents import check
from starter.http.app import create_app
from starter.http.metrics import Metrics
from starter.http.problems import Kind
from starter.ops.backlog import Backlog
from starter.reporting.delays import DelayReports
from tests.http.conftest import services_over
from tests.markdown import ROOT, first_code, page, pages, read
from tests.python_source import calls
from tests.time_skipping import SETTING
from worker import connect

README_LINES = 60
"""One screen."""
SOURCES = ("schemas", "workflows", "activities", "starter")
LEVELS = {"debug", "info", "warning", "error", "exception"}
ANYWHERE = {"400", "401", "403", "413", "429", "500", "503"}
"""Answers that docs/api.md describes once for all routes."""
INDEXES = re.compile(r"(pypi|pythonhosted|npmjs|yarnpkg|rubygems|proxy\.golang|(maven|debian)\.(apache)?)\.?(org|com)")


def settings() -> dict[str, Any]:
    """Every environment variable with its default."""
    return {
        str(field.validation_alias or f"SHELFTALK_{name.upper()}"): field.default
        for name, field in Settings.model_fields.items()
    }


# Settings --------------------------------------------------------------------------------------------------------


def test_every_setting_is_documented_with_its_default() -> None:
    rows = {row[0].strip("`"): row for row in page("docs/settings.md").whole.rows}
    assert set(rows) == {*settings(), SETTING}
    for name, default in settings().items():
        told = rows[name][2]
        if told.startswith("`"):
            assert told.strip("`") == (str(default).lower() if isinstance(default, bool) else str(default)), name
        else:
            assert default in (None, (), {}) or isinstance(default, Path), f"{name}: its default is {default!r}"


def test_no_page_names_a_setting_that_is_not_there() -> None:
    for each in pages():
        named = re.findall(r"\bSHELFTALK_[A-Z_]*[A-Z]\b", each.text)
        assert set(named) <= {*settings(), SETTING}, each.name


# The API ---------------------------------------------------------------------------------------------------------


async def test_every_route_is_documented_with_its_parameters_and_answers(pool: Pool) -> None:
    application = create_app(services_over(pool, await connect("127.0.0.1:1", "default", lazy=True)), Settings())
    schema = application.openapi()
    routes = {
        f"{method.upper()} {path}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }
    routes["GET /openapi.json"] = {"responses": {"200": {}}}
    api = page("docs/api.md")
    told = {section.title: section for section in api.sections if " /" in section.title}
    assert set(told) == set(routes)
    for title, operation in routes.items():
        answers = {row[0] for row in told[title].rows if row[0].isdigit()}
        possible = set(operation["responses"])
        assert possible - ANYWHERE <= answers <= possible, title
        words = set(re.findall(r"[\w-]+", " ".join(told[title].code)))
        wanted = {each["name"] for each in operation.get("parameters", []) if each["in"] != "path"}
        wanted |= set(body_fields(operation, schema))
        assert wanted <= words, title
    everywhere = set(re.findall(r"\w+", " ".join(api.whole.code)))
    for name, model in schema["components"]["schemas"].items():
        if "Validation" not in name and name not in ("Problem", "FieldProblem"):
            assert set(model.get("properties", {})) <= everywhere, name


def body_fields(operation: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = body.get("$ref", "").rpartition("/")[2]
    return list(schema["components"]["schemas"][name]["properties"]) if name else []


def test_every_problem_and_every_reason_is_documented() -> None:
    api = page("docs/api.md")
    told = {row[0].strip("`"): row[1] for row in api.section("Problems").rows}
    assert told == {str(kind): str(kind.status) for kind in Kind}
    assert set(first_code(api.section("Journeys").rows)) == set(Reason)


# Operations ------------------------------------------------------------------------------------------------------


async def test_every_metric_is_documented_and_none_that_is_not_there(pool: Pool) -> None:
    text = (await Metrics().page(Backlog(pool), DelayReports(pool))).decode()
    known = {name for name in re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE) if not name.endswith("_created")}
    assert set(first_code(page("docs/operations.md").section("Metrics").rows)) == known
    of_workers = {f"{OUTCOMES}_total"}
    told = set(first_code(page("docs/operations.md").section("Metrics of a worker").rows))
    assert {name for name in told if name.startswith("shelftalk_")} == of_workers
    for each in pages():
        named = {name.split("{")[0] for name in each.whole.code if name.startswith("shelftalk_")}
        assert named <= known | of_workers | {"shelftalk_…"}, each.name


def test_every_event_of_the_log_is_documented_with_its_level() -> None:
    logged = {
        (call.args[0].value, call.func.attr)
        for name in SOURCES
        for call in calls(ROOT / name)
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "log"
        and call.func.attr in LEVELS
        and isinstance(call.args[0], ast.Constant)
    }
    # What is done for ever is logged by the words that it is given.
    logged |= {
        (call.args[1].value, "warning")
        for name in SOURCES
        for call in calls(ROOT / name)
        if isinstance(call.func, ast.Name) and call.func.id == "_for_ever" and isinstance(call.args[1], ast.Constant)
    }
    # The request's own line chooses between two levels, so it is no plain call.
    logged.add(("request", "info"))
    assert {(row[0].strip("`"), row[1]) for row in page("docs/operations.md").section("Log").rows} == logged


async def test_every_sql_example_runs_on_todays_tables(pool: Pool) -> None:
    examples = [fence.text for each in pages() for fence in each.fences if fence.language == "sql"]
    assert examples
    for example in examples:
        async with pool.acquire() as connection:
            tried = connection.transaction()
            await tried.start()
            await connection.execute(example)
            await tried.rollback()


# The architecture ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", SOURCES)
def test_the_rooms_are_drawn_as_the_import_contracts_have_them(package: str) -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contracts = tools["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == [package])
    drawn = next(
        fence.text.splitlines()[1:]
        for fence in page("docs/architecture.md").fences
        if fence.text.splitlines()[0].strip() == package
    )
    assert [set(line.split(" · ")) for line in map(str.strip, drawn)] == [set(layer.split(" | ")) for layer in layers]


def test_every_word_of_the_architecture_is_explained_once() -> None:
    words = [word.strip() for row in page("docs/architecture.md").section("Words").rows for word in row[0].split(",")]
    assert len(words) > 80
    assert sorted(set(words)) == sorted(words)


# Every page ------------------------------------------------------------------------------------------------------


def test_every_link_within_the_project_leads_somewhere() -> None:
    for each in pages():
        for link in each.links:
            name, _, anchor = link.partition("#")
            target = (each.file.parent / name).resolve() if name else each.file
            assert target.exists(), f"{each.name}: {link}: there is no {target}"
            assert target.is_relative_to(ROOT), f"{each.name}: {link} leads out of the project"
            if anchor:
                assert anchor in read(target).anchors, f"{each.name}: {link}: there is no such heading"


def test_every_file_that_is_named_is_there() -> None:
    for each in pages():
        here = re.sub(r"https?://\S+", "", each.prose)
        for name in re.findall(rf"\b(?:{'|'.join(SOURCES)}|tests|bench|docs|requirements)/[\w./-]*\w", here):
            assert (ROOT / name).exists(), f"{each.name}: {name}"


def test_every_file_that_the_architecture_names_by_its_last_part_is_there() -> None:
    files = {file.name for folder in SOURCES for file in (ROOT / folder).rglob("*.*")} | {"worker.py"}
    named = {code for code in page("docs/architecture.md").whole.code if re.fullmatch(r"\w+\.(py|sql|yaml)", code)}
    assert named
    assert named <= files


def test_every_yaml_example_is_yaml_and_every_whole_conversation_can_be_published() -> None:
    for each in pages():
        for fence in (fence for fence in each.fences if fence.language == "yaml"):
            yaml.safe_load(fence.text)
            if re.search(r"^conversation:", fence.text, re.MULTILINE):
                assert check(fence.text, each.name).diagnostics == ()


def test_some_whole_conversation_is_shown() -> None:
    assert any(re.search(r"^conversation:", fence.text, re.M) for each in pages() for fence in each.fences)


def test_no_page_names_a_package_index() -> None:
    assert [each.name for each in pages() if INDEXES.search(each.text)] == []


def test_the_readme_fits_on_a_screen() -> None:
    assert len(page("README.md").text.splitlines()) <= README_LINES
