"""Hands one test over by the senders of the settings, and says what became of it."""

from collections.abc import Callable
from contextlib import aclosing

from activities.senders.registry import Senders
from activities.senders.sender import Message, NotTaken, Rejected, Uncertain
from schemas.errors import DomainError, ErrorKind
from schemas.settings import Settings


class CannotSendTest(DomainError):
    """The provider did not take the test, or it is not known whether it did; the text says which."""

    code = "test_not_sent"
    kind = ErrorKind.UNAVAILABLE
    advice = "`shelftalk doctor` looks at the settings of the provider."


async def hand_over(senders: Callable[[Settings], Senders], settings: Settings, test: Message) -> None:
    """Send it.

    Raises:
        CannotSendTest: it was not sent, or perhaps not.
    """
    try:
        opened = senders(settings)
    except ValueError as error:
        raise CannotSendTest(f"The test was not sent: {error}.") from None
    try:
        async with aclosing(opened) as sender, sender.ready(test) as handover:
            await handover.begin(test)
            await handover.send()
    except (NotTaken, Rejected) as error:
        raise CannotSendTest(f"The test was not sent: {_without(test.recipient, error)}.") from None
    except Uncertain as error:
        raise CannotSendTest(
            f"Perhaps the test was sent, and perhaps not: {_without(test.recipient, error)}."
        ) from None


def _without(address: str, error: Exception) -> str:
    """What a provider said, which is logged."""
    return str(error).replace(address, "the address")
