"""How the simulated Shopify answers GraphQL: by its schema, priced in points, and as a bulk file's lines."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    execute_sync,  # pyright: ignore[reportUnknownVariableType] - graphql-core leaves a part of its type open
    parse,
    validate,
)
from graphql.language import IntValueNode

SCHEMA = build_schema(Path(__file__).with_name("admin.graphql").read_text(encoding="utf-8"))
DEAREST = 1000
"""Points of a single query."""
MUTATION = 10


class Bucket:
    """Points that come back at so many a second: of the Standard plan by default.

    Attributes:
        throttled: how often they did not suffice.

    Args:
        dearer: queries are priced so many times as high.
    """

    def __init__(self, size: float = 2000, restored: float = 100, dearer: int = 1) -> None:
        self.size, self.restored, self.dearer = size, restored, dearer
        self.throttled = 0
        self._there, self._at = size, time.monotonic()

    @property
    def there(self) -> float:
        now = time.monotonic()
        self._there, self._at = min(self.size, self._there + (now - self._at) * self.restored), now
        return self._there

    def take(self, points: float) -> None:
        self._there = self.there - points

    def told(self) -> dict[str, float]:
        return {"maximumAvailable": self.size, "currentlyAvailable": int(self.there), "restoreRate": self.restored}


def name_of(query: str) -> str:
    """What a query is called in its document."""
    operation = _operation(parse(query))
    return operation.name.value if operation.name else ""


def answered(root: dict[str, Any], bucket: Bucket, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an answer."""
    document = parse(query)
    operation = _operation(document)
    if wrong := validate(SCHEMA, document):
        return {"errors": [each.formatted for each in wrong]}
    changes = operation.operation.value == "mutation"
    price = MUTATION if changes else points(operation.selection_set, variables) * bucket.dearer
    if price > DEAREST:
        told = f"Query cost is {price}, which exceeds the single query max cost limit ({DEAREST})."
        return {"errors": [{"message": told, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": price}}]}
    if price > bucket.there:
        bucket.throttled += 1
        cost = {"requestedQueryCost": price, "actualQueryCost": None, "throttleStatus": bucket.told()}
        throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        return {"errors": [throttled], "extensions": {"cost": cost}}
    result = execute_sync(SCHEMA, document, root, variable_values=dict(variables))
    bucket.take(actual := MUTATION if changes else sum(1 for _ in _objects(result.data)))
    cost = {"requestedQueryCost": price, "actualQueryCost": actual, "throttleStatus": bucket.told()}
    errors = {"errors": [error.formatted for error in result.errors]} if result.errors else {}
    return {"data": result.data, "extensions": {"cost": cost}} | errors


def _operation(document: DocumentNode) -> OperationDefinitionNode:
    return next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))


def points(selections: SelectionSetNode, variables: Mapping[str, Any]) -> int:
    """What a query costs: an object one point; a list two, and so many times its objects as it asks for."""
    total = 0
    for each in selections.selections:
        if isinstance(each, InlineFragmentNode):
            total += points(each.selection_set, variables)
        if not isinstance(each, FieldNode) or each.selection_set is None or each.name.value == "pageInfo":
            continue
        inner = points(each.selection_set, variables)
        arguments = {given.name.value: given.value for given in each.arguments or ()}
        if "first" in arguments:
            first = arguments["first"]
            asked = (
                int(first.value) if isinstance(first, IntValueNode) else variables[cast(VariableNode, first).name.value]
            )
            total += 2 + asked * inner
        elif "ids" in arguments:
            total += len(variables["ids"]) * (1 + inner)
        else:
            total += 1 + inner
    return total


def _objects(value: object) -> Iterator[object]:
    match value:
        case dict():
            yield value
            for each in cast("dict[str, object]", value).values():
                yield from _objects(each)
        case list():
            for each in cast("list[object]", value):
                yield from _objects(each)
        case _:
            pass


def why_no_bulk_query(query: str) -> str | None:
    """What Shopify says of a bulk query that it does not run."""
    document = parse(query)
    if validate(SCHEMA, document):
        return "Invalid bulk query."
    found = list(_connections(_operation(document).selection_set, 0))
    if not found:
        return "Bulk queries must contain at least one connection."
    if len(found) > 5:
        return "Bulk queries cannot contain more than 5 connections."
    if max(depth for _, depth in found) > 2:
        return "Bulk queries cannot contain connections with a nesting depth greater than 2."
    if not all("edges" in _names(field.selection_set) for field, _ in found):
        return "All connection fields in a bulk query must select their contents using 'edges' > 'node'."
    return None


def _names(selections: SelectionSetNode | None) -> set[str]:
    return {each.name.value for each in (selections.selections if selections else ()) if isinstance(each, FieldNode)}


def _connections(selections: SelectionSetNode, depth: int) -> Iterator[tuple[FieldNode, int]]:
    for each in selections.selections:
        if isinstance(each, FieldNode) and each.selection_set is not None:
            is_one = bool({"edges", "nodes"} & _names(each.selection_set))
            if is_one:
                yield each, depth
            yield from _connections(each.selection_set, depth + is_one)


def bulk_lines(root: dict[str, Any], query: str) -> tuple[list[dict[str, Any]], int]:
    """The objects of a bulk query one by one, each after its parent, and how many are at its root.

    Raises:
        GraphQLError: a scope is missing.
    """
    result = execute_sync(SCHEMA, parse(query), root)
    if result.errors:
        raise GraphQLError(result.errors[0].message, extensions=result.errors[0].extensions)
    lines: list[dict[str, Any]] = []
    roots = 0
    for listed in (result.data or {}).values():
        roots += len(listed["edges"])
        for edge in listed["edges"]:
            _line(edge["node"], None, lines)
    return lines, roots


def _line(node: dict[str, Any], parent: str | None, lines: list[dict[str, Any]]) -> None:
    children: list[dict[str, Any]] = []
    line = _without_lists(node, children)
    lines.append(line | ({"__parentId": parent} if parent else {}))
    for child in children:
        _line(child, node["id"], lines)


def _without_lists(value: dict[str, Any], children: list[dict[str, Any]]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, each in value.items():
        inner = cast("dict[str, Any]", each) if isinstance(each, dict) else None
        if inner is not None and "edges" in inner:
            children += [edge["node"] for edge in inner["edges"]]
        else:
            kept[name] = each if inner is None else _without_lists(inner, children)
    return kept
