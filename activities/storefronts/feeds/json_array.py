"""Klaviyo's custom catalogue: a JSON array of items. Streamed.

https://developers.klaviyo.com/en/docs/guide_to_syncing_a_custom_catalog_feed_to_klaviyo
"""

from collections.abc import Iterator
from typing import cast

import ijson  # pyright: ignore[reportMissingTypeStubs] it has none, and nobody else made some

from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.json_bounds import BoundedJson
from activities.storefronts.feeds.rows import BadRow, FeedCut, FeedError, RawRow, ReadItem, values_of
from activities.storefronts.feeds.unpacking import Peeked, encoding_of


class _InUtf8:
    """A stream of another encoding, as JSON's own."""

    def __init__(self, stream: Peeked, encoding: str) -> None:
        self._text = stream.text(encoding)

    def read(self, size: int = -1, /) -> bytes:
        return self._text.read(size).encode("utf-8", "replace")


def read_json(stream: Peeked, columns: Columns) -> Iterator[ReadItem]:
    """Its rows.

    Raises:
        FeedError: it is no array.
        FeedCut: it breaks off, or is no JSON from somewhere on.
    """
    encoding = encoding_of(stream.begin)
    if stream.begin.decode(encoding, "replace").lstrip("\ufeff \t\r\n")[:1] != "[":
        raise FeedError("The feed is no JSON array of items: it has to begin with '['.")
    source = BoundedJson(stream if encoding == "utf-8" else _InUtf8(stream, encoding))
    number, known, names, taken = 0, ("",), tuple[str, ...](), values_of(())
    try:
        for item in ijson.items(source, "item"):
            if isinstance(item, str) and (passed := stream.passed(item)) is not None:
                number += passed.rows
                yield passed
                continue
            number += 1
            stream.row_read()
            if not isinstance(item, dict):
                yield BadRow(number, "it is no object")
                continue
            cells = cast("dict[str, object]", item)
            if tuple(cells) != known:
                known, ours = tuple(cells), columns.ours(cells)
                names, taken = tuple(ours.values()), values_of(tuple(ours))
            yield RawRow(number, names, taken(cells))
    except (ijson.JSONError, UnicodeDecodeError, ArithmeticError) as error:
        raise FeedCut(f"The feed breaks off after item {number}: {_first_line(error)}.") from None


def _first_line(error: Exception) -> str:
    """What the parser says, without the text it says it of."""
    if isinstance(error, ArithmeticError):
        return "a number has too large an exponent"
    return str(error).split("\n", 1)[0].strip().rstrip(".") if isinstance(error, ijson.JSONError) else "it is no UTF-8"
