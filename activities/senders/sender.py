"""What every channel's sender promises to deliver, and how it may fail.

The one rule (promise P1): a sender always knows which of three things happened: the message was taken (it returns),
certainly not taken (it raises `NotTaken` or `Rejected`), or nobody can know (it raises `Uncertain`).
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias, TypeVar

from schemas.channels import Channel


@dataclass(frozen=True, slots=True)
class Mail:
    """One rendered message to one address. `message_id` is without angle brackets; `sender` None: the sender's own."""

    channel: ClassVar[Channel] = Channel.EMAIL

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str | None = None
    sender: str | None = None


Message: TypeAlias = Mail
"""A rendered message of any channel: whom it goes to, and the parts that the channel has. One class for each."""
MessageT = TypeVar("MessageT", contravariant=True)


class NotTaken(Exception):
    """The provider certainly did not take it, for a passing cause: trying again is safe and useful."""


class Rejected(Exception):
    """The provider certainly did not take it and never will: trying again is useless."""


class Uncertain(Exception):
    """The provider may have taken it: the connection was lost after the message was handed over."""


class Sender(Protocol[MessageT]):
    """Hands the messages of a channel to a provider."""

    async def send(self, message: MessageT, /) -> None:
        """Hand one message to the provider; return once it has taken it.

        Raises:
            NotTaken: certainly not taken, may be tried again.
            Rejected: certainly not taken, never will be.
            Uncertain: cannot be known.
        """
        ...

    async def aclose(self) -> None:
        """Close idle connections."""
        ...
