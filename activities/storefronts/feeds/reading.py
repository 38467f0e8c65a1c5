"""Reads a catalogue feed, whatever its format: bytes in, rows out. Pure, streamed, in bounded memory.

A format more is a reader beside these and a line in `READERS`.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import BinaryIO

from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.delimited import read_delimited
from activities.storefronts.feeds.json_array import read_json
from activities.storefronts.feeds.product_page import read_page
from activities.storefronts.feeds.rows import BadRow, FeedError, RawRow
from activities.storefronts.feeds.unpacking import Peeked, encoding_of, unpacked
from activities.storefronts.feeds.xml_items import read_xml


class FeedFormat(StrEnum):
    """How a feed is written."""

    JSON = "json"
    """An array of items, as Klaviyo's custom catalogues."""
    XML = "xml"
    """RSS or Atom, as for Google and Meta."""
    TEXT = "text"
    """CSV or TSV, as for Google and Meta."""
    PAGE = "page"
    """A product's page, with schema.org's words in it."""


READERS: Mapping[FeedFormat, Callable[[Peeked, Columns], Iterator[RawRow | BadRow]]] = {
    FeedFormat.JSON: read_json,
    FeedFormat.XML: read_xml,
    FeedFormat.TEXT: read_delimited,
    FeedFormat.PAGE: read_page,
}


def read_feed(file: BinaryIO, columns: Columns, format_: FeedFormat | None = None) -> Iterator[RawRow | BadRow]:
    """The rows of a feed, in their order. One without a single row has none.

    Args:
        file: is read from its beginning; a gzip, or a zip with one file in it, is unpacked.
        format_: None: it is known by its content.

    Raises:
        FeedError, FeedCut: as they say; after the rows before it.
    """
    file.seek(0)
    with unpacked(file) as stream:
        peeked = Peeked(stream)
        begin = peeked.begin.decode(encoding_of(peeked.begin), "replace").lstrip("\ufeff \t\r\n")
        if not begin:
            return
        yield from READERS[format_ or _format_of(begin)](peeked, columns)


def _format_of(begin: str) -> FeedFormat:
    if begin[0] in "[{":
        return FeedFormat.JSON
    if begin[0] == "<":
        lower = begin[:4096].lower()
        page = "<html" in lower or lower.startswith("<!doctype html") or " itemscope" in lower
        return FeedFormat.PAGE if page else FeedFormat.XML
    if "\0" in begin:
        raise FeedError("The feed is neither JSON, XML, CSV nor HTML: its format is not known.")
    return FeedFormat.TEXT
