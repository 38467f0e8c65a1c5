"""What a message is kept as when its version is published, and everything that is wrong with it before."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from activities.rendering.hidden_tags import line_and_column
from activities.rendering.html import inline_styles, nested_too_deeply
from activities.rendering.language import TemplateDiagnostic
from activities.rendering.mjml import NotCompiled, compile_mjml
from activities.rendering.mjml_check import check_mjml
from activities.rendering.plain_text import text_of, text_of_html
from activities.rendering.samples import BARE, FULL
from activities.rendering.templates import CannotRender, check_one, names_in_templates, render_one
from schemas.document.compiled_message import CompiledMessage, CompiledWording
from schemas.document.conversation import MessageSection, Wording

TEMPLATES = ("subject", "text", "mjml", "html")
"""The fields of a wording that are templates."""


def compile_message(section: MessageSection) -> CompiledMessage:
    """The message as a version keeps it.

    Raises:
        NotCompiled: it cannot be; `check_message` says why.
    """
    wordings = {language: compile_wording(wording, language) for language, wording in section.wordings.items()}
    return CompiledMessage(
        channel=section.channel,
        language=section.fall_back,
        wordings=wordings,
        transactional=section.transactional,
    )


def compile_messages(messages: Mapping[str, MessageSection]) -> dict[str, CompiledMessage]:
    """All messages of a document, by their names. Raises as `compile_message`."""
    return {code: compile_message(section) for code, section in messages.items()}


def compile_wording(wording: Wording, language: str) -> CompiledWording:
    """What is said in one language. Raises as `compile_message`."""
    if wording.mjml is not None:
        compiled = compile_mjml(wording.mjml, language)
        text, html = wording.text or text_of(compiled), compiled.restore(compiled.text)
    elif wording.html is not None:
        if nested_too_deeply(wording.html):
            raise NotCompiled("its elements are nested too deeply")
        text, html = wording.text or text_of_html(wording.html), inline_styles(wording.html)
    else:
        text, html = wording.text or "", None
    return CompiledWording(subject=wording.subject, text=text, html=html)


def check_message(section: MessageSection) -> tuple[TemplateDiagnostic, ...]:
    """Everything wrong with a message, in each of its languages.

    It is also rendered for a subject of which all facts are known, and for one of which only the required ones are:
    what would fail for some contact fails here first.
    """
    return tuple(
        replace(diagnostic, language=None if wording is section else language)
        for language, wording in section.wordings.items()
        for diagnostic in _check_wording(wording, language)
    )


def templates_of(wording: Wording) -> Iterator[tuple[str, str]]:
    """The templates that a wording has, by their fields."""
    for field in TEMPLATES:
        if (template := getattr(wording, field)) is not None:
            yield field, template


def _check_wording(wording: Wording, language: str) -> tuple[TemplateDiagnostic, ...]:
    found = tuple(
        diagnostic
        for field, template in templates_of(wording)
        for diagnostic in check_one(field, template, html=field in ("mjml", "html"))
    )
    if not found and wording.mjml is not None:
        found = check_mjml(wording.mjml)
    return found or _check_by_trial(wording, language)


def _check_by_trial(wording: Wording, language: str) -> tuple[TemplateDiagnostic, ...]:
    looks = "html" if wording.mjml is None else "mjml"
    try:
        compiled = compile_wording(wording, language)
    except NotCompiled as error:
        source = wording.mjml or wording.html or ""
        line, column = line_and_column(source, error.tag.begin) if error.tag else (1, 1)
        advice = "Put it somewhere else" if error.tag else "Look at the values of its attributes"
        return (TemplateDiagnostic(looks, line, f"this cannot be compiled: {error}", advice, column),)
    fields = {
        "subject": "subject",
        "text": "text" if wording.text is not None else looks,
        "html": looks,
    }
    for context, which in ((FULL, "everything"), (BARE, "only what is always known")):
        names = names_in_templates(context, language)
        for part, field in fields.items():
            template: str | None = getattr(compiled, part)
            if template is None:
                continue
            try:
                output = render_one(part, template, names, html=part == "html")
            except CannotRender as error:
                advice = "Ask first whether it is there, with {% if variant.price %} … {% endif %}"
                said = f"fails for a product of which {which} is known: {error}"
                return (TemplateDiagnostic(field, 1, said, advice),)
            if not output.strip():
                said = f"comes out empty for a product of which {which} is known"
                return (TemplateDiagnostic(field, 1, said, "Add words that are always there"),)
    return ()
