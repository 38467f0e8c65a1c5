"""Writes plain values as YAML, the way people write documents: no quotes where none are needed, texts of several lines
as blocks, short lists in brackets. What `marked_yaml` reads of it are the same values.
"""

import re

from starter.authoring.marked_yaml import Plain, plain_scalar

_PLAIN = re.compile(r"[^\W\d_][\w ./()@+'’!?-]*|\d+ [a-z]+")
_OTHER_WORDS = frozenset({"yes", "no", "on", "off", "y", "n", "null", "true", "false"})
"""Texts that some reader of YAML takes for something else, unless they stand in quotes."""
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def written_flow(value: Plain) -> str:
    """In one line, as within braces."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_name(name)}: {written_flow(each)}" for name, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(written_flow, value)) + "]"
        case str():
            return _scalar(value, flow=True)
        case _:
            return _number(value)


def written_after(value: Plain, indent: int, line_break: str) -> str:
    """What follows the colon of a field whose name stands in column `indent`, with the blank or break before it."""
    match value:
        case str() if "\n" in value and _fits_block(value):
            return " " + _block(value, indent + 2, line_break)
        case dict() if value:
            return line_break + " " * (indent + 2) + written_block(value, indent + 2, line_break)
        case list() if any(isinstance(each, dict | list) for each in value):
            return line_break + " " * (indent + 2) + written_block(value, indent + 2, line_break)
        case str():
            return " " + _scalar(value)
        case _:
            return " " + written_flow(value)


def written_block(value: Plain, indent: int, line_break: str) -> str:
    """A group or list in lines of its own, from column `indent` on; the first line without its indentation."""
    between = line_break + " " * indent
    match value:
        case dict() if value:
            return between.join(
                f"{_name(name)}:{written_after(each, indent, line_break)}" for name, each in value.items()
            )
        case list() if value:
            return between.join(f"- {written_block(each, indent + 2, line_break)}" for each in value)
        case str() if "\n" in value and _fits_block(value):
            return _block(value, indent, line_break)
        case str():
            return _scalar(value)
        case _:
            return written_flow(value)


def _name(name: str) -> str:
    return _scalar(name, flow=True)


def _number(value: int | float | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _scalar(text: str, *, flow: bool = False) -> str:
    bare = _PLAIN.fullmatch(text) and not text.endswith(" ") and " #" not in text
    # In a flow a '?' may begin a key; elsewhere these are words like others.
    if bare and plain_scalar(text) == text and text.lower() not in _OTHER_WORDS and not (flow and "?" in text):
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    return f"\\U{ord(character):08x}" if ord(character) > 0xFFFF else f"\\u{ord(character):04x}"


def _fits_block(text: str) -> bool:
    """Whether a text can stand below a `|` as it is."""
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    return (
        text.replace("\n", "").isprintable()
        and first[:1] not in ("", " ")
        and lines[0].strip() != ""
        and not text.endswith("\n\n")
        and all(line.strip() or not line for line in lines)
    )


def _block(text: str, indent: int, line_break: str) -> str:
    head = "|" if text.endswith("\n") else "|-"
    lines = text.removesuffix("\n").split("\n")
    return head + "".join(f"{line_break}{' ' * indent if line else ''}{line}" for line in lines)
