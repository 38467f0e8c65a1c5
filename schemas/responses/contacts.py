"""Contacts as support finds and sees them: who they are, why they were told or not, where they are, what is next."""

from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from schemas.channels import Channel
from schemas.ids import ContactId, JourneyId, StepId, StoreId, VersionId
from schemas.model import Model
from schemas.reasons import Reason
from schemas.responses.causes import MessageCause, WrittenAgain
from schemas.responses.people import ContactReport
from schemas.responses.why import WhyEntry


class FoundContact(Model):
    """A contact among those found.

    Attributes:
        phone_lent: the number was named beside the address, and names nobody.
        under_way: how many journeys of theirs have not ended.
    """

    id: ContactId
    email: str | None
    phone: str | None
    phone_lent: bool
    created_at: AwareDatetime
    erased_at: AwareDatetime | None
    under_way: int


class ContactPage(Model):
    """Contacts that were found, by address or number.

    Attributes:
        next: what the next page is asked for by; None: this is the last.
    """

    contacts: tuple[FoundContact, ...]
    next: str | None


class Whereabouts(Model):
    """Where one journey is that is under way.

    Attributes:
        conversation: its name for people.
        alert: None of a conversation without an alert.
        thread: the thread that the step stands in; of who waits in line, the one that is entered at their turn.
        step: where it rests; None: it is between two steps, or has only begun.
        doing: what the step does, in words; None: it is none of the document's, as the waiting list.
        until: when the rest is over by itself, at the latest; None: that is not known.
        next: what follows, in words; None: nothing does, or it depends.
        held_up_by: what holds it up there.
        leaving: it is asked to leave, and ends at its next rest.
    """

    journey_id: JourneyId
    store_id: StoreId
    subject: str | None
    product_title: str | None
    conversation: str
    version: VersionId
    alert: str | None
    entered_at: AwareDatetime
    told_at: AwareDatetime | None
    thread: str | None
    step: str | None
    doing: str | None
    since: AwareDatetime | None
    until: AwareDatetime | None
    next: str | None
    held_up_by: Reason | None
    leaving: bool


class MessageState(StrEnum):
    """How far one message of a contact's has come."""

    READY = "ready"
    """It is put off."""
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class ContactMessage(Model):
    """One message of a contact's journeys: sent, skipped, or not sent yet.

    Attributes:
        about: what its journey watches, or is about; None: no product, or several.
        subject: as it left.
        together: what else was told in it.
        at: when it was settled; of one that is not, since when it is there.
        why: why it was not sent, or is not yet; None of one that was.
        until: until when it is put off, where that is known.
        cause: what they did, and what happened then; `because`: the same in codes.
        again: why they were written to once more; None: it is the first. `again_because`: the same in codes.
        delivered: what its provider told of the way it went; None: nothing.
        touches: what they did with it, as opened and clicked.
    """

    journey_id: JourneyId
    store_id: StoreId
    about: str | None
    product_title: str | None
    conversation: str
    alert: str | None
    version: VersionId
    step: StepId
    round: int
    message: str
    subject: str | None
    together: tuple[str, ...]
    channel: Channel
    state: MessageState
    at: AwareDatetime
    why: Reason | None
    until: AwareDatetime | None
    cause: str
    because: MessageCause
    again: str | None
    again_because: WrittenAgain | None
    delivered: str | None
    touches: tuple[str, ...]


class ContactOrder(Model):
    """One order of a contact.

    Attributes:
        things: what was bought.
        total, refunded, currency: None where nobody told what it came to.
        credited_to: the message that it counts for.
    """

    store_id: StoreId
    order_id: str
    ordered_at: AwareDatetime
    cancelled: bool
    things: tuple[str, ...]
    currency: str | None
    total: Decimal | None
    refunded: Decimal | None
    credited_to: str | None


class ContactView(Model):
    """All that support sees of one contact, of the stores that were asked for.

    Attributes:
        report: what criteria and messages know of them; of who was erased it is empty.
        answer: the entry that says first why they were told or not; None: they were never considered.
        entries: everything they were considered for, the newest first.
        under_way: where each journey is that has not ended, the newest first.
        messages: in order of time, the newest of them.
        orders: the newest first.
        earlier: the moment from which on there may be more, further back; None: this is all.
    """

    contact: FoundContact
    report: ContactReport
    answer: WhyEntry | None
    entries: tuple[WhyEntry, ...]
    under_way: tuple[Whereabouts, ...]
    messages: tuple[ContactMessage, ...]
    orders: tuple[ContactOrder, ...]
    earlier: AwareDatetime | None = None
