"""Named SQL: `.sql` files hold every query, each under a line `-- name: what_it_does`."""

import re
from collections.abc import Mapping
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)[^\n]*$", re.MULTILINE)


def load_queries(package: str, file: str) -> Mapping[str, str]:
    """Every query of one file by its name.

    Raises:
        ValueError: a name stands twice, or the file has text before its first name that is not a comment.
    """
    parts = _NAME.split(files(package).joinpath(file).read_text(encoding="utf-8"))
    names, bodies = parts[1::2], [body.strip() for body in parts[2::2]]
    if len(set(names)) != len(names):
        raise ValueError(f"{package}/{file} names a query twice")
    return dict(zip(names, bodies, strict=True))
