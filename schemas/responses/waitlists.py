"""Waiting lists for ops: who waits, who enters late and who does not, and broadcasts to those in line."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.ids import ContactId, JourneyId
from schemas.model import Model
from schemas.reasons import Reason


class WaitingContact(Model):
    """One contact in line.

    Attributes:
        place: from 1 for who is next, in the line of this alert and subject.
        email, phone: None unless addresses were asked for, and of whom there is none.
        sms_consent: they agree to text messages; false unless addresses were asked for.
        quantity: how many units they want.
        claimed: their claim has been notified, and their message is on its way.
    """

    place: int
    journey_id: JourneyId
    contact_id: ContactId
    email: str | None = None
    phone: str | None = None
    sms_consent: bool = False
    store_id: str
    subject: str
    product_id: str
    product_title: str
    alert: str
    entered_at: AwareDatetime
    window_ends_at: AwareDatetime
    quantity: int = 1
    claimed: bool


class WaitingLine(Model):
    """Who waits, in order; `total` counts also those beyond the limit.

    Attributes:
        unconfirmed: who has a place that does not count until they say that it was them; none of the others.
        long_since: a line of them has grown past the number of its list since then.
        successor: what they wait for once the one thing that was asked for is gone for good.
    """

    total: int
    unconfirmed: int
    long_since: AwareDatetime | None
    successor: str | None = None
    waiting: tuple[WaitingContact, ...]


class LateCounts(Model):
    """What becomes of those who enter late; each contact and thing counts once.

    Attributes:
        in_stock_now: of `entered`, those told at once as far as there are places, for the product is in stock.
        there_already: they are in line, or were since.
        not_entered: by reason.
    """

    entered: int = 0
    in_stock_now: int = 0
    there_already: int = 0
    not_entered: dict[Reason, int] = Field(default_factory=dict[Reason, int])


class LeftOut(StrEnum):
    """Why a row of a file was left out."""

    TOLD = "told"
    UNSUBSCRIBED = "unsubscribed"
    UNCONFIRMED = "unconfirmed"
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
    """One row to correct, by its line in the file. It holds nothing of the row's contents."""

    line: int
    column: str
    message: str
    advice: str


class ImportReport(Model):
    """What an import would do, or did.

    Attributes:
        columns: the file's headers by the name of our column.
        unread: the file's headers that were taken for nothing.
        rows: rows of the file below its header.
        repeated: rows that ask for the same as an earlier one.
        done: false when this only shows what would happen.
        diagnostics: the first of `mistake_count`, in the order of the file.
    """

    store_id: str
    format: str
    columns: dict[str, tuple[str, ...]]
    unread: tuple[str, ...]
    notes: tuple[str, ...]
    rows: int
    counts: LateCounts
    repeated: int
    left_out: dict[LeftOut, int]
    diagnostics: tuple[ImportMistake, ...]
    mistake_count: int
    done: bool

    @property
    def nothing_but_mistakes(self) -> bool:
        """Nobody entered or was there, and there is something to put right."""
        return bool(self.mistake_count) and not (self.counts.entered or self.counts.there_already)


class BackPopulation(Model):
    """What a back-population would do, or did.

    Attributes:
        since: what was done before it is not looked at.
        contacts: how many did what the alert's action is.
        done: false when this only shows what would happen.
    """

    alert: str
    since: AwareDatetime
    contacts: int
    counts: LateCounts
    done: bool


class Saying(Model):
    """Who is, or would be, sent a broadcast.

    Attributes:
        to_hear: those in line who get the message.
        lacking: those whose version of the conversation has no such message; they get nothing.
        sent_before: those to whom it was sent before, or is being sent.
        called_forward: those whose claim has been notified; they are left out.
        done: false when this only shows what would happen.
    """

    message: str
    to_hear: int
    lacking: int
    sent_before: int
    called_forward: int
    done: bool
