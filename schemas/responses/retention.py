"""Input and report of retention: what is forgotten because it is old."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.model import Wire


class Kept(StrEnum):
    """What is kept for a number of days only. The setting is named after it: `SHELFTALK_…_DAYS`."""

    INBOX = "inbox"
    """Webhooks as they came: their keys, and the bodies of those that could not be read."""
    EVENT = "event"
    """What events say beyond who did what with which product, and when: properties and Message-IDs."""
    SUBJECT = "subject"
    """Subjects of messages as they left."""
    CLICK = "click"
    """Each time that a link or picture of a message was asked for."""
    LINK = "link"
    """Links of messages; after it they lead nowhere."""
    QUESTION = "question"
    """What was shown to who was asked whether it was them, once that is over; with a yes the consent has it."""
    PROOF = "proof"
    """The words of a consent, counted from when it was taken back."""
    TEXT = "text"
    """What people wrote back, and from where, once somebody has decided what it means."""


class Retain(Wire):
    """Forget what is older than the settings say.

    Attributes:
        only_count: forget nothing, and say how much there is to forget.
        most: rows of each kind in one run.
    """

    only_count: bool = False
    most: Annotated[int, Field(ge=1)] = 500_000


class Retained(Wire):
    """One kind.

    Attributes:
        days: for how long it is kept.
        forgotten: rows that one run forgot; where it only counts, 0.
        due: rows that are older now, to be forgotten.
        oldest: of what is kept; None: there is nothing.
    """

    kind: Kept
    days: int
    forgotten: int
    due: int
    oldest: AwareDatetime | None = None


class RetentionReport(Wire):
    """What one run did. `last_run_at`: when the one before it was finished; None: there was none."""

    kinds: tuple[Retained, ...] = ()
    last_run_at: AwareDatetime | None = None
