"""The faces ask services and build none: what CLI and API import, construct and reach for, read from their source."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import get_type_hints

from starter.services import Services
from tests.markdown import ROOT

FACES = ("commands", "http")
LIMITED = {"signups.py", "shoppers.py", "klaviyo.py"}
"""They ask a request for its client, whose network they count."""
SERVICES = {service.__name__ for service in get_type_hints(Services).values()}
FORBIDDEN_MODULES = ("activities.postgres", "asyncpg", "worker")
TRANSLATORS = {"errors.py", "failures.py", "metrics.py"}
"""They name the errors of a database that is away, to say them in our words."""


def sources() -> Iterator[Path]:
    for face in FACES:
        yield from sorted((ROOT / "starter" / face).rglob("*.py"))


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def imported(file: Path) -> Iterator[str]:
    for node in nodes(file):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def test_there_is_a_service_for_every_field() -> None:
    assert len(SERVICES) == len(fields(Services))


def test_no_face_reaches_for_the_database_or_the_client() -> None:
    for file in sources():
        reached = {node.attr for node in nodes(file) if isinstance(node, ast.Attribute)}
        allowed = {"client"} if file.name in LIMITED else set[str]()
        assert not reached & {"pool", "_pool", "client", "_client"} - allowed, file


def test_no_face_builds_a_service() -> None:
    for file in sources():
        calls = (node.func for node in nodes(file) if isinstance(node, ast.Call))
        assert not {called.id for called in calls if isinstance(called, ast.Name)} & SERVICES, file


def test_no_face_imports_the_database_the_composition_root_or_the_other_face() -> None:
    for file in sources():
        face = file.relative_to(ROOT / "starter").parts[0]
        others = tuple(f"starter.{other}" for other in FACES if other != face)
        allowed = ("asyncpg", "activities.postgres.away") if file.name in TRANSLATORS else ()
        found = [module for module in imported(file) if module.startswith((*FORBIDDEN_MODULES, *others))]
        assert not [module for module in found if module not in allowed], file


def test_nothing_below_imports_a_face() -> None:
    """Only what runs a face imports it: the processes, and the file that puts the commands together.

    Simulated shops are served by the same web server, and import nothing else of it.
    """
    runs_a_face = {"cli.py", "__main__.py", "processes.py"}
    faces = tuple(f"starter.{face}" for face in FACES)
    for file in (ROOT / "starter").rglob("*.py"):
        inside = file.relative_to(ROOT / "starter").parts
        if inside[0] in FACES or inside[-1] in runs_a_face:
            continue
        served = {"starter.http.server"} if inside[0] == "simulated" else set[str]()
        assert not [module for module in imported(file) if module.startswith(faces) and module not in served], file
