"""Documents with alerts of every type: what is written is read, whatever stands where, and what it means is kept."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, TypeAlias, cast

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.low_inventory import LowInventory
from schemas.document.alert_types.price_drop import Drop, PriceDrop, format_drop, parse_drop
from schemas.document.alert_types.vocabulary import Order
from schemas.document.conversation import ConversationDocument
from schemas.ids import VersionId
from starter.documents import check, load_document
from tests.documents.any_document import documents
from tests.documents.starters import BACK, CART_PRICE, LOW, PRICE, REMINDERS, STARTERS
from workflows.compiler.compile import compile_document
from workflows.compiler.diagnostics import Path, format_path

LARGEST_PROGRAM = 4096
"""Bytes of a starter's program: it lies in the start input of every journey."""

OPTION = re.compile(r"^( +)# [a-z_]+:( .*)?$(\n\1#   .*$)*", re.MULTILINE)
"""An option in a comment, with the lines that belong to it."""

Written: TypeAlias = dict[str, Any]
"""A document as YAML has it; what stands where is what these tests vary."""


def _written(document: ConversationDocument) -> Written:
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


class _Quoting(yaml.SafeDumper):
    """Every text in quotes: by YAML 1.1, whose rules PyYAML writes by, `1e+100` is one without them."""


def _quoted(dumper: _Quoting, text: str) -> yaml.ScalarNode:
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')  # pyright: ignore[reportUnknownMemberType] - PyYAML's stubs leave the value open
    return node


_Quoting.add_representer(str, _quoted)


def _dump(written: Written) -> str:
    text: str = yaml.dump(written, Dumper=_Quoting, allow_unicode=True)
    return text


@given(documents())
@settings(max_examples=50)
def test_every_document_that_is_written_is_read_back_the_same(document: ConversationDocument) -> None:
    text = _dump(_written(document))
    assert check(text, "f").diagnostics == ()
    assert load_document(text, "f") == document


_words = st.sampled_from(
    ["", "all", "2 days", "10%", "cart", "price-drop", "variant", "EUR", "a@b.example", "x: y", "None"]
)
_names = st.sampled_from(["after", "times", "all", "product.price", "[key]", "x"])
_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2000),
    st.floats(allow_nan=False, allow_infinity=False),
    _words,
    st.text(max_size=5),
    st.lists(st.integers() | st.text(max_size=3), max_size=2),
    st.dictionaries(_names, st.text(max_size=3), max_size=2),
)
_fields = st.sampled_from(
    [
        *sorted({*BackInStock.model_fields, *PriceDrop.model_fields, *LowInventory.model_fields}),
        "back-in-stock",
        "low-inventory",
        "[key]",
        "constrained-int",
    ]
)


@given(documents(), st.data())
@settings(max_examples=100)
def test_a_slip_anywhere_in_an_alert_or_list_is_told_at_a_place_that_exists(
    document: ConversationDocument, data: st.DataObject
) -> None:
    written = _written(document)
    section: Written = data.draw(st.sampled_from([written["list"], *written["alerts"].values()]))
    field = data.draw(st.sampled_from(sorted(section)) | _fields)
    if data.draw(st.booleans()):
        section.pop(field, None)
    else:
        section[field] = data.draw(_values)
    report = check(json.dumps(written), "f")
    places = {format_path(path) for path in _places(written, ())}
    for diagnostic in report.diagnostics:
        assert diagnostic.path in places, diagnostic
        assert all((diagnostic.message, diagnostic.advice))
        assert "\n" not in str(diagnostic)
    if report.ok:
        load_document(json.dumps(written), "f")


def _places(value: Any, path: Path) -> Iterator[Path]:
    """Every path that there is."""
    yield path
    if isinstance(value, dict):
        for name, below in cast("Written", value).items():
            yield from _places(below, (*path, name))
    if isinstance(value, list):
        for index, below in enumerate(cast("list[Any]", value)):
            yield from _places(below, (*path, index))


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_every_starter_has_no_mistakes_and_no_notes_and_a_small_program(path: FilePath) -> None:
    text = path.read_bytes()
    report = check(text, path.name)
    assert (report.diagnostics, report.warnings) == ((), ())
    program = compile_document(load_document(text, path.name), VersionId("starter@1"))
    assert len(program.model_dump_json().encode()) <= LARGEST_PROGRAM


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_every_option_that_a_starter_offers_in_a_comment_is_right(path: FilePath) -> None:
    text = path.read_text(encoding="utf-8")
    options = list(OPTION.finditer(text))
    assert options
    for option in options:
        changed = text[: option.start()] + option[0].replace("# ", "", 1).replace("#  ", "  ") + text[option.end() :]
        diagnostics = check(changed, path.name).diagnostics
        assert diagnostics == (), (option[0], [str(diagnostic) for diagnostic in diagnostics])


def test_the_starters_say_what_their_comments_say() -> None:
    back = load_document(REMINDERS, "f").alerts["back-in-stock"]
    assert isinstance(back, BackInStock)
    assert (back.contacts_per_unit, back.order) == (2, Order.FIRST_IN_FIRST_OUT)
    assert back.reminders is not None
    assert (back.reminders.after, back.reminders.times) == (timedelta(days=2), 2)
    price = [*load_document(PRICE, "f").alerts.values(), *load_document(CART_PRICE, "f").alerts.values()]
    assert [alert.drops_by for alert in price if isinstance(alert, PriceDrop)] == [
        Drop(percent=Decimal(10)),
        Drop(percent=Decimal(5)),
    ]
    low = load_document(LOW, "f").alerts["nearly-gone"]
    assert isinstance(low, LowInventory)
    assert (low.low_at, low.not_if_bought_within) == (3, timedelta(days=30))


def test_the_longer_back_in_stock_takes_the_place_of_the_shorter() -> None:
    short, long = load_document(BACK, "f"), load_document(REMINDERS, "f")
    assert (short.conversation, short.list.code, list(short.alerts)) == (
        long.conversation,
        long.list.code,
        list(long.alerts),
    )


@given(st.decimals("0.0001", 99_999, places=4), st.booleans())
def test_a_drop_is_read_back_as_it_was_written(number: Decimal, percent: bool) -> None:
    assume(not percent or number <= 100)
    drop = Drop(percent=number) if percent else Drop(amount=number)
    assert parse_drop(format_drop(drop)) == drop


@given(st.decimals("0.01", 10_000, places=2), st.decimals("0.01", 100, places=2))
def test_a_percentage_never_asks_for_less_than_nothing_and_always_for_a_drop(price: Decimal, percent: Decimal) -> None:
    assert 0 <= Drop(percent=percent).trigger(price) < price
    assert 0 <= Drop(amount=percent).trigger(price) < price
