"""The words that differences are told in: values as they are written, before and after, and what changed places."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

from schemas.criteria import All, AnyOf, Condition, Node, Not, say
from schemas.document.steps.words import quoted
from schemas.model import Model, Section

Key = TypeVar("Key")

_FREE = frozenset({"name", "goal", "sender"})
"""Fields of any section whose texts are anything; in a sentence they stand in quotes."""


def differing(old: Model, new: Model, among: Sequence[str] | None = None) -> tuple[str, ...]:
    """The fields whose content differs; of two kinds of model, those that only one has are among them."""
    names = [*type(new).model_fields, *(each for each in type(old).model_fields if each not in type(new).model_fields)]
    ours, theirs = (part.model_dump(mode="json", by_alias=True, exclude_defaults=True) for part in (old, new))
    found: list[str] = []
    for name in names if among is None else among:
        key = _alias(new, name)
        # What goes without saying may differ between two kinds: the relevancy window of alerts does.
        if ours.get(key) != theirs.get(key) or (
            type(old) is not type(new) and _said_by(old, name) != _said_by(new, name)
        ):
            found.append(name)
    return tuple(found)


def value_of(part: Model, field: str) -> object:
    """A field's value as it is said: criteria in words, lengths and moments as they are written."""
    if field not in type(part).model_fields:
        return None
    value = getattr(part, field)
    free = _FREE | part.free_texts if isinstance(part, Section) else _FREE
    if field in free and isinstance(value, str):
        return quoted(value)
    return say(value) if isinstance(value, All | AnyOf | Not | Condition) else _whole(part, field)


def change(words: str, old: object, new: object) -> str:
    """`the wait is 3 days instead of 2 days`."""
    if old is None:
        return f"{words} is new: {_said(new)}"
    if new is None:
        return f"{words} {_said(old)} is gone"
    verb = "are" if words.startswith(("the locations", "the stores")) else "is"
    return f"{words} {verb} {_said(new)} instead of {_said(old)}"


def criteria_changed(words: str, old: Node | None, new: Node | None) -> str:
    """The same for criteria, which are too long for the middle of a sentence."""
    plural = words.endswith("criteria")
    if old is None or new is None:
        became = "gone" if new is None else "new"
        return f"{words} {'are' if plural else 'is'} {became}: {say(cast('Node', new if old is None else old))}"
    if say(old) == say(new):
        return f"{words} {'are' if plural else 'is'} written in another way: {say(new)}"
    return f"{words} {'are' if plural else 'is'} now: {say(new)}; before: {say(old)}"


def listed(values: object) -> str:
    """`bought, unsubscribed`."""
    items = cast("Sequence[object]", values) if isinstance(values, list | tuple) else (values,)
    return ", ".join(str(each) for each in items) or "nothing"


def order_changes(old: Sequence[Key], new: Sequence[Key]) -> Iterator[tuple[Key, Key | None]]:
    """What was moved among the same things, as few as explain the new order; each with what it comes after now."""
    place = {key: index for index, key in enumerate(old)}
    stayed = _longest_rising([place[key] for key in new])
    for index, key in enumerate(new):
        if place[key] not in stayed:
            yield key, new[index - 1] if index else None


def _longest_rising(numbers: Sequence[int]) -> frozenset[int]:
    """The numbers of a longest part of the row that only rises."""
    best: list[tuple[int, ...]] = []
    for number in numbers:
        before = max((row for row in best if row[-1] < number), key=len, default=())
        best.append((*before, number))
    return frozenset(max(best, key=len, default=()))


def _alias(part: Model, name: str) -> str:
    field = type(part).model_fields.get(name)
    return (field.alias if field else None) or name


def _said_by(part: Model, name: str) -> object:
    return _whole(part, name) if name in type(part).model_fields else None


def _whole(part: Model, name: str) -> Any:
    return part.model_dump(mode="json", by_alias=True, include={name}).get(_alias(part, name))


def _said(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case list():
            return listed(cast("list[object]", value))
        case dict():
            # Quiet hours and reminders: `from 21:00:00, until 08:00:00`.
            return ", ".join(f"{name} {each}" for name, each in cast("dict[str, object]", value).items())
        case _:
            return str(value)
