"""What of a message may be absent for some product or contact, and what it reads like then.

`Now {{ variant.price }} EUR` becomes `Now  EUR`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from jinja2 import nodes

from activities.rendering.compile import templates_of
from activities.rendering.language import TemplateDiagnostic
from activities.rendering.templates import template_tree
from schemas.document.conversation import MessageSection, Wording

_MAY_BE_MISSING = {
    "product.image_url": "",
    "variant.title": "Blue",
    "variant.sku": "SKU-1",
    "variant.price": "12.50",
    "variant.currency": "EUR",
    "coupon.code": "SAVE-10",
    "variant.units": "3",
    "wait.since": "2 March 2026",
    "wait.price": "15.00",
    "wait.place": "4",
    "links.unsubscribe": "https://…",
    "links.page": "https://…",
    "items": "",
    "together": "",
    "item.image_url": "",
    "item.price": "12.50",
    "item.variant": "Blue",
    "item.units": "3",
    "item.coupon": "SAVE-10",
}
"""What not every product, variant, contact or store has, and what it may be."""
_OPEN = ("event.", "contact.attributes.")
"""What is there only where somebody told it."""
_SHOWN = re.compile(r"\{\{-?\s*([\w.]+)[^}]*\}\}")
_MARKS = re.compile(r"\{%.*?%\}|<[^>]*>")
_OTHERWISE = ("d", "default")
"""The filters that give what is absent other words."""


def find_gaps(message: MessageSection) -> Iterator[TemplateDiagnostic]:
    """The values that stand among other words, may be missing and are not asked for; of templates without mistakes."""
    for language, wording in message.wordings.items():
        for gap in _gaps(wording):
            yield replace(gap, language=None if wording is message else language)


def may_be_absent(message: MessageSection) -> tuple[str, ...]:
    """All of a message, asked for or not, that not every product or contact has; of templates without mistakes."""
    names: set[str] = set()
    for wording in message.wordings.values():
        for field, template in templates_of(wording):
            tree = template_tree(template, html=field in ("mjml", "html"))
            names |= {name for node in tree.find_all((nodes.Name, nodes.Getattr)) if (name := _name(node)) is not None}
    return tuple(sorted(name for name in names if _may_be_missing(name)))


def _gaps(wording: Wording) -> Iterator[TemplateDiagnostic]:
    for field, template in templates_of(wording):
        lines = template.split("\n")
        told: set[tuple[int, str]] = set()
        for line, name in _unguarded(template_tree(template, html=field in ("mjml", "html")), frozenset()):
            reads = _reads_without(lines[line - 1], name)
            if reads is None or (line, name) in told:
                continue
            told.add((line, name))
            yield TemplateDiagnostic(
                field=field,
                line=line,
                message=f"where '{name}' is not known this reads '{reads}'",
                advice=f"Leave out what belongs to it, with {{% if {name} %}} … {{% endif %}}, if that may happen",
            )


def _unguarded(node: nodes.Node, asked: frozenset[str]) -> Iterator[tuple[int, str]]:
    """The values that are shown as they are, and that no condition around them asks for, each with its line."""
    match node:
        case nodes.Output():
            for each in node.nodes:
                if (name := _shown(each)) is not None and name not in asked and _may_be_missing(name):
                    yield each.lineno, name
        case nodes.If() | nodes.CondExpr():
            known = asked | {name for each in node.test.find_all(nodes.Getattr) if (name := _name(each))}
            known |= {name} if (name := _name(node.test)) else frozenset()
            for each in node.iter_child_nodes():
                yield from _unguarded(each, known)
        case _:
            for each in node.iter_child_nodes():
                yield from _unguarded(each, asked)


def _shown(node: nodes.Node | None) -> str | None:
    """`variant.price`, of a value as it is or through filters; None of one that has other words where it is absent."""
    while isinstance(node, nodes.Filter):
        if node.name in _OTHERWISE:
            return None
        node = node.node
    return None if node is None else _name(node)


def _name(node: nodes.Node) -> str | None:
    """`variant.price`, of a value without a filter."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            owner = _name(node.node)
            return None if owner is None else f"{owner}.{node.attr}"
        case _:
            return None


def _may_be_missing(name: str) -> bool:
    return name in _MAY_BE_MISSING or name.startswith(_OPEN)


def _reads_without(line: str, name: str) -> str | None:
    """The line where this value is missing and all others are there; None where nothing else stands in it."""

    def value(found: re.Match[str]) -> str:
        shown = found[1]
        return "" if shown == name else _MAY_BE_MISSING.get(shown) or f"[{shown}]"

    reads = _MARKS.sub("", _SHOWN.sub(value, line)).strip()
    return reads or None
