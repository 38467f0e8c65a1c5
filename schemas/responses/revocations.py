"""What is answered about texts that may take a consent back."""

from datetime import datetime
from enum import StrEnum

from schemas.ids import ContactId
from schemas.model import Model


class Decision(StrEnum):
    """What a person found a text to mean."""

    CONFIRMED = "confirmed"
    """It is a no: it is kept to from now on."""
    DISMISSED = "dismissed"
    """It is none."""


class Revocation(Model):
    """A text that is none of the words, and waits for somebody to read it.

    Attributes:
        contact: who has the number; None: nobody whom we know.
        said: what they wrote.
        likely: it reads like a no.
        due_at: by then a no has to be kept to.
    """

    id: int
    contact: ContactId | None
    channel: str
    said: str
    likely: bool
    received_at: datetime
    due_at: datetime


class OpenRevocations(Model):
    """Those that wait, the likely ones first, of these those that are due first; `total` without the limit."""

    total: int
    revocations: tuple[Revocation, ...]


class RevocationDecided(Model):
    """What was decided of one."""

    id: int
    decision: Decision
    contact: ContactId | None
