"""Values of other tools' templates, `{{ product.title | upcase | default: 'it' }}`, in our language."""

import re
from collections.abc import Collection

from activities.rendering.formats import MOST_DECIMALS
from activities.rendering.language import FILTERS as OURS
from starter.authoring.foreign_names import FILTERS, LOST_IN_TRANSLATION, our_name

_PARTS = re.compile(r"""(?:'[^']*'|"[^"]*"|[^|'"])+""")
_LITERAL = re.compile(r"""'[^'\\]*'|"[^"\\]*"|-?\d{1,15}(?:\.\d{1,15})?|true|false""")
_NAME = re.compile(r"""[A-Za-z_][\w-]*(?:\.(?:[\w-]+|'[^']*'|"[^"]*"))*(?:\[(?:'[^']*'|"[^"]*")\])?""")
_FILTER = re.compile(r"(?P<name>\w+)\s*(?::\s*(?P<argument>.*)|\((?P<ours>.*)\))?", re.DOTALL)


class NoCounterpart(Exception):
    """There is nothing like it in our language; the text says what."""


def convert_value(value: str, loops: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """The value in our language, and what is not quite the same.

    Args:
        loops: the names that loops around it give to each item.

    Raises:
        NoCounterpart: as it says.
    """
    first, *filters = (part.strip() for part in _PARTS.findall(value))
    notes: list[str] = []
    if filters and (looked_up := re.fullmatch(r"lookup\s*:\s*['\"](.*)['\"]", filters[0])):
        first, filters = f"{first}.{looked_up[1]}", filters[1:]
        converted = _named(first, loops)
    else:
        converted = convert_operand(first, loops)
    for each in filters:
        told, note = _filter(each)
        converted += told
        notes += [note] if note else []
    return converted, tuple(notes)


def convert_operand(text: str, loops: Collection[str]) -> str:
    """A literal or a name. Raises NoCounterpart."""
    if _LITERAL.fullmatch(text):
        return text
    if not _NAME.fullmatch(text):
        raise NoCounterpart("this value cannot be read")
    return _named(re.sub(r"\[?['\"]([^'\"]*)['\"]\]?", r".\1", text).replace("..", "."), loops)


def _named(name: str, loops: Collection[str]) -> str:
    ours = our_name(name, loops)
    if ours is None:
        raise NoCounterpart(f"a message does not know '{name}'")
    return ours


def _filter(text: str) -> tuple[str, str | None]:
    """The filter as ours, and what is not the same."""
    found = _FILTER.fullmatch(text)
    name = found["name"] if found else text
    argument = (found["argument"] or found["ours"] or "").strip() if found else ""
    if name in ("default", "d") and _LITERAL.fullmatch(argument):
        return f"|default({argument})", None
    if name == "date":
        if argument.strip("'\"") in ("short", "medium", "long", "full"):
            return f"|date({argument})", None
        told = f"the date is written as the reader's language does, not as {argument}" if argument else None
        return "|date", told
    if name == "floatformat" and argument.isdigit() and int(argument) <= MOST_DECIMALS:
        return f"|number({argument})", None
    if name == "safe":
        return "", "'safe' is left out: what shops and contacts tell is always shown as words"
    if name in LOST_IN_TRANSLATION:
        return "", f"'{name}' is left out: {LOST_IN_TRANSLATION[name]}"
    if name in FILTERS:
        return f"|{FILTERS[name]}", None
    if name in OURS:
        return f"|{text}", None
    raise NoCounterpart(f"there is no filter like '{name}'")
