"""A kind of step is one file and its names in the registry: nothing else of the product names it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from schemas.document import steps
from schemas.document.steps import SECTIONS, STEP_LISTS, Step, StepKind

ROOT = Path(__file__).parents[2]
PRODUCT = [path for room in ("schemas", "workflows", "activities", "starter") for path in (ROOT / room).rglob("*.py")]
OWN = ROOT / "schemas" / "document" / "steps"
MOST_FILES = 3
WALK = "workflows/interpreter/walk.py"
OUTSIDE = {
    # What the product is about: every rule about messages, and all that sends one, names it.
    "send": None,
    # The call is an activity, so each world answers for it.
    "call_webhook": None,
    # The demo shows a reminder within a minute.
    "wait": {WALK, "starter/devstack/demo.py"},
    # A recorded life takes the way that was taken: only this kind asks.
    "decide": {WALK, "workflows/worlds/record.py", "starter/versioning/trial.py"},
}
"""Kinds that more is named for than their own files, with the files; None: those that carry it out."""


@cache
def _names(path: Path) -> frozenset[str]:
    """The names that a file takes from elsewhere and the texts that it compares with."""
    return frozenset(_each_name(path))


def _each_name(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("schemas.document.steps"):
                yield from (each.name for each in names)
            case (
                ast.MatchValue(value=ast.Constant(value=str(text)))
                | ast.Compare(comparators=[ast.Constant(value=str(text))])
            ):
                yield text
            case _:
                pass


def _compiled(kind: str) -> str:
    union = get_args(get_args(Step)[0])
    return next(each.__name__ for each in union if each.model_fields["kind"].default == kind)


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_kind_of_step_is_known_to_its_own_files_only(kind: str) -> None:
    own_names = {SECTIONS[kind].__name__, _compiled(kind), kind}
    naming = {
        str(path.relative_to(ROOT)) for path in PRODUCT if path.parent != OWN and not own_names.isdisjoint(_names(path))
    }
    allowed = OUTSIDE.get(kind, {WALK})
    if allowed is not None:
        assert naming <= allowed, "say it in the kind's own file, and ask the step for it"
    if kind not in OUTSIDE:
        files = {str((OWN / f"{kind}.py").relative_to(ROOT)), str((OWN / "__init__.py").relative_to(ROOT)), *naming}
        assert len(files) <= MOST_FILES


def test_every_kind_has_a_file_of_its_name_and_is_in_every_part_of_the_registry() -> None:
    compiled = [each.model_fields["kind"].default for each in get_args(get_args(Step)[0])]
    files = {path.stem for path in OWN.glob("*.py")} - {"__init__", "step", "words"}
    assert set(SECTIONS) == set(get_args(StepKind)) == set(compiled) == files
    assert all(next(iter(section.model_fields)) == kind == section.kind for kind, section in SECTIONS.items())


def test_every_field_that_holds_steps_is_among_those_known() -> None:
    nested = {str(part) for kind in SECTIONS.values() for part in kind.step_lists}
    assert nested < set(STEP_LISTS)
    assert set(steps.__all__) >= {section.__name__ for section in SECTIONS.values()}
