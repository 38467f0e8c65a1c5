"""Named queries: every one is used, their parameters are told by name, and rows are values."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import ValidationError

from activities.postgres.pool import Pool
from activities.postgres.queries import Query, load_queries, read_query

ROOT = Path(__file__).parents[2]
PRODUCT = ("activities", "starter", "bench")
_LOADED = re.compile(r'^(\w+) = load_queries\(\s*"([\w.]+)", "([\w.]+)"\s*\)', re.MULTILINE)


class Kind(StrEnum):
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    price: Decimal
    kind: Kind


THING = read_query("x: thing", "select :name::text as name, :price::numeric as price, 'good' as kind where 1 = :one")


def _product_files(ending: str) -> dict[Path, str]:
    """What the files of the product with this ending say."""
    paths = (path for package in PRODUCT for path in sorted((ROOT / package).rglob(f"*{ending}")))
    return {path: path.read_text(encoding="utf-8") for path in paths}


def test_every_query_of_a_file_is_used() -> None:
    code = _product_files(".py").values()
    unused: list[str] = []
    for path in (path for path, text in _product_files(".sql").items() if "-- name:" in text):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        loads = f'"{package}", "{path.name}"'
        users = "".join(text for text in code if loads in text or re.search(r"import .*\bSQL\b", text))
        asked = set(re.findall(r'\bSQL\w*\.(\w+)\b|"(\w+)"', users))
        names = {name for pair in asked for name in pair}
        unused += [f"{path.name}: {name}" for name in load_queries(package, path.name) if name not in names]
    assert unused == []


def test_every_query_that_is_asked_for_stands_in_its_file() -> None:
    for path, text in _product_files(".py").items():
        for variable, package, file in _LOADED.findall(text):
            known = set(load_queries(package, file))
            asked = set(re.findall(rf"\b{variable}\.(\w+)\.", text))
            asked |= set(re.findall(rf'\b{variable}\["(\w+)"\]', text))
            assert asked <= known, f"{path}: {sorted(asked - known)} are not in {file}"


def test_named_parameters_are_numbered_in_the_order_in_which_they_first_stand() -> None:
    query = read_query("q", "select a::text from t where b = :b and c > :c::int and d = :b")
    assert (query.sql, query.parameters) == (
        "select a::text from t where b = $1 and c > $2::int and d = $1",
        ("b", "c"),
    )


@pytest.mark.parametrize(
    "text", ["select ':no'", "select 1 -- :no\n", "select '12:30'::time", "select 'it''s :no'", 'select 1 as "a:no"']
)
def test_a_colon_in_a_text_a_comment_or_a_cast_is_no_parameter(text: str) -> None:
    assert read_query("q", text) == Query("q", text, ())


def test_a_query_has_named_or_numbered_parameters_but_not_both() -> None:
    with pytest.raises(ValueError, match="both named and numbered"):
        read_query("q", "select :a, $1")


@pytest.mark.parametrize("given", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, {}])
def test_a_value_too_many_or_too_few_is_refused_before_it_reaches_the_database(given: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="q lacks"):
        read_query("q", "select :a, :b").arguments(given)


async def test_a_row_is_a_value_of_its_own_types(pool: Pool) -> None:
    assert await THING.row(pool, Thing, name="kettle", price=Decimal("1.50"), one=1) == Thing(
        "kettle", Decimal("1.50"), Kind.GOOD
    )
    assert await THING.row(pool, Thing, name="kettle", price=Decimal("1.50"), one=2) is None
    assert await THING.rows(pool, Thing, name="kettle", price=Decimal("1.50"), one=2) == []


async def test_a_row_that_lacks_a_column_is_refused_by_name(pool: Pool) -> None:
    with pytest.raises(ValidationError, match="price"):
        await read_query("q", "select 'kettle' as name, 'good' as kind").row(pool, Thing)


async def test_a_query_may_have_a_limit_of_its_own(pool: Pool) -> None:
    slow = read_query("q", "select pg_sleep(30)").within(0.05)
    with pytest.raises(TimeoutError):
        await slow.run(pool)


async def test_a_query_is_asked_for_many_in_one_statement_each_with_its_own_rows(pool: Pool) -> None:
    some = read_query(
        "x: some",
        "select :name::text || n as name, n * :price::numeric as price, 'good' as kind -- $ is no parameter\n"
        "from generate_series(1, :units::int) n order by n;",
    ).of_each(units="integer", name="text")
    each = [{"name": "a", "units": 2}, {"name": "b", "units": 0}, {"name": "c", "units": 1}]
    answers = await some.rows(pool, Thing, each, price=Decimal(3))
    assert [[(thing.name, thing.price) for thing in answer] for answer in answers] == [
        [("a1", Decimal(3)), ("a2", Decimal(6))],
        [],
        [("c1", Decimal(3))],
    ]
    assert await some.rows(pool, Thing, [], price=Decimal(3)) == []
    with pytest.raises(TypeError, match="lacks"):
        await some.rows(pool, Thing, each)


async def test_a_row_of_a_limited_query_can_tell_how_many_there_are(pool: Pool) -> None:
    some = read_query(
        "x: some",
        "select 'a' as name, n as price, 'good' as kind, count(*) over () as total "
        "from generate_series(1, :units::int) n order by n limit 2",
    )
    assert [thing.price for thing in (await some.counted(pool, Thing, units=3))[0]] == [1, 2]
    assert (await some.counted(pool, Thing, units=3))[1] == 3
    assert await some.counted(pool, Thing, units=0) == ([], 0)
