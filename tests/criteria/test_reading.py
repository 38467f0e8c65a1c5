"""Criteria are read as they are written, and every mistake is told at once, by path and in words."""

import json
import re
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.criteria import (
    DEEPEST,
    FIELDS,
    MISTAKE,
    MOST_CONDITIONS,
    AnyOf,
    Condition,
    Criteria,
    Node,
    Not,
    Operator,
    read_criteria,
    say,
    write_criteria,
)
from schemas.criteria.values import Plain
from schemas.model import Model
from starter.authoring.marked_yaml import read_yaml
from tests.criteria.strategies import criteria, written


class Filtered(Model):
    """Any section that takes criteria."""

    only_if: Criteria | None = None


SCHEMA: dict[str, Any] = Filtered.model_json_schema()
# Its stubs leave the type of an instance open.
EDITOR: Any = jsonschema.Draft202012Validator(SCHEMA)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(["all", "any", "not", "contact.attributes.", *(field.name for field in FIELDS), *Operator])
nearly = st.recursive(
    anything | written,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(NAMES, parts, max_size=2),
    max_leaves=10,
)


@given(anything | nearly)
def test_anything_is_criteria_or_has_mistakes_in_words(value: object) -> None:
    try:
        read = Filtered.model_validate({"only_if": value})
    except ValidationError as error:
        for each in error.errors():
            assert each["type"] == MISTAKE
            assert each["loc"][0] == "only_if"
            assert "ctx" in each
            assert each["ctx"]["message"]
            assert each["ctx"]["advice"]
    else:
        assert Filtered.model_validate_json(read.model_dump_json()) == read


@given(criteria)
def test_criteria_are_read_back_from_yaml_the_same(one: Node) -> None:
    text = yaml.safe_dump(write_criteria(one), allow_unicode=True, sort_keys=False)
    assert read_criteria(read_yaml(text).value) == one


@given(criteria)
def test_criteria_travel_through_json_unchanged_and_are_written_the_same_again(one: Node) -> None:
    section = Filtered(only_if=one)
    again = Filtered.model_validate_json(section.model_dump_json())
    assert again == section
    assert again.model_dump_json() == section.model_dump_json()


@given(written)
def test_an_editor_that_follows_the_json_schema_takes_what_is_criteria(value: Plain) -> None:
    EDITOR.validate({"only_if": value})
    EDITOR.validate(json.loads(Filtered.model_validate({"only_if": value}).model_dump_json()))


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"product.vendr": "Acme"},
        {"all": []},
        {"all": {"product.vendor": "Acme"}},
        {"not": None},
        {"not": [{"product.vendor": "Acme"}]},
        {"product.vendor": "Acme", "product.title": "Lamp"},
        {"product.vendor": {"at_least": 3}},
        {"product.tags": "sale"},
        {"orders.count": {"equals": "2"}},
        {"orders.last": {"within": "soon"}},
        {"contact.attributes.": True},
    ],
)
def test_an_editor_that_follows_the_json_schema_marks_what_is_not(value: object) -> None:
    assert not EDITOR.is_valid({"only_if": value})
    with pytest.raises(ValidationError):
        read_criteria(value)


def test_an_editor_shows_what_each_field_means() -> None:
    [definition] = SCHEMA["$defs"].values()
    for field in FIELDS:
        shown = definition["properties"].get(field.name) or next(
            member for name, member in definition["patternProperties"].items() if re.match(name, f"{field.family}x")
        )
        assert field.meaning[1:] in shown["description"]


@given(st.sampled_from([field.name for field in FIELDS if field.type.has_shorthand and field.family is None]))
def test_a_field_with_a_bare_value_means_equals(name: str) -> None:
    value = {
        "orders.count": 2,
        "product.price": 2,
        "product.available": 2,
        "contact.consent.email": True,
        "contact.consent.sms": True,
    }.get(name, "two")
    assert read_criteria({name: value}) == read_criteria({name: {"equals": value}})


def test_money_written_in_different_ways_is_the_same_criteria() -> None:
    assert (
        read_criteria({"product.price": {"at_most": 20}})
        == read_criteria({"product.price": {"at_most": 20.00}})
        == read_criteria({"product.price": {"at_most": "20.00"}})
    )


def test_a_moment_written_with_an_offset_is_that_moment() -> None:
    here = read_criteria({"orders.last": {"before": "2026-05-01T02:00:00+02:00"}})
    assert here == read_criteria({"orders.last": {"before": "2026-05-01T00:00:00Z"}})
    assert write_criteria(here) == {"orders.last": {"before": "2026-05-01T00:00:00Z"}}
    date = {"orders.last": {"before": "2026-05-01"}}
    assert read_criteria(date) != here, "a date is meant by the list's clock"
    assert write_criteria(read_criteria(date)) == date


def _nested(groups: int) -> Plain:
    return {"product.vendor": "Acme"} if groups == 0 else {"not": _nested(groups - 1)}


def test_criteria_are_bounded_in_depth_and_in_number() -> None:
    read_criteria(_nested(DEEPEST))
    with pytest.raises(ValidationError, match=f"nested more than {DEEPEST} deep"):
        read_criteria(_nested(DEEPEST + 1))
    with pytest.raises(ValidationError, match="nested more than"):
        read_criteria(_nested(900))
    half = {"any": [{"orders.count": 1}] * (MOST_CONDITIONS // 2)}
    read_criteria({"all": [half, half]})
    with pytest.raises(ValidationError, match=f"there are {MOST_CONDITIONS + 1} conditions"):
        read_criteria({"all": [half, half, {"orders.count": 1}]})
    with pytest.raises(ValidationError, match="there are 1000 conditions"):
        read_criteria({"all": [{"orders.count": 1}] * 1000})


def test_a_node_built_in_python_is_held_to_the_same_rules() -> None:
    assert read_criteria(Not(Condition("product.vendor", Operator.EQUALS, "Acme")))
    with pytest.raises(ValidationError, match="contains_any"):
        Filtered(only_if=Condition("product.tags", Operator.EQUALS, "sale"))
    with pytest.raises(ValidationError, match="an empty one"):
        read_criteria(AnyOf(()))


# What is written · where the mistake is · words of the message and advice.
SLIPS: list[tuple[object, tuple[str | int, ...], str]] = [
    ("product.vendor", (), "this is no condition, but 'product.vendor'"),
    ([], (), "this is no condition, but a list"),
    ({}, (), "there is no condition here"),
    ({"all": [{"product.vendr": "Acme"}]}, ("all", 0, "product.vendr"), "Did you mean 'product.vendor'?"),
    ({"tags": "sale"}, ("tags",), "Did you mean 'product.tags'?"),
    ({"item.price": 3}, ("item.price",), "Did you mean 'product.price'?"),
    ({"weather": "nice"}, ("weather",), "The fields are product.id, product.title"),
    ({"\ud800": 1}, ("\ufffd" * 3,), "no field '\\ud800'"),
    ({"contact.attributes.a b": 1}, ("contact.attributes.a b",), "letters, digits, '_' and '-'"),
    ({"and": []}, ("and",), "Did you mean 'all'?"),
    ({"OR": []}, ("OR",), "Did you mean 'any'?"),
    ({"all": []}, ("all",), "'all' takes a list of conditions, but here is an empty one"),
    ({"any": {"orders.count": 1}}, ("any",), "'any' takes a list of conditions, but here is a group of fields"),
    ({"not": [{"orders.count": 1}]}, ("not",), "'not: {any: [...]}' for none of several"),
    ({"orders.count": 1, "product.vendor": "x"}, (), "several conditions stand side by side: Write 'all:' or 'any:'"),
    ({"orders.count": {}}, ("orders.count",), "Write for example 'orders.count: {at_least: 2}'"),
    ({"orders.count": {"at_least": 1, "at_most": 2}}, ("orders.count",), "2 ways at once: Make each a condition"),
    ({"orders.count": {"atleast": 1}}, ("orders.count", "atleast"), "Did you mean 'at_least'?"),
    ({"orders.count": {"like": 1}}, ("orders.count", "like"), "operators of orders.count are 'equals'"),
    (
        {"product.vendor": {"at_least": 1}},
        ("product.vendor", "at_least"),
        "which is a text: Its operators are 'equals'",
    ),
    ({"product.tags": "sale"}, ("product.tags",), "Write for example 'product.tags: {contains: sale}'"),
    ({"orders.last": "30 days"}, ("orders.last",), "Write for example 'orders.last: {within: 30 days}'"),
    ({"product.vendor": ["a", "b"]}, ("product.vendor",), "does not say how product.vendor is compared with a list"),
    ({"product.vendor": {"in": "Acme"}}, ("product.vendor", "in"), "'in' takes a list"),
    ({"product.vendor": {"in": ["a", 2]}}, ("product.vendor", "in", 1), "here is 2: Put it in quotes"),
    ({"product.id": 8423}, ("product.id",), "here is 8423: Put it in quotes"),
    ({"product.title": " "}, ("product.title",), "the text is empty"),
    ({"product.title": "a\0"}, ("product.title",), "a character here that no text has"),
    ({"product.title": "x" * 501}, ("product.title",), "longer than 500 characters"),
    ({"product.price": "20 EUR"}, ("product.price",), "without a currency, like 20.00"),
    ({"product.price": True}, ("product.price",), "an amount of money, but here is true"),
    ({"product.price": -1}, ("product.price",), "never below zero"),
    ({"product.price": 0.0000001}, ("product.price",), "too many digits"),
    ({"product.price": float("nan")}, ("product.price",), "an amount of money, but here is nan"),
    ({"product.price": {"between": [3, 2]}}, ("product.price", "between"), "nothing lies between 3 and 2"),
    ({"product.price": {"between": [3]}}, ("product.price", "between"), "like [10, 20]"),
    ({"orders.count": 1.5}, ("orders.count",), "a whole number, but here is 1.5"),
    ({"orders.count": 10**5000}, ("orders.count",), "a very large number"),
    ({"contact.consent.email": "yes"}, ("contact.consent.email",), "Write true or false"),
    ({"contact.attributes.a": {"at_least": "3"}}, ("contact.attributes.a", "at_least"), "without quotes"),
    ({"orders.last": {"within": 30}}, ("orders.last", "within"), "for example 30 days or 12 hours"),
    ({"orders.last": {"within": "0 days"}}, ("orders.last", "within"), "nothing happens within no time"),
    ({"orders.last": {"before": "yesterday"}}, ("orders.last", "before"), "Write a date like 2026-05-01"),
    ({"orders.last": {"before": "2026-02-30"}}, ("orders.last", "before"), "Write a date like 2026-05-01"),
    ({"orders.last": {"before": "2026-02-03T10:00"}}, ("orders.last", "before"), "2026-05-01T08:00:00+02:00"),
]


@pytest.mark.parametrize(("value", "path", "words"), SLIPS)
def test_each_mistake_says_where_it_is_and_what_to_do(value: object, path: tuple[str | int, ...], words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Filtered.model_validate({"only_if": value})
    found = {each["loc"][1:]: each["msg"] for each in raised.value.errors()}
    assert words in found[path]


def test_all_mistakes_are_told_at_once() -> None:
    wrong = [value for value, path, _ in SLIPS if path]
    with pytest.raises(ValidationError) as raised:
        read_criteria({"all": wrong})
    assert {each["loc"][1] for each in raised.value.errors()} == set(range(len(wrong)))


@given(criteria)
def test_criteria_are_said_in_one_line(one: Node) -> None:
    assert say(one).isprintable()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"product.vendor": "Acme"}, "product.vendor equals Acme"),
        ({"product.vendor": "Acme and Sons"}, "product.vendor equals 'Acme and Sons'"),
        ({"contact.attributes.size": "38"}, "contact.attributes.size equals '38'"),
        ({"contact.attributes.size": 38}, "contact.attributes.size equals 38"),
        ({"contact.attributes.vip": "true"}, "contact.attributes.vip equals 'true'"),
        ({"product.price": {"between": [5, 19.5]}}, "product.price is between 5.00 and 19.50"),
        ({"product.tags": {"contains_any": ["sale", "x y"]}}, "product.tags contains any of [sale, 'x y']"),
        ({"orders.last": {"not_within": "14 days"}}, "orders.last is not within 2 weeks"),
        ({"orders.last": {"after": "2026-05-01"}}, "orders.last is after 2026-05-01"),
        ({"orders.last": {"after": "2026-05-01T08:30Z"}}, "orders.last is after 2026-05-01 08:30 UTC"),
        (
            {"any": [{"all": [{"orders.count": 0}, {"product.vendor": "A"}]}, {"not": {"all": [{"orders.count": 1}]}}]},
            "(orders.count equals 0 and product.vendor equals A) or not (orders.count equals 1)",
        ),
    ],
)
def test_criteria_are_said_in_words(value: object, sentence: str) -> None:
    assert say(read_criteria(value)) == sentence
