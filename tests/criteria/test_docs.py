"""docs/criteria.md tells marketers what the code does: every field, every operator, every limit, every example."""

import re
from pathlib import Path

import pytest

from schemas.criteria import (
    COMPARISONS,
    DEEPEST,
    FIELDS,
    MOST_CONDITIONS,
    Criteria,
    FieldType,
    Operator,
    read_criteria,
)
from schemas.criteria.values import LONGEST_LIST, LONGEST_TEXT
from schemas.model import Model
from starter.authoring.marked_yaml import read_yaml

DOCS = (Path(__file__).parents[2] / "docs" / "criteria.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


class Filtered(Model):
    """Any section that takes criteria."""

    only_if: Criteria


def _rows_below(heading: str) -> list[list[str]]:
    section = DOCS.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def _operators(of: FieldType) -> str:
    return ", ".join(f"`{operator}`" for operator in of.operators)


def test_every_field_is_in_the_table_with_its_type_and_meaning() -> None:
    assert _rows_below("Fields") == [[f"`{field.name}`", field.type, field.meaning] for field in FIELDS]


def test_every_type_is_in_the_table_with_its_operators() -> None:
    assert _rows_below("Which operators go with which type") == [[each, _operators(each)] for each in FieldType]


def test_every_operator_is_in_the_table_with_its_meaning_and_what_it_makes_of_the_unknown() -> None:
    assert _rows_below("Operators") == [
        [
            f"`{operator}`",
            COMPARISONS[operator].takes,
            COMPARISONS[operator].meaning,
            "yes" if COMPARISONS[operator].holds_for_unknown else "no",
        ]
        for operator in Operator
    ]


@pytest.mark.parametrize(
    "limit",
    [
        f"at most {MOST_CONDITIONS} conditions",
        f"at most {DEEPEST} groups inside one another",
        f"at most {LONGEST_LIST} values",
        f"at most {LONGEST_TEXT} characters",
    ],
)
def test_each_limit_is_told(limit: str) -> None:
    assert limit in " ".join(DOCS.split())


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_criteria(example: str) -> None:
    value = read_yaml(example).value
    assert isinstance(value, dict)
    if "only_if" in value:
        Filtered.model_validate(value)
    else:
        read_criteria(value)
