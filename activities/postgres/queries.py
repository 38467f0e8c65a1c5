"""Named SQL with named parameters, and rows that become values before they leave the module of the query.

Every query is in a `.sql` file beside its module, under a line `-- name: what_it_does`, with parameters named
`:like_this`. A module loads its file once and calls its queries:

    SQL = load_queries("activities.archive", "archiving.sql")
    rows = await SQL.to_archive.rows(pool, Ended, young=young, most=100)

Why not aiosql: its queries are made at run time and are `Any` to a type checker (docs/decisions/0012-rows.md).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from pydantic import TypeAdapter

from activities.postgres.pool import Connection, Pool, Row

T = TypeVar("T")

_NAME = re.compile(r"^-- name: (\w+)[^\n]*$", re.MULTILINE)
_PARAMETER = re.compile(
    r"""  '(?:[^']|'')*'          # a text, passed over
        | "(?:[^"]|"")*"       # a quoted name
        | --[^\n]*              # a comment
        | ::                    # a cast
        | (?<!:):(?P<name>[a-z_][a-z0-9_]*)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """One named query.

    Attributes:
        name: where it was found, for errors: `activities.archive/archiving.sql: to_archive`.
        sql: its text with the numbered parameters that PostgreSQL takes.
        parameters: the names of these, the first for `$1`.
        limit: seconds it may take; None: as long as the pool lets every query.
    """

    name: str
    sql: str
    parameters: tuple[str, ...]
    limit: float | None = None

    def within(self, seconds: float) -> "Query":
        """The same query with a limit of its own, for one that reads or writes very much."""
        return replace(self, limit=seconds)

    def arguments(self, given: Mapping[str, object]) -> list[object]:
        """These values in the order of the parameters.

        Raises:
            TypeError: a parameter has no value, or there is a value for none.
        """
        missing, unknown = set(self.parameters) - set(given), set(given) - set(self.parameters)
        if missing or unknown:
            raise TypeError(f"{self.name} lacks {sorted(missing)} and does not take {sorted(unknown)}")
        return [given[name] for name in self.parameters]

    async def rows(self, on: Pool | Connection, into: type[T], **given: object) -> list[T]:
        """All rows, each as one of `into`: a frozen dataclass or model with a field for each column."""
        found = await on.fetch(self.sql, *self.arguments(given), timeout=self.limit)
        return [read_row(into, row) for row in found]

    async def counted(self, on: Pool | Connection, into: type[T], **given: object) -> tuple[list[T], int]:
        """Likewise, of a query with a limit; and the column `total`, how many rows there are without it."""
        found = [dict(row) for row in await on.fetch(self.sql, *self.arguments(given), timeout=self.limit)]
        totals = [row.pop("total") for row in found]
        return [read_row(into, row) for row in found], totals[0] if totals else 0

    async def row(self, on: Pool | Connection, into: type[T], **given: object) -> T | None:
        """The first row, or None where there is none."""
        found = await on.fetchrow(self.sql, *self.arguments(given), timeout=self.limit)
        return None if found is None else read_row(into, found)

    async def one(self, on: Pool | Connection, into: type[T], **given: object) -> T:
        """The row of a query that always gives one, such as a count."""
        found = await self.row(on, into, **given)
        assert found is not None, f"{self.name} gave no row"
        return found

    async def value(self, on: Pool | Connection, **given: object) -> Any:
        """The first column of the first row; None where there is no row. Name its type where it is taken."""
        return await on.fetchval(self.sql, *self.arguments(given), timeout=self.limit)

    async def values(self, on: Pool | Connection, **given: object) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in await on.fetch(self.sql, *self.arguments(given), timeout=self.limit)]

    async def run(self, on: Pool | Connection, **given: object) -> None:
        """Execute it; rows are ignored."""
        await on.execute(self.sql, *self.arguments(given), timeout=self.limit)

    def of_each(self, **types: str) -> "QueryOfEach":
        """The same query, asked for many in one statement: of each its own values of these parameters.

        Args:
            types: PostgreSQL's, of each parameter that differs.
        """
        shared = tuple(name for name in self.parameters if name not in types)
        parameters = (*types, *shared)

        def renamed(match: re.Match[str]) -> str:
            name = self.parameters[int(match[1]) - 1]
            return f"given.{name}" if name in types else f"${parameters.index(name) + 1}"

        found = re.sub(r"\$(\d+)", renamed, self.sql).rstrip("; \n")
        # By a subquery, so that no plan depends on how many are asked about: PostgreSQL would make one each time, which
        # takes ten times as long as the query does.
        arrays = ", ".join(f"(select ${number}::{type_}[])" for number, type_ in enumerate(types.values(), 1))
        sql = (
            f"select found.*, given.of_each from unnest({arrays}) with ordinality given ({', '.join(types)}, of_each)\n"
            # Each by itself, as the query alone is planned: for a join with all of them tables may look small.
            f"cross join lateral (\n{found}\noffset 0) found order by given.of_each"
        )
        return QueryOfEach(Query(f"{self.name} of each", sql, parameters, self.limit), tuple(types))


@dataclass(frozen=True, slots=True)
class QueryOfEach:
    """A query that is asked for many in one statement: `Query.of_each`."""

    query: Query
    differing: tuple[str, ...]

    async def rows(
        self, on: Pool | Connection, into: type[T], each: Sequence[Mapping[str, object]], **given: object
    ) -> list[list[T]]:
        """All rows for each of these, in their order.

        Args:
            each: its values of the parameters that differ; `given` has those of the others.
        """
        arguments = given | {name: [one[name] for one in each] for name in self.differing}
        answers: list[list[T]] = [[] for _ in each]
        found = await on.fetch(self.query.sql, *self.query.arguments(arguments), timeout=self.query.limit)
        for row in map(dict[str, object], found):
            number = row.pop("of_each")
            assert isinstance(number, int), "it is PostgreSQL's own count"
            answers[number - 1].append(read_row(into, row))
        return answers


class Queries:
    """The queries of one file; each is an attribute."""

    def __init__(self, queries: Iterable[Query], file: str) -> None:
        self._queries = {query.name.rsplit(" ", 1)[1]: query for query in queries}
        self._file = file

    def __getattr__(self, name: str) -> Query:
        try:
            return self._queries[name]
        except KeyError:
            raise AttributeError(f"{self._file} has no query '{name}'") from None

    def __getitem__(self, name: str) -> str:
        """The text of one, for a caller that numbers its parameters."""
        return self._queries[name].sql

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)


def load_queries(package: str, file: str) -> Queries:
    """Every query of one file.

    Raises:
        ValueError: two queries have one name, or a query mixes named and numbered parameters.
    """
    parts = _NAME.split(files(package).joinpath(file).read_text(encoding="utf-8"))
    names, bodies = parts[1::2], [body.strip() for body in parts[2::2]]
    if len(set(names)) != len(names):
        raise ValueError(f"{package}/{file} names a query twice")
    return Queries(
        [read_query(f"{package}/{file}: {name}", body) for name, body in zip(names, bodies, strict=True)],
        f"{package}/{file}",
    )


def read_query(name: str, text: str) -> Query:
    """A query from its text, with its named parameters numbered in the order of their first use.

    Raises:
        ValueError: it has parameters of both kinds.
    """
    parameters: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        parameter = match["name"]
        if parameter is None:
            return match[0]
        if parameter not in parameters:
            parameters.append(parameter)
        return f"${parameters.index(parameter) + 1}"

    sql = _PARAMETER.sub(numbered, text)
    if parameters and re.search(r"\$\d", _PARAMETER.sub("", text)):
        raise ValueError(f"{name} has both named and numbered parameters")
    return Query(name, sql, tuple(parameters))


def read_row(into: type[T], row: Row | Mapping[str, object]) -> T:
    """One row as a value; its columns are the fields of `into` by name, and are checked against their types.

    Raises:
        ValidationError: a column is missing, or is not of the field's type.
    """
    return _adapter(into).validate_python(dict(row.items()))


@cache
def _adapter(into: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(into)
