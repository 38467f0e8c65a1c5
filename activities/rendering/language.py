"""The template language: the part of Jinja that a message may use, and what to say to someone who uses more.

Values, conditions and a few filters. No loops (there is no list to go through), no calls, no arithmetic, no
assignments: so a template's running time and output grow with its own length, and no template can do harm. What is
allowed is listed; whatever Jinja learns later is not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import jinja2
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

FILTERS = ("capitalize", "d", "default", "e", "escape", "lower", "striptags", "title", "trim", "upper", "urlencode")
"""Filters whose result cannot be much longer than what they are given."""
TESTS = ("defined", "undefined")
DEEPEST = 40
"""Nesting of one template; far more than a person reads, far less than Python's compiler bears."""

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Const,
    nodes.Name,
    nodes.Getattr,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
)


@dataclass(frozen=True, slots=True)
class TemplateMistake:
    """One thing to put right in a message.

    Attributes:
        field: `subject`, `text` or `html`.
        line: counted from 1 within that field.
    """

    field: str
    line: int
    message: str
    advice: str


def find_language_mistakes(
    field: str, template: str, names: Mapping[str, tuple[str, ...]], environment: SandboxedEnvironment
) -> tuple[TemplateMistake, ...]:
    """All syntax errors (Jinja stops at the first), unknown names and things outside the language.

    Args:
        names: what a template can name, and the parts of each.
    """
    try:
        tree = environment.parse(template)
    except jinja2.TemplateSyntaxError as error:
        return (TemplateMistake(field, error.lineno, _first_sentence(error.message), _advice(template, error.message)),)
    except (RecursionError, ValueError, OverflowError):
        # Thousands of brackets or of digits: Jinja itself gives up.
        return (_too_deep(field, 1),)
    return tuple(TemplateMistake(field, line, message, advice) for line, message, advice in _walk(tree, names))


def _first_sentence(message: str | None) -> str:
    return (message or "this cannot be read").partition(". ")[0].rstrip(".")


def _advice(template: str, message: str | None) -> str:
    for opening, closing in (("{{", "}}"), ("{%", "%}"), ("{#", "#}")):
        if template.count(opening) != template.count(closing):
            return f"Every '{opening}' needs a '{closing}'"
    if "endif" in (message or ""):
        return "Close what {% if … %} opened with {% endif %}"
    return "Write a value as {{ product.title }}, a condition as {% if variant.price %} … {% endif %}"


def _too_deep(field: str, line: int) -> TemplateMistake:
    return TemplateMistake(field, line, "is nested too deeply to be read", "Write it in simpler parts")


def _walk(tree: nodes.Template, names: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[int, str, str]]:
    open_nodes: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while open_nodes:
        node, depth = open_nodes.pop()
        if depth > DEEPEST:
            yield node.lineno, "is nested too deeply to be read", "Write it in simpler parts"
            return
        match node:
            case nodes.Getattr(node=nodes.Name(name=name), attr=attribute) if name in names:
                if attribute not in names[name]:
                    yield node.lineno, f"'{name}' has no part '{attribute}'", _nearest(name, attribute, names)
                continue
            case nodes.Getattr(node=nodes.Getattr(attr=inner), attr=attribute):
                if attribute in FILTERS:
                    advice = f"Write a filter with '|': {{{{ … .{inner}|{attribute} }}}}"
                else:
                    advice = f"Write only what comes before '.{attribute}'"
                yield node.lineno, f"'{inner}' has no part '{attribute}'", advice
            case nodes.Getattr(node=inner_node, attr=attribute) if not isinstance(inner_node, nodes.Name):
                yield node.lineno, f"this has no part '{attribute}'", f"Write only what comes before '.{attribute}'"
            case nodes.Name(name=name) if name in names:
                choices = " or ".join(f"{{{{ {name}.{part} }}}}" for part in names[name])
                yield node.lineno, f"'{name}' cannot be shown as a whole", f"Write {choices}"
            case nodes.Name(name=name):
                yield node.lineno, f"nothing is called '{name}'", _nearest_name(name, names)
            case nodes.Filter(name=name) if name not in FILTERS:
                yield node.lineno, f"there is no filter '{name}'", f"The filters are: {', '.join(FILTERS)}"
            case nodes.Test(name=name) if name not in TESTS:
                yield node.lineno, f"there is no test 'is {name}'", "Write {% if variant.price %} to ask if it is there"
            case _ if not isinstance(node, _ALLOWED):
                yield node.lineno, *_outside(node)
                continue
            case _:
                pass
        open_nodes.extend((child, depth + 1) for child in reversed(list(node.iter_child_nodes())))


def _outside(node: nodes.Node) -> tuple[str, str]:
    match node:
        case nodes.For():
            return "a message cannot loop: there is nothing to go through", "Name the values one by one"
        case nodes.Call():
            return "a message cannot call functions", "Use a value, or a filter after '|'"
        case nodes.Getitem():
            return "brackets are not needed to name a part", "Write it with a dot: {{ product.title }}"
        case nodes.BinExpr() | nodes.UnaryExpr() | nodes.Concat():
            return "a message cannot calculate", "Put values and words side by side: {{ product.title }} is back"
        case nodes.Assign() | nodes.AssignBlock():
            return "a message cannot set values", "Write the value where it is needed"
        case _:
            return (
                f"a message cannot use {type(node).__name__.lower()}",
                "Use values, conditions and filters: {{ product.title|upper }}, {% if variant.sku %} … {% endif %}",
            )


def _nearest(name: str, attribute: str, names: Mapping[str, tuple[str, ...]]) -> str:
    near = get_close_matches(attribute, names[name], n=1)
    if near:
        return f"Did you mean {{{{ {name}.{near[0]} }}}}?"
    return "There are: " + ", ".join(f"{name}.{part}" for part in names[name])


def _nearest_name(name: str, names: Mapping[str, tuple[str, ...]]) -> str:
    near = get_close_matches(name, names, n=1)
    if near:
        return f"Did you mean '{near[0]}'?"
    return "There are: " + ", ".join(f"{known}.{part}" for known, parts in names.items() for part in parts)
