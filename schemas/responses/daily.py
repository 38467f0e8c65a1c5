"""What went out and what it earned, day by day."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from schemas.model import Model


class DailyBy(StrEnum):
    """What the figures of a day are split by."""

    CONVERSATION = "conversation"
    ALERT = "alert"
    CHANNEL = "channel"
    STORE = "store"


class DailyFigures(Model):
    """One day of one of these.

    Attributes:
        of: the conversation, alert, channel or store; empty: a message that belongs to no alert.
        sent: messages that left, or perhaps did.
        orders: those credited to its messages that were made on this day and stand.
        earned: what these came to, by currency, without what was refunded.
    """

    day: date
    of: str
    sent: int = 0
    orders: int = 0
    earned: dict[str, Decimal] = Field(default_factory=dict[str, Decimal])


class DailyReport(Model):
    """The days of a period on which anything left or was earned; both ends count."""

    by: DailyBy
    time_zone: str
    since: date
    until: date
    days: tuple[DailyFigures, ...]
