"""A change that somebody makes to a document by a form: which section, what becomes of it, and its text afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.conversation import DEFAULT_LANGUAGE, MessageSection, ThreadSection, Wording
from schemas.document.steps import SECTIONS
from schemas.document.steps.step import BaseBranch, BaseStep
from schemas.model import Section
from starter.authoring.edited_text import CannotEdit
from starter.authoring.editing import LEFT_OUT, insert, move, remove, set_fields
from starter.authoring.marked_yaml import Plain, read_yaml
from starter.authoring.section_forms import BRANCHES, section_at, values_of
from workflows.compiler.diagnostics import Path

CODED = ("messages", "alerts", "locales")
"""Groups in which each part stands under a short name, or under its language."""


class Act(StrEnum):
    """What becomes of a section."""

    SAVE = "save"
    ADD = "add"
    UP = "up"
    DOWN = "down"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        place: of the section; of one that is added, of the list or group that it comes into.
        index: where in the list it comes.
        kind: of a step that is added, or the type of an alert.
        code: the short name of an alert or message that is added.
        posted: the fields of its form.
    """

    act: Act
    place: Path
    index: int = 0
    kind: str = ""
    code: str = ""
    posted: Mapping[str, str] = field(default_factory=dict[str, str])

    def applied(self, source: str) -> str:
        """The text with this change.

        Raises:
            CannotEdit: as it says.
        """
        match self.act:
            case Act.SAVE:
                return self._saved(source)
            case Act.ADD:
                return self._added(source)
            case Act.UP:
                return move(source, self.place, -1)
            case Act.DOWN:
                return move(source, self.place, 1)
            case Act.REMOVE:
                return self._removed(source)

    def _saved(self, source: str) -> str:
        found = section_at(read_yaml(source).value, self.place)
        if found is None:
            raise CannotEdit("What was to be changed is not there any more.")
        model, says = found
        return set_fields(source, self.place, values_of(model, says, self.posted))

    def _added(self, source: str) -> str:
        value = self.new
        if self.place[-1:] and self.place[-1] in CODED:
            return self._named(source, value)
        return insert(source, self.place, self.index, value)

    def _named(self, source: str, value: Plain) -> str:
        *above, name = self.place
        says = read_yaml(source).value
        if section_at(says, self.added_at) is not None:
            raise CannotEdit(f"There is a '{self.code}' already.")
        found = section_at(says, tuple(above))
        holder: Mapping[str, Plain] = {} if found is None else found[1]
        if name == "locales" and "language" not in holder:
            # Once there are others, a message says which its own is.
            source = set_fields(source, tuple(above), {"language": DEFAULT_LANGUAGE})
        if holder.get(str(name)):
            return set_fields(source, self.place, {self.code: value})
        return set_fields(source, tuple(above), {str(name): {self.code: value}})

    def _removed(self, source: str) -> str:
        above = self.place[:-1]
        found = section_at(read_yaml(source).value, above[:-1]) if above[-1:] == ("locales",) else None
        others = found[1].get("locales") if found is not None else None
        last = isinstance(others, dict) and len(others) == 1
        return remove(source, above if last else self.place)

    @property
    def added_at(self) -> Path:
        """Where what is added comes to stand."""
        return (*self.place, self.code if self.place[-1:] and self.place[-1] in CODED else self.index)

    @property
    def model(self) -> type[Section] | None:
        """Of what is added; None: nothing of this kind is."""
        return added_model(self.place, self.kind)

    @property
    def new(self) -> Plain:
        """What is added, as its form says it; what its form does not ask is there to be changed."""
        model = self.model
        if model is None:
            raise CannotEdit("Nothing of this kind is added here.")
        says = {name: each for name, each in values_of(model, {}, self.posted).items() if each is not LEFT_OUT}
        return cast("Plain", {**_begun(model, self.kind), **says})


def added_model(place: Path, kind: str) -> type[Section] | None:
    """The model of what comes into a list or group."""
    match place[-1:]:
        case ("messages",):
            return MessageSection
        case ("locales",):
            return Wording
        case ("threads",):
            return ThreadSection
        case ("alerts",):
            return ALERT_TYPES[AlertType(kind)] if kind in [*AlertType] else None
        case (str(of),) if of in BRANCHES:
            return BRANCHES[of]
        case _:
            return SECTIONS.get(kind)


def _begun(model: type[Section], kind: str) -> dict[str, Any]:
    if issubclass(model, BaseStep):
        return dict(model.begun)
    if issubclass(model, BaseBranch):
        return {"steps": []}
    if model is ThreadSection:
        return {"steps": [{"exit": "Nothing more is done"}]}
    return {"type": kind} if model in ALERT_TYPES.values() else {}
