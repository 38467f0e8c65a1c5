"""Stores, variants and their stock, as API and CLI show them."""

from decimal import Decimal

from pydantic import AwareDatetime

from schemas.document.conversation import Cap
from schemas.model import Model


class StoreReport(Model):
    """A store's name and front page, as messages show them, and the currency of its prices; None: nobody told.

    Attributes:
        at_most: how many messages one contact gets of it in how much time, by all lists together; None: no cap.
    """

    store: str
    name: str | None
    url: str | None
    currency: str | None
    at_most: Cap | None


class LevelReport(Model):
    """Units at one location; None: not counted there."""

    location_id: str
    available: int | None
    observed_at: AwareDatetime


class VariantReport(Model):
    """One variant, its units and how many wait for it. `price` is in the store's `currency`, where that is known."""

    store_id: str
    variant_id: str
    product_id: str
    inventory_item_id: str | None
    product_title: str
    title: str
    sku: str | None
    price: Decimal | None
    currency: str | None
    policy: str
    tracked: bool | None
    on_sale: bool
    units: int
    waiting: int


class MovedVariant(Model):
    """A variant that was of another product, and is of the one that was put in now, with everyone who waits for it."""

    variant: str
    from_product: str


class VariantPage(Model):
    """Variants by id; `next` is the cursor of the next page."""

    variants: tuple[VariantReport, ...]
    next: str | None
