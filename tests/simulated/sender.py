"""A sender that keeps what it was given, and ends as it is told to: for the rehearsal and for tests.

It refuses the same impossible messages as the real one.
"""

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import StrEnum
from math import inf
from typing import assert_never

from activities.senders.email.mime import compose, parse_sender
from activities.senders.sender import (
    BadAddress,
    Mail,
    Message,
    NotTaken,
    OptedOut,
    Rejected,
    SenderAtFault,
    Sms,
    Uncertain,
)
from activities.senders.sms.sms_api import checked

_SENDER = parse_sender("Rehearsal <rehearsal@localhost>")


class Answer(StrEnum):
    """How the simulated provider answers one message."""

    TAKE = "take"
    TRY_LATER = "try_later"
    REFUSE = "refuse"
    NOBODY_THERE = "nobody_there"
    OPTED_OUT = "opted_out"
    SENDER_AT_FAULT = "sender_at_fault"
    ACCOUNT_AT_FAULT = "account_at_fault"
    TAKE_AND_LOSE_ANSWER = "take_and_lose_answer"
    LOSE = "lose"
    """The connection goes in the middle of the message: not taken, but nobody can know."""


class SimulatedSender:
    """Takes every message, except where `answer_next` has said otherwise.

    Args:
        smtputf8: whether it delivers to addresses that are not ASCII.
    """

    def __init__(self, *, smtputf8: bool = True) -> None:
        self._smtputf8 = smtputf8
        self._script: deque[Answer] = deque()
        self._taken: list[Mail] = []
        self._texted: list[Sms] = []

    @property
    def taken(self) -> tuple[Mail, ...]:
        """What the provider took, in order, also where the sender could not know."""
        return tuple(self._taken)

    @property
    def texted(self) -> tuple[Sms, ...]:
        """Likewise, of text messages."""
        return tuple(self._texted)

    def answer_next(self, *answers: Answer) -> None:
        """Answer the next possible messages so, one each, after those already laid down."""
        self._script.extend(answers)

    def forget_answers(self) -> None:
        """Take every message from now on."""
        self._script.clear()

    @asynccontextmanager
    async def ready(self, message: Message, within: float = inf) -> AsyncGenerator["SimulatedHandover"]:
        """Ready at once, for every message that is possible."""
        del within
        if isinstance(message, Sms):
            checked(message)
        elif compose(message, _SENDER).utf8 and not self._smtputf8:
            raise Rejected("the address is not ASCII and this provider does not offer SMTPUTF8")
        yield SimulatedHandover(self, message)

    async def take(self, message: Message) -> None:
        """Take the message, or end as laid down.

        Raises:
            NotTaken, Rejected, Uncertain: as laid down.
        """
        answer = self._script.popleft() if self._script else Answer.TAKE
        match answer:
            case Answer.TAKE:
                self._keep(message)
            case Answer.TRY_LATER:
                raise NotTaken("the simulated provider says: later")
            case Answer.REFUSE:
                raise Rejected("the simulated provider says: never")
            case Answer.NOBODY_THERE:
                raise BadAddress("the simulated provider says: nobody is there")
            case Answer.OPTED_OUT:
                raise OptedOut("the simulated provider says: they want nothing more")
            case Answer.SENDER_AT_FAULT:
                raise SenderAtFault("the simulated provider says: the domain is not verified", account=False)
            case Answer.ACCOUNT_AT_FAULT:
                raise SenderAtFault("the simulated provider says: the account is suspended", account=True)
            case Answer.TAKE_AND_LOSE_ANSWER:
                self._keep(message)
                raise Uncertain("the simulated provider took it and did not say so")
            case Answer.LOSE:
                raise Uncertain("the simulated provider was lost in the middle of the message")
            case _:
                assert_never(answer)

    def _keep(self, message: Message) -> None:
        if isinstance(message, Sms):
            self._texted.append(message)
        else:
            self._taken.append(message)

    async def aclose(self) -> None:
        """Nothing to close."""


class SimulatedHandover:
    """The simulated provider, ready for one message."""

    def __init__(self, sender: SimulatedSender, message: Message) -> None:
        self._sender, self._message = sender, message

    async def begin(self, message: Message) -> None:
        """Expect the newest words, to the same address."""
        if (_from(message), message.recipient) != (_from(self._message), self._message.recipient):
            raise NotTaken("the message goes to or comes from another address by now")
        self._message = message

    async def send(self) -> None:
        """Hand it over."""
        await self._sender.take(self._message)


def _from(message: Message) -> str | None:
    return message.sender if isinstance(message, Mail) else None
