"""What commands say beside what they do: moved variants, unknown stores, lapsed offers, bounds, the zone of times."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.responses.journeys import JourneyReport
from starter.commands.keys import NewKey
from starter.commands.terminal.output import ExitCode
from starter.documents import STARTER_CONVERSATION
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.markdown import ROOT
from tests.product import STORE, address
from tests.reports.shop import Counter
from tests.story.documents import back, programme


async def test_a_product_that_takes_a_variant_of_another_says_so(shelftalk: Shelftalk, counter: Counter) -> None:
    asked = ("product", "set", "new", "--store", STORE, "--title", "New", "--variant", "v")
    told = "Variant 'v' was of product 'p'; now it is of this one, with all who wait."
    assert told in (await shelftalk.run(*asked)).out
    assert told not in (await shelftalk.run(*asked)).out, "it was of this one already"


async def test_a_sign_up_by_command_names_its_list(shelftalk: Shelftalk, counter: Counter) -> None:
    await publish(counter.pool, programme("vip", back()))
    asked = ("signup", address("ada"), "--store", STORE, "--variant", "v", "--list")
    for code, alert in (("vip", "vip"), ("default", "back-in-stock")):
        assert (await shelftalk.run(*asked, code, "--json")).answer(JourneyReport).alert == alert
    refused = await shelftalk.run(*asked, "nobodys", "--json")
    assert "'default', 'vip'" in refused.failure.message + refused.failure.advice


async def test_a_key_for_a_store_that_nobody_has_told_of_is_made_with_a_note(
    shelftalk: Shelftalk, counter: Counter
) -> None:
    asked = ("--scope", "read", "--store", STORE, "--store", "shop.exmaple")
    made = await shelftalk.run("key", "create", "console", *asked)
    assert made.out.startswith("shelftalk_")
    assert len(made.out.splitlines()) == 1, "what a script reads is the key alone"
    assert "Note: no store 'shop.exmaple' is known so far." in made.err
    assert "`shelftalk key revoke console`" in made.err
    again = (await shelftalk.run("key", "create", "other", *asked, "--json")).answer(NewKey)
    assert again.unknown_stores == ("shop.exmaple",)


async def test_publishing_repeats_that_an_offer_has_lapsed_before_a_message(
    shelftalk: Shelftalk, counter: Counter, tmp_path: Path
) -> None:
    file = tmp_path / "back-in-stock.yaml"
    text = STARTER_CONVERSATION.read_text(encoding="utf-8").replace("wait: 2 days", "wait: 3 days")
    file.write_text(text[: text.index("\nscenarios:")], encoding="utf-8")
    noted = "the offer has lapsed by now, so this message is not sent"
    assert noted in (await shelftalk.run("conversation", "check", str(file))).out
    published = await shelftalk.run("conversation", "publish", str(file), "--yes")
    assert published.code == ExitCode.OK
    assert f"Note: threads[0].steps[2]: {noted}. " in published.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("conversation", "dry-run", "f.yaml", "--against", "0"), "'--against': the least is 1."),
        (("conversation", "dry-run", "f.yaml", "--against", "10001"), "'--against': the most is 10000."),
        (("conversation", "dry-run", "f.yaml", "--against", "many"), "'--against': write a whole number."),
    ],
)
async def test_a_value_beyond_its_bounds_is_told_in_our_words(
    shelftalk: Shelftalk, arguments: tuple[str, ...], told: str
) -> None:
    said = await shelftalk.run(*arguments)
    assert said.code == ExitCode.USAGE
    assert told in said.err


COMMANDS = sorted((ROOT / "starter" / "commands").rglob("*.py"))


@pytest.mark.parametrize("file", COMMANDS, ids=lambda file: file.stem)
def test_every_time_that_a_command_shows_says_its_zone(file: Path) -> None:
    """A function that puts a time into a table names UTC in a head; one that puts it into a sentence says UTC there."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    heads = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name == "clock":
            continue
        in_sentences = list(_in_sentences(function))
        alone = [node for node in ast.walk(function) if _is_clock(node) and node not in in_sentences]
        for sentence in (node for node in ast.walk(function) if isinstance(node, ast.JoinedStr)):
            if any(_is_clock(part.value) for part in sentence.values if isinstance(part, ast.FormattedValue)):
                said = "".join(str(part.value) for part in sentence.values if isinstance(part, ast.Constant))
                assert "UTC" in said or any("(UTC)" in head for head in heads), f"{file.name}: {ast.unparse(sentence)}"
        assert not alone or any("(UTC)" in head for head in heads), f"{file.name}: {function.name}"


def _in_sentences(function: ast.FunctionDef) -> Iterator[ast.AST]:
    for node in ast.walk(function):
        if isinstance(node, ast.FormattedValue) and _is_clock(node.value):
            yield node.value


def _is_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "clock"
