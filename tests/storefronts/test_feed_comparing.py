"""A feed read again: what is as it was is passed over, and what comes of it is the same as if nothing were known."""

import io
import json
import struct
from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.comparing import Comparing, Known, ReadRow
from activities.storefronts.feeds.reading import read_feed
from activities.storefronts.feeds.rows import BadRow, FeedRow
from tests.storefronts.test_feeds import FeedShop, item
from tests.storefronts.test_feeds import shop as shop

Row = dict[str, object]


def packed(digests: set[int]) -> bytes:
    return struct.pack(f">{len(digests)}q", *sorted(digests))


def read(rows: list[Row], known: Known, columns: Columns | None = None, in_stock: int = 1) -> list[ReadRow | None]:
    """None for each row that is as it was."""
    columns = columns or Columns()
    read_ = read_feed(io.BytesIO(json.dumps(rows).encode()), columns)
    return each_row(Comparing(columns, in_stock).changed(read_, known))


def each_row(found: Iterable[ReadRow | int]) -> list[ReadRow | None]:
    rows: list[ReadRow | None] = []
    for each in found:
        rows.extend([None] * each if isinstance(each, int) else [each])
    return rows


def good(found: list[ReadRow | None]) -> dict[int, tuple[int, FeedRow]]:
    """The rows that could be read and their digests, by number."""
    return {
        each.nth: (each.raw, each.row)
        for each in found
        if each is not None and isinstance(each.row, FeedRow) and each.raw is not None
    }


_ID: dict[str, st.SearchStrategy[object]] = {"id": st.sampled_from(["a", "b", "c", "d", ""])}
_MORE: dict[str, st.SearchStrategy[object]] = {
    "item_group_id": st.sampled_from(["g", "h", " "]),
    "price": st.sampled_from(["1 EUR", "2 EUR", "2 USD", "1", "x", 1, 1.5, True]),
    "sale_price": st.sampled_from(["1 EUR", "1 USD", "x"]),
    "title": st.sampled_from(["T", "t", "\ud800", "?"]),
    "categories": st.sampled_from([["A"], "A", [["A"]]]),
}
ROWS: st.SearchStrategy[list[Row]] = st.lists(st.fixed_dictionaries(_ID, optional=_MORE), max_size=8)


@given(ROWS, ROWS)
def test_what_is_passed_over_means_what_it_meant_and_all_else_is_read_as_if_nothing_were_known(
    before: list[Row], after: list[Row]
) -> None:
    meant = dict(good(read(before, Known())).values())
    anew = [each for each in read(after, Known()) if each is not None]
    known = Known(packed(set(meant)))
    again = [each for each in read(after, known) if each is not None]
    assert len(read(after, Known(packed(set(meant))))) == len(anew)
    seen = {each.nth for each in again}
    for each in anew:
        if each.nth in seen:
            assert each in again
        else:
            assert isinstance(each.row, FeedRow)
            assert each.raw is not None
            was = meant[each.raw]
            assert [getattr(was, name) for name in FeedRow.__slots__ if name != "line"] == [
                getattr(each.row, name) for name in FeedRow.__slots__ if name != "line"
            ]


@given(ROWS, st.sets(st.integers(0, 7)))
def test_those_that_are_wanted_are_read_as_they_were_the_first_time(rows: list[Row], which: set[int]) -> None:
    first = good(read(rows, Known()))
    wanted = {digest for nth, (digest, _) in first.items() if nth in which}
    columns = Columns()
    found = Comparing(columns).wanted(read_feed(io.BytesIO(json.dumps(rows).encode()), columns), Known(packed(wanted)))
    assert good(each_row(found)) == {nth: each for nth, each in first.items() if each[0] in wanted}


def test_of_a_product_that_changed_the_rows_beside_are_read_too() -> None:
    rows: list[Row] = [item(each, item_group_id=each[0]) for each in ("a1", "a2", "a3", "b1", "b2")]
    known = Known(packed({digest for digest, _ in good(read(rows, Known())).values()}))
    rows[1] = item("a2", 9, item_group_id="a")
    assert [each and each.nth for each in read(rows, known)] == [0, 1, 2, None, None]


def test_a_row_is_another_one_by_what_else_it_is_read_by() -> None:
    rows: list[Row] = [{"id": "a", "availability": "in stock", "price": 1}]
    ((digest, _),) = good(read(rows, Known())).values()
    assert read(rows, Known(packed({digest}))) == [None]
    assert read(rows, Known(packed({digest})), in_stock=2) != [None]
    assert read(rows, Known(packed({digest})), Columns.of({}, "FR")) != [None]
    assert read([{"id": "b", "price": "1 EUR"}, *rows], Known(packed({digest})))[1] is not None


def test_lists_without_end_are_a_row_that_cannot_be_known_again() -> None:
    deep = "[" * 900 + "1.5" + "]" * 900
    columns = Columns()
    content = f'[{{"id": "a", "title": "A", "categories": {deep}}}]'.encode()
    (found,) = Comparing(columns).changed(read_feed(io.BytesIO(content), columns), Known())
    assert isinstance(found, ReadRow)
    assert isinstance(found.row, FeedRow | BadRow)


async def _state(shop: FeedShop) -> list[object]:
    products = "select product_id, title, on_sale, collections from products order by 1"
    variants = "select variant_id, product_id, title, price, removed, elsewhere from variants order by 1"
    rows = "select variant_id, place, product_id, digest from feed_rows order by 1, 2"
    return [[tuple(row) for row in await shop.pool.fetch(each)] for each in (products, variants, rows)]


A1, A2, B1, B2 = (item(each, item_group_id=each[0]) for each in ("a1", "a2", "b1", "b2"))
C = item("c")


@pytest.mark.parametrize(
    "after",
    [
        [A1, B1, {**A2, "inventory_quantity": 9}, B2, C],
        [A1, B1, B2, C],
        [B2, {**B1, "item_group_id": "a"}, A1, A2, C],
        [{**A1, "inventory_quantity": 9}, B1, A2, A1, B2, C],
        [A1, B1, A2, {**A1, "inventory_quantity": 9}, B2, C],
        [A1, B1, A2, A1, B2, C],
        [A1, B1, A2, A1, {**B2, "title": "Two"}, C, C],
        [{**A1, "price": "x"}, B1, A2, A1, B2],
        [A1, {**B1, "price": "10.0"}, A2, B2, {**C, "price": "10.00"}],
        [{**A1, "price": "x"}, {**B1, "price": "2 USD"}, A2, B2, C],
        [{"id": None}, A2, B1, B2],
    ],
)
async def test_whatever_stands_where_a_feed_read_again_is_as_if_it_was_read_without_comparing(
    shop: FeedShop, after: list[Row]
) -> None:
    await shop.add(keep_share=Decimal(0))
    told: list[object] = []
    for compared in (False, True):
        await shop.pool.execute(
            "delete from feed_rows; delete from variants_named_twice; delete from variants; delete from products"
        )
        await shop.told(A1, B1, A2, B2, C)
        if not compared:
            await shop.pool.execute("update feed_rows set raw = null")
        counts = await shop.told(*after)
        again = await shop.told(*after, {"id": "", "title": "its server does not say that it is as it was"})
        told.append([counts, again, await _state(shop)])
    assert told[0] == told[1]
    assert await shop.pool.fetchval("select count(*) from feed_rows where raw is null") == 0


async def test_a_file_that_is_the_same_is_not_parsed_though_its_server_does_not_say_so(shop: FeedShop) -> None:
    shop.server.headers = {"etag": '"1"'}
    await shop.add()
    assert (await shop.told(item("a"))).became == "applied"
    shop.server.headers = {"etag": '"2"'}
    assert (await shop.read()).became == "unchanged"
    await shop.add(in_stock_units=3)
    assert (await shop.read()).became == "applied"


async def test_what_was_applied_halfway_is_compared_with_no_version_of_before(
    shop: FeedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.add()
    await shop.told(item("a", 1))

    async def breaks(*_: object, **__: object) -> AsyncGenerator[int]:
        yield 0
        raise RuntimeError

    shop.has(item("a", 2))
    with monkeypatch.context() as patched:
        patched.setattr("activities.intake.feed_applying.Applying._levels", breaks)
        with pytest.raises(RuntimeError):
            await shop.read()
    assert await shop.units() == {"a": 2}
    assert (await shop.told(item("a", 1))).changed == 1
    assert await shop.units() == {"a": 1}


async def test_what_was_held_is_held_no_more_once_the_feed_is_again_what_was_applied(shop: FeedShop) -> None:
    await shop.add()
    items = [item(f"a{number}") for number in range(10)]
    await shop.told(*items)
    assert (await shop.told(*items[:3])).became == "held"
    assert (await shop.told(*items)).became == "unchanged"
    assert (await shop.report()).held_for is None


async def test_a_row_whose_time_comes_is_read_though_it_is_as_it_was(shop: FeedShop) -> None:
    await shop.add()
    now = datetime.now(UTC)
    dates = f"{now - timedelta(hours=2):%Y-%m-%dT%H:%MZ}/{now + timedelta(hours=1):%Y-%m-%dT%H:%MZ}"
    items = [item("a", sale_price="7.50", sale_price_effective_date=dates), item("b")]
    await shop.told(*items)
    # As if the sale had begun this moment only, and what the row meant until then was applied.
    await shop.pool.execute("update feed_rows set changes_at = now(), digest = 0 where variant_id = 'a'")
    await shop.pool.execute("update feeds set price_changes_at = now()")
    assert (await shop.read()).changed == 1
    assert (await shop.report()).due_at <= datetime.fromisoformat(dates.partition("/")[2])
    changes_at = await shop.pool.fetchval("select changes_at from feed_rows where variant_id = 'a'")
    assert changes_at == datetime.fromisoformat(dates.partition("/")[2])
