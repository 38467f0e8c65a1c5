"""Bytes that claim to be JSON: whatever they are, they are read exactly or refused with a path."""

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from activities.storefronts.payload import Count, NumericId, Payload, read_payload
from activities.storefronts.storefront import PayloadMalformed
from schemas.incoming.facts import ProductFact, StockFact
from tests.storefronts.shop import ANSWERED, PAYLOADS, facts_in, headers, product

TOPICS = st.sampled_from(sorted(ANSWERED))


def read(body: bytes, topic: str) -> Any:
    return facts_in(body, headers(body, topic))


class Shape(Payload):
    id: NumericId = None
    count: Count = None


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
OURS = "".join((PAYLOADS / name).read_text() for name in ("products_update.json", "inventory_levels_update.json"))
FIELDS = st.sampled_from(sorted({*re.findall(r'"(\w+)":', OURS), "inventory_management", "src"}))
LIKELY = st.sampled_from(
    ["deny", "active", "2021-12-31T19:00:00-05:00", "2021-12-31", "gid://shopify/Product/1", "19.99", "\0", "\ud800"]
) | st.integers(-(2**70), 2**70)
NEARLY_OURS = st.recursive(
    ANY_JSON | LIKELY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=8),
    max_leaves=20,
)


@given(body=st.binary(max_size=300), topic=TOPICS)
@example(body=b"", topic="products/update")
def test_any_bytes_are_read_or_malformed(body: bytes, topic: str) -> None:
    _read_or_refused(body, topic)


@given(value=ANY_JSON | st.dictionaries(FIELDS, NEARLY_OURS), topic=TOPICS)
def test_any_json_is_read_or_malformed(value: object, topic: str) -> None:
    _read_or_refused(json.dumps(value).encode(), topic)


@given(field=FIELDS, value=NEARLY_OURS, inside=st.booleans())
def test_a_product_with_any_field_changed_is_read_or_malformed(field: str, value: object, inside: bool) -> None:
    changed = product(variants=[{"id": 31, field: value}]) if inside else product(**{field: value})
    _read_or_refused(json.dumps(changed).encode(), "products/update")


def _read_or_refused(body: bytes, topic: str) -> None:
    try:
        said = [fact.model_dump_json() for fact in read(body, topic)]
    except PayloadMalformed as problem:
        said = [str(problem)]
    for text in said:
        assert text.encode()
        assert "\\u0000" not in text


@given(item=st.integers(1, 2**64 - 1), location=st.integers(1, 2**64 - 1))
def test_every_id_survives_to_its_last_digit(item: int, location: int) -> None:
    level = {"inventory_item_id": item, "location_id": str(location), "available": -3}
    (stock,) = read(json.dumps(level).encode(), "inventory_levels/update")
    assert isinstance(stock, StockFact)
    assert (stock.inventory_item_id, stock.location_id) == (str(item), str(location))
    (shown,) = read(json.dumps(product(id=item, variants=[{"id": location}])).encode(), "products/update")
    assert isinstance(shown, ProductFact)
    assert (shown.product_id, shown.variants[0].variant_id) == (str(item), str(location))


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        (b"", "$", "not JSON"),
        (b"{", "$", "line 1, column 2"),
        (b"{} {}", "$", "not JSON"),
        (b"\xff\xfe{\0}\0", "$", "not UTF-8: byte 0"),
        (b"\xef\xbb\xbf{}", "$", "BOM"),
        (b'{"title":"\xc3("}', "$", "not UTF-8: byte 10"),
        (b"[]", "$", "not an object"),
        (b"null", "$", "not an object"),
        (b'{"id":1,"id":2}', "$..['id']", "twice"),
        (b'{"a":[{"b":1,"b":1}]}', "$..['b']", "twice"),
        (b'{"\\ud800":1,"\\ud800":1}', "$..['\\ud800']", "twice"),
        (b'{"a":NaN}', "$", "NaN is not a JSON value"),
        (b'{"a":-Infinity}', "$", "-Infinity is not a JSON value"),
        (b'{"a":' + b"1" * 5000 + b"}", "$", "100 digits"),
        (b'{"a":0.' + b"1" * 5000 + b"}", "$", "too long"),
        (b'{"a":1e99999999999999999999}', "$", "exponent"),
        (b'{"a":' + b"[" * 100_000, "$", "too deeply"),
        (b'{"count":true}', "$.count", "not a number of units"),
        (b'{"count":"many"}', "$.count", "not a number of units"),
        (b'{"count":1e30}', "$.count", "not a number of units"),
        (b'{"count":2147483648}', "$.count", "less than 2147483648"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(body: bytes, path: str, message: str) -> None:
    with pytest.raises(PayloadMalformed) as problem:
        read_payload(body, Shape)
    assert problem.value.path == path
    assert message in problem.value.message


@pytest.mark.parametrize(
    ("written", "units"),
    [("2", 2), ("2.0", 2), ("2.5", 2), ('"2.5"', 2), ('"3"', 3), ("0.5", 0), ("-0.5", -1), ("2e1", 20)],
)
def test_of_a_part_of_a_unit_nothing_counts_for_it_cannot_be_sold(written: str, units: int) -> None:
    assert read_payload(b'{"count":' + written.encode() + b"}", Shape).count == units


def test_fields_of_other_versions_are_not_looked_at() -> None:
    assert read_payload(b'{"id":7,"a":{"b":[1e30,"\\ud800"]}}', Shape) == Shape(id="7")


def test_a_refusal_does_not_repeat_what_the_body_says() -> None:
    with pytest.raises(PayloadMalformed) as problem:
        read_payload(b'{"count":"jo@example.com"}', Shape)
    assert "jo@" not in str(problem.value)
