"""Reads a catalogue feed, whatever its format: bytes in, rows out. Pure, streamed, in bounded memory.

A format more is a reader beside these and a line in `READERS`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.delimited import read_delimited
from activities.storefronts.feeds.json_array import read_json
from activities.storefronts.feeds.layout import Layout
from activities.storefronts.feeds.product_page import read_page
from activities.storefronts.feeds.rows import BadRow, FeedError, Passed, RawRow, ReadItem
from activities.storefronts.feeds.skipping import Seeking, Skipping
from activities.storefronts.feeds.splitting import Splitter, json_splitter, text_splitter, xml_splitter
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


READERS: Mapping[FeedFormat, Callable[[Peeked, Columns], Iterator[ReadItem]]] = {
    FeedFormat.JSON: read_json,
    FeedFormat.XML: read_xml,
    FeedFormat.TEXT: read_delimited,
    FeedFormat.PAGE: read_page,
}


@dataclass(frozen=True, slots=True)
class Leaving:
    """Which blocks of a feed may be left out.

    Attributes:
        known: the blocks, as they were.
        may_pass: whether one may be, by its place.
        settings: what else the rows are read by.
        noted: gets the context of this reading.
        again: `known` was made of this very file.
    """

    known: Layout
    may_pass: Callable[[int], bool]
    settings: bytes
    noted: Layout
    again: bool = False


def read_feed(file: BinaryIO, columns: Columns, format_: FeedFormat | None = None) -> Iterator[RawRow | BadRow]:
    """The rows of a feed, in their order. One without a single row has none.

    Args:
        file: is read from its beginning; a gzip, or a zip with one file in it, is unpacked.
        format_: None: it is known by its content.

    Raises:
        FeedError, FeedCut: as they say; after the rows before it.
    """
    return (row for row in read_blocks(file, columns, format_) if not isinstance(row, Passed))


def read_blocks(
    file: BinaryIO, columns: Columns, format_: FeedFormat | None = None, leaving: Leaving | None = None
) -> Iterator[ReadItem]:
    """As `read_feed`, without the blocks that may be left out: for these, and after each other one, there is a mark.

    Raises:
        LayoutVoid, FeedError, FeedCut: as they say; after the rows before it.
    """
    file.seek(0)
    with unpacked(file) as stream:
        peeked = Peeked(stream)
        encoding = encoding_of(peeked.begin)
        begin = peeked.begin.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
        if not begin:
            return
        format_ = format_ or _format_of(begin)
        splitter = _splitter(format_, peeked.begin, encoding) if leaving is not None else None
        if leaving is None or splitter is None:
            yield from READERS[format_](peeked, columns)
            return
        settings = f"{format_} {encoding} {columns.country} {sorted(columns.names.items())} ".encode()
        skipping = (Seeking if leaving.again else Skipping)(
            peeked, splitter, leaving.known, leaving.may_pass, settings + leaving.settings
        )
        leaving.noted.context = skipping.context
        yield from READERS[format_](skipping, columns)
        skipping.finish()


def _splitter(format_: FeedFormat, begin: bytes, encoding: str) -> Splitter | None:
    match format_:
        case FeedFormat.JSON:
            return json_splitter(encoding)
        case FeedFormat.XML:
            return xml_splitter(begin, encoding)
        case FeedFormat.TEXT:
            return text_splitter(begin, encoding)
        case FeedFormat.PAGE:
            return None


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
