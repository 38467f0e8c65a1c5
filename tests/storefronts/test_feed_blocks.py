"""A feed of which blocks are left out: what is read of it is what would be read of the whole one, in every format."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.comparing import Comparing, Known, ReadRow
from activities.storefronts.feeds.layout import Layout
from activities.storefronts.feeds.reading import FeedFormat, Leaving, read_blocks
from activities.storefronts.feeds.rows import FeedError, FeedRow, LayoutVoid, Passed, RawRow, ReadItem
from tests.storefronts.test_feed_comparing import good, packed
from tests.storefronts.test_feeds import FeedShop, item
from tests.storefronts.test_feeds import shop as shop

Row = dict[str, str]


def as_json(rows: list[Row]) -> bytes:
    """As Klaviyo takes it."""
    return json.dumps([{**row, "categories": [{"of": [row["title"], "]"]}]} for row in rows], indent=1).encode()


def as_xml(rows: list[Row]) -> bytes:
    """As Google takes it, with all that XML has beside elements."""
    begin = '<?xml version="1.0"?><rss><channel><title><![CDATA[<item>]]></title><!-- <item> -->\n'
    one = "<item a='>'><!-- </item> --><?p </item>?>{}</item>\n"
    cells = ("".join(f"<g:{key}><![CDATA[{value}]]></g:{key}>" for key, value in row.items()) for row in rows)
    whole = begin.replace("<rss>", '<rss xmlns:g="http://base.google.com/ns/1.0">') + "".join(map(one.format, cells))
    return (whole + "</channel></rss>").encode()


def as_text(rows: list[Row]) -> bytes:
    """As a spreadsheet writes it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(["id", "item_group_id", "title", "price"])
    for row in rows:
        if "#" in row["title"]:
            file.write("# a word between\r\n")
        writer.writerow([row["id"], row["item_group_id"], row["title"], row["price"]])
    return file.getvalue().encode()


WRITERS: list[Callable[[list[Row]], bytes]] = [as_json, as_xml, as_text]
TITLES = ['5" pipe', 'a, "b"', "line\nbreak", "</b>", "{[", "\\", "Ä", "# 1", "", "x" * 300, "'"]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 60).map(str),
            "item_group_id": st.sampled_from(["g", "h", ""]),
            "title": st.sampled_from(TITLES),
            "price": st.sampled_from(["1 EUR", "2 EUR", "2 EUR", "2 USD", "1", "x"]),
        }
    ),
    max_size=40,
)


@dataclass(frozen=True)
class Reading:
    """What came of one."""

    rows: list[ReadRow]
    same: int
    layout: Layout
    parsed: int
    ended: str


def read(content: bytes, known: Known, before: Layout | None, **columns: str) -> Reading:
    comparing = Comparing(own := Columns.of(columns), 1, before)
    leaving = None if before is None else comparing.leaving(known)
    parsed: list[RawRow] = []

    def counted() -> Iterator[ReadItem]:
        for each in read_blocks(io.BytesIO(content), own, None, leaving):
            if isinstance(each, RawRow):
                parsed.append(each)
            yield each

    found: list[ReadRow] = []
    same, ended = 0, ""
    try:
        for each in comparing.changed(counted(), known):
            if isinstance(each, int):
                same += each
            else:
                found.append(each)
    except FeedError as error:
        ended = str(error)
    return Reading(found, same, comparing.layout, len(parsed), ended)


def digests(reading: Reading) -> set[int]:
    """Of all rows that could be read."""
    return {digest for digest, _ in good([*reading.rows]).values()}


def told(reading: Reading) -> list[object]:
    """What matters of it: rows beside changed ones may be read or not."""
    return [reading.ended, [(each.nth, each.row) for each in reading.rows], len(reading.rows) + reading.same]


@pytest.mark.parametrize("written", WRITERS)
@given(before=ROWS, after=ROWS, forgotten=st.integers(0, 3))
def test_what_is_left_out_changes_nothing(
    written: Callable[[list[Row]], bytes], before: list[Row], after: list[Row], forgotten: int
) -> None:
    first = read(written(before), Known(), Layout())
    assert told(first) == told(read(written(before), Known(), None))
    left = sorted(digests(first))[forgotten:]
    whole_known, known = Known(packed({*left})), Known(packed({*left}))
    # What comes after may be the end of what was before, changed in its midst, or something else.
    for changed in (before, before[3:], [*before, *after], [*before[:9], *after, *before[9:]], after):
        whole_known, known = Known(packed({*left})), Known(packed({*left}))
        whole = read(written(changed), whole_known, None)
        try:
            some = read(written(changed), known, Layout.unpacked(first.layout.packed()))
        except LayoutVoid:
            continue  # Another currency than before: it is read without.
        assert some.ended == whole.ended
        assert len(some.rows) + some.same == len(whole.rows) + whole.same
        by_number = {each.nth: each for each in whole.rows}
        mine = {each.nth: each for each in some.rows}
        news = {nth for nth, each in by_number.items() if each.raw not in left or not isinstance(each.row, FeedRow)}
        assert {nth for nth, each in mine.items() if each.raw not in left or not isinstance(each.row, FeedRow)} == news
        assert all(mine[nth] == by_number[nth] for nth in news)
        assert sorted(known.unseen()) == sorted(whole_known.unseen())
        assert sorted(known.repeated()) == sorted(whole_known.repeated())


def catalogue(rows: int) -> list[Row]:
    """Four variants of each product."""
    return [
        {"id": f"v{n}", "item_group_id": f"p{n // 4}", "title": TITLES[n % 8] or "T", "price": f"{n} EUR"}
        for n in range(rows)
    ]


@pytest.mark.parametrize("written", WRITERS)
def test_of_a_feed_that_comes_again_hardly_anything_is_parsed(written: Callable[[list[Row]], bytes]) -> None:
    rows = [row | {"title": row["title"].replace("#", "")} for row in catalogue(2000)]
    first = read(written(rows), Known(), Layout())
    assert first.parsed == 2000
    again = read(written(rows), Known(packed(digests(first))), first.layout)
    assert (again.rows, again.same) == ([], 2000)
    assert again.parsed < 80
    rows[1000]["title"] = "Another"
    del rows[400:410]
    rows.insert(1700, rows.pop(200))
    moved = read(written(rows), Known(packed(digests(first))), again.layout)
    assert [each.row.id for each in moved.rows if each.raw not in digests(first)] == ["v1000"]
    assert moved.parsed < 250
    assert len(moved.layout) > len(first.layout) * 0.9


@pytest.mark.parametrize("written", WRITERS)
def test_what_a_row_is_read_by_is_part_of_what_is_known_of_it(written: Callable[[list[Row]], bytes]) -> None:
    rows = catalogue(300)
    first = read(written(rows), Known(), Layout())
    known = packed(digests(first))
    assert read(written(rows), Known(known), first.layout, brand="title").parsed == 300
    assert read(written(rows), Known(), first.layout).parsed == 300


@pytest.mark.parametrize("written", WRITERS)
def test_a_feed_that_names_another_currency_than_before_is_read_whole(written: Callable[[list[Row]], bytes]) -> None:
    rows = catalogue(300)
    first = read(written(rows), Known(), Layout())
    rows[0]["price"] = "1 USD"
    with pytest.raises(LayoutVoid):
        read(written(rows), Known(packed(digests(first))), first.layout)


@pytest.mark.parametrize(
    "content",
    [
        as_json(catalogue(50)).replace(b"[", b"[\n 7,", 1).replace(b'"id"', b'"id":[[[[[[[[[]]]]]]]]], "id"'),
        as_xml(catalogue(50)).replace(b"</channel>", b"<item><entry/></item></channel>"),
        as_xml(catalogue(50)).replace(b"?>", b"?><!DOCTYPE rss>", 1),
        as_xml(catalogue(50)).replace(b"?>", b' encoding="Shift_JIS"?>', 1),
        as_text(catalogue(50)).replace(b"\r\n", b"\r"),
        b"\xff\xfe" + as_text(catalogue(50)).decode().encode("utf-16-le"),
    ],
)
def test_a_feed_written_in_an_unforeseen_way_is_read_all_the_same(content: bytes) -> None:
    whole = read(content, Known(), None)
    first = read(content, Known(), Layout())
    assert told(first) == told(whole)
    assert whole.parsed
    known = packed(digests(first))
    again = read(content, Known(known), first.layout)
    assert told(again) == told(read(content, Known(known), None))
    assert again.parsed


def test_marks_in_the_wrong_places_void_what_is_known() -> None:
    content = as_json([row | {"title": "x"} for row in catalogue(300)])
    comparing = Comparing(Columns())
    leaving = Leaving(Layout(), lambda _: True, b"", Layout())
    rows = list(read_blocks(io.BytesIO(content), Columns(), FeedFormat.JSON, leaving))
    marks = [each for each in rows if isinstance(each, Passed)]
    assert len(marks) > 20
    left_out = [replace(marks[0], first=0, last=1, rows=4)]
    comparing = Comparing(Columns(), 1, Layout(currency="USD"))
    with pytest.raises(LayoutVoid):
        list(comparing.changed([*rows[:3], *left_out], Known()))


async def test_variants_of_one_product_far_apart_are_found_where_they_were_left_out(shop: FeedShop) -> None:
    await shop.add()
    rows = [item(f"{of}{number}", item_group_id=of) for number in range(60) for of in "abcdefgh"]
    await shop.told(*rows)
    rows[77] |= {"inventory_quantity": 9}
    counts = await shop.told(*rows)
    assert (counts.rows, counts.changed, counts.gone) == (480, 1, 0)
    assert await shop.pool.fetchval("select count(*) from variants where not removed") == 480
    counts = await shop.told(*rows[:200], *rows[208:])
    assert (counts.rows, counts.changed) == (472, 8)
    assert await shop.pool.fetchval("select count(*) from variants where not removed") == 472
