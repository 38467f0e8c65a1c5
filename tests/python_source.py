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


def domain_error_codes(*folders: Path) -> Iterator[str]:
    """The code of every kind of error that people are told of."""
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and "DomainError" in [ast.unparse(base) for base in node.bases]:
                    yield from (
                        ast.literal_eval(line.value)
                        for line in node.body
                        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code"
                    )
