"""Journeys, as API and CLI show them."""

from enum import StrEnum

from pydantic import AwareDatetime

from schemas.ids import ContactId, JourneyId
from schemas.model import Model
from schemas.reasons import Ending, Reason


class JourneyStatus(StrEnum):
    """The state of a journey, for people."""

    WAITING = "waiting"
    TOLD = "told"
    ENDED = "ended"


AHEAD_COUNTED_TO = 100
"""Those before one who waits are counted so far: a line may be a million long, and nobody plans by more. It is walked
so far each time: who stands far back costs no more to look at than who is in a short line."""


def in_words(ahead: int, counted_to: int = AHEAD_COUNTED_TO) -> str:
    """How many stand before one who waits."""
    return f"{ahead}" if ahead <= counted_to else f"more than {counted_to:,}"


class MovedPlace(Model):
    """A journey's place as it was moved with its line.

    Attributes:
        from_subject, to_subject: `variant/…` or `product/…`.
        by: who moved the line, or named the successor; None: they asked for what was gone, and wait for its successor.
        reason: why it ended instead of waiting there; None: it waits there since.
    """

    from_subject: str
    to_subject: str
    at: AwareDatetime
    by: str | None
    reason: Reason | None

    @property
    def sentence(self) -> str:
        """What support can say about it."""
        if self.by is None:
            return f"They asked for {self.from_subject}, which was gone for good, and wait for its successor."
        moved = f"Their line was moved from {self.from_subject} to {self.to_subject} on {self.at:%Y-%m-%d}"
        return f"{moved}, and this wait ended." if self.reason else f"{moved}, with their place."


def stay_sentences(stays_from: JourneyId | None, stays_as: JourneyId | None) -> tuple[str, ...]:
    """What support can say about who stays until they bought."""
    before = () if stays_from is None else (f"They were told before, by {stays_from}, did not buy, and stay.",)
    return before if stays_as is None else (*before, f"They did not buy, and stay in line as {stays_as}.")


class JourneyReport(Model):
    """One journey as PostgreSQL knows it.

    Attributes:
        subject: what is watched, or what the conversation was entered about: `variant/…` or `product/…`.
        subject, product_id: None without an alert, where it is about no product or about several.
        variant_id: None when the whole product is watched.
        alert, window_ends_at: None of a conversation without an alert.
        entered_on: the event that a conversation without an alert was entered on.
        reason: why nobody was told, or why not yet; None when there is nothing to explain.
        quantity: how many units they want; None without an alert.
        ahead: how many are called forward before it, counted to `AHEAD_COUNTED_TO`; one more means more than that.
            None when it is not in line, and in lists, where it is not counted.
        moves: how it was moved from line to line, in order.
        successor: what it waits for once its subject is gone for good; None also in a list of several.
        stays_from: the journey in which they were told before and did not buy.
        stays_as: the journey in which they stay in line, having been told by this one and not bought.
    """

    journey_id: JourneyId
    contact_id: ContactId
    store_id: str
    subject: str | None
    product_id: str | None
    variant_id: str | None
    conversation: str
    alert: str | None
    entered_on: str | None
    version: str
    status: JourneyStatus
    entered_at: AwareDatetime
    window_ends_at: AwareDatetime | None
    told_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    ending: Ending | None
    reason: Reason | None
    why: str | None = None
    quantity: int | None = None
    ahead: int | None
    moves: tuple[MovedPlace, ...] = ()
    successor: str | None = None
    stays_from: JourneyId | None = None
    stays_as: JourneyId | None = None


class JourneyPage(Model):
    """Journeys, newest first; `next` is the cursor of the next page."""

    journeys: tuple[JourneyReport, ...]
    next: str | None
