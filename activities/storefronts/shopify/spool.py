"""The lines of a bulk file, in any order, as products with all that is theirs: on the disk, so that memory stays small.

A line has the id of its parent (`__parentId`) and may come long before or after it: Shopify writes them as it finds
them (`groupObjects: false`, the default since API 2026-01). So all are kept first, in an SQLite file of their own that
is gone with this object, and only then read in order.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, cast

from activities.storefronts.payload import PayloadT, parse_json
from activities.storefronts.shop_http import ShopAnswerOdd
from activities.storefronts.shopify.admin import read_answer
from activities.storefronts.shopify.objects import Level, Product, Variant
from activities.storefronts.storefront import PayloadMalformed

_TABLES = """
pragma journal_mode = off;
pragma synchronous = off;
create table product (id text primary key, line blob not null) without rowid;
create table variant (product text, id text, item text, line blob not null, primary key (product, id)) without rowid;
create table level (item text, location text, line blob not null, primary key (item, location)) without rowid;
"""


@dataclass(frozen=True, slots=True)
class Whole:
    """A product with all its variants and their levels."""

    product: Product
    variants: tuple[Variant, ...]
    levels: tuple[Level, ...]


class Spool(AbstractContextManager["Spool"]):
    """The lines of one file. For one thread at a time."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="shelftalk-catalogue-")
        # Batches are taken in whichever thread is free.
        path = Path(self._folder.name) / "lines"
        self._lines = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lines.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._folder.cleanup()

    def clear(self) -> None:
        """Forget all lines: the file is read anew."""
        for table in ("product", "variant", "level"):
            self._lines.execute(f"delete from {table}")

    def take(self, lines: Sequence[bytes]) -> None:
        """Keep these.

        Raises:
            ShopAnswerOdd: one is of no known kind.
        """
        self._lines.execute("begin")
        for line in lines:
            self._keep(line)
        self._lines.execute("commit")

    def _keep(self, line: bytes) -> None:
        values = _parsed(line)
        kind = str(values.get("id")).removeprefix("gid://shopify/").split("/")[0]
        if kind == "Product":
            product = read_answer(values, Product)
            self._lines.execute("insert or replace into product values (?, ?)", (_id(product.id), line))
        elif kind == "ProductVariant":
            variant = read_answer(values, Variant)
            parent = str(values.get("__parentId")).removeprefix("gid://shopify/Product/")
            item = variant.inventoryItem.id if variant.inventoryItem else None
            row = (parent, _id(variant.id), item, line)
            self._lines.execute("insert or replace into variant values (?, ?, ?, ?)", row)
        elif kind == "InventoryLevel":
            level = read_answer(values, Level)
            row = (_id(level.item.id), _id(level.location.id), line)
            self._lines.execute("insert or replace into level values (?, ?, ?)", row)
        else:
            raise ShopAnswerOdd("A line of the shop's catalogue is neither product, variant nor level.")

    @property
    def products(self) -> int:
        """How many there are."""
        return int(self._lines.execute("select count(*) from product").fetchone()[0])

    @property
    def orphans(self) -> int:
        """Variants whose product is not there: then the file is not whole."""
        found = "select count(*) from variant where product not in (select id from product)"
        return int(self._lines.execute(found).fetchone()[0])

    def whole(self) -> Iterator[Whole]:
        """Every product with all that is its own."""
        for product_id, line in self._lines.execute("select id, line from product order by id"):
            yield Whole(
                _read(line, Product),
                self._all(Variant, "select line from variant where product = ? order by id", product_id),
                self._all(
                    Level,
                    "select line from level where item in (select item from variant where product = ?) order by item",
                    product_id,
                ),
            )

    def _all(self, shape: type[PayloadT], query: str, product_id: str) -> tuple[PayloadT, ...]:
        return tuple(_read(line, shape) for (line,) in self._lines.execute(query, (product_id,)))


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        values = parse_json(line)
    except PayloadMalformed as error:
        raise ShopAnswerOdd(f"A line of the shop's catalogue is not JSON: {error.message}.") from None
    if not isinstance(values, dict):
        raise ShopAnswerOdd("A line of the shop's catalogue is JSON, but not an object.")
    return cast("dict[str, Any]", values)


def _read(line: bytes, shape: type[PayloadT]) -> PayloadT:
    return read_answer(_parsed(line), shape)


def _id(found: str | None) -> str:
    if found is None:
        raise ShopAnswerOdd("A line of the shop's catalogue lacks an id, or that of what it belongs to.")
    return found
