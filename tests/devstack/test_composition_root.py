"""The one import rule that import-linter cannot hold, because `worker.py` is a module and not a package."""

import ast
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def test_the_composition_root_does_not_know_the_starter() -> None:
    tree = ast.parse((_ROOT / "worker.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.split(".")[0] in {"starter", "bench", "tests"}]
