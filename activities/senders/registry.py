"""The sender of every channel. A new channel is a line in each of these."""

from contextlib import AbstractAsyncContextManager
from math import inf
from typing import Self, assert_never

from activities.senders.email.providers import ask_provider, email_sender
from activities.senders.sender import Handover, Mail, Message, Sender
from schemas.settings import Settings


class Senders:
    """Sends a message of any channel by that channel's sender. It fulfils `Sender`.

    Args:
        email: for e-mail.
    """

    def __init__(self, email: Sender[Mail]) -> None:
        self._email = email

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The senders that the settings describe.

        Raises:
            ValueError: a setting is missing, or of no use; the text names it.
        """
        return cls(email=email_sender(settings))

    def ready(self, message: Message, within: float = inf) -> AbstractAsyncContextManager[Handover[Message]]:
        """See `Sender.ready`."""
        match message:
            case Mail():
                return self._email.ready(message, within)
            case _:
                assert_never(message)

    async def aclose(self) -> None:
        """Close idle connections."""
        await self._email.aclose()


async def ask_email_provider(settings: Settings, within: float) -> str | None:
    """See `ask_provider`: for the check-up."""
    return await ask_provider(settings, within)
