"""Renders a message for one subject, once its templates have passed `activities.rendering.language`.

A name that is not in the vocabulary is an error; a fact that is absent prints as nothing; and text from a storefront (a
title with a line break in it) can become neither a header nor markup.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from types import SimpleNamespace

import jinja2
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

from activities.rendering.facts import VOCABULARY, MessageContext, Part, Plain
from activities.rendering.formats import FORMATTERS, IN_TEMPLATES, Formats
from activities.rendering.language import JINJA_FILTERS, TemplateDiagnostic, check_language
from schemas.document.compiled_message import CompiledMessage, CompiledWording

LONGEST_SUBJECT = 250
"""Characters; mail programs show far fewer, and a storefront's title may have a thousand."""
LONGEST_BODY = 500_000
"""Characters of a rendered text or html. Above 100 kB mail programs clip; far above, providers refuse."""
KEPT_TEMPLATES = 256
"""Compiled templates kept in memory: those of the conversations that are sending now."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the contact reads. The subject is one line, of a text message None; `html` is None when it has none."""

    subject: str | None
    text: str
    html: str | None


class CannotRender(Exception):
    """A message's template is at fault, not the subject nor the provider: correct the message and publish again."""


def render(message: CompiledMessage, context: MessageContext) -> Rendered:
    """The message for this subject, in the contact's language if it has that.

    Raises:
        CannotRender: a template is wrong, as `check_message` explains, or its output is too long or empty.
    """
    language, wording = message.wording_for(context.language)
    return render_wording(wording, context, language)


def render_wording(wording: CompiledWording, context: MessageContext, language: str) -> Rendered:
    """What a message says in one language, with numbers and dates as `language` writes them. Raises as `render`."""
    names = names_in_templates(context, language)
    text = render_one("text", wording.text, names, html=False)
    if wording.subject is None:
        # Without the line break that ends it in the file: it would be paid for.
        return Rendered(None, text.strip(), None)
    subject = _one_line(render_one("subject", wording.subject, names, html=False))
    if not subject:
        raise CannotRender("The message's subject came out empty: begin it with words that are always there.")
    html = None if wording.html is None else render_one("html", wording.html, names, html=True)
    return Rendered(subject, text, html)


def check_one(field: str, template: str, *, html: bool) -> tuple[TemplateDiagnostic, ...]:
    """Everything in one template that is outside the language."""
    return check_language(field, template, VOCABULARY, _environment(html=html))


def render_one(field: str, template: str, names: Mapping[str, object], *, html: bool) -> str:
    """One template, filled in with these names. Raises CannotRender."""
    try:
        stream = _compiled(template, html).generate(names)
        return _collect(field, stream)
    except jinja2.TemplateError as error:
        raise CannotRender(f"The message's {field} cannot be rendered: {error}") from error
    except (ArithmeticError, TypeError, ValueError) as error:
        # A comparison or filter got a value of the wrong kind; the message's author can correct it. Without the error's
        # own text: it quotes the value, which may be the contact's, and this is logged (P8).
        raise CannotRender(
            f"The message's {field} cannot be rendered: a value is not of the kind that a filter or comparison needs "
            f"({type(error).__name__})"
        ) from error


def _collect(field: str, stream: Iterator[str]) -> str:
    parts: list[str] = []
    length = 0
    for part in stream:
        length += len(part)
        if length > LONGEST_BODY:
            raise CannotRender(f"The message's {field} is longer than {LONGEST_BODY} characters: shorten it.")
        parts.append(part)
    return "".join(parts)


def template_tree(template: str, *, html: bool) -> nodes.Template:
    """What a template without mistakes consists of."""
    return _environment(html=html).parse(template)


@lru_cache(maxsize=KEPT_TEMPLATES)
def _compiled(template: str, html: bool) -> jinja2.Template:
    """Raises CannotRender for a template outside the language, so that an unchecked one is not run either."""
    if diagnostics := check_one("html" if html else "text", template, html=html):
        raise CannotRender(f"line {diagnostics[0].line}: {diagnostics[0].message}. {diagnostics[0].advice}.")
    return _environment(html=html).from_string(template)


@lru_cache(maxsize=2)
def _environment(*, html: bool) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        autoescape=html, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.clear()
    for name in [*environment.filters]:
        if name not in JINJA_FILTERS:
            del environment.filters[name]
    environment.filters.update(FORMATTERS)  # pyright: ignore[reportArgumentType, reportCallIssue] typed by Jinja's own
    return environment


def names_in_templates(context: MessageContext, language: str) -> dict[str, object]:
    """All that a template can name, by its name."""
    return {
        "shop": _namespace("shop", context.shop),
        "product": _namespace("product", context.product),
        "variant": _namespace("variant", context.variant),
        "list": _namespace("list", context.list),
        "coupon": SimpleNamespace(code=_present("coupon.code", context.coupon)),
        "wait": _namespace("wait", context.wait),
        "links": _namespace("links", context.links),
        "items": [_namespace("item", item) for item in context.items],
        "together": [_namespace("item", item) for item in context.together],
        "event": _Open("event", context.event),
        "contact": SimpleNamespace(attributes=_Open("contact.attributes", context.attributes)),
        IN_TEMPLATES: Formats(language, context.variant.currency, context.time_zone),
    }


def _namespace(name: str, part: Part) -> SimpleNamespace:
    return SimpleNamespace(**{each: _present(f"{name}.{each}", getattr(part, each)) for each in _fields_of(type(part))})


@lru_cache(maxsize=16)
def _fields_of(part: type[Part]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(part))


class _Open:
    """Something with parts of any name, as templates see it."""

    def __init__(self, name: str, values: Mapping[str, Plain]) -> None:
        self._name = name
        self._values = values

    def __getattr__(self, key: str) -> object:
        return _present(f"{self._name}.{key}", self._values.get(key))


def _present(name: str, value: object) -> object:
    """An absent fact prints as nothing and is false, instead of printing 'None'."""
    return jinja2.Undefined(name=name) if value is None or value == "" else value


def _one_line(subject: str) -> str:
    """No line breaks and no control characters: a storefront's title must not begin another header."""
    line = " ".join("".join(" " if unicodedata.category(c) in _BREAKING else c for c in subject).split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1].rstrip() + "…"


_BREAKING = frozenset({"Cc", "Zl", "Zp", "Cs"})
"""Unicode categories: control characters, line and paragraph separators, halves of surrogate pairs."""
