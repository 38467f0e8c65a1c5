"""Each format of feed, by real samples of it; and that nothing at all but rows and `FeedError` comes of any bytes."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.intake.feed_staging import staged
from activities.storefronts.feeds.amounts import read_availability, read_period, read_price, read_units
from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.comparing import Comparing, Known
from activities.storefronts.feeds.json_bounds import DEEPEST, LONGEST_NUMBER, BoundedJson
from activities.storefronts.feeds.reading import FeedFormat, read_feed
from activities.storefronts.feeds.rows import Availability, BadRow, FeedCut, FeedError, FeedRow, Sale
from schemas.incoming.facts import Policy

PAYLOADS = Path(__file__).parent / "payloads" / "feeds"
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def rows(content: bytes, columns: Columns | None = None, format_: FeedFormat | None = None) -> list[FeedRow | BadRow]:
    columns = columns or Columns()
    read = Comparing(columns).changed(read_feed(io.BytesIO(content), columns, format_), Known())
    return [each.row for each in read if not isinstance(each, int)]


def good(content: bytes, columns: Columns | None = None) -> list[FeedRow]:
    found = rows(content, columns)
    assert not [row for row in found if isinstance(row, BadRow)]
    return [row for row in found if isinstance(row, FeedRow)]


Told = tuple[str, str, Decimal | None, str | None, int | None]

SAMPLES: dict[str, list[Told]] = {
    "custom_catalog_example.json": [
        ("KLAVIYO-TSHIRT1", "KLAVIYO-TSHIRT1", Decimal(10), None, 25),
        ("KLAVIYO-TSHIRT2", "KLAVIYO-TSHIRT2", Decimal(10), None, 30),
        ("KLAVIYO-TSHIRT3", "KLAVIYO-TSHIRT3", Decimal(10), None, 0),
    ],
    "variants_apparel.xml": [
        ("celebird-eg-variants-apparel-upi-001", "dz1", Decimal("105.29"), "USD", 1),
        ("celebird-eg-variants-apparel-upi-002", "dz1", Decimal("105.29"), "USD", 1),
    ],
    "misc_product_microdata.html": [("925872", "925872", Decimal("119.99"), "USD", 1)],
    "schema.org_product-ref.html": [("925872", "925872", Decimal("119.99"), "USD", 1)],
}
"""Of each file: the thing, its product, price, currency and units."""
UNREAD = {"misc_opengraph_ns_product_test.html.gz": "id: it is missing"}
"""Its microdata has neither SKU nor number; what it is called by is in its OpenGraph words alone."""


def test_every_sample_is_read() -> None:
    assert {path.name for path in PAYLOADS.iterdir()} == SAMPLES.keys() | UNREAD.keys() | {"SOURCES.md"}


@pytest.mark.parametrize("name", UNREAD)
def test_a_real_page_that_does_not_say_enough_says_what_is_missing(name: str) -> None:
    (row,) = rows((PAYLOADS / name).read_bytes())
    assert isinstance(row, BadRow)
    assert row.why == UNREAD[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_real_feed_says_what_it_should(name: str) -> None:
    found = good((PAYLOADS / name).read_bytes())
    assert [(r.id, r.product, r.price, r.currency, r.stock().quantity) for r in found] == SAMPLES[name]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("packed", ["gzip", "zip"])
def test_a_packed_feed_is_the_same(name: str, packed: str) -> None:
    content = (PAYLOADS / name).read_bytes()
    assert rows(PACKED[packed](content)) == rows(content)


def _zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("feed", content)
    return file.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {"no": bytes, "gzip": gzip.compress, "zip": _zipped}

CSV = (
    "# Required | the id of your things,# Required\r\n"
    'id,title,availability,price,link,"quantity_to_sell_on_facebook"\r\n'
    'a,"Mug, ""large""",in stock,9.99 EUR,https://shop.example/a,3\r\n'
    "b,Cup,available for order,8.00 EUR,https://shop.example/b,\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_is_read_in_any_encoding_and_with_any_separator(encoding: str, delimiter: str) -> None:
    text = CSV.replace("Cup", "Café").replace('"Mug, ""large"""', '"Mug; ""large"""').replace(",", delimiter)
    found = good(text.encode(encoding))
    assert [(row.line, row.id, row.title, row.price) for row in found] == [
        (3, "a", 'Mug; "large"', Decimal("9.99")),
        (4, "b", "Café", Decimal(8)),
    ]
    assert (found[0].stock().quantity, found[1].stock().policy) == (3, Policy.CONTINUE)


def test_json_is_read_in_utf_16_too() -> None:
    content = (PAYLOADS / "custom_catalog_example.json").read_text(encoding="utf-8")
    assert rows(content.encode("utf-16")) == rows(content.encode())


def test_klaviyos_names_may_have_a_dollar_before_them() -> None:
    item = {"id": 7, "title": "A", "$inventory_quantity": "2", "$inventory_policy": 2, "price": 1.5}
    (row,) = good(json.dumps([item]).encode())
    assert (row.id, row.quantity, row.sells_at_zero, row.price) == ("7", 2, True, Decimal("1.5"))


def test_an_atom_feed_is_read_as_an_rss_feed_is() -> None:
    (row,) = good(
        b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>A shop</title>'
        b'<entry><g:id>a</g:id><title>Ours</title><g:title>Mug</g:title><link href="https://shop.example/a"/>'
        b"<g:price>9.99 EUR</g:price><g:availability>out_of_stock</g:availability></entry></feed>"
    )
    assert (row.title, row.link, row.availability) == ("Mug", "https://shop.example/a", Availability.OUT_OF_STOCK)


def test_an_entity_of_a_document_type_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    for entity in (f'SYSTEM "{secret.as_uri()}"', '"secret"'):
        content = f"<!DOCTYPE rss [<!ENTITY e {entity}>]><rss><channel><item><id>a</id><title>x&e;</title></item>"
        found = rows(f"{content}</channel></rss>".encode())
        assert "secret" not in repr(found)


def test_an_entity_that_grows_is_not_followed() -> None:
    grows = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    content = f'<!DOCTYPE rss [<!ENTITY e0 "ha">{grows}]><rss><channel><item><id>a</id><title>&e11;</title></item>'
    _read_or_refused(f"{content}</channel></rss>".encode())


def test_a_page_with_json_ld_says_its_variants() -> None:
    product = {
        "@context": "https://schema.org/",
        "@graph": [
            {
                "@type": "ProductGroup",
                "productGroupID": "mug",
                "name": "Mug",
                "hasVariant": [
                    {
                        "@type": "Product",
                        "sku": f"mug-{colour}",
                        "name": f"Mug, {colour}",
                        "image": ["https://shop.example/mug.png"],
                        "offers": {
                            "@type": "Offer",
                            "price": 9.99,
                            "priceCurrency": "EUR",
                            "availability": availability,
                            "url": "https://shop.example/mug",
                        },
                    }
                    for colour, availability in (("red", "http://schema.org/InStock"), ("blue", "SoldOut"))
                ],
            }
        ],
    }
    page = f'<!doctype html><html><script type="application/ld+json">{json.dumps(product)}</script></html>'
    found = good(page.encode())
    assert [(row.id, row.product, row.price, row.currency, row.stock().quantity) for row in found] == [
        ("mug-red", "mug", Decimal("9.99"), "EUR", 1),
        ("mug-blue", "mug", Decimal("9.99"), "EUR", 0),
    ]


def test_a_page_of_something_else_is_no_feed() -> None:
    with pytest.raises(FeedError, match="no product"):
        rows(b"<!doctype html><html><body>Please log in</body></html>")


def test_a_shops_own_names_are_mapped_and_a_wrong_one_is_said() -> None:
    columns = Columns.of({"id": "SKU number", "quantity": "On hand"})
    (row,) = good(b"SKU number,title,On hand\n1,Mug,4\n", columns)
    assert (row.id, row.quantity) == ("1", 4)
    with pytest.raises(FeedError, match="'stock' to map"):
        Columns.of({"stock": "On hand"})


def test_a_row_in_another_currency_than_the_first_is_not_read() -> None:
    found = rows(b"id,title,price\na,A,1 EUR\nb,B,1 USD\n")
    assert [type(row) for row in found] == [FeedRow, BadRow]


@pytest.mark.parametrize("content", [b"", b" \n", b"[]", b"id,title\n", b"<rss><channel/></rss>"])
def test_a_feed_without_a_row_has_none(content: bytes) -> None:
    assert rows(content) == []


@pytest.mark.parametrize("name", ["custom_catalog_example.json", "variants_apparel.xml"])
def test_a_feed_that_breaks_off_is_cut_wherever_that_is(name: str) -> None:
    content = (PAYLOADS / name).read_bytes().rstrip()
    for end in range(len(content) - 1, len(content) // 2, -97):
        with pytest.raises(FeedCut):
            rows(content[:end])
    with pytest.raises(FeedCut):
        rows(gzip.compress(content)[:-40])


def test_a_table_that_breaks_off_within_a_row_is_cut() -> None:
    with pytest.raises(FeedCut, match="line 4"):
        rows(CSV[:-40].encode())


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("1" * 5000, "number of more than"),
        ("[" * 100_000 + "]" * 100_000, "levels deep"),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "levels deep"),
        ("1e" + "9" * 30, "exponent"),
    ],
    ids=["digits", "arrays", "objects", "exponent"],
)
@pytest.mark.parametrize("field", ["price", "gtin"])
def test_json_that_would_end_the_process_that_reads_it_is_refused(value: str, why: str, field: str) -> None:
    """ijson's parser crashes at such a number, and keeps a path for each level: gigabytes for these."""
    with pytest.raises(FeedCut, match=why):
        rows(f'[{{"id": "1", "{field}": {value}}}]'.encode())


def passed_on(content: bytes, size: int) -> bytes:
    bounded = BoundedJson(io.BytesIO(content))
    return b"".join(iter(lambda: bounded.read(size), b""))


JSON = st.recursive(
    st.text(st.sampled_from('\\"[{}]e1 é')) | st.integers() | st.none(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text('"\\[{', max_size=3), inside, max_size=3),
)


@given(JSON, st.integers(1, 5), st.sampled_from([0, 1, DEEPEST]))
def test_brackets_and_digits_in_texts_do_not_count_however_the_bytes_come(value: object, size: int, deep: int) -> None:
    text = json.dumps({"texts": ["[" * 2 * DEEPEST, "1" * 2 * LONGEST_NUMBER, value]}, ensure_ascii=False)
    within = "[" * deep + "]" * deep + text
    assert passed_on(within.encode(), size) == within.encode()
    with pytest.raises(FeedCut):
        passed_on((text + "[" * (DEEPEST + 1)).encode(), size)


def test_a_row_without_end_is_too_large() -> None:
    with pytest.raises(FeedError, match="1 MiB"):
        rows(b'[{"id": "' + b"a" * 3_000_000)


@pytest.mark.parametrize(
    ("text", "price", "currency"),
    [
        ("9.99 EUR", "9.99", "EUR"),
        ("9,99 EUR", "9.99", "EUR"),
        ("EUR 1.299,00", "1299", "EUR"),
        ("1,299.00 USD", "1299", "USD"),
        ("1 299,50 €", "1299.5", "EUR"),
        ("1,299 usd", "1299", "USD"),
        ("$ 5", "5", None),
        (Decimal("5.50"), "5.5", None),
        (0, "0", None),
    ],
)
def test_prices_as_feeds_write_them(text: object, price: str, currency: str | None) -> None:
    assert read_price(text) == (Decimal(price), currency)


@pytest.mark.parametrize(
    "text", ["", "free", "-1 EUR", "1 EUR 2", "1 EUR USD", True, None, [], "9" * 90, "NaN", "1..2"]
)
def test_what_is_no_price_is_none(text: object) -> None:
    with pytest.raises(ValueError, match=r"price"):
        read_price(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("in stock", Availability.IN_STOCK),
        ("in_stock", Availability.IN_STOCK),
        ("https://schema.org/InStock", Availability.IN_STOCK),
        ("  http://schema.org/OutOfStock ", Availability.OUT_OF_STOCK),
        ("out of stock", Availability.OUT_OF_STOCK),
        ("preorder", Availability.TO_ORDER),
        ("BackOrder", Availability.TO_ORDER),
        ("available for order", Availability.TO_ORDER),
        ("discontinued", Availability.DISCONTINUED),
    ],
)
def test_availability_in_every_vocabulary(text: str, meant: Availability) -> None:
    assert read_availability(text) is meant


def test_what_number_and_word_mean_together() -> None:
    assert FeedRow(1, "a", quantity=0, availability=Availability.IN_STOCK).stock().quantity == 0
    assert FeedRow(1, "a", quantity=5, availability=Availability.OUT_OF_STOCK).stock().quantity == 0
    assert FeedRow(1, "a", availability=Availability.IN_STOCK).stock(7).quantity == 7
    assert FeedRow(1, "a").stock().tracked is False


def test_a_sale_begins_and_ends_by_the_clock() -> None:
    begins, ends = read_period("2026-11-29T13:00-0800/2026-12-01T15:30:00+01:00")
    row = FeedRow(1, "a", price=Decimal(10), sale=Sale(Decimal(7), begins, ends))
    assert row.price_at(begins - timedelta(seconds=1)) == (10, begins)
    assert row.price_at(begins) == (7, ends)
    assert row.price_at(ends) == (10, None)
    assert FeedRow(1, "a", price=Decimal(10), sale=Sale(Decimal(7))).price_at(AT) == (7, None)


def test_metas_template_writes_the_hours_of_a_day_where_the_zone_belongs() -> None:
    assert read_period("2017-12-01T0:00-23:59/2017-12-31T0:00-23:59") == (
        datetime(2017, 12, 1, tzinfo=UTC),
        datetime(2017, 12, 31, 23, 59, tzinfo=UTC),
    )


@given(
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.datetimes(timezones=st.just(UTC)),
)
def test_a_price_does_not_change_before_the_moment_that_is_told(
    begins: datetime | None, ends: datetime | None, at: datetime
) -> None:
    row = FeedRow(1, "a", price=Decimal(10), sale=Sale(Decimal(7), begins, ends))
    price, changes_at = row.price_at(at)
    assert changes_at is None or changes_at > at
    if changes_at is not None:
        assert row.price_at(at + (changes_at - at) / 2)[0] == price
        assert row.price_at(changes_at)[0] != price


def _read_or_refused(content: bytes, format_: FeedFormat | None = None) -> None:
    with suppress(FeedError):
        for row in Comparing(Columns()).changed(read_feed(io.BytesIO(content), Columns(), format_), Known()):
            assert not isinstance(row, int)
            staged(row, AT, 1)


@given(st.binary(max_size=300), st.sampled_from([None, *FeedFormat]))
def test_any_bytes_are_rows_or_an_error_in_words(content: bytes, format_: FeedFormat | None) -> None:
    _read_or_refused(content, format_)
    _read_or_refused(b"\x1f\x8b" + content, format_)
    _read_or_refused(b"PK\x03\x04" + content, format_)


@given(st.data())
def test_a_feed_with_any_bytes_changed_is_rows_or_an_error_in_words(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from([*((PAYLOADS / name).read_bytes() for name in SAMPLES), CSV.encode()]))
    packed = PACKED[data.draw(st.sampled_from([*PACKED]))](content)
    at = data.draw(st.integers(0, len(packed)))
    _read_or_refused(packed[:at] + data.draw(st.binary(max_size=8)) + packed[at + data.draw(st.integers(0, 8)) :])


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_names = st.sampled_from(["id", "item_group_id", "title", "link", "image_link", "price", "sale_price", "availability"])
_more = st.sampled_from(
    ["sale_price_effective_date", "$inventory_quantity", "inventory_policy", "categories", "store_code"]
)


@given(st.lists(st.dictionaries(_names | _more, _json, max_size=8), max_size=4))
def test_any_values_of_known_names_are_rows_that_can_be_stored(items: list[object]) -> None:
    try:
        content = json.dumps(items, allow_nan=False).encode()
    except ValueError:
        return
    _read_or_refused(content)


@given(st.text(max_size=40), st.one_of(st.integers(), st.decimals(), st.floats(), st.text(max_size=30)))
def test_any_cell_is_a_value_or_a_reason(text: str, value: object) -> None:
    for read, told in ((read_price, value), (read_units, value), (read_availability, text), (read_period, text)):
        with suppress(ValueError):
            read(told)  # pyright: ignore[reportArgumentType] each is given what it takes
