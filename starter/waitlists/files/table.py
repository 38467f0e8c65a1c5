"""A CSV file as a table whose columns are known: its encoding, its separator, and which header means what.

The header alone decides. The text is decoded and taken apart anew for each pass over the records, so a large file
costs little more memory than its bytes.
"""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from starter.waitlists.files.cells import uncover
from starter.waitlists.files.columns import FATES, FORMATS, HEADERS, Column, plain_name

LARGEST_FILE = 50 * 1024 * 1024
"""Bytes. Klaviyo's own bound for a CSV; larger exports are split by date."""
NAMING = (Column.VARIANT, Column.PRODUCT, Column.SKU)
"""The columns that can name what is waited for, the most exact first."""


class CannotReadWaitlist(Exception):
    """The file as a whole cannot be read. The text says why, whose fault it is and what to do."""

    code = "cannot_read"


@dataclass(frozen=True, slots=True)
class Table:
    """A file and where each known column stands in it."""

    text: bytes
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    places: Mapping[Column, tuple[int, ...]]
    format: str
    notes: tuple[str, ...]

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """The records after the header, each with the line it begins on."""
        records = _records(self.text, self.encoding, self.delimiter)
        next(records)
        return records

    def column(self, column: Column) -> Iterator[str]:
        """One column's cells; of a column that several headers tell, those of the first."""
        return self.cells(self.places[column][0])

    def cells(self, place: int) -> Iterator[str]:
        """The cells under one header."""
        return (uncover(record[place]) for _, record in self.records() if place < len(record))

    def read(self) -> Iterator[tuple[Column, str]]:
        """What was taken for what: a column and a header of it."""
        return ((column, self.header[place]) for column, places in self.places.items() for place in places)

    def unread(self) -> Iterator[int]:
        """Where the headers stand that are taken for nothing."""
        read = {place for places in self.places.values() for place in places}
        return (place for place, name in enumerate(self.header) if place not in read and name)


def _encoding(text: bytes) -> tuple[str, tuple[str, ...]]:
    """The encoding by its mark, else UTF-8, else Windows-1252: what Excel writes in western countries."""
    if len(text) > LARGEST_FILE:
        raise CannotReadWaitlist(f"The file is larger than {LARGEST_FILE >> 20} MB. Split it, for example by date.")
    if text.startswith(b"PK\x03\x04"):
        raise CannotReadWaitlist("This is a workbook or an archive, not CSV. Save it as 'CSV UTF-8' and import that.")
    marked = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    by_mark = next((encoding for mark, encoding in marked.items() if text.startswith(mark)), None)
    for encoding in (by_mark,) if by_mark else ("utf-8", "cp1252"):
        try:
            decoded = text.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in decoded:
            break
        if encoding != "cp1252":
            return encoding, ()
        return encoding, ("The file is not UTF-8 and was read as Windows-1252; look whether accents came out right.",)
    raise CannotReadWaitlist("The file is not text in a known encoding. Save it as 'CSV UTF-8' and import that.")


def _records(text: bytes, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records that are not blank, each with the line it begins on."""
    lines = io.TextIOWrapper(io.BytesIO(text), encoding=encoding, newline="")
    skipped = 1 if lines.readline(16).strip().lower() in _SEPARATOR_LINES else 0
    if not skipped:
        lines.seek(0)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begins = 1 + skipped
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                yield begins, record
            begins = reader.line_num + 1 + skipped
    except csv.Error:
        raise CannotReadWaitlist(
            f"The row that begins on line {begins} cannot be taken apart: a double quote in it is not closed, or "
            'stands inside a cell without being doubled (""). Mend that line, or export the file again.'
        ) from None


_SEPARATOR_LINES = frozenset(("sep=,", "sep=;", "sep=", "sep=\\t"))
"""Excel's first line that names the separator; a tab is stripped off with the line's end."""
_DELIMITERS = (",", ";", "\t")


def find_table(text: bytes, columns: Mapping[str, str], ignored: Collection[str] = ()) -> Table:
    """The table in a file, with the separator by which its header makes most sense.

    Args:
        columns: by a value of `Column` the header that holds it; an empty header leaves the column out.
        ignored: headers that are taken for nothing.

    Raises:
        CannotReadWaitlist: it is no such table.
    """
    encoding, notes = _encoding(text)
    wanted = _wanted(columns, ignored)
    delimiter, header = _header(text, encoding, wanted)
    if not header:
        raise CannotReadWaitlist("The file is empty. Export it again.")
    if any("@" in name for name in header):
        raise CannotReadWaitlist("The first line is a row, not a header. Put a line with the columns' names before it.")
    places = {column: places for column in Column if (places := _places(header, column, wanted[column]))}
    for value, name in columns.items():
        if name and not _places(header, Column(value), (name,)):
            raise CannotReadWaitlist(f"No column of the file is called '{name}', which was named for {value}.")
    plain = [plain_name(name) for name in header]
    for name in ignored:
        if plain_name(name) not in plain:
            raise CannotReadWaitlist(f"No column of the file is called '{name}', which was to be left unread.")
    for place in (place for each in places.values() for place in each):
        if plain.count(plain[place]) > 1 and header.count(header[place]) > 1:
            raise CannotReadWaitlist(f"Two columns are called '{header[place]}'. Rename one of them in the file.")
    _demand(places, header)
    found = next((name for name, own in FORMATS if own <= set(plain)), "other")
    return Table(text, encoding, delimiter, header, MappingProxyType(places), found, notes)


def _header(text: bytes, encoding: str, wanted: Mapping[Column, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    best = (-1, -1)
    header: tuple[str, ...] = ()
    delimiter = _DELIMITERS[0]
    refusal: CannotReadWaitlist | None = None
    for candidate in _DELIMITERS:
        try:
            _, record = next(_records(text, encoding, candidate), (1, list[str]()))
        except CannotReadWaitlist as error:
            refusal = error
            continue
        names = tuple(uncover(cell).strip() for cell in record)
        understood = sum(1 for column in Column if _places(names, column, wanted[column]))
        if (understood, len(names)) > best:
            best, delimiter, header = (understood, len(names)), candidate, names
    if refusal and not header:
        raise refusal
    return delimiter, header


def _wanted(columns: Mapping[str, str], ignored: Collection[str]) -> Mapping[Column, tuple[str, ...]]:
    """The headers taken for each column: the one that was named, beside or in place of those that are known."""
    unknown = [name for name in columns if name not in set(Column)]
    if unknown:
        raise CannotReadWaitlist(f"'{unknown[0]}' cannot be named: the columns are {', '.join(Column)}.")
    taken = {plain_name(name) for name in (*columns.values(), *ignored)}
    wanted: dict[Column, tuple[str, ...]] = {}
    for column in Column:
        named = columns.get(column)
        known = tuple(name for name in HEADERS[column] if plain_name(name) not in taken)
        if named is None:
            wanted[column] = known
        elif named and column in FATES:
            wanted[column] = (named, *known)
        else:
            wanted[column] = (named,) if named else ()
    return wanted


def _places(header: tuple[str, ...], column: Column, names: tuple[str, ...]) -> tuple[int, ...]:
    """Where the names stand, as they are written or else by their plain name: for a fate all, else the first."""
    plain = [plain_name(name) for name in header]
    found: list[int] = []
    for name in names:
        if name in header:
            found.append(header.index(name))
        elif plain_name(name) in plain and plain_name(name):
            found.append(plain.index(plain_name(name)))
    return tuple(dict.fromkeys(found)) if column in FATES else tuple(found[:1])


def _demand(places: Mapping[Column, tuple[int, ...]], header: tuple[str, ...]) -> None:
    missing = (
        ("holds the e-mail address", "email", (Column.EMAIL, Column.PHONE)),
        ("names the variant, the product or the SKU", "variant_id", NAMING),
        ("says when each contact signed up, which decides the place in line", "signed_up_at", (Column.SIGNED_UP,)),
    )
    for task, example, any_of in missing:
        if not any(column in places for column in any_of):
            known = ", ".join(f"{column} from '{header[at[0]]}'" for column, at in places.items()) or "nothing"
            raise CannotReadWaitlist(
                f"No column is known to be the one that {task}. Understood: {known}. If one does, name it, as in "
                f"{example}=<its header>; else export the file with that column."
            )
