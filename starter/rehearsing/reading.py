"""Reads a scenario or a profile from a file of its own, or from the command line."""

from collections.abc import Mapping
from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.document.profiles import ProfileSection
from schemas.document.scenarios import ScenarioSection
from starter.authoring.explanations import explain
from starter.authoring.marked_yaml import MarkedTree, NotYaml, Plain, read_yaml
from workflows.compiler.diagnostics import Path, format_path

SectionT = TypeVar("SectionT", bound=BaseModel)
IN_DOCUMENT: Path = ("scenarios", 0)
"""Where a scenario would stand in a document: errors are explained by that path."""
LISTS = ("tags", "lists")
"""The fields of a profile that hold several texts."""


class SectionInvalid(ValueError):
    """It is invalid; the text says where and why."""


def read_scenario(text: str, file: str) -> ScenarioSection:
    """The scenario in a YAML text.

    Raises:
        SectionInvalid: by path and line.
    """
    return _read(text, file, ScenarioSection, IN_DOCUMENT)


def read_profile(text: str, file: str) -> ProfileSection:
    """The profile in a YAML text.

    Raises:
        SectionInvalid: by path and line.
    """
    return _read(text, file, ProfileSection, (*IN_DOCUMENT, "profile"))


def profile_with(profile: ProfileSection, changes: Mapping[str, str]) -> ProfileSection:
    """The profile with these fields: `consent`, `orders.count`, `attributes.city`; several tags with commas between.

    Raises:
        SectionInvalid: there is no such field, or it does not take the value.
    """
    value = profile.model_dump(mode="json")
    for name, text in changes.items():
        *groups, field = name.split(".")
        inside: dict[str, Plain] = value
        for group in groups:
            inner = inside.setdefault(group, {})
            if not isinstance(inner, dict):
                raise SectionInvalid(f"--profile {name}: '{group}' is no group of fields.")
            inside = inner
        inside[field] = [each.strip() for each in text.split(",")] if field in LISTS and not groups else _plain(text)
    return _validate(value, ProfileSection, (*IN_DOCUMENT, "profile"), "--profile", None)


def _plain(text: str) -> Plain:
    """A value as YAML has it: `3` is a number, `true` is true."""
    try:
        return read_yaml(text).value
    except NotYaml:
        return text


def _read(text: str, file: str, model: type[SectionT], place: Path) -> SectionT:
    try:
        tree = read_yaml(text)
    except NotYaml as error:
        mark = error.mark
        told = f"{file}:{mark.line}:{mark.column}: {error.message}. {error.advice}."
        raise SectionInvalid(told) from None
    return _validate(tree.value, model, place, file, tree)


def _validate(value: object, model: type[SectionT], place: Path, file: str, tree: MarkedTree | None) -> SectionT:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        lines: list[str] = []
        for each in error.errors(include_url=False):
            placed = cast("ErrorDetails", {**each, "loc": (*place, *each["loc"])})
            for diagnostic in explain(placed):
                path = diagnostic.path[len(place) :]
                mark = tree.mark(path) if tree is not None else None
                where = file if mark is None else f"{file}:{mark.line}:{mark.column}"
                stop = "" if diagnostic.advice.endswith("?") else "."
                lines.append(f"{where}: {format_path(path)}: {diagnostic.message}. {diagnostic.advice}{stop}")
        raise SectionInvalid("\n".join(lines)) from None
