"""Notes on what a message may read like where a value is missing: `Now {{ variant.price }} EUR` becomes `Now  EUR`."""

import re
from collections.abc import Iterator

from jinja2 import nodes

from activities.rendering.language import TemplateDiagnostic
from activities.rendering.templates import template_tree
from schemas.document.conversation import MessageSection

_MAY_BE_MISSING = {
    "product.image_url": "",
    "variant.title": "Blue",
    "variant.sku": "SKU-1",
    "variant.price": "12.50",
    "variant.currency": "EUR",
    "coupon.code": "SAVE-10",
    "links.page": "https://shop.example/s/1",
    "links.unsubscribe": "https://shop.example/u/1",
}
"""What not every product, variant or store has, and what it may be."""
_OPEN = ("event.", "contact.attributes.")
"""What is there only where somebody told it."""
_SHOWN = re.compile(r"\{\{-?\s*([\w.]+)[^}]*\}\}")
_MARKS = re.compile(r"\{%.*?%\}|<[^>]*>")


def find_gaps(message: MessageSection) -> Iterator[TemplateDiagnostic]:
    """The values that stand among other words, may be missing and are not asked for; of templates without mistakes."""
    for field, template in (("subject", message.subject), ("text", message.text), ("html", message.html)):
        if template is None:
            continue
        lines = template.split("\n")
        told: set[tuple[int, str]] = set()
        for line, name in _unguarded(template_tree(template, html=field == "html"), frozenset()):
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
                if (name := _name(each)) is not None and name not in asked and _may_be_missing(name):
                    yield each.lineno, name
        case nodes.If() | nodes.CondExpr():
            known = asked | {name for each in node.test.find_all(nodes.Getattr) if (name := _name(each))}
            known |= {name} if (name := _name(node.test)) else frozenset()
            for each in node.iter_child_nodes():
                yield from _unguarded(each, known)
        case _:
            for each in node.iter_child_nodes():
                yield from _unguarded(each, asked)


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
