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


class StoreHeard(Model):
    """When a store's webhooks were heard last.

    Attributes:
        source: its storefront's, or 'api'.
        heard_at: None: never, or nothing was heard since it was said that nothing is expected.
        silent_at: when it was found to have fallen silent; None: it is not.
        longest_silence_minutes: for so long it may be silent, by what it usually sends; None: too little to tell.
    """

    store: str
    source: str
    heard_at: AwareDatetime | None
    silent_at: AwareDatetime | None
    longest_silence_minutes: int | None


class StoresHeard(Model):
    """All stores: those that have fallen silent first."""

    stores: tuple[StoreHeard, ...]


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
