"""The house rules that a machine can hold: how long files and functions are, and that every room is on the map.

Which way imports go is held by the import contracts in pyproject.toml.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "workflows", "activities", "starter")
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
REASON = "Long because"
"""What a docstring or comment says in a file or function that is longer, followed by why it is better whole."""


def _modules() -> list[Path]:
    return [ROOT / "worker.py", *(path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))]


def _functions(path: Path) -> Iterator[tuple[str, int, str]]:
    """Every function of a file: its name, how many lines it has, and its text."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1, ast.get_source_segment(text, node) or ""


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", _modules(), ids=_named)
def test_a_file_is_one_thing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    assert lines <= LONGEST_FILE or REASON in (ast.get_docstring(ast.parse(text)) or ""), (
        f"{_named(path)} has {lines} lines: split it, or say '{REASON} …' in its docstring"
    )


@pytest.mark.parametrize("path", _modules(), ids=_named)
def test_a_function_can_be_seen_whole(path: Path) -> None:
    long = [
        f"{name} ({lines})" for name, lines, text in _functions(path) if lines > LONGEST_FUNCTION and REASON not in text
    ]
    assert not long, f"{_named(path)}: {long}: split them, or say '{REASON} …' in a comment"


@pytest.mark.parametrize("path", _modules(), ids=_named)
def test_a_file_says_first_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{_named(path)} has no docstring"


@pytest.mark.parametrize(
    "room",
    sorted({path.parent for path in _modules() if path.parent != ROOT}),
    ids=_named,
)
def test_every_room_stands_in_the_architecture(room: Path) -> None:
    assert f"{_named(room)}" in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"), (
        f"docs/architecture.md does not name {_named(room)}"
    )
