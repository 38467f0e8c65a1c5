"""Our own file of a waiting list: it comes back as it was, and no cell of it does anything in a spreadsheet."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from starter.waitlists.files.cells import cover, uncover
from starter.waitlists.files.files import read_waitlist
from starter.waitlists.files.writing import WaitlistEntry, write_waitlist

_ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# Hypothesis takes its bounds without a zone, and adds one to what it makes.
_EARLIEST, _LATEST = (datetime(year, 1, 2, tzinfo=UTC).replace(tzinfo=None) for year in (2000, 2099))
ENTRIES = st.builds(
    WaitlistEntry,
    email=st.emails(),
    store=st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}\.myshopify\.com", fullmatch=True),
    variant_id=st.from_regex(r"[1-9][0-9]{0,18}|[a-f0-9]{8}-[a-f0-9]{4}|[a-z]{1,3}_[a-z0-9]{1,9}", fullmatch=True),
    product_title=st.text(max_size=60),
    alert=st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True),
    entered_at=st.datetimes(_EARLIEST, _LATEST, timezones=_ZONES),
    place=st.integers(1, 10**6),
    quantity=st.integers(1, 999),
)
ENTRY = WaitlistEntry(
    email="ada@shop.example",
    store="shop.myshopify.com",
    variant_id="41000000000011",
    product_title="Wool scarf",
    alert="back-in-stock",
    entered_at=datetime(2024, 5, 1, 10, tzinfo=UTC),
    place=1,
    product_id="7001000000001",
)


@given(st.lists(ENTRIES, max_size=8))
def test_what_is_written_is_read_back(entries: list[WaitlistEntry]) -> None:
    file = read_waitlist(write_waitlist(entries))
    assert (file.format, file.diagnostics, file.skipped, file.notes) == ("shelftalk", (), (), ())
    assert [(row.email, row.store, row.variant_id, row.alert, row.signed_up_at, row.quantity) for row in file.rows] == [
        (entry.email, entry.store, entry.variant_id, entry.alert, entry.entered_at, entry.quantity) for entry in entries
    ]


def test_the_format_is_stable() -> None:
    assert write_waitlist([ENTRY]).decode("utf-8-sig") == (
        '"email","store","variant_id","product_title","alert","entered_at","place","product_id",'
        '"phone","sms_consent","quantity"\r\n'
        '"ada@shop.example","shop.myshopify.com","41000000000011","Wool scarf","back-in-stock",'
        '"2024-05-01T10:00:00+00:00","1","7001000000001","","no","1"\r\n'
    )


@given(st.lists(ENTRIES, max_size=4))
def test_no_cell_begins_like_a_formula(entries: list[WaitlistEntry]) -> None:
    for record in csv.reader(io.StringIO(write_waitlist(entries).decode("utf-8-sig"), newline="")):
        assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for cell in record)


@given(st.text())
@example("=1+1")
@example("''=1")
@example("'")
@example('="quoted"')
def test_a_covered_cell_comes_back(cell: str) -> None:
    assert uncover(cover(cell)) == cell


def test_a_time_without_a_zone_is_not_written() -> None:
    naive = WaitlistEntry(
        email=ENTRY.email,
        store=ENTRY.store,
        variant_id=ENTRY.variant_id,
        product_title=ENTRY.product_title,
        alert=ENTRY.alert,
        entered_at=ENTRY.entered_at.replace(tzinfo=None),
        place=1,
    )
    with pytest.raises(ValueError, match="time zone"):
        write_waitlist([naive])
