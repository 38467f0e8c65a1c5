"""Google's and Meta's XML: RSS 2.0 with items, or Atom with entries, whose fields are in the namespace g. Streamed.

https://support.google.com/merchants/answer/160589 (RSS), https://support.google.com/merchants/answer/160593 (Atom)
"""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from activities.storefronts.feeds.columns import Columns, plain_name
from activities.storefronts.feeds.rows import FeedCut, RawRow, ReadItem, values_of
from activities.storefronts.feeds.unpacking import Peeked

GOOGLE = "{http://base.google.com/ns/1.0}"


def read_xml(stream: Peeked, columns: Columns) -> Iterator[ReadItem]:
    """Its rows. Entities of a document type stay what they are, and nothing is fetched.

    Raises:
        FeedCut: it breaks off, or is no XML from somewhere on.
    """
    number, known, names, taken = 0, ("",), tuple[str, ...](), values_of(())
    try:
        parsed: Any = etree.iterparse(
            stream,
            events=("end", "pi"),
            tag=("{*}item", "{*}entry"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        for event, item in parsed:
            if event == "pi":
                if (passed := stream.passed(item.target)) is not None:
                    number += passed.rows
                    yield passed
                continue
            number += 1
            stream.row_read()
            cells = _cells(item)
            if tuple(cells) != known:
                known, ours = tuple(cells), columns.ours(cells)
                names, taken = tuple(ours.values()), values_of(tuple(ours))
            line = int(item.sourceline or number)
            item.clear()
            # Those before it hang on the feed's element until it ends.
            while item.getprevious() is not None:
                del item.getparent()[0]
            yield RawRow(line, names, taken(cells))
    except etree.XMLSyntaxError as error:
        raise FeedCut(f"The feed is no XML in line {error.lineno}, after {number} items.") from None


def _cells(item: Any) -> dict[str, object]:
    """By plain name. Where RSS and Google have a field of one name, Google's counts; of several the first."""
    own: dict[str, object] = {}
    googles: dict[str, object] = {}
    for child in item.iterchildren(tag=etree.Element):
        tag: str = child.tag
        cells = googles if tag.startswith(GOOGLE) else own
        # Atom has a link's address beside it.
        cells.setdefault(plain_name(tag.rpartition("}")[2]), child.text or child.get("href"))
    return own | googles
