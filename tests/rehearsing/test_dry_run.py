"""Real journeys, recorded by Temporal, lived once more on a version that is not published; and the commands."""

from pathlib import Path

import pytest

from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.responses.dry_run import DryRunReport
from starter.commands.terminal.output import ExitCode
from starter.documents import STARTER_CONVERSATION, CheckReport, load_document
from starter.rehearsing.tell import RehearsalReport
from tests.cli.command import Shelftalk
from tests.documents.starters import BACK
from tests.history import settled_dry_run
from tests.http.conftest import services_over
from tests.product import STORE, Product

SOON = BACK[: BACK.index("\nscenarios:")].replace("wait: 2 days", "wait: 1 second")
NOT_REMINDED = SOON.replace("      - send: still-here ", "      # send: still-here ").replace(
    "        id: still-here\n", ""
)


def _document(text: str) -> ConversationDocument:
    return load_document(text, "f.yaml")


@pytest.fixture
async def soon(pool: Pool, product: Product) -> Product:
    """The product at work, with a reminder that comes a second later."""
    await services_over(pool, product.client).publishing.publish(_document(SOON))
    return product


async def test_a_removed_reminder_is_listed_for_exactly_those_who_got_it(
    soon: Product, beside: Shelftalk, tmp_path: Path
) -> None:
    await soon.shop.sells("v")
    journeys = await soon.shop.signs_up("ada", "ben", "cem", "dia")
    await soon.shop.has("v", 2)
    for journey in journeys[:2]:
        await soon.until(journey, lambda report: report.ended_at is not None)
    await soon.settled()

    same = await settled_dry_run(soon.pool, soon.client, _document(SOON), against=500)
    assert (same.asked, same.same, same.different, same.not_compared) == (4, 4, 0, 0)

    report = await settled_dry_run(soon.pool, soon.client, _document(NOT_REMINDED), against=500)
    assert (report.asked, report.same, report.different, report.not_compared) == (4, 2, 2, 0)
    assert {each.journey_id for each in report.journeys} == set(journeys[:2])
    assert all("would not get 'still-here'" in each.sentence for each in report.journeys)

    elsewhere = SOON.replace('# stores: ["shop.example"]', "stores: [elsewhere.example]")
    (only,) = (await settled_dry_run(soon.pool, soon.client, _document(elsewhere), against=1)).journeys
    assert only.sentence == f"{journeys[-1]} would not enter: list 'default' is not for store '{STORE}'."

    newest = await settled_dry_run(soon.pool, soon.client, _document(NOT_REMINDED), against=1)
    assert (newest.asked, newest.same) == (1, 1), "the newest is still in line"

    file = tmp_path / "changed.yaml"
    file.write_text(NOT_REMINDED)
    arguments = ("conversation", "dry-run", str(file), "--against", "500")
    assert (await beside.run(*arguments, "--json")).answer(DryRunReport).journeys == report.journeys
    ended = await beside.run(*arguments)
    assert ended.out.splitlines()[0] == "4 journeys of 'back-in-stock': same 2, different 2, could not be compared 0."
    assert "4 of 4 journeys compared" in ended.err
    assert "What is said" not in ended.out

    file.write_text(SOON.replace("is back in stock", "has come back"))
    other_words = await beside.run(*arguments)
    assert other_words.out.splitlines()[0].endswith("same 4, different 0, could not be compared 0.")
    assert "What is said differs from the published version:\nMessage 'it-is-back': " in other_words.out
    assert "has come back" in other_words.out
    too_many = await beside.run("conversation", "dry-run", str(file), "--against", "10001")
    assert too_many.code == ExitCode.USAGE


async def test_a_conversation_is_rehearsed_by_its_name_with_a_profile_and_a_scenario(
    beside: Shelftalk, product: Product, tmp_path: Path
) -> None:
    run = "test-run", "back-in-stock"
    usual = (await beside.run(*run, "--json")).answer(RehearsalReport)
    assert usual.version == "back-in-stock@1, the published version"
    assert [line.sent.message for line in usual.lines if line.sent] == ["it-is-back", "still-here"]
    named = "--scenario", "Nobody is reminded of what they bought"
    words = (await beside.run(*run, *named)).out
    assert "they order it" in words
    assert "refused (purchased), leave" in words
    unwilling = (await beside.run(*run, "--profile", "consent=false", "--json")).answer(RehearsalReport)
    assert [line.sent for line in unwilling.lines if line.sent] == []
    assert unwilling.reason == "no_consent"

    scenario = tmp_path / "scenario.yaml"
    scenario.write_text("name: Mine\nhappens:\n  - after: 1 day\n    stock: 1\nexpect:\n  - ends: expired\n")
    ended = await beside.run(*run, "--scenario", str(scenario))
    assert ended.code == ExitCode.FAILED
    assert "expect[0].ends: expected expired, got completed" in ended.out
    scenario.write_text("name: Mine\nhappens:\n  - after: 1 dya\n    stock: 1\n")
    ended = await beside.run(*run, "--scenario", str(scenario), "--json")
    assert ended.failure.code == "invalid_scenario"
    assert f"{scenario}:3:" in ended.failure.message
    assert (await beside.run(*run, "--scenario", "None", "--json")).failure.code == "no_such_scenario"
    assert (await beside.run(*run, "--profile", "wishes=1", "--json")).failure.code == "invalid_scenario"
    assert (await beside.run("test-run", "none", "--json")).failure.code == "no_such_conversation"


async def test_check_fails_when_a_scenario_goes_otherwise(beside: Shelftalk, tmp_path: Path) -> None:
    file = tmp_path / "changed.yaml"
    file.write_text(STARTER_CONVERSATION.read_text().replace("wait: 2 days", "wait: 60 hours"))
    ended = await beside.run("conversation", "check", str(file))
    assert ended.code == ExitCode.FAILED
    assert "scenarios[0].expect[1].sends: expected 'still-here' sent 5 days after entering" in " ".join(
        ended.out.split()
    )
    ended = await beside.run("conversation", "check", str(file), "--json")
    report = CheckReport.model_validate_json(ended.out)
    assert (report.ok, len(report.differences), report.scenarios) == (True, 1, 5)
