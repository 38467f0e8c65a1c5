"""What schema.org's words in a page say, written as JSON-LD or as microdata: the same objects either way. Pure.

https://www.w3.org/TR/json-ld11/#embedding-json-ld-in-html-documents, https://html.spec.whatwg.org/multipage/microdata.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from lxml import etree, html

from activities.storefronts.feeds.rows import FeedCut, FeedError
from activities.storefronts.feeds.unpacking import encoding_of

DEEPEST = 20
MOST_ITEMS = 2000
"""Objects of microdata in one page: those that refer to each other are otherwise without end."""
Node = Mapping[str, Any]
"""An object, its `@type` with it."""
_ADDRESSES = {"a": "href", "area": "href", "link": "href", "object": "data"} | dict.fromkeys(
    ("audio", "embed", "iframe", "img", "source", "track", "video"), "src"
)


def objects(page: bytes) -> list[Node]:
    """Every object in it, the outer before the inner.

    Raises:
        FeedError: the page is empty.
        FeedCut: what should be JSON is none.
    """
    try:
        parser = html.HTMLParser(encoding=encoding_of(page).removesuffix("-sig"), no_network=True, huge_tree=False)
        document: Any = cast("Any", html).document_fromstring(page, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise FeedError("The page is empty, or no HTML.") from None
    found: list[Node] = []
    for script in document.iter("script"):
        if str(script.get("type", "")).strip().lower() != "application/ld+json":
            continue
        try:
            found += _within(json.loads(script.text or "null", parse_float=str, parse_int=str), 0)
        except (ValueError, RecursionError):
            raise FeedCut(f"The page's JSON-LD in line {script.sourceline} is no JSON.") from None
    scopes = [each for each in document.iter(etree.Element) if "itemscope" in each.attrib and not each.get("itemprop")]
    for scope in scopes[:MOST_ITEMS]:
        found += _within(_Microdata(document).item(scope, 0), 0)
    return found


def listed(value: Any) -> Sequence[Any]:
    """Its values: nothing, the one that it is, or those of a list."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else () if value is None else (value,)


def nodes(value: Any) -> list[Node]:
    """Those of its values that are objects."""
    return [cast("Node", each) for each in listed(value) if isinstance(each, dict)]


def _within(value: Any, depth: int) -> Iterator[Node]:
    if depth > DEEPEST:
        return
    inner: Sequence[Any] = listed(value)
    if isinstance(value, dict):
        node = cast("Node", value)
        yield node
        inner = [*node.values()]
    for each in inner:
        if isinstance(each, dict | list):
            yield from _within(each, depth + 1)


class _Microdata:
    """The microdata of one page."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._items = 0

    def item(self, scope: Any, depth: int) -> dict[str, Any]:
        """What one element and those in it say."""
        self._items += 1
        said: dict[str, Any] = {"@type": str(scope.get("itemtype", "")).split(), "@id": scope.get("itemid")}
        if depth > DEEPEST or self._items > MOST_ITEMS:
            return said
        ids = set(str(scope.get("itemref", "")).split()[:DEEPEST])
        waiting = [each for each in self._document.iter(etree.Element) if ids and each.get("id") in ids] + [*scope]
        while waiting:
            element = waiting.pop(0)
            if not isinstance(element.tag, str):
                continue
            names = str(element.get("itemprop", "")).split()
            scoped = "itemscope" in element.attrib
            value = self.item(element, depth + 1) if scoped and names else _value(element) if names else None
            for name in names:
                said.setdefault(name, []).append(value)
            if not scoped:
                waiting[:0] = [*element]
        return said


def _value(element: Any) -> str:
    content = element.get("content") or element.get(_ADDRESSES.get(element.tag, "content")) or element.get("datetime")
    return str(content if content is not None else " ".join(element.itertext())).strip()
