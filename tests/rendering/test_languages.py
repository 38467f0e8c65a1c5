"""A message is read in the contact's language where it has that, and else in the one that it says."""

from dataclasses import replace

import pytest

from activities.rendering.compile import check_message, compile_message
from activities.rendering.facts import MessageContext
from activities.rendering.samples import FULL
from activities.rendering.templates import render
from schemas.channels import Channel
from schemas.document.conversation import MessageSection, Wording
from schemas.languages import find_language
from starter.documents import check, load_document
from starter.versioning.contents import as_yaml
from tests.documents.starters import BACK

LOCALES = """    language: en
    locales:
      de:
        subject: "{{ product.title }} ist wieder da"
        text: "Jetzt fuer {{ variant.price|money }}"
      pt-BR: {subject: Voltou, text: Voltou}
"""
TRANSLATED = BACK.replace("    channel: email\n", "    channel: email\n" + LOCALES, 1)
MESSAGE = load_document(TRANSLATED, "f").messages["it-is-back"]


def speaking(language: object) -> MessageContext:
    return replace(FULL, attributes={"language": language})  # pyright: ignore[reportArgumentType] whatever was told


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("de", "Blue kettle ist wieder da"),
        ("de-AT", "Blue kettle ist wieder da"),
        ("DE_at", "Blue kettle ist wieder da"),
        ("pt-BR", "Voltou"),
        ("pt", "Blue kettle is back"),
        ("fr", "Blue kettle is back"),
        ("no such language", "Blue kettle is back"),
        ("", "Blue kettle is back"),
        (None, "Blue kettle is back"),
        (7, "Blue kettle is back"),
    ],
)
def test_each_reads_the_nearest_of_its_languages(language: object, subject: str) -> None:
    assert render(compile_message(MESSAGE), speaking(language)).subject == subject


def test_numbers_are_written_for_the_contacts_own_country() -> None:
    compiled = compile_message(MESSAGE)
    assert render(compiled, speaking("de")).text == "Jetzt fuer 49,00\xa0€"
    assert render(compiled, speaking("de-AT")).text == "Jetzt fuer €\xa049,00"
    assert compiled.wording_for("fr") == ("en", compiled.wordings["en"])
    assert compiled.wording_for("en-GB")[0] == "en-GB"


@pytest.mark.parametrize(
    ("before", "after", "path", "words"),
    [
        ("    language: en\n", "", "messages.it-is-back", "not said which one"),
        ("language: en", "language: english", "messages.it-is-back.language", "not the tag of a language"),
        ("language: en", "language: de", "messages.it-is-back", "remove them there"),
        ("      de:", "      de_at:", "messages.it-is-back.locales.de_at", "write it as 'de-AT'"),
        ("ist wieder da", "{{ prodct.title }}", "messages.it-is-back.locales.de.subject", "Did you mean 'product'?"),
        ("text: Voltou", "txt: Voltou", "messages.it-is-back.locales.pt-BR.txt", "Did you mean 'text'?"),
        (", text: Voltou", "", "messages.it-is-back.locales.pt-BR", "says nothing"),
        (", text: Voltou", ", html: <b>a</b>, mjml: x", "messages.it-is-back.locales.pt-BR", "two ways"),
    ],
)  # fmt: skip
def test_a_mistake_among_languages_is_told_where_it_stands(before: str, after: str, path: str, words: str) -> None:
    assert before in TRANSLATED
    found = check(TRANSLATED.replace(before, after, 1), "f").diagnostics
    assert any(each.path == path and words.lower() in f"{each.message}. {each.advice}".lower() for each in found), found


def test_a_document_with_languages_can_be_published_as_it_is_kept() -> None:
    document = load_document(TRANSLATED, "f")
    assert load_document(as_yaml(document.model_dump(mode="json", by_alias=True)), "f") == document


def test_every_wording_is_checked() -> None:
    wrong = Wording(subject="s", text="{{ nothing }}")
    message = MessageSection(channel=Channel.EMAIL, subject="s", text="t", language="en", locales={"de": wrong})
    (found,) = check_message(message)
    assert (found.language, found.field) == ("de", "text")


@pytest.mark.parametrize(
    ("told", "found"),
    [("de", "de"), ("PT_br", "pt-BR"), ("zh-hant", "zh-Hant"), ("xx", None), ("x" * 99, None), ("../de", None)],
)
def test_a_language_is_found_however_it_is_written(told: str, found: str | None) -> None:
    assert find_language(told) == found
