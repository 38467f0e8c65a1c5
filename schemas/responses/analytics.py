"""What happened at each place of a conversation: how many came by, who is there now, what it earned, and why not."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from schemas.ids import ContactId, JourneyId, StoreId
from schemas.model import Model
from schemas.reasons import Reason

ENTRANCE = ""
"""The place of the whole conversation: who entered it, and who was considered and did not."""
LINES = "waiting-list/"
"""What the places of lines begin with; the alert follows."""


class Measured(StrEnum):
    """What is counted at a place."""

    ENTRIES = "entries"
    """How often somebody came there."""
    PEOPLE = "people"
    """How many people did."""
    NOW = "now"
    """Who is there at this moment, whatever the period."""
    REVENUE = "revenue"
    """The orders credited to its messages."""
    WHY_NOT = "why_not"
    """Who was not told there, and why."""


class PlaceFigures(Model):
    """What happened at one place.

    Attributes:
        place: the id of a step, `waiting-list/ALERT`, or `ENTRANCE`.
        entries: how often somebody came there in the period; in line: how many entered it.
        people: how many people that were.
        now: how many are there at this moment.
        orders: those credited to its messages that were ordered in the period and not cancelled.
        revenue: what these came to, by currency, without what was refunded.
        why_not: how often nobody was told there, by reason.
    """

    place: str
    entries: int = 0
    people: int = 0
    now: int = 0
    orders: int = 0
    revenue: dict[str, Decimal] = Field(default_factory=dict[str, Decimal])
    why_not: dict[Reason, int] = Field(default_factory=dict[Reason, int])


class ConversationAnalytics(Model):
    """A conversation's figures in a period, by place.

    Attributes:
        since, until: by the clock of the conversation's list, both included.
        version: only of the journeys that go by this one.
    """

    conversation: str
    version: str | None
    time_zone: str
    since: date | None
    until: date | None
    places: tuple[PlaceFigures, ...]

    def at(self, place: str) -> PlaceFigures:
        """The figures of one place; all zero, where nothing happened."""
        return next((each for each in self.places if each.place == place), PlaceFigures(place=place))


class CountedContact(Model):
    """One of those behind a number.

    Attributes:
        journey_id: None of who did not enter.
        at: when it happened; of several times, the last.
        times: how often.
    """

    contact_id: ContactId
    journey_id: JourneyId | None
    store_id: StoreId
    at: datetime
    times: int
    reason: Reason | None
    amount: Decimal | None
    currency: str | None


class CountedContacts(Model):
    """A page of those behind a number, the latest first; `next` is the cursor of the next page."""

    contacts: tuple[CountedContact, ...]
    next: str | None
