"""The same from the command line, as processes of their own on a database of the test's own."""

import csv
import getpass
import io

import pytest

from activities.postgres.pool import Pool
from schemas.responses.operations import RetireChoice
from schemas.responses.pausing import AlertStates, PauseReport, ResumeReport
from schemas.responses.reports import ListReport, WantedReport
from schemas.responses.why import WhyContact, WhyProduct
from starter.commands.terminal.output import ExitCode
from starter.ops.findings import Checkup, Health
from starter.versioning.retiring import Retiring
from tests.cli.command import Shelftalk
from tests.product import BY_HAND, STORE, address
from tests.reports.shop import Counter


async def test_reports_come_as_words_json_and_csv(shelftalk: Shelftalk, counter: Counter) -> None:
    await counter.shop.signs_up("ada")
    answer = (await shelftalk.run("report", "wanted", "--list", "default", "--json")).answer(WantedReport)
    assert answer.products[0].to_order == 1
    (row,) = csv.DictReader(io.StringIO((await shelftalk.run("report", "wanted", "--csv")).out.lstrip("\ufeff")))
    assert row["waiting"] == "1"
    assert "Blue kettle" in (await shelftalk.run("report", "wanted", "--by", "product")).out
    assert (await shelftalk.run("report", "list", "--json")).answer(ListReport).alerts[0].entered == 1
    assert "entered" in (await shelftalk.run("report", "list")).out
    assert (await shelftalk.run("report", "list", "none", "--json")).failure.code == "no_such_list"
    both = await shelftalk.run("report", "wanted", "--csv", "--json")
    assert both.failure.exit == ExitCode.USAGE
    backwards = ("--since", "2026-02-01", "--until", "2026-01-01", "--json")
    assert (await shelftalk.run("report", "wanted", *backwards)).failure.code == "usage"


async def test_why_is_answered_of_a_contact_and_of_a_product(shelftalk: Shelftalk, counter: Counter) -> None:
    await counter.shop.signs_up("ada")
    assert len((await shelftalk.run("why", address("ada"), "--json")).answer(WhyContact).entries) == 1
    assert "the alert waits for 1" in (await shelftalk.run("why", address("ada"), "--store", STORE)).out
    assert "Nobody" in (await shelftalk.run("why", address("bob"))).out
    asked = await shelftalk.run("why-product", "--store", STORE, "--product", "p", "--json")
    assert asked.answer(WhyProduct).waiting == 1
    said = (await shelftalk.run("why-product", "--store", STORE, "--variant", "v")).out
    assert "1 waiting, 0 told." in said
    assert "@" not in said
    assert (await shelftalk.run("why-product", "--store", STORE, "--json")).failure.exit == ExitCode.USAGE
    unknown = await shelftalk.run("why-product", "--store", STORE, "--product", "none", "--json")
    assert unknown.failure.code == "unknown_product"


async def test_without_a_yes_and_a_terminal_a_resume_changes_nothing(shelftalk: Shelftalk, counter: Counter) -> None:
    await counter.shop.signs_up("ada", "bob")
    assert (await shelftalk.run("alert", "pause", "back-in-stock", "--json")).answer(PauseReport).changed
    signed_up = (await shelftalk.run("signup", address("cy"), "--store", STORE, "--variant", "v")).out
    assert signed_up.endswith(" at the latest. The alert is paused; everyone keeps their place.\n")
    await counter.shop.has("v", 1)
    refused = await shelftalk.run("alert", "resume", "back-in-stock", "--json")
    assert refused.failure.code == "not_confirmed"
    assert "1 person would be told now." in refused.failure.message
    said = await shelftalk.run("alert", "resume", "back-in-stock", text="y\n")
    assert said.code == ExitCode.FAILED
    assert "1 for Blue kettle" in said.err
    doctor = await shelftalk.run("doctor", "--json")
    (paused,) = [each for each in Checkup.model_validate_json(doctor.out).findings if each.component == "pauses"]
    assert paused.health is Health.NOTE
    assert paused.found.startswith("alert 'back-in-stock' since ")
    states = (await shelftalk.run("alert", "list", "--json")).answer(AlertStates).alerts
    assert [state.alert for state in states if state.paused_at] == ["back-in-stock"]
    assert "paused since" in (await shelftalk.run("alert", "list")).out
    assert await counter.looks() == 0
    await Retiring(counter.shop.pool).retire("back-in-stock", RetireChoice.STAY, "test", None)
    assert "alert 'back-in-stock' since " in (await shelftalk.run("doctor")).out, "it is waited for still"
    resumed = (await shelftalk.run("alert", "resume", "back-in-stock", "--yes", "--json")).answer(ResumeReport)
    assert (resumed.resumed, resumed.told_now) == (True, 1)
    assert await counter.looks() == 1
    assert "is not paused" in (await shelftalk.run("alert", "resume", "back-in-stock")).out


@pytest.mark.parametrize(("said", "code", "called"), [("y", ExitCode.OK, 1), ("n", ExitCode.FAILED, 0)])
async def test_at_a_terminal_it_shows_the_count_and_asks(
    shelftalk: Shelftalk, counter: Counter, said: str, code: ExitCode, called: int
) -> None:
    await counter.shop.signs_up("ada")
    await shelftalk.run("alert", "pause", "back-in-stock")
    await counter.shop.has("v", 1)
    ended = await shelftalk.at_a_terminal([("]: ", said)], "alert", "resume", "back-in-stock")
    assert "1 person would be told now." in ended.out
    assert (ended.code, await counter.looks()) == (code, called), ended.out


async def test_a_conversation_is_paused_and_resumed(shelftalk: Shelftalk, counter: Counter, pool: Pool) -> None:
    assert "Everyone keeps their place" in (await shelftalk.run("conversation", "pause", "watches")).out
    assert "conversation paused" in (await shelftalk.run("alert", "list")).out
    resumed = await shelftalk.run("conversation", "resume", "watches", "--yes", "--json")
    assert resumed.answer(ResumeReport).resumed
    assert [row["actor"] for row in await pool.fetch(f"select actor from audit {BY_HAND}")] == [getpass.getuser()] * 2
    for command in (("conversation", "pause", "none"), ("conversation", "resume", "none", "--yes")):
        assert (await shelftalk.run(*command, "--json")).failure.code == "no_such_conversation"
    assert (await shelftalk.run("alert", "pause", "none", "--json")).failure.code == "no_such_alert"
