"""What is answered about a person: who they are to us, and everything that is held of them."""

from datetime import datetime

from pydantic import JsonValue

from schemas.ids import ContactId, StoreId
from schemas.model import Model

Held = tuple[dict[str, JsonValue], ...]
"""Rows as they are stored, the oldest first."""


class ConsentReport(Model):
    """One word of a person on being written to, with what was shown for it.

    Attributes:
        granted: a yes; false: a no.
        source: where they said it, in a few words.
        purpose: what for.
        text, page: the words that were shown, and the page that they stood on; None: not told.
        confirmed: said by a link in a mail to their address.
    """

    channel: str
    granted: bool
    source: str
    given_at: datetime
    purpose: str
    text: str | None
    page: str | None
    confirmed: bool


class ContactReport(Model):
    """A person, as criteria and messages know them.

    Attributes:
        consent: whether they agreed to be written to by e-mail; None: nobody has told.
        suppressed: why nothing is sent to their address; None: nothing stands against it.
        has_phone: whether a number is known of them.
        sms_consent, sms_suppressed: the same of text messages.
        consents: every word of theirs, the oldest first.
        paused_until: they asked for no messages until then; None: they did not.
    """

    contact: ContactId
    attributes: dict[str, JsonValue]
    tags: tuple[str, ...]
    lists: tuple[str, ...]
    consent: bool | None
    suppressed: str | None
    has_phone: bool
    sms_consent: bool | None
    sms_suppressed: str | None
    consents: tuple[ConsentReport, ...] = ()
    paused_until: datetime | None = None


class ContactExport(Model):
    """Everything that is held of a person, at one moment.

    Attributes:
        contact: their id, addresses and attributes.
        confirmations: sign-ups for which they were asked first whether it was them.
        address_changes: other addresses that they asked to be written to at.
        links: those by which they come to their own page, without what opens it.
        sign_ups: their places in line, however they came there.
        moves: what became of those places when their line was moved to another thing.
        devices: browsers in which they signed up, and how much each told of what they look at; not what opens it.
        places: those they were given, with the codes reserved with them.
        clicks: each time that a link or a picture of a message to them was asked for.
        messages: what was sent to them or was not, and why; texts are made when they are sent, and not kept.
        order_totals: what their orders came to, and the message that each is credited to.
        message_events: what providers told of those messages, and which words they wrote back.
        texts: what they wrote that was none of the words.
        calls: calls of the shop's own systems that were made for them.
    """

    exported_at: datetime
    contact: dict[str, JsonValue]
    consents: Held
    confirmations: Held
    links: Held
    address_changes: Held
    suppressions: Held
    lists: Held
    tags: Held
    events: Held
    orders: Held
    order_totals: Held
    journeys: Held
    sign_ups: Held
    moves: Held
    devices: Held
    places: Held
    clicks: Held
    messages: Held
    message_events: Held
    texts: Held
    calls: Held


class ContactErased(Model):
    """A person was forgotten; `contact` is the id that leads to nobody now. None: nobody was known by the address."""

    contact: ContactId | None


class StoreErased(Model):
    """What a store reported of people was forgotten."""

    store: StoreId


class SuppressionReport(Model):
    """Whether nothing is sent to an address; `contact`: whose it is, None: of nobody known."""

    contact: ContactId | None
    suppressed: bool
