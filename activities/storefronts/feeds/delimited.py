"""CSV and TSV as Google and Meta take them: a header, then a row on each line. Streamed.

Lines that begin with # say nothing. https://support.google.com/merchants/answer/160588,
https://developers.facebook.com/docs/marketing-api/catalog/reference
"""

import csv
from collections import Counter
from collections.abc import Iterator

from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.rows import BadRow, FeedCut, FeedError, RawRow, ReadItem, values_of
from activities.storefronts.feeds.unpacking import Peeked, encoding_of

_DELIMITERS = "\t,;|"


def read_delimited(stream: Peeked, columns: Columns) -> Iterator[ReadItem]:
    """Its rows.

    Raises:
        FeedError: it has no header that names an id.
        FeedCut: its last line is not whole, or a cell has no end.
    """
    encoding = encoding_of(stream.begin)
    sample = stream.begin.decode(encoding, "replace")
    text = _Lines(stream, encoding)
    records = csv.reader(text, delimiter=delimiter_of(sample))
    header: list[str] = []
    names, taken = tuple[str, ...](), values_of(())
    number, moved, short = 0, 0, None
    try:
        for record in records:
            if record and (passed := stream.passed(record[0])) is not None:
                moved += passed.lines - 1  # The mark is a line, too.
                yield passed
                continue
            stream.row_read()
            number = records.line_num + moved
            if not record or record[0].lstrip().startswith("#"):
                continue
            if not header:
                header = [name.removeprefix("\ufeff") for name in record]
                places = _places(header, columns)
                names, taken = tuple(places), values_of(tuple(places.values()))
                continue
            short = len(record) < len(header)
            if len(record) > len(header):
                yield BadRow(number, f"it has {len(record)} cells, and the header has {len(header)}")
                continue
            if short and not text.ends_in_line_break:
                break  # Part of a row: what there is of it may be part of a cell.
            if short:
                record += [""] * (len(header) - len(record))
            yield RawRow(number, names, taken(record))
    except csv.Error as error:
        raise FeedCut(f"The feed breaks in line {number + 1}: {error}.") from None
    if short and not text.ends_in_line_break:
        raise FeedCut(f"The feed breaks off in line {number}: it has fewer cells than the header, and no end.")


def _places(header: list[str], columns: Columns) -> dict[str, int]:
    places = {name: place for place, name in reversed([*enumerate(header)])}
    ours = {name: places[theirs] for theirs, name in columns.ours(header).items()}
    if "id" not in ours:
        raise FeedError("The feed's first line names no column of ids: map one to 'id'.")
    return ours


def delimiter_of(sample: str) -> str:
    """The one that the header has most of."""
    lines = (line for line in sample.splitlines() if line.strip() and not line.lstrip('\ufeff "').startswith("#"))
    counted = Counter(next(lines, ""))
    return max(_DELIMITERS, key=lambda each: counted[each])


class _Lines:
    """The lines of a text, which knows whether the last one ended."""

    def __init__(self, stream: Peeked, encoding: str) -> None:
        self._text = stream.text(encoding)
        self.ends_in_line_break = True

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.ends_in_line_break = line.endswith(("\n", "\r"))
            yield line
