"""docs/messages.md: every example reads as it says, and no variable, filter, field or element is missing from it."""

import re

import pytest

from activities.rendering.compile import check_message, compile_message
from activities.rendering.facts import VOCABULARY
from activities.rendering.language import FILTERS
from activities.rendering.mjml_elements import MJML
from activities.rendering.samples import FULL
from activities.rendering.templates import render
from schemas.channels import Channel
from schemas.document.conversation import MessageSection
from starter.documents import check
from tests.markdown import ROOT, page

DOCS = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
EXAMPLES = [
    tuple(line.split(" → "))
    for block in re.findall(r"^```jinja\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
TOLD = {*page("docs/messages.md").whole.code}


@pytest.mark.parametrize(("template", "reads"), EXAMPLES)
def test_every_example_reads_as_it_says(template: str, reads: str) -> None:
    message = MessageSection(channel=Channel.EMAIL, subject="s", text=f"x{template}")
    assert check_message(message) == ()
    assert render(compile_message(message), FULL).text == f"x{reads}"


@pytest.mark.parametrize("example", [f.text for f in page("docs/messages.md").fences if f.language == "yaml"])
def test_every_message_in_it_is_right(example: str) -> None:
    whole = "conversation: c\nname: C\nthreads: [{name: T, on: joined_list, steps: [{send: it-is-back}]}]\n" + example
    report = check(whole, "f")
    assert [str(each) for each in report.diagnostics] == []


def test_every_variable_field_filter_and_element_is_told_of() -> None:
    shown = {*VOCABULARY.everything, *VOCABULARY.lists}
    # Each list is looped over as `item`, whatever its own name.
    shown |= {f"item.{part}" for parts in VOCABULARY.lists.values() for part in parts}
    elements = {each for name in ("mj-body", "mj-section", "mj-column") for each in MJML[name].children}
    assert {*shown, *MessageSection.model_fields, *FILTERS, *elements} - TOLD == set()


def test_every_filter_has_an_example() -> None:
    used = {name for template, _ in EXAMPLES for name in re.findall(r"\|(\w+)", template)}
    assert used == set(FILTERS)
