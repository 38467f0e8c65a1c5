"""A product's page with schema.org's words in it: what search engines read of it.

https://schema.org/Product, https://developers.google.com/search/docs/appearance/structured-data/product-variants
"""

from collections.abc import Iterator

from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.page_nodes import Node, listed, nodes, objects
from activities.storefronts.feeds.rows import BadRow, FeedError, RawRow
from activities.storefronts.feeds.unpacking import Peeked

LARGEST_PAGE = 16 * 1024 * 1024
_PRODUCTS = frozenset({"Product", "ProductGroup", "IndividualProduct", "ProductModel"})
_IDS = ("sku", "productID", "gtin13", "gtin", "mpn", "@id")
NOTHING: Node = {}


def read_page(stream: Peeked, columns: Columns) -> Iterator[RawRow | BadRow]:
    """The products with an offer that it is of.

    Raises:
        FeedError: there is none in it, or it is too large.
        FeedCut: what is in it is no JSON.
    """
    products = [node for node in objects(_page(stream)) if _types(node) & _PRODUCTS]
    inside = {id(variant) for node in products for variant in nodes(node.get("hasVariant"))}
    rows = [cells for node in products if id(node) not in inside for cells in _variants(node)]
    if not rows:
        raise FeedError("The page has no product of schema.org with an offer in it, as JSON-LD or microdata.")
    for number, cells in enumerate(rows, 1):
        yield RawRow(number, tuple(cells), tuple(cells.values()))


def _page(stream: Peeked) -> bytes:
    page = bytearray()
    while chunk := stream.read(64 * 1024):
        stream.row_read()
        page += chunk
        if len(page) > LARGEST_PAGE:
            raise FeedError(f"The page is larger than {LARGEST_PAGE >> 20} MiB.")
    return bytes(page)


def _variants(product: Node) -> Iterator[dict[str, object]]:
    """A row for each thing that can be bought: its variants, or the product itself. Related ones have no offer."""
    if variants := nodes(product.get("hasVariant")):
        for variant in variants:
            yield _cells(variant, product)
    elif nodes(product.get("offers")):
        yield _cells(product, next(iter(nodes(product.get("isVariantOf"))), NOTHING))


def _cells(product: Node, group: Node) -> dict[str, object]:
    offer = next(iter(nodes(product.get("offers"))), NOTHING)
    if several := nodes(offer.get("offers")):
        offer = {**several[0], **offer}
    prices = next(iter(nodes(offer.get("priceSpecification"))), NOTHING)
    price = _first(offer, "price", "lowPrice") or _first(prices, "price", "minPrice")
    currency = _first(offer, "priceCurrency") or _first(prices, "priceCurrency") or ""
    return {
        "id": _first(product, *_IDS) or _first(offer, "sku", "url") or _first(product, "url"),
        "group": _first(group, "productGroupID", *_IDS, "url"),
        "title": _first(product, "name") or _first(group, "name"),
        "link": _link(_first(offer, "url"), _first(product, "url"), _first(group, "url")),
        "image": _link(_first(product, "image"), _first(group, "image")),
        "brand": _first(product, "brand") or _first(group, "brand"),
        "sku": _first(product, "sku"),
        "price": None if price is None else f"{price} {currency}",
        "availability": _first(offer, "availability"),
        "quantity": _first(offer, "inventoryLevel"),
    }


def _types(node: Node) -> frozenset[str]:
    return frozenset(str(each).rpartition("/")[2] for each in listed(node.get("@type")))


def _first(node: Node, *names: str) -> str | None:
    """The first of these that says anything; of a thing its name, value or address does."""
    for name in names:
        for value in listed(node.get(name)):
            found = _said(value)
            if found:
                return found
    return None


def _said(value: object) -> str | None:
    thing = next(iter(nodes(value)), None)
    if thing is not None:
        inner = (thing.get(name) for name in ("name", "value", "url", "contentUrl"))
        value = next((text for each in inner for text in listed(each) if isinstance(text, str)), None)
    return value.strip() or None if isinstance(value, str) else None


def _link(*found: str | None) -> str | None:
    """The first whole address: one that leads on from the page's says nothing without it."""
    return next((each for each in found if each and each.lower().startswith(("http://", "https://"))), None)
