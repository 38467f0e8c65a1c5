"""The template language: the part of Jinja that a message may use, and the diagnostics for a template that uses more.

Values, conditions and a few filters. One kind of loop, through a short list and not inside another; no calls, no
arithmetic, no assignments: so a template's running time and output grow with its own length, and no template can do
harm. The nodes that are allowed are listed, so what later versions of Jinja add is not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import jinja2
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

from activities.rendering.filter_arguments import wrong_argument
from activities.rendering.formats import FORMATTERS

JINJA_FILTERS = (
    "capitalize",
    "d",
    "default",
    "e",
    "escape",
    "lower",
    "striptags",
    "title",
    "trim",
    "upper",
    "urlencode",
)
"""Jinja's own filters that a message may use: those whose result cannot be much longer than their input."""
FILTERS = tuple(sorted((*JINJA_FILTERS, *FORMATTERS)))
TESTS = ("defined", "undefined")
_MEMBER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
"""A part of something open: a name as Jinja writes it, and never one of Python's own."""
DEEPEST = 40
"""Nesting of one template; far more than a person can read, far less than Python's compiler can take."""

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
class TemplateDiagnostic:
    """One thing to correct in a message's template.

    Attributes:
        field: `subject`, `text`, `mjml` or `html`.
        line, column: counted from 1 within that field.
        language: of the wording among a message's `locales`; None: the message's own.
    """

    field: str
    line: int
    message: str
    advice: str
    column: int = 1
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a template can name.

    Attributes:
        parts: by thing, the names of its parts.
        open: things with parts of any name, `event` or `contact.attributes`; a part that is not there is absent.
        lists: what can be looped over, and the parts of each item.
    """

    parts: Mapping[str, tuple[str, ...]]
    open: frozenset[str] = frozenset()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def within_loop(self, name: str, parts: tuple[str, ...]) -> "Vocabulary":
        """The vocabulary inside a loop: with a name for the item, and without lists."""
        return replace(self, parts={**self.parts, name: parts}, lists={})

    @property
    def everything(self) -> tuple[str, ...]:
        """All that can be shown, as a template names it."""
        return (
            *(f"{name}.{part}" for name, parts in self.parts.items() for part in parts),
            *(f"{name}.<name>" for name in sorted(self.open)),
        )

    def beginning_with(self, name: str) -> tuple[str, ...]:
        return tuple(each for each in self.everything if each.startswith(f"{name}."))


def check_language(
    field: str, template: str, vocabulary: Vocabulary, environment: SandboxedEnvironment
) -> tuple[TemplateDiagnostic, ...]:
    """All syntax errors (Jinja stops at the first), unknown names and things outside the language."""
    try:
        tree = environment.parse(template)
    except jinja2.TemplateSyntaxError as error:
        return (
            TemplateDiagnostic(field, error.lineno, _first_sentence(error.message), _advice(template, error.message)),
        )
    except (RecursionError, ValueError, OverflowError):
        # Thousands of brackets or digits: more than Jinja itself can parse.
        return (_too_deep(field, 1),)
    return tuple(TemplateDiagnostic(field, line, message, advice) for line, message, advice in _walk(tree, vocabulary))


def _first_sentence(message: str | None) -> str:
    return (message or "this cannot be read").partition(". ")[0].rstrip(".")


def _advice(template: str, message: str | None) -> str:
    for opening, closing in (("{{", "}}"), ("{%", "%}"), ("{#", "#}")):
        if template.count(opening) != template.count(closing):
            return f"Every '{opening}' needs a '{closing}'"
    if "endif" in (message or ""):
        return "Close what {% if … %} opened with {% endif %}"
    return "Write a value as {{ product.title }}, a condition as {% if variant.price %} … {% endif %}"


def _too_deep(field: str, line: int) -> TemplateDiagnostic:
    return TemplateDiagnostic(field, line, "is nested too deeply to be read", "Write it in simpler parts")


def _walk(tree: nodes.Template, vocabulary: Vocabulary) -> Iterator[tuple[int, str, str]]:
    open_nodes: list[tuple[nodes.Node, int, Vocabulary]] = [(tree, 0, vocabulary)]
    while open_nodes:
        node, depth, names = open_nodes.pop()
        if depth > DEEPEST:
            yield node.lineno, "is nested too deeply to be read", "Write it in simpler parts"
            return
        match node:
            case nodes.For(target=nodes.Name(name=each), iter=nodes.Name(name=name)) if _is_plain_loop(node, names):
                inside = names.within_loop(each, names.lists[name])
                open_nodes.extend((child, depth + 1, inside) for child in reversed(node.body))
                continue
            case nodes.If(test=(nodes.Name(name=name) | nodes.Not(node=nodes.Name(name=name)))) if name in names.lists:
                inner = (*node.body, *node.elif_, *node.else_)
                open_nodes.extend((child, depth + 1, names) for child in reversed(inner))
                continue
            case nodes.Getattr():
                diagnostic, deeper = _of_a_part(node, names)
                if diagnostic is not None:
                    yield node.lineno, *diagnostic
                if not deeper:
                    continue
            case nodes.Name(name=name) if name in names.lists:
                yield (
                    node.lineno,
                    f"'{name}' cannot be shown as a whole",
                    f"Go through it: {{% for item in {name} %}} … {{% endfor %}}",
                )
            case nodes.Name(name=name) if known := names.beginning_with(name):
                choices = " or ".join(f"{{{{ {each} }}}}" for each in known)
                yield node.lineno, f"'{name}' cannot be shown as a whole", f"Write {choices}"
            case nodes.Name(name=name):
                yield node.lineno, f"nothing is called '{name}'", _nearest_name(name, names)
            case nodes.Filter(name=name) if name not in FILTERS:
                yield node.lineno, f"there is no filter '{name}'", f"The filters are: {', '.join(FILTERS)}"
            case nodes.Filter() if (wrong := wrong_argument(node)) is not None:
                yield node.lineno, *wrong
            case nodes.Test(name=name) if name not in TESTS:
                yield node.lineno, f"there is no test 'is {name}'", "Write {% if variant.price %} to ask if it is there"
            case _ if not isinstance(node, _ALLOWED):
                yield node.lineno, *_outside(node)
                continue
            case _:
                pass
        open_nodes.extend((child, depth + 1, names) for child in reversed(list(node.iter_child_nodes())))


def _is_plain_loop(loop: nodes.For, names: Vocabulary) -> bool:
    """Whether it only loops over a list, with a new name for the item."""
    match loop:
        case nodes.For(target=nodes.Name(name=each), iter=nodes.Name(name=name), test=None, recursive=False, else_=[]):
            taken = bool(names.beginning_with(each)) or each in names.lists
            return name in names.lists and not taken and _MEMBER.fullmatch(each) is not None
        case _:
            return False


def _of_a_part(node: nodes.Getattr, names: Vocabulary) -> tuple[tuple[str, str] | None, bool]:
    """What is wrong with `a.b`, if anything, and whether `a` is still to be looked at."""
    attribute = node.attr
    match node.node:
        case nodes.Getattr(node=nodes.Name(name=name), attr=inner) if f"{name}.{inner}" in names.open:
            return _open_part(f"{name}.{inner}", attribute), False
        case nodes.Name(name=name) if name in names.open:
            return _open_part(name, attribute), False
        case nodes.Name(name=name) if f"{name}.{attribute}" in names.open:
            whole = f"{name}.{attribute}"
            return (f"'{whole}' cannot be shown as a whole", f"Write {{{{ {whole}.<name> }}}}"), False
        case nodes.Name(name=name) if known := names.beginning_with(name):
            if f"{name}.{attribute}" in known:
                return None, False
            return (f"'{name}' has no part '{attribute}'", _nearest(name, attribute, known)), False
        case nodes.Getattr(attr=inner):
            if attribute in FILTERS:
                advice = f"Write a filter with '|': {{{{ … .{inner}|{attribute} }}}}"
            else:
                advice = f"Write only what comes before '.{attribute}'"
            return (f"'{inner}' has no part '{attribute}'", advice), True
        case nodes.Name():
            return None, True
        case _:
            return (f"this has no part '{attribute}'", f"Write only what comes before '.{attribute}'"), True


def _open_part(name: str, attribute: str) -> tuple[str, str] | None:
    if _MEMBER.fullmatch(attribute):
        return None
    advice = "Give it a name of letters, digits and '_' that begins with a letter"
    return f"a message cannot name '{attribute}' of '{name}'", advice


def _outside(node: nodes.Node) -> tuple[str, str]:
    match node:
        case nodes.For():
            return (
                "a message cannot loop through this, nor like this",
                "Go through what was in the cart or the order: {% for item in items %} … {% endfor %}",
            )
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


def _nearest(name: str, attribute: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(f"{name}.{attribute}", known, n=1, cutoff=0.75)
    return f"Did you mean {{{{ {near[0]} }}}}?" if near else f"There are: {', '.join(known)}"


def _nearest_name(name: str, names: Vocabulary) -> str:
    near = get_close_matches(name, (*(each.partition(".")[0] for each in names.everything), *names.lists), n=1)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"There are: {', '.join((*names.everything, *names.lists))}"
