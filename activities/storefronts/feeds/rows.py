"""What one row of a catalogue feed says, whatever its format; and what is wrong with a feed. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter
from typing import Any, NamedTuple, cast

from schemas.errors import DomainError, ErrorKind
from schemas.incoming.facts import Policy


class FeedError(DomainError):
    """A feed cannot be read, as a whole: the text says where and what to do. Nothing of it is applied."""

    code = "feed_malformed"
    kind = ErrorKind.INVALID
    advice = "docs/storefronts/feeds.md has an example of each format."


class FeedCut(FeedError):
    """A feed ends, or breaks, before its end: what was read of it may be all there is, or a part."""


class LayoutVoid(Exception):
    """What was known of the feed's bytes cannot be gone by: it has to be read without."""


class Availability(StrEnum):
    """What a shop says of a thing's availability, in the words of all vocabularies together."""

    IN_STOCK = "in stock"
    OUT_OF_STOCK = "out of stock"
    TO_ORDER = "to order"
    """It can be bought though there is none: preorder, backorder, made to order."""
    DISCONTINUED = "discontinued"
    """It is not for sale any more."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A reduced price, and when it holds; None: from ever, or for ever. Times are aware."""

    price: Decimal
    begins: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stock:
    """What a row means for a variant's units.

    Attributes:
        tracked: the feed says something of units or availability.
        quantity: None: it does not.
    """

    tracked: bool
    quantity: int | None
    policy: Policy


class RawRow(NamedTuple):
    """A row before anything in it is looked at: where it stands, our names of its cells, and these."""

    line: int
    names: tuple[str, ...]
    values: tuple[object, ...]

    @property
    def cells(self) -> Mapping[str, object]:
        """The cells by name."""
        return dict(zip(self.names, self.values, strict=True))


@dataclass(frozen=True, slots=True)
class Passed:
    """What lies before a mark in a feed of which blocks are left out.

    Attributes:
        first, last: blocks that were left out, by their places in what was known, without the last; None: one that was
            not.
        rows, lines: how many were left out, and how many line breaks its parser has not met.
        digest, size: of a block's bytes that was not left out.
        offset: where it begins, or the first of those that were left out.
    """

    first: int | None = None
    last: int = 0
    rows: int = 0
    lines: int = 0
    digest: int = 0
    size: int = 0
    offset: int = 0


def values_of(keys: Sequence[object]) -> Callable[[Any], tuple[object, ...]]:
    """What takes the values of these keys, or places, from a row: a million times, so without a loop in Python."""
    match keys:
        case []:
            return lambda _: ()
        case [key]:
            return lambda row: (row[key],)
        case _:
            return cast("Callable[[Any], tuple[object, ...]]", itemgetter(*keys))


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One row: a thing that can be bought by itself.

    Attributes:
        line: where it stands, for people: of XML and text a line, of JSON the number of the item.
        group: the product that it is a variant of; None: it is a product of its own.
        place: a shop or warehouse that `quantity` is of; None: of all.
        sells_at_zero: None: the feed does not say.
    """

    line: int
    id: str
    group: str | None = None
    title: str | None = None
    link: str | None = None
    image: str | None = None
    brand: str | None = None
    sku: str | None = None
    categories: tuple[str, ...] | None = None
    price: Decimal | None = None
    currency: str | None = None
    sale: Sale | None = None
    availability: Availability | None = None
    quantity: int | None = None
    sells_at_zero: bool | None = None
    place: str | None = None

    @property
    def product(self) -> str:
        return self.group or self.id

    def price_at(self, at: datetime) -> tuple[Decimal | None, datetime | None]:
        """What it costs at a moment (aware), and the next moment at which that changes though the row does not."""
        sale = self.sale
        if sale is None:
            return self.price, None
        if sale.begins is not None and at < sale.begins:
            # One that ends before it begins never holds.
            return self.price, sale.begins if sale.ends is None or sale.begins < sale.ends else None
        if sale.ends is None or at < sale.ends:
            return sale.price, sale.ends
        return self.price, None

    def stock(self, in_stock: int = 1) -> Stock:
        """What it means for units. Where number and word contradict each other, there are none.

        Args:
            in_stock: the units that "in stock" stands for, where no number is told.
        """
        match self.availability:
            case Availability.OUT_OF_STOCK | Availability.DISCONTINUED:
                return Stock(True, min(0, self.quantity or 0), Policy.DENY)
            case Availability.TO_ORDER:
                return Stock(True, self.quantity or 0, Policy.CONTINUE)
            case Availability.IN_STOCK if self.quantity is None:
                return Stock(True, in_stock, self._policy())
            case _:
                return Stock(self.quantity is not None, self.quantity, self._policy())

    def _policy(self) -> Policy:
        return Policy.CONTINUE if self.sells_at_zero else Policy.DENY


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read.

    Attributes:
        why: without any of its values.
        id, product: if at least these could be read: then what is known of it stays as it is.
    """

    line: int
    why: str
    id: str | None = None
    product: str | None = None


ReadItem = RawRow | BadRow | Passed
"""What a parser finds."""
