"""The sender of every channel. A new channel is a line in each of these."""

from contextlib import AbstractAsyncContextManager
from math import inf
from typing import Self, assert_never

from activities.senders.email.smtp_sender import SmtpSender
from activities.senders.sender import Handover, Mail, Message, Sender, Sms
from activities.senders.sms.providers import sms_sender
from schemas.settings import Settings


class Senders:
    """Sends a message of any channel by that channel's sender. It fulfils `Sender`.

    Args:
        email, sms: for each of them.
    """

    def __init__(self, email: Sender[Mail], sms: Sender[Sms]) -> None:
        self._email, self._sms = email, sms

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The senders that the settings describe.

        Raises:
            ValueError: a setting is missing, or of no use; the text names it.
        """
        return cls(email=SmtpSender.from_settings(settings), sms=sms_sender(settings))

    def ready(self, message: Message, within: float = inf) -> AbstractAsyncContextManager[Handover[Message]]:
        """See `Sender.ready`."""
        match message:
            case Mail():
                return self._email.ready(message, within)
            case Sms():
                return self._sms.ready(message, within)
            case _:
                assert_never(message)

    async def aclose(self) -> None:
        """Close idle connections."""
        await self._email.aclose()
        await self._sms.aclose()
