"""What ops are shown of waiting lists: who waits, who enters late and who does not, who is written to once."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.ids import ContactId, JourneyId
from schemas.model import Model
from schemas.reasons import Reason


class WaitingContact(Model):
    """One contact in line.

    Attributes:
        place: from 1 for who is next, in the line of this alert and subject.
        email: None unless addresses were asked for.
        claimed: they have been called forward, and their message is on its way.
    """

    place: int
    journey_id: JourneyId
    contact_id: ContactId
    email: str | None = None
    store_id: str
    subject: str
    product_id: str
    product_title: str
    alert: str
    entered_at: AwareDatetime
    window_ends_at: AwareDatetime
    claimed: bool


class WaitingLine(Model):
    """Who waits, in order; `total` counts also those beyond the limit."""

    total: int
    waiting: tuple[WaitingContact, ...]


class LateCounts(Model):
    """What becomes of those who enter late; each contact and thing counts once.

    Attributes:
        in_stock_now: of `entered`: the product is in stock, so they are told at once as far as there are places.
        there_already: they stand in line, or stood there since.
        not_entered: by what speaks against it.
    """

    entered: int = 0
    in_stock_now: int = 0
    there_already: int = 0
    not_entered: dict[Reason, int] = Field(default_factory=dict[Reason, int])


class LeftOut(StrEnum):
    """Why a row of a file was not even tried."""

    TOLD = "told"
    UNSUBSCRIBED = "unsubscribed"
    OTHER_CHANNEL = "other_channel"
    OTHER_STORE = "other_store"
    OTHER_ALERT = "other_alert"
    UNREADABLE = "unreadable"
    IN_THE_FUTURE = "in_the_future"
    UNKNOWN_VARIANT = "unknown_variant"
    UNKNOWN_PRODUCT = "unknown_product"
    UNKNOWN_SKU = "unknown_sku"
    SEVERAL_VARIANTS = "several_variants"


class ImportMistake(Model):
    """One row to put right, by its line in the file. Nothing of what the row says is in it."""

    line: int
    column: str
    message: str
    advice: str


class ImportReport(Model):
    """What an import would do, or did.

    Attributes:
        columns: which header was taken for what.
        rows: rows of the file below its header.
        repeated: rows that ask for the same as an earlier one.
        done: false when this only shows what would happen.
        mistakes: the first of `mistake_count`, in the order of the file.
    """

    store_id: str
    format: str
    columns: dict[str, str]
    notes: tuple[str, ...]
    rows: int
    counts: LateCounts
    repeated: int
    left_out: dict[LeftOut, int]
    diagnostics: tuple[ImportMistake, ...]
    mistake_count: int
    done: bool


class BackPopulation(Model):
    """What a back-population would do, or did.

    Attributes:
        since: what was done before it is not looked at.
        contacts: how many did what feeds the alert.
        done: false when this only shows what would happen.
    """

    alert: str
    since: AwareDatetime
    contacts: int
    counts: LateCounts
    done: bool


class Saying(Model):
    """Who is, or would be, written to once.

    Attributes:
        to_hear: those in line who get the message.
        lacking: those whose version of the conversation has no such message; they get nothing.
        heard: those to whom it was said before, or is being said.
        called_forward: those who are being told that it is their turn; they are left alone.
        done: false when this only shows what would happen.
    """

    message: str
    to_hear: int
    lacking: int
    heard: int
    called_forward: int
    done: bool
