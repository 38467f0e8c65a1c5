"""What waits for people now, and how the last days went: what the console begins with."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from schemas.model import Model


class ConcernKind(StrEnum):
    """What may wait for people, the most pressing first."""

    SENDER_AT_FAULT = "sender_at_fault"
    """The provider takes nothing, for something of ours."""
    STOPPED = "stopped"
    """Journeys that cannot go on, by cause."""
    PARKED = "parked"
    """Calls to Temporal that were given up."""
    SILENT = "silent"
    """Stores that have fallen silent."""
    FAILING = "failing"
    """Connected stores that do not answer."""
    HELD = "held"
    """Messages that wait for somebody's approval."""
    TEXTS = "texts"
    """Texts of people that may mean a no."""
    UNREADABLE = "unreadable"
    """Deliveries of the last day that could not be read."""
    LONG_LINES = "long_lines"
    """Lines that have grown past the number of their list."""
    PAUSED_ALERT = "paused_alert"
    PAUSED_CONVERSATION = "paused_conversation"


class Concern(Model):
    """One kind of thing that waits for people.

    Attributes:
        about: what it is about, where that is one thing: a cause, an alert's code, a sender.
        examples: some of what is counted, by their names.
        count: how many; of what is paused, how many wait in it.
        since: of the first of them.
        by: who caused it, where somebody did.
    """

    kind: ConcernKind
    about: str | None = None
    examples: tuple[str, ...] = ()
    count: int
    since: AwareDatetime | None = None
    by: str | None = None


class Earned(Model):
    """What was credited to messages, of what was ordered in a time, in one currency."""

    currency: str
    orders: int
    net: Decimal


class DayGlance(Model):
    """One day in the reader's time zone: who came into a line, and who was told."""

    day: date
    entered: int
    told: int


class Sent(Model):
    """Messages of one channel that left."""

    channel: str
    count: int


class Begun(Model):
    """How far an installation has been set up.

    Attributes:
        told: somebody was told, ever.
    """

    stores: bool
    conversations: bool
    sign_ups: bool
    told: bool

    @property
    def all_of_it(self) -> bool:
        """There is nothing left of the first steps."""
        return self.stores and self.conversations and self.sign_ups


class Glance(Model):
    """What the console begins with.

    Attributes:
        sent, earned: today.
        days: the last, each of them, today's at the end.
    """

    concerns: tuple[Concern, ...]
    sent: tuple[Sent, ...]
    earned: tuple[Earned, ...]
    days: tuple[DayGlance, ...]
    begun: Begun
