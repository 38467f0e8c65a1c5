"""Renders a message for one subject, once its templates have passed `activities.rendering.language`.

A name that is not in the vocabulary is an error; a fact that is absent prints as nothing; and text from a storefront (a
title with a line break in it) can become neither a header nor markup.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace
from typing import TypeAlias

import jinja2
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

from activities.rendering.headlines import one_line
from activities.rendering.language import FILTERS, TemplateDiagnostic, Vocabulary, check_language
from activities.rendering.links import LinksPart
from schemas.document.conversation import MessageSection

LONGEST_BODY = 500_000
"""Characters of a rendered text or html. Above 100 kB mail programs clip; far above, providers refuse."""
KEPT_TEMPLATES = 256
"""Compiled templates kept in memory: those of the conversations that are sending now."""


@dataclass(frozen=True, slots=True)
class ShopPart:
    """The shop that writes. `url` is its front page."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class ProductPart:
    """The product of the message; `url` is its page. Of a message about no product: no title, the shop's front page."""

    title: str
    url: str
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class VariantPart:
    """The variant that is watched. An empty title counts as absent; `price` is in the shop's currency."""

    title: str
    sku: str | None = None
    price: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class ListPart:
    """The list the contact is on."""

    name: str


@dataclass(frozen=True, slots=True)
class ItemPart:
    """One thing of the cart, checkout or order that a conversation was entered on."""

    title: str
    url: str
    quantity: int
    image_url: str | None = None
    price: Decimal | None = None


Plain: TypeAlias = str | int | float | bool | Decimal | None


@dataclass(frozen=True, slots=True)
class MessageContext:
    """All that a template can name.

    Attributes:
        coupon: the code that is reserved for them; None: their alert gives none, or none was left.
        items: of the event that the conversation was entered on, those whose products the storefront has reported.
        event: the properties of that event.
        attributes: of the contact.
    """

    shop: ShopPart
    product: ProductPart
    variant: VariantPart
    list: ListPart
    coupon: str | None = None
    items: tuple[ItemPart, ...] = ()
    event: Mapping[str, Plain] = field(default_factory=dict[str, Plain])
    attributes: Mapping[str, Plain] = field(default_factory=dict[str, Plain])
    links: LinksPart = field(default_factory=LinksPart)


Part: TypeAlias = ShopPart | ProductPart | VariantPart | ListPart | LinksPart | ItemPart


def _parts(part: type[Part]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(part))


VOCABULARY = Vocabulary(
    parts={
        "shop": _parts(ShopPart),
        "product": _parts(ProductPart),
        "variant": _parts(VariantPart),
        "list": _parts(ListPart),
        "coupon": ("code",),
        "links": _parts(LinksPart),
    },
    open=frozenset({"event", "contact.attributes"}),
    lists={"items": _parts(ItemPart)},
)
"""What a template can name."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the contact reads. The subject is one line, of a text message None; `html` is None when it has none."""

    subject: str | None
    text: str
    html: str | None


class CannotRender(Exception):
    """A message's template is at fault, not the subject nor the provider: correct the message and publish again."""


def render(message: MessageSection, context: MessageContext) -> Rendered:
    """The message for this subject.

    Raises:
        CannotRender: a template is wrong, as `check_template` explains, or its output is too long or empty.
    """
    text = _render_one("text", message.text, context, html=False)
    if message.subject is None:
        # Without the line break that ends it in the file: it would be paid for.
        return Rendered(None, text.strip(), None)
    subject = one_line(_render_one("subject", message.subject, context, html=False))
    if not subject:
        raise CannotRender("The message's subject came out empty: begin it with words that are always there.")
    html = None if message.html is None else _render_one("html", message.html, context, html=True)
    return Rendered(subject, text, html)


def check_template(message: MessageSection) -> tuple[TemplateDiagnostic, ...]:
    """Everything wrong with a message's templates.

    The message is also rendered for a subject of which all facts are known, and for one of which only the required
    ones are: what would fail for some contact fails here first.
    """
    templates = {"subject": message.subject, "text": message.text, "html": message.html}
    diagnostics = tuple(
        diagnostic
        for field, template in templates.items()
        if template is not None
        for diagnostic in check_language(field, template, VOCABULARY, _environment(html=field == "html"))
    )
    return diagnostics or _check_by_trial(templates)


FULL = MessageContext(
    shop=ShopPart(name="Shop", url="https://shop.example"),
    product=ProductPart(title="Product", url="https://shop.example/p", image_url="https://shop.example/p.jpg"),
    variant=VariantPart(title="Variant", sku="SKU-1", price=Decimal("12.50")),
    list=ListPart(name="List"),
    coupon="SAVE-10",
    items=(
        ItemPart("Product", "https://shop.example/p", 2, "https://shop.example/p.jpg", Decimal("12.50")),
        ItemPart("Another", "https://shop.example/a", 1),
    ),
    links=LinksPart("https://shop.example/s/1", "https://shop.example/u/1", "https://shop.example/c/1"),
)
"""What a message is tried with: a subject of which everything is known."""
_BARE = replace(
    FULL, product=ProductPart("Product", "https://shop.example/p"), variant=VariantPart(""), coupon=None, items=()
)


def _check_by_trial(templates: Mapping[str, str | None]) -> tuple[TemplateDiagnostic, ...]:
    for context, which in ((FULL, "everything"), (_BARE, "only what is always known")):
        for where, template in templates.items():
            if template is None:
                continue
            try:
                output = _render_one(where, template, context, html=where == "html")
            except CannotRender as error:
                return (
                    TemplateDiagnostic(
                        field=where,
                        line=1,
                        message=f"fails for a product of which {which} is known: {error}",
                        advice="Ask first whether it is there, with {% if variant.price %} … {% endif %}",
                    ),
                )
            if not output.strip():
                return (
                    TemplateDiagnostic(
                        field=where,
                        line=1,
                        message=f"comes out empty for a product of which {which} is known",
                        advice="Add words that are always there",
                    ),
                )
    return ()


def _render_one(field: str, template: str, context: MessageContext, *, html: bool) -> str:
    try:
        stream = _compiled(template, html).generate(_names(context))
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
    environment = _environment(html=html)
    if diagnostics := check_language("html" if html else "text", template, VOCABULARY, environment):
        raise CannotRender(f"line {diagnostics[0].line}: {diagnostics[0].message}. {diagnostics[0].advice}.")
    return environment.from_string(template)


@lru_cache(maxsize=2)
def _environment(*, html: bool) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        autoescape=html, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    return environment


def _names(context: MessageContext) -> dict[str, object]:
    return {
        "shop": _namespace("shop", context.shop),
        "product": _namespace("product", context.product),
        "variant": _namespace("variant", context.variant),
        "list": _namespace("list", context.list),
        "coupon": SimpleNamespace(code=_present("coupon.code", context.coupon)),
        "links": _namespace("links", context.links),
        "items": [_namespace("item", item) for item in context.items],
        "event": _Open("event", context.event),
        "contact": SimpleNamespace(attributes=_Open("contact.attributes", context.attributes)),
    }


def _namespace(name: str, part: Part) -> SimpleNamespace:
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return SimpleNamespace(**{key: _present(f"{name}.{key}", value) for key, value in values.items()})


class _Open:
    """Something with parts of any name, as templates see it."""

    def __init__(self, name: str, values: Mapping[str, Plain]) -> None:
        self._name = name
        self._values = values

    def __getattr__(self, key: str) -> object:
        return _present(f"{self._name}.{key}", self._values.get(key))


def _present(name: str, value: Plain) -> object:
    """An absent fact prints as nothing and is false, instead of printing 'None'."""
    return jinja2.Undefined(name=name) if value is None or value == "" else value
