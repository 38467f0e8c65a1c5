"""Enums and field types that all alert types share."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.model import Section
from schemas.names import Code
from schemas.time.durations import Duration, format_duration


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


class Reminders(Section, title="Reminders"):
    """Follow-ups after the alert; each is checked anew."""

    after: Annotated[Duration, AfterValidator(_some_time)]
    """How long after the alert's thread, and after each reminder."""
    times: Annotated[int, Field(strict=True, ge=1, le=10)] = 1
    """How many, 1 to 10."""


MOST_TIMES = 30


class WhileWaiting(Section, title="While waiting"):
    """What is said to those who still wait: that it is not back, and they are in line as before."""

    after: Annotated[Duration, AfterValidator(_some_time)]
    """How long after they entered, and after each time it was said."""
    send: Code
    """The short name of the message."""
    times: Annotated[int, Field(strict=True, ge=1, le=MOST_TIMES)] = 1
    """How often, 1 to 30."""

    @property
    def moments(self) -> tuple[timedelta, ...]:
        """How long after entering it is said, each time."""
        return tuple(self.after * time for time in range(1, self.times + 1))

    def __str__(self) -> str:
        """As it is said of a change: `still-waiting after 14 days`."""
        often = "" if self.times == 1 else f", {self.times} times"
        return f"'{self.send}' after {format_duration(self.after)}{often}"
