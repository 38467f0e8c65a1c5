"""What providers tell of messages that left, and texts that came back, in Shelftalk's own terms and of any provider."""

from enum import StrEnum

from pydantic import AwareDatetime

from schemas.channels import Channel
from schemas.model import Model


class MessageEventKind(StrEnum):
    """What happened to a message, or what somebody wrote back."""

    ACCEPTED = "accepted"
    """The provider took it, and has it or passed it on."""
    DELIVERED = "delivered"
    """The receiver's server, or phone, took it."""
    DEFERRED = "deferred"
    """The receiver put it off; the provider tries again."""
    SOFT_BOUNCED = "soft_bounced"
    """It was not delivered, for a cause that passes."""
    BOUNCED = "bounced"
    """It was not delivered, and nothing ever will be: the address is no good."""
    SUPPRESSED = "suppressed"
    """The provider did not send it: the address is on its own list."""
    FAILED = "failed"
    """It was not sent or not delivered, which says nothing of the address."""
    RENDERING_FAILED = "rendering_failed"
    """The provider could not make it from its own template, and did not send it."""
    SENDER_AT_FAULT = "sender_at_fault"
    """It was refused for what the sender is: not authenticated, not registered, filtered. It says nothing of the
    address."""
    COMPLAINED = "complained"
    OPENED = "opened"
    MACHINE_OPENED = "machine_opened"
    """Images were fetched by a proxy or a scanner, perhaps without anybody who read it."""
    CLICKED = "clicked"
    MACHINE_CLICKED = "machine_clicked"
    """A link was followed by a scanner."""
    UNSUBSCRIBED = "unsubscribed"
    SAID_STOP = "said_stop"
    SAID_START = "said_start"
    SAID_HELP = "said_help"
    SAID_SOMETHING = "said_something"
    """A text that is none of the words."""


class MessageEvent(Model):
    """Something that happened to one message to one address, or that came from it.

    Attributes:
        id: the provider's own, or made of what identifies it; the same however often it is told. No personal data.
        reference: what we gave the provider to know the message by (`schemas.ids.message_reference`); None: not told.
        address: of the recipient, or of whoever wrote: e-mail in lower case, or a phone number as E.164.
        at: when, by the provider's clock; None: not told.
        code: the provider's or SMTP's, without any words.
        link: of a click, a digest of the address that was followed.
        text: of what somebody wrote.
    """

    kind: MessageEventKind
    id: str
    channel: Channel = Channel.EMAIL
    reference: str | None = None
    address: str | None = None
    at: AwareDatetime | None = None
    code: str | None = None
    link: str | None = None
    text: str | None = None
