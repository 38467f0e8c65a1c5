"""The sender of every channel. A new channel is a line in each of these."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from math import inf
from typing import Generic, Self, TypeVar, assert_never

from activities.senders.email.providers import ask_provider, email_sender
from activities.senders.sender import Handover, Mail, Message, NotTaken, Sender, Sms
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
        return cls(email=email_sender(settings), sms=sms_sender(settings))

    @asynccontextmanager
    async def ready(self, message: Message, within: float = inf) -> AsyncGenerator[Handover[Message]]:
        """See `Sender.ready`."""
        match message:
            case Mail():
                async with self._email.ready(message, within) as handover:
                    yield OfOneChannel(handover, Mail)
            case Sms():
                async with self._sms.ready(message, within) as handover:
                    yield OfOneChannel(handover, Sms)
            case _:
                assert_never(message)

    async def aclose(self) -> None:
        """Close idle connections."""
        await self._email.aclose()
        await self._sms.aclose()


async def ask_email_provider(settings: Settings, within: float) -> str | None:
    """See `ask_provider`: for the check-up."""
    return await ask_provider(settings, within)


ChannelT = TypeVar("ChannelT", Mail, Sms)


class OfOneChannel(Generic[ChannelT]):
    """A channel's handover. The step may name another channel's message by now: then it is tried again."""

    def __init__(self, handover: Handover[ChannelT], kind: type[ChannelT]) -> None:
        self._handover, self._kind = handover, kind

    async def begin(self, message: Message) -> None:
        """See `Handover.begin`."""
        if not isinstance(message, self._kind):
            raise NotTaken("the message goes by another channel by now")
        await self._handover.begin(message)

    async def send(self) -> None:
        """See `Handover.send`."""
        await self._handover.send()
