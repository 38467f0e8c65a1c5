"""Waiting lists from other systems, read from files in the shape that those systems write."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from starter.waitlists.files.cells import RowStatus
from starter.waitlists.files.columns import HEADERS, LEFT_WORDS, TOLD_WORDS, WAITING_WORDS, Column, plain_name
from starter.waitlists.files.files import MOST_MISTAKES, read_waitlist
from starter.waitlists.files.moments import DateOrder
from starter.waitlists.files.table import LARGEST_FILE, CannotReadWaitlist
from tests.waitlist_files.small import FILES, rows, skipped, stored

PAGE = Path(__file__).parents[2] / "docs" / "waitlist-files.md"


def test_klaviyos_events_keep_their_times_to_the_microsecond() -> None:
    file = stored("klaviyo_events.csv")
    assert (file.format, file.diagnostics) == ("klaviyo", ())
    assert [(row.variant_id, row.product_id, row.signed_up_at.isoformat()) for row in file.rows] == [
        ("41000000000011", "7001000000001", "2024-05-01T10:00:00+00:00"),
        ("41000000000021", "7001000000002", "2024-05-01T14:00:00.000001+00:00"),
        ("41000000000031", "7001000000003", "2024-05-01T10:40:00+00:00"),
    ]


def test_a_row_may_say_how_many_units_it_is_for() -> None:
    header = "email,variant_id,created_at,Qty"
    told = ("", "1", "5", "5.0", "999", "0", "-1", "2.5", "1000", "many")
    file = rows(*(f"{at}@shop.example,41,2024-05-01,{cell}" for at, cell in enumerate(told)), header=header)
    assert [row.quantity for row in file.rows] == [None, 1, 5, 5, 999]
    assert [(each.line, each.column) for each in file.diagnostics] == [(line, "Qty") for line in range(7, 12)]
    assert "1 to 999" in file.diagnostics[0].message


def test_klaviyos_profiles_leave_out_who_has_opted_out_and_one_date_settles_the_others() -> None:
    file = stored("klaviyo_profiles.csv")
    assert (file.format, file.diagnostics, skipped(file)) == ("klaviyo", (), [(RowStatus.LEFT, 1)])
    assert [row.signed_up_at.isoformat() for row in file.rows] == [
        "2024-05-13T10:00:00+00:00",
        "2024-05-06T23:30:00+00:00",
    ]
    assert any("month-first" in note for note in file.notes)


def test_who_was_told_already_is_skipped_and_a_line_is_where_its_row_begins() -> None:
    file = stored("back_in_stock.csv")
    assert (file.format, file.diagnostics, skipped(file)) == ("back-in-stock", (), [(RowStatus.TOLD, 1)])
    assert [(row.line, row.email) for row in file.rows] == [(2, "ada@shop.example"), (4, "cy@shop.example")]
    assert file.rows[0].signed_up_at == datetime(2024, 5, 1, 14, tzinfo=UTC)


def test_a_sign_up_that_stoq_held_back_still_waits() -> None:
    file = stored("stoq.csv")
    assert (file.format, file.diagnostics) == ("stoq", ())
    assert [row.email for row in file.rows] == ["ada@shop.example", "di@shop.example", None]
    assert file.rows[-1].phone == file.rows[-1].contact == "+12025550123"
    assert skipped(file) == [(RowStatus.TOLD, 1), (RowStatus.LEFT, 1)]


def test_swyms_names_and_milliseconds_are_understood() -> None:
    file = stored("swym.csv")
    assert (file.format, skipped(file)) == ("swym", [])
    assert [(each.line, each.column) for each in file.diagnostics] == [(3, "mediumvalue")], "its number is none"
    assert file.rows[0].signed_up_at == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_a_zero_for_the_variant_means_the_whole_product() -> None:
    file = stored("restock_supporter.csv")
    assert file.format == "restock-supporter"
    assert [(each.line, each.column) for each in file.diagnostics] == [(4, "tel")], "its number is none"
    assert [(row.variant_id, row.product_id) for row in file.rows] == [
        ("41000000000011", "7001000000001"),
        (None, "7001000000002"),
    ]


def test_a_file_of_another_kind_is_read_by_naming_its_columns() -> None:
    text = (FILES / "spreadsheet_semicolons.csv").read_bytes()
    with pytest.raises(CannotReadWaitlist, match="signed_up_at=<its header>"):
        read_waitlist(text)
    file = read_waitlist(text, columns={"signed_up_at": "Requested"}, default_time_zone="Europe/Berlin")
    assert (file.format, file.diagnostics, skipped(file)) == ("other", (), [(RowStatus.TOLD, 1)])
    assert (file.rows[0].variant_id, file.rows[0].sku) == ("41000000000011", "SCARF RED")
    assert file.rows[0].signed_up_at == datetime(2024, 5, 13, 8, tzinfo=UTC)
    everyone = read_waitlist(text, columns={"signed_up_at": "Requested", "status": ""})
    assert len(everyone.rows) == 2
    assert "email: from the column 'Customer E-mail'." in everyone.explain()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_separator_and_line_end_reads_the_same(encoding: str, delimiter: str, end: str) -> None:
    lines = (
        ("email", "variant_id", "created_at", "product"),
        ("ada@shop.example", "41", "2024-05-01", "Café; with milk, and\ttea"),
    )
    text = end.join(delimiter.join(f'"{cell}"' for cell in line) for line in lines) + end
    file = read_waitlist(text.encode(encoding))
    assert [(row.email, row.variant_id) for row in file.rows] == [("ada@shop.example", "41")]
    assert bool(file.notes) == (encoding == "cp1252")


def test_the_separator_line_of_a_spreadsheet_is_no_header() -> None:
    file = read_waitlist(b"sep=;\r\nemail;sku;date\r\n\r\nada@shop.example;S;2024-05-01\r\n")
    assert [(row.line, row.sku) for row in file.rows] == [(4, "S")]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-05-01", "2024-05-01T00:00:00"),
        ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00"),
        ("2024-05-01 10:00 UTC", "2024-05-01T10:00:00"),
        ("2024-05-01 10:00:00.5+0530", "2024-05-01T04:30:00.500000"),
        ("2024/5/1 10:00", "2024-05-01T10:00:00"),
        ("05/13/2024 12:05 AM", "2024-05-13T00:05:00"),
        ("05/13/24 13:34", "2024-05-13T13:34:00"),
        ("13/05/2024, 10:00\u202fpm", "2024-05-13T22:00:00"),
        ("06.05.2024 10:00", "2024-05-06T10:00:00"),
        ("05/05/2024", "2024-05-05T00:00:00"),
        ("May 6, 2024 at 10:00 AM EDT", "2024-05-06T14:00:00"),
        ("Mon, 6 May 2024 10:00:00 GMT", "2024-05-06T10:00:00"),
        ("6-Sept-2024", "2024-09-06T00:00:00"),
        ("Mon May 06 2024 10:00:00 GMT-0400 (Eastern Daylight Time)", "2024-05-06T14:00:00"),
        ("1714557600", "2024-05-01T10:00:00"),
        ("1714557600123", "2024-05-01T10:00:00.123000"),
    ],
)
def test_a_moment_is_read_however_it_is_written(cell: str, expected: str) -> None:
    (row,) = rows(f'ada@shop.example,41,"{cell}"').rows
    assert row.signed_up_at.replace(tzinfo=None).isoformat() == expected


@pytest.mark.parametrize(
    "cell",
    [
        *("", "yesterday", "2024-13-01", "2024-05-01 25:00", "13/13/2024", "0/5/2024", "05/06/2024", "24/05/13"),
        *("45413.41667", "1.71E+12", "1970-01-01", "0001-01-01", "May 45, 2024", "2024-05-01 10:00 +99:00", "1" * 200),
        *("2024-05-01 13:00 PM", "Smarch 1, 2024", "20240501"),
    ],
)
def test_what_is_no_certain_moment_is_a_mistake(cell: str) -> None:
    file = rows(f'ada@shop.example,41,"{cell}"')
    assert (file.rows, [diagnostic.column for diagnostic in file.diagnostics]) == ((), ["created_at"])


def test_an_ambiguous_column_asks_and_the_answer_is_used() -> None:
    text = b"email,variant_id,created_at\na@shop.example,41,05/06/2024\nb@shop.example,41,07/06/2024"
    asked = read_waitlist(text)
    assert [(diagnostic.line, "--dates day-first" in diagnostic.advice) for diagnostic in asked.diagnostics] == [
        (2, True),
        (3, True),
    ]
    assert read_waitlist(text, dates=DateOrder.DAY_FIRST).rows[0].signed_up_at.month == 6
    assert read_waitlist(text, dates=DateOrder.MONTH_FIRST).rows[0].signed_up_at.month == 5


def test_a_row_that_is_skipped_still_settles_the_order_of_the_dates() -> None:
    file = rows(
        "a@shop.example,41,05/06/2024,pending",
        "b@shop.example,41,25/06/2024,sent",
        header="email,variant_id,date,status",
    )
    assert [row.signed_up_at.isoformat()[:10] for row in file.rows] == ["2024-06-05"]


def test_a_column_in_both_orders_reads_only_the_dates_that_are_certain() -> None:
    file = rows(*(f"a@shop.example,41,{date}" for date in ("05/13/2024", "13/05/2024", "05/06/2024")))
    assert ([row.line for row in file.rows], [diagnostic.line for diagnostic in file.diagnostics]) == ([2, 3], [4])


def test_a_date_against_the_order_asked_for_is_a_mistake() -> None:
    text = b"email,variant_id,created_at\na@shop.example,41,05/13/2024"
    assert read_waitlist(text, dates=DateOrder.DAY_FIRST).mistake_count == 1


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("'41000000000011", "41000000000011"),
        ('"=""41000000000011"""', "41000000000011"),
        ("41000000000011.0", "41000000000011"),
        ("gid://shopify/ProductVariant/41?x=1", "41"),
        ("$shopify:::$default:::41", "41"),
        ("0041", "0041"),
        ("red-large", "red-large"),
    ],
)
def test_an_id_is_read_as_text(cell: str, expected: str) -> None:
    assert [row.variant_id for row in rows(f"ada@shop.example,{cell},2024-05-01").rows] == [expected]


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        ("4.1E+13", "rounded"),
        ('"4,1E+13"', "rounded"),
        ("gid://shopify/Product/41", "another kind"),
        ("Red / Large", "not an id"),
        ("who@shop.example", "not an id"),
        ("", "no variant"),
    ],
)
def test_an_id_that_may_be_wrong_is_a_mistake(cell: str, word: str) -> None:
    (diagnostic,) = rows(f"ada@shop.example,{cell},2024-05-01").diagnostics
    assert word in diagnostic.message
    assert diagnostic.column == "variant_id"


def test_no_mistake_says_who_it_is_about() -> None:
    file = rows(
        "secret.person@shop.example,Secret Title,2024-05-01",
        "secret person,41,2024-05-01",
        "secret.person@shop.example,41,secret day",
        "secret.person@shop.example,41,2024-05-01,secret surplus",
        "<secret@shop.example>,41,2024-05-01",
    )
    assert file.mistake_count == 5
    assert "secret" not in repr(file.diagnostics).lower()
    assert "secret" not in file.explain()


def test_mistakes_are_counted_beyond_those_that_are_kept() -> None:
    file = rows(*["x,41,2024-05-01"] * (MOST_MISTAKES + 5))
    assert (len(file.diagnostics), file.mistake_count) == (MOST_MISTAKES, MOST_MISTAKES + 5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"PK\x03\x04rest", "workbook"),
        (b"e\0m\0a\0i\0l\0", "CSV UTF-8"),
        (b"\xff\xfea", "CSV UTF-8"),
        (b"email\x81,sku,date", "CSV UTF-8"),
        (b"secret@shop.example,41,2024-05-01", "not a header"),
        (b"variant_id,date\n41,2024-05-01", "e-mail address"),
        (b"email,date\na@shop.example,2024-05-01", "variant, the product or the SKU"),
        (b"email,email,sku,date\n", "Two columns"),
        (b'email,sku,date\n"a@shop.example,41,2024-05-01\n', "begins on line 2"),
        (b"a" * (LARGEST_FILE + 1), "50 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_not_who(text: bytes, says: str) -> None:
    with pytest.raises(CannotReadWaitlist, match=says) as raised:
        read_waitlist(text)
    assert "secret" not in str(raised.value)


def test_arguments_that_name_nothing_are_refused() -> None:
    text = b"email,sku,date\n"
    with pytest.raises(CannotReadWaitlist, match="'nickname' cannot be named"):
        read_waitlist(text, columns={"nickname": "x"})
    with pytest.raises(CannotReadWaitlist, match="No column of the file is called 'Mail address'"):
        read_waitlist(text, columns={"email": "Mail address"})
    with pytest.raises(CannotReadWaitlist, match="time zone"):
        read_waitlist(text, default_time_zone="Mars/Olympus")


HEADER = b"email,variant_id,product_id,sku,date,status,sent,channel,store\n"


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
@example(b'"')
@example(b"\xef\xbb\xbf\xff")
@example(b"sep=,")
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    for whole in (text, HEADER + text):
        try:
            read_waitlist(whole)
        except CannotReadWaitlist:
            continue


@given(
    cells=st.lists(
        st.text(alphabet=st.sampled_from("0123456789/-.:+ TZEeapmMay'=\"@,$_"), max_size=24) | st.text(max_size=24),
        min_size=5,
        max_size=9,
    ),
    dates=st.sampled_from([None, *DateOrder]),
)
def test_every_row_is_a_row_or_skipped_or_a_mistake(cells: list[str], dates: DateOrder | None) -> None:
    cells = [cell.replace("\0", "") for cell in cells]
    if not any(cell.strip() for cell in cells):
        return
    row = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    file = read_waitlist(HEADER + row.encode("utf-8", "replace"), dates=dates, default_time_zone="America/New_York")
    assert len(file.rows) + file.mistake_count + sum(skip.count for skip in file.skipped) == 1
    assert all(read.signed_up_at.utcoffset() is not None for read in file.rows)


def test_no_header_can_be_taken_for_two_things() -> None:
    names = [plain_name(header) for column in Column for header in HEADERS[column]]
    assert len(names) == len(set(names))
    assert not WAITING_WORDS & TOLD_WORDS
    assert not WAITING_WORDS & LEFT_WORDS
    assert not TOLD_WORDS & LEFT_WORDS


def test_the_page_for_users_lists_every_column_and_header() -> None:
    page = PAGE.read_text("utf-8")
    for column, headers in HEADERS.items():
        (line,) = (line for line in page.splitlines() if line.startswith(f"| `{column}` |"))
        assert [header for header in headers if f"`{header}`" not in line] == []
