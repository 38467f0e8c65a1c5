"""A type of alert is one file, its line in the registry, and its name: nothing else of the product knows it."""

import re
from pathlib import Path

import pytest

from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType

PRODUCT = Path(__file__).parents[2]
FILES = [
    path.relative_to(PRODUCT)
    for package in ("schemas", "workflows", "activities", "starter")
    for path in (PRODUCT / package).rglob("*")
    if path.suffix in (".py", ".sql") and path.parent.name != "migrations"
]
REGISTRY, NAMES = Path("schemas/document/alert_types/registry.py"), Path("schemas/document/alert_types/vocabulary.py")


def test_every_type_has_its_line_in_the_registry() -> None:
    assert set(ALERT_TYPES) == set(AlertType)


@pytest.mark.parametrize("type_", AlertType)
def test_three_files_know_a_type(type_: AlertType) -> None:
    model = ALERT_TYPES[type_].__name__
    # As a value of SQL or Python; conversations, and files of other systems, may be called the same.
    known_as = re.compile(rf"= '{type_}'|'{type_}' then|\bAlertType\.{type_.name}\b|\b{model}\b|Literal\[\"{type_}\"\]")
    own = Path(f"schemas/document/alert_types/{type_.replace('-', '_')}.py")
    knowing = {path for path in FILES if known_as.search((PRODUCT / path).read_text(encoding="utf-8"))}
    named = {NAMES} if f'"{type_}"' in (PRODUCT / NAMES).read_text(encoding="utf-8") else set[Path]()
    assert knowing | named == {own, REGISTRY, NAMES}
