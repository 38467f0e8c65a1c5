"""No test reads a workflow's history but by tests/history.py, which waits until nothing is at work in it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
READING = frozenset(("fetch_history", "fetch_history_events", "find_history", "replay_path", "replay_paths", "DryRuns"))
"""What reads a history from Temporal, whatever is at work in it."""


def _read(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where something of these is imported or called."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(names=names):
                found = [name.name for name in names if name.name in READING and node.module != "starter"]
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                found = [name] if name in READING else []
            case _:
                continue
        for name in found:
            yield node.lineno, name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("await handle.fetch_history()", ["fetch_history"]),
        ("from starter.support.replay import HistoryGone, replay_path as path", ["replay_path"]),
        ("from starter import dry_run as dry_running", []),
        ("from tests.history import settled_history", []),
    ],
)
def test_what_reads_a_history_is_found(text: str, found: list[str]) -> None:
    assert [name for _, name in _read(ast.parse(text))] == found


def test_no_test_reads_a_history_that_may_not_be_settled() -> None:
    found = [
        f"{file.relative_to(TESTS)}:{line} {name}"
        for file in sorted(TESTS.rglob("*.py"))
        if file != TESTS / "history.py"
        for line, name in _read(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert found == []
