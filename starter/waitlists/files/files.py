"""Waiting lists as CSV: reading the exports of Klaviyo and of Shopify's back-in-stock apps, and writing our own.

Pure: bytes in, rows out, and back. Rules: the header decides what a file is, never its content; a row is read whole
or becomes a mistake; mistakes name lines and columns, never a person. docs/waitlist-files.md is the user's page.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from schemas.time.zones import find_zone
from starter.waitlists.files.cells import (
    Addresses,
    Diagnostic,
    RowStatus,
    read_addresses,
    read_id,
    read_quantity,
    read_row_status,
    uncover,
)
from starter.waitlists.files.columns import Column
from starter.waitlists.files.moments import DateOrder, date_order, read_moment
from starter.waitlists.files.table import NAMING, CannotReadWaitlist, Table, find_table
from starter.waitlists.files.unread import ask_about_unread

MOST_ROWS = 1_000_000
"""Rows read at once; a million take some 400 MB of memory."""
MOST_MISTAKES = 1_000
"""Mistakes kept word for word; nobody reads more before mending the first."""


@dataclass(frozen=True, slots=True)
class WaitlistRow:
    """One contact waiting. At least one of variant_id, product_id and sku is there.

    Attributes:
        line: where the row begins in the file, counted from 1 as a text editor does.
        signed_up_at: in UTC.
        store: the store the row names, where the file has several.
        alert: the code of the alert, in files that Shelftalk wrote.
        phone: that agreed to text messages, in E.164; beside the e-mail address, or instead of it.
        quantity: how many units they want; None: it does not say.
    """

    line: int
    email: str | None
    variant_id: str | None
    product_id: str | None
    sku: str | None
    signed_up_at: datetime
    store: str | None = None
    alert: str | None = None
    phone: str | None = None
    quantity: int | None = None

    @property
    def contact(self) -> str:
        """The address that they are known by."""
        address = self.phone if self.email is None else self.email.lower()
        assert address is not None, "a row has an address or a number"
        return address


@dataclass(frozen=True, slots=True)
class RowDiagnostic:
    """One row that was not read. No text of the row is in it.

    Attributes:
        column: the header as the file writes it; empty when the row as a whole is meant.
    """

    line: int
    column: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class ColumnRead:
    """Which header was taken for what."""

    column: Column
    header: str


@dataclass(frozen=True, slots=True)
class SkippedRows:
    """Rows that rightly are not imported, and why."""

    status: RowStatus
    count: int


@dataclass(frozen=True, slots=True)
class WaitlistFile:
    """What a file said.

    Attributes:
        format: a name of `csv_columns.FORMATS`, or `other`.
        rows: in the order of the file, which is not always that of sign-up.
        mistakes: the first `MOST_MISTAKES`; `mistake_count` counts them all.
        unread: the headers that were taken for nothing.
        notes: how the file was taken where it could be taken otherwise.
    """

    format: str
    columns: tuple[ColumnRead, ...]
    rows: tuple[WaitlistRow, ...]
    diagnostics: tuple[RowDiagnostic, ...]
    mistake_count: int = 0
    skipped: tuple[SkippedRows, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def explain(self) -> str:
        """What was understood, in lines for people."""
        return "\n".join(
            (
                f"Format: {self.format}.",
                *(f"{read.column}: from the column '{read.header}'." for read in self.columns),
                *(f"Not read: '{header}'." for header in self.unread),
                *self.notes,
                f"{len(self.rows)} rows to import, {self.mistake_count} with mistakes.",
                *(f"{skip.count} skipped: {skip.status}." for skip in self.skipped),
            )
        )


def read_waitlist(
    text: bytes,
    *,
    columns: Mapping[str, str] | None = None,
    ignored: Collection[str] = (),
    default_time_zone: str = "UTC",
    dates: DateOrder | None = None,
    country: str | None = None,
) -> WaitlistFile:
    """Read a waiting list from any CSV file with a header.

    Args:
        text: the file: UTF-8, UTF-16 with its mark, or Windows-1252; comma, semicolon or tab.
        columns: by a value of `Column` the header that holds it, against what the header's name suggests; an empty
            header leaves the column out.
        ignored: headers that are not read.
        default_time_zone: for times that name no zone; `country`: for numbers without its code, by two letters.
        dates: how dates such as 05/06/2024 are meant; by default the column decides.

    Raises:
        CannotReadWaitlist: the file as a whole cannot be read, or an argument names what is not there.
        UnclearColumns: a column that is not read may say who must not be written to.
    """
    zone = _time_zone(default_time_zone)
    table = find_table(text, columns or {}, ignored)
    ask_about_unread(table, columns or {}, ignored)
    order, notes = _date_order(table, dates)
    rows, diagnostics, mistake_count, skipped = list[WaitlistRow](), list[RowDiagnostic](), 0, Counter[RowStatus]()
    for number, (line, record) in enumerate(table.records(), 1):
        if number > MOST_ROWS:
            raise CannotReadWaitlist(f"The file has more than {MOST_ROWS:,} rows. Split it, for example by date.")
        match _read_row(table, line, record, order, zone, country):
            case WaitlistRow() as row:
                rows.append(row)
            case RowStatus() as status:
                skipped[status] += 1
            case RowDiagnostic() as diagnostic:
                mistake_count += 1
                if len(diagnostics) < MOST_MISTAKES:
                    diagnostics.append(diagnostic)
    return WaitlistFile(
        format=table.format,
        columns=tuple(ColumnRead(*each) for each in table.read()),
        rows=tuple(rows),
        diagnostics=tuple(diagnostics),
        mistake_count=mistake_count,
        skipped=tuple(SkippedRows(status, skipped[status]) for status in RowStatus if skipped[status]),
        notes=(*table.notes, *notes),
        unread=tuple(table.header[place] for place in table.unread()),
    )


def _date_order(table: Table, dates: DateOrder | None) -> tuple[DateOrder | None, tuple[str, ...]]:
    """The order that was asked for, or that the column settles, which is noted."""
    order = dates or date_order(table.column(Column.SIGNED_UP))
    return order, (f"Dates were read {order}, as the column settles by itself.",) if order and not dates else ()


def _read_row(
    table: Table, line: int, record: list[str], order: DateOrder | None, zone: tzinfo, country: str | None
) -> WaitlistRow | RowStatus | RowDiagnostic:
    if any(cell.strip() for cell in record[len(table.header) :]):
        return RowDiagnostic(
            line, "", "The row has more cells than the header.", "Put cells that hold the separator in double quotes."
        )
    told = {
        column: [uncover(record[place]) if place < len(record) else "" for place in places]
        for column, places in table.places.items()
    }
    cells = {column: first for column, (first, *_) in told.items()}

    def refuse(column: Column, diagnostic: Diagnostic) -> RowDiagnostic:
        at = table.places.get(column)
        return RowDiagnostic(line, table.header[at[0]] if at else "", diagnostic.message, diagnostic.advice)

    match read_row_status(told):
        case RowStatus.WAITING:
            pass
        case RowStatus() as status:
            return status
        case column, diagnostic:
            return refuse(column, diagnostic)
    addresses = read_addresses(told, country)
    if not isinstance(addresses, Addresses):
        return refuse(*addresses)
    ids = _read_ids(table, cells)
    if isinstance(ids, tuple):
        return refuse(*ids)
    signed_up_at = read_moment(cells[Column.SIGNED_UP], order, zone)
    if isinstance(signed_up_at, Diagnostic):
        return refuse(Column.SIGNED_UP, signed_up_at)
    quantity = read_quantity(cells.get(Column.QUANTITY, ""))
    if isinstance(quantity, Diagnostic):
        return refuse(Column.QUANTITY, quantity)
    return WaitlistRow(
        line=line,
        email=addresses.email,
        phone=addresses.phone,
        variant_id=ids[Column.VARIANT],
        product_id=ids[Column.PRODUCT],
        sku=ids[Column.SKU],
        signed_up_at=signed_up_at,
        store=cells.get(Column.STORE, "").strip() or None,
        alert=cells.get(Column.ALERT, "").strip() or None,
        quantity=quantity,
    )


def _read_ids(table: Table, cells: Mapping[Column, str]) -> dict[Column, str | None] | tuple[Column, Diagnostic]:
    """What the row names that is waited for; or what is wrong with it, and where."""
    ids: dict[Column, str | None] = {}
    for column in NAMING:
        value = read_id(cells.get(column, ""), column)
        if isinstance(value, Diagnostic):
            return column, value
        ids[column] = value
    if not any(ids.values()):
        return next(column for column in NAMING if column in table.places), _NO_PRODUCT
    return ids


_NO_PRODUCT = Diagnostic("The row names no variant, product or SKU.", "Put one in, or delete the row.")


def _time_zone(name: str) -> tzinfo:
    zone = find_zone(name)
    if zone is None:
        raise CannotReadWaitlist("The default time zone is not known. Write a name like 'Europe/Berlin' or 'UTC'.")
    return ZoneInfo(zone)
