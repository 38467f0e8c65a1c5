"""The alerts of a conversation document: what to watch for, who is told and in what order."""

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Literal, assert_never

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from schemas.criteria import Criteria
from schemas.durations import Duration
from schemas.ids import Level
from schemas.model import Model, Section
from schemas.names import Label


class AlertType(StrEnum):
    """What an alert watches for."""

    BACK_IN_STOCK = "back-in-stock"
    PRICE_DROP = "price-drop"
    LOW_INVENTORY = "low-inventory"


class Action(StrEnum):
    """What puts a contact in an alert's queue."""

    SIGN_UP = "sign-up"
    BROWSE = "browse"
    CART = "cart"


class Order(StrEnum):
    """Who is told first."""

    FIRST_IN_FIRST_OUT = "first-in-first-out"
    FIRST_IN_LAST_OUT = "first-in-last-out"
    """Newest first."""


class AlertEvent(StrEnum):
    """The events an alert raises."""

    SUBSCRIPTION = "subscription"
    """A contact signed up."""
    ALERT = "alert"
    """Their turn has come."""
    FOLLOW_UP = "follow-up"
    """A reminder is due."""
    DISCONTINUED = "discontinued"
    """The product they waited for is gone for good."""


def _whole_days(length: timedelta) -> timedelta:
    if length < timedelta(days=1) or length % timedelta(days=1):
        raise ValueError("this is counted in whole days: write for example '30 days'")
    return length


def _whole_hours(length: timedelta) -> timedelta:
    if length < timedelta(hours=1) or length % timedelta(hours=1):
        raise ValueError("this is counted in whole hours: write for example '24 hours'")
    return length


def _some_time(length: timedelta) -> timedelta:
    if length <= timedelta(0):
        raise ValueError("no time would pass before it: write for example '2 days'")
    return length


Days = Annotated[Duration, AfterValidator(_whole_days)]
Hours = Annotated[Duration, AfterValidator(_whole_hours)]
Units = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
"""A number of units. Strict, so that neither `true` nor `"5"` is taken for a number."""

MOST_CONTACTS_PER_UNIT = 1000


def _contacts_per_unit(value: object) -> object:
    """Said here in one sentence; the union below would say it once for each of its members."""
    if value == "all" or (type(value) is int and 1 <= value <= MOST_CONTACTS_PER_UNIT):
        return value
    raise ValueError(
        f"{value!r} is not a number of contacts from 1 to {MOST_CONTACTS_PER_UNIT}: "
        "write digits without quotes, or all for everyone"
    )


ContactsPerUnit = Annotated[
    Annotated[int, Field(ge=1, le=MOST_CONTACTS_PER_UNIT)] | Literal["all"], BeforeValidator(_contacts_per_unit)
]


class Drop(Model):
    """By how much a price must fall against the price at entry: an amount in the list's currency, or a percentage."""

    amount: Decimal | None = None
    percent: Decimal | None = None

    def trigger(self, price: Decimal) -> Decimal:
        """The highest price that counts as dropped from `price`; never below zero."""
        if self.percent is not None:
            return max(Decimal(0), price * (100 - self.percent) / 100)
        return max(Decimal(0), price - (self.amount or Decimal(0)))


_DROP = re.compile(r"(\d{1,9}(?:\.\d{1,4})?)\s*(%?)")


def parse_drop(value: object) -> Drop:
    """Read '10%' or '5.00'.

    Raises:
        ValueError: it is neither, or not more than zero.
    """
    if isinstance(value, Drop):
        return value
    match = _DROP.fullmatch(str(value).strip()) if isinstance(value, str | int | float | Decimal) else None
    if match is None or isinstance(value, bool):
        raise ValueError(f"{value!r} is not a drop: write a percentage like '10%', or an amount like 5.00")
    try:
        number = Decimal(match[1])
    except InvalidOperation:  # pragma: no cover - the pattern only lets numbers through
        raise ValueError(f"{value!r} is not a number") from None
    if number <= 0 or (match[2] and number > 100):
        raise ValueError(f"{value!r} is no drop a price can take: write more than nothing, and at most '100%'")
    return Drop(percent=number) if match[2] else Drop(amount=number)


def format_drop(drop: Drop) -> str:
    """The inverse of `parse_drop`."""
    return f"{drop.percent}%" if drop.percent is not None else str(drop.amount)


DropBy = Annotated[
    Drop,
    BeforeValidator(parse_drop),
    PlainSerializer(format_drop, return_type=str),
    WithJsonSchema({"type": ["string", "number"], "examples": ["10%", "5.00"]}),
]


class Reminders(Section, title="Reminders"):
    """Follow-ups after the alert; each is checked anew."""

    after: Annotated[Duration, AfterValidator(_some_time)]
    """How long after the alert's thread, and after each reminder."""
    times: Annotated[int, Field(strict=True, ge=1, le=10)] = 1
    """How many, 1 to 10."""


class _Alert(Section):
    """What every alert says."""

    name: Label | None = None
    """For people, in reports; the short name when left out."""
    level: Level = Level.VARIANT
    """One variant, or the whole product."""
    relevancy_window: Days = timedelta(days=365)
    """How long they may wait, in whole days."""
    trigger_filter: Criteria | None = None
    """Which products this alert is for; all when left out."""
    profile_filter: Criteria | None = None
    """Which contacts this alert is for; all when left out."""


class BackInStock(_Alert, title="Back in stock"):
    """Tells those who wait when there are units again."""

    type: Literal[AlertType.BACK_IN_STOCK]
    """What is watched."""
    action: Literal[Action.SIGN_UP, Action.BROWSE]
    """What puts a contact in the queue: they signed up, they looked at it, or they put it in the cart."""
    quantity_threshold: Units = 1
    """How many units must be there before anyone is told."""
    contacts_per_unit: ContactsPerUnit = 1
    """How many people are told for each unit that arrived, or all."""
    order: Order = Order.FIRST_IN_FIRST_OUT
    """Who is told first."""
    reminders: Reminders | None = None
    """Reminders after the alert's thread."""
    offer_lapses_after: Hours | None = None
    """When a place that was not taken up passes to the next, in whole hours."""
    tells_late_entrants: Annotated[bool, Field(strict=True)] = False
    """Whether who enters late, while it is in stock, is told at once."""


class PriceDrop(_Alert, title="Price drop"):
    """Tells those who looked or carted when it costs enough less than it did then."""

    type: Literal[AlertType.PRICE_DROP]
    """What is watched."""
    action: Literal[Action.BROWSE, Action.CART]
    """What puts a contact in the queue: they signed up, they looked at it, or they put it in the cart."""
    relevancy_window: Days = timedelta(days=30)
    """How long they may wait, in whole days."""
    drops_by: DropBy
    """By how much at least: a percentage like 10%, or an amount like 5.00."""


class LowInventory(_Alert, title="Low inventory"):
    """Tells those who looked or carted when only a few are left."""

    type: Literal[AlertType.LOW_INVENTORY]
    """What is watched."""
    action: Literal[Action.BROWSE, Action.CART]
    """What puts a contact in the queue: they signed up, they looked at it, or they put it in the cart."""
    relevancy_window: Days = timedelta(days=30)
    """How long they may wait, in whole days."""
    low_at: Units
    """They are told when there are so many or fewer."""
    not_if_bought_within: Days | None = None
    """Leaves out who bought it in so many days before."""


AlertSection = Annotated[BackInStock | PriceDrop | LowInventory, Field(discriminator="type")]


def raised_events(alert: BackInStock | PriceDrop | LowInventory) -> tuple[AlertEvent, ...]:
    """The events this alert can raise."""
    match alert:
        case BackInStock():
            subscription = (AlertEvent.SUBSCRIPTION,) if alert.action is Action.SIGN_UP else ()
            follow_up = (AlertEvent.FOLLOW_UP,) if alert.reminders else ()
            return (*subscription, AlertEvent.ALERT, *follow_up, AlertEvent.DISCONTINUED)
        case PriceDrop() | LowInventory():
            return (AlertEvent.ALERT, AlertEvent.DISCONTINUED)
        case _:
            assert_never(alert)
