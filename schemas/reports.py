"""What people are shown of journeys, variants and keys: the answers of API and CLI."""

from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from schemas.ids import ContactId, JourneyId
from schemas.model import Model
from schemas.reasons import Ending, Reason


class JourneyStatus(StrEnum):
    """Where a journey stands, for people."""

    WAITING = "waiting"
    TOLD = "told"
    ENDED = "ended"


class JourneyReport(Model):
    """One journey as PostgreSQL knows it.

    Attributes:
        subject: what is watched, `variant/…` or `product/…`.
        variant_id: None when the whole product is watched.
        reason: why nobody was told, or why not yet; None when there is nothing to explain.
        ahead: how many stand before this one; None when it does not stand in line.
    """

    journey_id: JourneyId
    contact_id: ContactId
    store_id: str
    subject: str
    product_id: str
    variant_id: str | None
    alert: str
    version: str
    status: JourneyStatus
    entered_at: AwareDatetime
    window_ends_at: AwareDatetime
    told_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    ending: Ending | None
    reason: Reason | None
    why: str | None
    ahead: int | None


class JourneyPage(Model):
    """Journeys, newest first; `next` asks for those after them."""

    journeys: tuple[JourneyReport, ...]
    next: str | None


class LevelReport(Model):
    """Units at one location; None: not counted there."""

    location_id: str
    available: int | None
    observed_at: AwareDatetime


class VariantReport(Model):
    """One variant, its units and how many wait for it."""

    store_id: str
    variant_id: str
    product_id: str
    inventory_item_id: str | None
    product_title: str
    title: str
    sku: str | None
    price: Decimal | None
    policy: str
    tracked: bool | None
    on_sale: bool
    units: int
    waiting: int


class VariantPage(Model):
    """Variants by id; `next` asks for those after them."""

    variants: tuple[VariantReport, ...]
    next: str | None


class KeyReport(Model):
    """One API key, without the key."""

    name: str
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None


class MalformedDelivery(Model):
    """A delivery that could not be read, kept for inspection."""

    id: int
    store_id: str
    source: str
    topic: str
    error: str
    received_at: AwareDatetime
