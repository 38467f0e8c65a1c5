"""Reads the product's own source, for tests that hold something else against it."""

import ast
from collections.abc import Iterator
from pathlib import Path


def calls(folder: Path) -> Iterator[ast.Call]:
    """Every call in the Python files of a folder."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield node
