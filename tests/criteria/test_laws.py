"""The laws of evaluation, for any criteria and any facts."""

from collections.abc import Callable
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from activities.decisions.evaluate import evaluate, explain
from activities.decisions.facts import CriteriaFacts, fact_of
from schemas.criteria import (
    COMPARISONS,
    FIELDS,
    All,
    AnyOf,
    Condition,
    Node,
    Not,
    Operator,
    conditions,
    field_named,
    fields_used,
)
from tests.criteria.strategies import NOW, conditions_read, criteria, facts

several = st.lists(criteria, min_size=1, max_size=4).map(tuple)
UNKNOWN = CriteriaFacts()


def test_each_field_has_its_fact_and_each_fact_its_field() -> None:
    names = {field.name.removesuffix(".<name>").replace(".", "_") for field in FIELDS}
    assert {field.name for field in fields(CriteriaFacts)} == names | {"time_zone"}
    for field in FIELDS:
        assert fact_of(UNKNOWN, field.name) is None


@given(criteria, facts)
def test_evaluation_never_fails_and_says_the_same_as_its_explanation(one: Node, known: CriteriaFacts) -> None:
    assert evaluate(one, known, NOW) is explain(one, known, NOW).holds


@given(criteria, facts)
def test_not_not_is_nothing(one: Node, known: CriteriaFacts) -> None:
    assert evaluate(Not(Not(one)), known, NOW) is evaluate(one, known, NOW)


@given(several, facts)
def test_not_all_is_any_not_and_is_explained_by_the_same_conditions(
    parts: tuple[Node, ...], known: CriteriaFacts
) -> None:
    one = explain(Not(All(parts)), known, NOW)
    other = explain(AnyOf(tuple(Not(part) for part in parts)), known, NOW)
    assert one.holds is other.holds
    assert [each.condition for each in one.decided] == [each.condition for each in other.decided]


@given(several, facts)
def test_not_any_is_all_not(parts: tuple[Node, ...], known: CriteriaFacts) -> None:
    assert evaluate(Not(AnyOf(parts)), known, NOW) is evaluate(All(tuple(map(Not, parts))), known, NOW)


@given(criteria, facts)
def test_a_group_of_one_is_that_one(one: Node, known: CriteriaFacts) -> None:
    assert evaluate(All((one,)), known, NOW) is evaluate(AnyOf((one,)), known, NOW) is evaluate(one, known, NOW)


@given(several, facts)
def test_the_order_of_conditions_does_not_matter(parts: tuple[Node, ...], known: CriteriaFacts) -> None:
    assert evaluate(All(parts), known, NOW) is evaluate(All(parts[::-1]), known, NOW)
    assert evaluate(AnyOf(parts), known, NOW) is evaluate(AnyOf(parts[::-1]), known, NOW)


@given(conditions_read, facts)
def test_an_operator_that_says_not_is_the_opposite_of_the_one_that_does_not(one: Node, known: CriteriaFacts) -> None:
    assert isinstance(one, Condition)
    opposite = next((each for each in Operator if COMPARISONS[each].negates is one.operator), None)
    if opposite is not None:
        assert evaluate(Condition(one.field, opposite, one.value), known, NOW) is not evaluate(one, known, NOW)


@given(conditions_read)
def test_what_an_operator_makes_of_the_unknown_is_what_is_documented(one: Node) -> None:
    assert isinstance(one, Condition)
    assert evaluate(one, UNKNOWN, NOW) is COMPARISONS[one.operator].holds_for_unknown
    (decided,) = explain(one, UNKNOWN, NOW).decided
    assert decided.unknown


@given(criteria, facts)
def test_had_what_decided_come_out_the_other_way_so_would_the_whole(one: Node, known: CriteriaFacts) -> None:
    found = explain(one, known, NOW)
    paths = {each.path for each in found.decided}
    assert len(paths) == len(found.decided) > 0
    assert evaluate(_turn_round(one, (), paths.__contains__), known, NOW) is not found.holds


def _turn_round(one: Node, path: tuple[str | int, ...], is_turned: Callable[[tuple[str | int, ...]], bool]) -> Node:
    match one:
        case Condition():
            return Not(one) if is_turned(path) else one
        case Not(part):
            return Not(_turn_round(part, (*path, "not"), is_turned))
        case All(parts):
            return All(tuple(_turn_round(part, (*path, "all", i), is_turned) for i, part in enumerate(parts)))
        case AnyOf(parts):
            return AnyOf(tuple(_turn_round(part, (*path, "any", i), is_turned) for i, part in enumerate(parts)))


@given(criteria, facts)
def test_only_the_fields_used_matter(one: Node, known: CriteriaFacts) -> None:
    used = fields_used(one)
    assert used == {each.field for each in conditions(one)}
    needed = {
        field.name: getattr(known, field.name)
        for field in fields(CriteriaFacts)
        if any(name.replace(".", "_").startswith(field.name) for name in used)
    }
    assert evaluate(one, CriteriaFacts(**needed), NOW) is evaluate(one, known, NOW)
    for name in used:
        assert field_named(name) is not None
        fact_of(known, name)


@given(criteria, facts)
def test_an_explanation_repeats_no_value_of_an_attribute(one: Node, known: CriteriaFacts) -> None:
    for each in explain(one, known, NOW).decided:
        if each.condition.startswith("contact.attributes."):
            assert each.condition.endswith(" …")
