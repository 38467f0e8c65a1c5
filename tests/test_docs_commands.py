"""The documentation of the command line says what is there, and every example is one that is understood."""

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache

import typer.core
import typer.main

from activities.storefronts.storefront import DeliveryMalformed, SignatureWrong
from starter.cli import app
from starter.commands.terminal.output import ExitCode
from starter.runtime.one_thread import Busy
from tests.markdown import ROOT, Page, first_code, page, pages
from tests.python_source import calls, domain_error_codes

COMMON_OPTIONS = {"--json", "--data-dir"}


def test_every_command_is_documented_with_its_arguments_and_options() -> None:
    commands_page = page("docs/commands.md")
    expected = {" ".join([name, *arguments(command)]): command for name, command in commands().items()}
    assert {section.title for section in commands_page.sections if section.title.startswith("shelftalk ")} == set(
        expected
    )
    common = set(first_code(commands_page.section("Answers and exit codes").rows))
    assert {option.split()[0] for option in common} >= COMMON_OPTIONS
    for title, command in expected.items():
        told = {
            code.split()[0]
            for row in commands_page.section(title).rows
            for code in re.findall(r"`([^`]+)`", row[0])
            if code.startswith("--")
        }
        assert options(command) - COMMON_OPTIONS <= told <= options(command), title


def test_every_command_has_an_example() -> None:
    assert set(commands()) == {find(words)[0] for words in command_lines(page("docs/commands.md"))}


def test_every_command_line_in_an_example_is_one_that_is_understood() -> None:
    for each in pages():
        for words in command_lines(each):
            name, rest = find(words)
            try:
                commands()[name].make_context(name, rest)
            except typer.TyperException as error:
                raise AssertionError(f"{each.name}: {' '.join(words)}: {error.format_message()}") from error


def test_every_command_named_in_a_sentence_exists() -> None:
    for each in pages():
        for code in each.whole.code:
            if not code.startswith("shelftalk ") or code.split()[1].isupper():
                continue
            name, rest = find(code.split())
            assert {word.split("=")[0] for word in rest if word.startswith("--")} <= options(commands()[name]), code


def test_every_exit_code_and_failure_code_is_documented() -> None:
    section = page("docs/commands.md").section("Answers and exit codes")
    numbers = {row[0] for row in section.rows if row[0].isdigit()}
    assert numbers == {str(int(code)) for code in ExitCode}
    told = {row[0].strip("`"): row[1] for row in section.rows if row[0].startswith("`") and row[1].isdigit()}
    assert set(told) == set(failure_codes())
    assert set(told.values()) <= numbers


def failure_codes() -> Iterator[str]:
    for call in calls(ROOT / "starter" / "commands"):
        name = call.func.id if isinstance(call.func, ast.Name) else None
        given = [word.value for word in call.keywords if word.arg == "code"]
        if name in ("_out", "CommandFailed"):
            given = call.args[:1]
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value
    # These are answered over HTTP only: no command takes a delivery, or reads documents beside other work.
    yield from set(domain_error_codes(ROOT / "activities", ROOT / "starter")) - {
        SignatureWrong.code,
        DeliveryMalformed.code,
        Busy.code,
    }


def test_every_make_target_is_documented_and_none_that_is_not_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(first_code(page("docs/commands.md").section("Make").rows)) == {f"make {target}" for target in targets}
    for each in pages():
        named = re.findall(r"^make ([a-z-]+)", "\n".join([*each.whole.code, *(f.text for f in each.fences)]), re.M)
        assert set(named) <= targets, each.name


@cache
def commands(group: typer.core.TyperGroup | None = None, path: str = "shelftalk") -> dict[str, typer.core.TyperCommand]:
    """Every command by its words, `shelftalk journey list`."""
    found: dict[str, typer.core.TyperCommand] = {}
    for name, command in (group or typer.main.get_group(app)).commands.items():
        match command:
            case typer.core.TyperGroup():
                found |= commands(command, f"{path} {name}")
            case typer.core.TyperCommand():
                found[f"{path} {name}"] = command
            case _:
                raise AssertionError(f"{path} {name} is neither a command nor a group")
    return found


def options(command: typer.core.TyperCommand) -> set[str]:
    return {
        name
        for parameter in command.params
        if isinstance(parameter, typer.core.TyperOption)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }


def arguments(command: typer.core.TyperCommand) -> list[str]:
    return [
        (each.metavar or each.name or "").upper()
        for each in command.params
        if isinstance(each, typer.core.TyperArgument)
    ]


def command_lines(each: Page) -> Iterator[list[str]]:
    """Every `shelftalk …` in a shell example, as the words of its command line."""
    for fence in each.fences:
        if fence.language not in ("sh", ""):
            continue
        for line in fence.text.replace("\\\n", " ").splitlines():
            if "shelftalk " in line:
                yield from (words for words in simple_commands(line) if words[:1] == ["shelftalk"])


def simple_commands(line: str) -> Iterator[list[str]]:
    """The commands of one line of shell, without variables set before them and without `docker compose exec`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters = "#"
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if not set(word) <= set("|&;<>()"):
            words.append(word)
            continue
        if words[:3] == ["docker", "compose", "exec"]:
            words = words[next(n for n, word in enumerate(words) if n > 2 and not word.startswith("-")) + 1 :]
        while words and re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        yield words
        words = []


def find(words: list[str]) -> tuple[str, list[str]]:
    """The name of the command that a line's words begin with, and the rest of them."""
    known = commands()
    for length in (3, 2):
        if (name := " ".join(words[:length])) in known:
            return name, words[length:]
    raise AssertionError(f"there is no command {' '.join(words)!r}")
