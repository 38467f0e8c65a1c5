"""The messages that a shop begins with are right in every mail program that MJML knows, and read well without it."""

import pytest

from activities.rendering.compile import compile_message
from activities.rendering.gaps import find_gaps
from activities.rendering.samples import BARE, FULL
from activities.rendering.templates import render
from schemas.document.conversation import MessageSection
from starter.documents import check, load_document
from tests.documents.starters import STARTERS

MESSAGES = {
    f"{file.stem}/{code}": message
    for file in STARTERS
    for code, message in load_document(file.read_bytes(), file.name).messages.items()
}
EACH = pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)


@EACH
def test_a_starter_message_is_right_on_a_phone_and_in_dark_mode(message: MessageSection) -> None:
    for context in (FULL, BARE):
        html = render(compile_message(message), context).html or ""
        assert "prefers-color-scheme: dark" in html
        assert 'name="viewport"' in html
        assert html.count("<img") == html.count(" alt=")
        assert len(html.encode()) < 60_000, "Gmail clips what is larger than 102 kB"


@EACH
def test_a_starter_message_reads_well_without_html(message: MessageSection) -> None:
    for context in (FULL, BARE):
        text = render(compile_message(message), context).text
        assert "\n\n\n" not in text
        assert text == text.strip()
        assert "  " not in text.replace("  * ", "")
        assert not [mark for mark in ("{{", "{%", "<mj", "None", "()", " ,", " .") if mark in text], text
        assert text.splitlines()[-1].startswith("The Shop")


@EACH
def test_nothing_in_a_starter_message_leaves_a_gap(message: MessageSection) -> None:
    assert [*find_gaps(message)] == []


@pytest.mark.parametrize("file", STARTERS, ids=lambda file: file.stem)
def test_no_starter_leads_away_from_the_shop(file: object) -> None:
    (path,) = [each for each in STARTERS if each == file]
    assert check(path.read_bytes(), path.name).links == ()
