"""The house rules that a machine can hold: how long files and functions are, and that every room is on the map.

Which way imports go is held by the import contracts in pyproject.toml.
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "workflows", "activities", "starter")
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
REASON = "Long because"
"""What a docstring or comment says in a file or function that is longer, followed by why it is better whole."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the product, read once.

    Attributes:
        functions: each one's name, how many lines it has, and its text.
    """

    name: str
    text: str
    docstring: str
    functions: tuple[tuple[str, int, str], ...]


def _modules() -> list[Path]:
    return [ROOT / "worker.py", *(path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))]


@cache
def _sources() -> tuple[Source, ...]:
    return tuple(_read(path) for path in _modules())


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    lines = text.splitlines()
    functions = tuple(
        (node.name, end - node.lineno + 1, "\n".join(lines[node.lineno - 1 : end]))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for end in (node.end_lineno or 0,)
    )
    return Source(_named(path), text, ast.get_docstring(tree) or "", functions)


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_file_is_one_thing() -> None:
    long = {
        source.name: lines
        for source in _sources()
        if (lines := source.text.count("\n")) > LONGEST_FILE and REASON not in source.docstring
    }
    assert long == {}, f"split them, or say '{REASON} …' in their docstrings"


def test_a_function_can_be_seen_whole() -> None:
    long = {
        f"{source.name}: {name}": lines
        for source in _sources()
        for name, lines, text in source.functions
        if lines > LONGEST_FUNCTION and REASON not in text
    }
    assert long == {}, f"split them, or say '{REASON} …' in a comment"


def test_a_file_says_first_what_it_is_for() -> None:
    assert [source.name for source in _sources() if source.text.strip() and not source.docstring] == []


def test_every_room_stands_in_the_architecture() -> None:
    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {_named(path.parent) for path in _modules() if path.parent != ROOT}
    assert [room for room in sorted(rooms) if room not in architecture] == []
