"""What every channel's sender promises to deliver, and how it may fail.

The one rule (promise P1): a sender always knows which of three things happened: the message was taken (it returns),
certainly not taken (it raises `NotTaken` or `Rejected`), or nobody can know (it raises `Uncertain`, and only from
`Handover.send`).

A message leaves in three steps, so that whoever sends it can look at the facts, and take the right to send, when
nothing is to be waited for any more: `Sender.ready`, `Handover.begin`, `Handover.send`.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import ClassVar, Protocol, TypeAlias, TypeVar

from schemas.channels import Channel

MESSAGE_REFERENCE = "shelftalk_message"
"""The name under which a provider keeps a message's reference, and says it again in its events."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One rendered message to one address.

    Attributes:
        message_id: without angle brackets.
        sender: the From address; None: the sender's own.
        reference: what the ledger knows the message by (`schemas.ids.message_reference`). A provider that keeps data of
            ours with a message gets it, and says it again with everything that becomes of the message.
        list_id: of the list it belongs to, as RFC 2919 writes it, without angle brackets.
        unsubscribe: an https address at which a POST takes the recipient's consent back at once (RFC 8058).
    """

    channel: ClassVar[Channel] = Channel.EMAIL

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str | None = None
    sender: str | None = None
    reference: str | None = None
    list_id: str | None = None
    unsubscribe: str | None = None


@dataclass(frozen=True, slots=True)
class Sms:
    """One rendered text message to one number.

    Attributes:
        message_id, reference: as of a mail.
        recipient: in E.164, as in +12025550123.
    """

    channel: ClassVar[Channel] = Channel.SMS

    message_id: str
    recipient: str
    text: str
    reference: str | None = None


Message: TypeAlias = Mail | Sms
"""A rendered message of any channel: whom it goes to, and the parts that the channel has. One class for each."""
MessageT = TypeVar("MessageT", contravariant=True)


def receiving_domain(message: Message) -> str:
    """The domain that a message goes to, in small letters; empty: its channel has none."""
    return message.recipient.rpartition("@")[2].lower() if message.channel is Channel.EMAIL else ""


class NotTaken(Exception):
    """The provider certainly did not take it, for a passing cause: trying again is safe and useful.

    Attributes:
        retry_after: how long the provider wants to be left alone; None: it did not say.
    """

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NoTurn(NotTaken):
    """Our own rate has not come to it yet: nobody gives up over that, however long it takes."""


class SenderAtFault(NotTaken):
    """It certainly did not take it, and takes none until somebody mends something of ours: a key, a domain, an account.

    Whoever sends stops asking, and nobody loses their place. Nothing of it is the recipient's doing.

    Attributes:
        account: true: the login or the account itself, so every sender of the channel; false: this From address only.
    """

    def __init__(self, message: str, *, account: bool = True) -> None:
        super().__init__(message)
        self.account = account


class Rejected(Exception):
    """The provider certainly did not take it and never will: trying again is useless."""


class BadAddress(Rejected):
    """Because nobody is at the address, or the provider writes there no more: nothing should be sent to it again."""


class OptedOut(BadAddress):
    """The recipient has told the provider that they want nothing more on this channel."""


class Uncertain(Exception):
    """The provider may have taken it: the connection was lost after the message was handed over."""


class Handover(Protocol[MessageT]):
    """A provider that is ready for one message to one address. Nothing is handed over before `send`."""

    async def begin(self, message: MessageT, /) -> None:
        """Ask the provider for this message now. Once, and directly before `send`.

        Args:
            message: the one it was made ready for, or with newer words; to the same address.

        Raises:
            NotTaken: certainly not taken, may be tried again; also when the message goes to another address by now.
            Rejected: certainly not taken, never will be.
        """
        ...

    async def send(self) -> None:
        """Hand it over; return once the provider has taken it.

        Cancellation: `asyncio.CancelledError` comes out only if nothing was handed over. Cancelled later, it waits a
        little for the answer and ends by that, or with `Uncertain`; the caller records that, and can then see in
        `asyncio.current_task().cancelling()` that it is to stop.

        Raises:
            NotTaken: certainly not taken, may be tried again.
            Rejected: certainly not taken, never will be.
            Uncertain: cannot be known.
        """
        ...


class Sender(Protocol[MessageT]):
    """Hands the messages of a channel to a provider."""

    def ready(self, message: MessageT, /, within: float = inf) -> AbstractAsyncContextManager[Handover[MessageT]]:
        """Wait for a turn, then until the provider accepts a message to this address from this sender.

        At exit, the provider serves the next one; a message that was not sent is forgotten.

        Args:
            within: seconds that the provider may take at most, where the sender's own limits are longer.

        Raises:
            NotTaken: certainly not taken, may be tried again.
            Rejected: certainly not taken, never will be.
        """
        ...

    async def aclose(self) -> None:
        """Close idle connections."""
        ...
