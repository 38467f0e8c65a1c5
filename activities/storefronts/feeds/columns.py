"""From a row's cells, by whatever names the feed has for them, to a `FeedRow`. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, cast

from activities.storefronts.feeds.amounts import read_availability, read_period, read_price, read_units
from activities.storefronts.feeds.rows import BadRow, FeedError, FeedRow, Sale
from activities.storefronts.texts import LONGEST_TEXT

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "item_id", "itemid", "retailer_id"),
    "group": ("item_group_id",),
    "title": ("title", "name"),
    "link": ("link", "url"),
    "image": ("image_link", "image_full_url", "image_url", "image", "image[0].url"),
    "brand": ("brand", "vendor"),
    "sku": ("sku",),
    "categories": ("categories", "product_type"),
    "price": ("price",),
    "sale_price": ("sale_price",),
    "sale_dates": ("sale_price_effective_date",),
    "availability": ("availability",),
    "quantity": (
        "inventory_quantity",
        "quantity_to_sell_on_facebook",
        "quantity_to_sell_on_fb",
        "sell_on_google_quantity",
        "quantity",
        "inventory",
    ),
    "policy": ("inventory_policy",),
    "place": ("store_code", "store"),
    "country": ("override",),
}
"""Our names of what is read, and those that Klaviyo, Google and Meta have for it; the first that is there counts."""
LONGEST_ID = 100
LONGEST_ADDRESS = 1000
MOST_CATEGORIES = 50
_ADDRESS = re.compile(r"https?://[^/\s]\S*", re.IGNORECASE)
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@lru_cache(2048)
def plain_name(name: str) -> str:
    """A column's name without what formats differ in: `g:Item Group ID`, `$item-group-id` are `item_group_id`."""
    return re.sub(r"[\s-]+", "_", name.strip().lower().removeprefix("g:").removeprefix("$"))


@dataclass(frozen=True, slots=True)
class Columns:
    """Which names of a feed mean what.

    Attributes:
        country: of rows for several countries (Meta's `override`) those of this one are read; None: those of none.
        names: theirs, as `plain_name` has them, for each of ours.
    """

    country: str | None = None
    names: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType(NAMES))

    @classmethod
    def of(cls, mapping: Mapping[str, str], country: str | None = None) -> "Columns":
        """The usual ones, but for what a shop has its own names for.

        Args:
            mapping: its name, by ours.

        Raises:
            FeedError: there is no such name of ours.
        """
        if unknown := sorted(set(mapping) - set(NAMES)):
            raise FeedError(f"There is nothing called '{unknown[0]}' to map; there are {', '.join(NAMES)}.")
        own = {ours: (plain_name(theirs),) for ours, theirs in mapping.items()}
        return cls(country.upper() if country else None, MappingProxyType({**NAMES, **own}))

    def ours(self, names: Iterable[str]) -> Mapping[str, str]:
        """By each of these names of a feed's, as it writes them, what it is of ours; without those that are nothing."""
        plain = {plain_name(each): each for each in names}
        found: dict[str, str] = {}
        for ours, theirs in self.names.items():
            if (first := next((plain[name] for name in theirs if name in plain), None)) is not None:
                found[first] = ours
        return found

    def row(self, line: int, cells: Mapping[str, object]) -> FeedRow | BadRow | None:
        """What a row says; None: it is for another country.

        Args:
            cells: by our names; a cell that is missing, None or blank says nothing.
        """
        told = {
            name: value
            for name, value in cells.items()
            if value is not None and value != "" and not (isinstance(value, str) and value.isspace())
        }
        country = told.get("country")
        if country is not None and (self.country is None or str(country).strip().upper() != self.country):
            return None
        id_: str | None = None
        product: str | None = None
        said: dict[str, Any] = {}
        reading = "id"
        try:
            said["id"] = id_ = _id(told.get("id"))
            reading = "group"
            said["group"] = _id(told["group"]) if "group" in told else None
            product = said["group"] or id_
            reading = "price"
            price, currency = read_price(told["price"]) if "price" in told else (None, None)
            reading = "sale_price"
            sale, of_sale = _sale(told)
            if currency is not None and of_sale is not None and of_sale != currency:
                raise ValueError("it is in another currency than the price")
            said |= {"price": price, "currency": currency or of_sale, "sale": sale}
            for ours, (name, read) in _CELLS.items():
                reading = ours
                said[name] = read(told[ours]) if ours in told else None
        except ValueError as error:
            return BadRow(line, f"{reading}: {error}", id_, product)
        return FeedRow(line, **said)


def _id(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("it is missing" if value is None else "it is neither text nor a number")
    text = str(value).strip()
    if not 0 < len(text) <= LONGEST_ID or not text.isprintable():
        raise ValueError(f"it is longer than {LONGEST_ID} characters, or holds some that cannot be seen")
    return text


def _sale(told: Mapping[str, object]) -> tuple[Sale | None, str | None]:
    if "sale_price" not in told:
        return None, None
    price, currency = read_price(told["sale_price"])
    if "sale_dates" not in told:
        return Sale(price), currency
    return Sale(price, *read_period(str(told["sale_dates"]))), currency


def _address(value: object) -> str | None:
    if value is None:
        return None
    text = str(value).strip()
    if _ADDRESS.fullmatch(text) is None or not text.isprintable():
        raise ValueError("it is no address: it begins with https:// and has no blanks")
    if len(text) > LONGEST_ADDRESS:
        raise ValueError(f"it is longer than {LONGEST_ADDRESS} characters")
    return text


def _first(value: object) -> object:
    return next(iter(cast("Sequence[object]", value)), None) if isinstance(value, list | tuple) else value


def _text(value: object) -> str | None:
    """One line: a break, or what cannot be seen, is a blank."""
    if not isinstance(value, str | int):
        return None
    text = str(value)
    return (text if text.isprintable() else _BREAKS.sub(" ", text)).strip()[:LONGEST_TEXT] or None


def _categories(value: object) -> tuple[str, ...] | None:
    """A list of JSON, or a path as Google writes them: Home > Women > Dresses."""
    if value is None:
        return None
    parts = cast("Sequence[object]", value) if isinstance(value, list | tuple) else str(value).split(">")
    texts = (_text(each) for each in parts[:MOST_CATEGORIES])
    return tuple(dict.fromkeys(each for each in texts if each is not None))


_CELLS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "availability": ("availability", lambda value: read_availability(str(value))),
    "quantity": ("quantity", read_units),
    "policy": ("sells_at_zero", lambda value: read_units(value) != 1),
    "link": ("link", _address),
    "image": ("image", lambda value: _address(_first(value))),
    "place": ("place", _id),
    "title": ("title", _text),
    "brand": ("brand", _text),
    "sku": ("sku", _text),
    "categories": ("categories", _categories),
}
"""What is read by itself: the field of a row, and how; those that are no price."""
