"""The words of the console: the same in every language, and every one of them said somewhere."""

import re
import string
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from starter.http.console.rendering import coded
from starter.http.console.words import LANGUAGES, Words, language_of, words_of


def values(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_language_says_the_same_things_and_fills_in_the_same_values(language: str) -> None:
    ours, theirs = words_of("en"), words_of(language)
    assert sorted(ours) == sorted(theirs)
    assert {name: values(text) for name, text in ours.items()} == {name: values(text) for name, text in theirs.items()}


def test_whatever_a_template_says_is_in_the_words() -> None:
    said = {
        name
        for file in Path(str(files("starter.http.console").joinpath("templates"))).rglob("*.html")
        for name in re.findall(r"""\bt\(\s*["']([a-z_.]+)["']\s*[,)]""", file.read_text(encoding="utf-8"))
    }
    assert said
    assert said <= words_of("en").keys()


def test_one_is_said_apart_where_there_are_words_for_it() -> None:
    t = Words("de", ZoneInfo("Europe/Berlin"))
    assert t.number(1234567.5) == "1.234.567,5"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr-FR,de;q=0.5", "de"), ("fr", "en"), (None, "en"), ("", "en"), (",;", "en")],
)
def test_who_has_not_signed_in_reads_what_their_browser_asks_for(accepted: str | None, language: str) -> None:
    assert language_of(accepted) == language


def test_what_stands_between_backticks_is_code_and_everything_is_escaped() -> None:
    shown = coded("Run `list <code>` & see: a ` alone")
    assert shown == "Run <code>list &lt;code&gt;</code> &amp; see: a ` alone"
    assert coded(shown) == shown
