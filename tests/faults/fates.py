"""The other end of a sender, at which anything may happen to a request: dealt at random from a seed, and counted.

What is dealt is known here and nowhere else, so that what the ledger says can be held against it: who was taken, of
whom the answer was lost, who said no while their message waited to be tried again.
"""

import asyncio
import os
import re
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

from activities.senders.http.http_api import Meaning
from schemas.channels import Channel
from tests.conformance.providers import At, BarePeer, Does
from tests.simulated.mail_api import KEY, KEY_ID, REGION, Heard, Reply, SimulatedMailApi
from tests.simulated.mail_api_server import MailApiServer, Moment
from tests.simulated.mail_apis import SIMULATED
from tests.simulated.sms import (
    FROM,
    SECRET,
    Answer,
    Request,
    SimulatedGateway,
    SimulatedSms,
    SimulatedTelnyx,
    SimulatedTwilio,
    SimulatedVonage,
)

MAIL_FROM = "Shop <alerts@example.com>"
_NUMBERED = re.compile(rb"\bn(\d{5})(?:@|%40)example|4915123(\d{6})")


def recipient(channel: Channel, number: int) -> str:
    """Where the contact of this number is reached."""
    return f"n{number:05d}@example.com" if channel is Channel.EMAIL else f"+4915123{number:06d}"


def number_in(content: bytes) -> int:
    """Whose message this is."""
    found = _NUMBERED.search(content)
    assert found is not None, "every message names its recipient"
    return int(found[1] or found[2])


class Fate(StrEnum):
    """What becomes of one request."""

    TAKE = "taken"
    SLOW = "taken, and answered late"
    LATER = "told to come later (429)"
    LEAVES = "told to come later, and meanwhile its contact takes their word back"
    REFUSE = "refused"
    CUT_BEFORE = "cut before it was taken"
    CUT_AFTER = "cut after it was taken"
    BROKEN_BEFORE = "answered 5xx, and not taken"
    BROKEN_AFTER = "answered 5xx, and taken"
    BUSY = "answered 503, and not taken"
    NONSENSE = "taken, and answered by nonsense"
    HANG = "never answered"
    KILL_BEFORE = "the worker is killed before it is taken"
    KILL_AFTER = "the worker is killed after it was taken"


_OFTEN = {
    Fate.TAKE: 1200,
    Fate.SLOW: 160,
    Fate.LATER: 200,
    Fate.LEAVES: 60,
    Fate.REFUSE: 80,
    Fate.CUT_BEFORE: 60,
    Fate.CUT_AFTER: 60,
    Fate.BROKEN_BEFORE: 40,
    Fate.BROKEN_AFTER: 40,
    Fate.BUSY: 60,
    Fate.NONSENSE: 40,
}
"""Of two thousand requests."""
_HANGS = 1
"""Of two thousand as well, where there are as many: each takes the whole time for an answer."""
_LATE_SECONDS = 0.2


@dataclass
class Fates:
    """Deals them, and knows what they decided.

    Attributes:
        hangs: some are never answered.
        says_no: a contact takes their word back; by its number.
        worker: its process.
        undecided: whose last answers were lost, by number.
        gone: who has taken their word back.
        twice: whose message two attempts were told to send at once: when its contact says no, one of them may be past
            its last look.
    """

    random: Random
    hangs: bool
    says_no: Callable[[int], Awaitable[None]]
    worker: int = 0
    dealt: Counter[Fate] = field(default_factory=Counter[Fate])
    undecided: set[int] = field(default_factory=set[int])
    gone: set[int] = field(default_factory=set[int])
    twice: set[int] = field(default_factory=set[int])
    _kill: Fate | None = None
    _until_kill: int = 0

    def will_kill(self, fate: Fate, nth: int) -> None:
        """Kill the worker at the n-th request from now."""
        self._kill, self._until_kill = fate, nth

    def deal(self, number: int) -> Fate:
        """What becomes of a request that this contact's message is handed over by."""
        weights = _OFTEN | ({Fate.HANG: _HANGS} if self.hangs else {})
        (fate,) = self.random.choices(list(weights), list(weights.values()))
        if fate is Fate.LEAVES and number in self.twice:
            fate = Fate.LATER
        if fate in (Fate.REFUSE, Fate.LEAVES) and number in self.undecided:
            fate = Fate.TAKE  # a provider that knows repeated requests does not refuse what it may have taken
        if self._kill is not None:
            self._until_kill -= 1
            if self._until_kill <= 0:
                fate, self._kill = self._kill, None
        self.dealt[fate] += 1
        return fate

    async def leaves(self, number: int) -> None:
        self.gone.add(number)
        await self.says_no(number)

    def lost(self, number: int) -> None:
        self.undecided.add(number)

    def answered(self, number: int) -> None:
        self.undecided.discard(number)

    def kill(self) -> None:
        os.kill(self.worker, signal.SIGKILL)


class End(Protocol):
    """The other end of one kind of sender."""

    def counted(self) -> Counter[int]:
        """How often each contact's message was taken, by number."""
        ...

    def settings(self) -> dict[str, Any]:
        """What points a worker at it."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class SmtpEnd(BarePeer):
    """A mail server."""

    def __init__(self, fates: Fates) -> None:
        super().__init__()
        self._fates = fates
        self._now: dict[asyncio.StreamWriter, tuple[int, Fate]] = {}

    def counted(self) -> Counter[int]:
        return Counter(number_in(str(message["To"]).encode()) for message in self.messages)

    def settings(self) -> dict[str, Any]:
        return {"smtp_host": self.host, "smtp_port": self.port, "sender": MAIL_FROM}

    async def struck(self, at: At, message: int, writer: asyncio.StreamWriter) -> bool:
        if at is At.RCPT:
            number = number_in(self.heard[-1].encode())
            self._now[writer] = number, self._fates.deal(number)
        if writer not in self._now:
            return False
        number, fate = self._now[writer]
        match at, fate:
            case At.RCPT, Fate.LATER:
                writer.write(Does.LATER.reply)
            case At.RCPT, Fate.LEAVES:
                await self._fates.leaves(number)
                writer.write(Does.LATER.reply)
            case At.RCPT, Fate.REFUSE:
                writer.write(Does.REFUSE.reply)
            case At.END, Fate.BUSY:
                writer.write(Does.LATER.reply)
            case At.END, Fate.BROKEN_BEFORE:
                writer.write(Does.BYE.reply)
                writer.close()
            case (At.MIDDLE, Fate.CUT_BEFORE) | (At.TAKEN, Fate.CUT_AFTER):
                self._fates.lost(number)
                writer.transport.abort()
            case At.TAKEN, Fate.BROKEN_AFTER | Fate.NONSENSE:
                self._fates.lost(number)
                writer.write(Does.NONSENSE.reply)
                writer.close()
            case At.TAKEN, Fate.HANG:
                self._fates.lost(number)
                await self.go_on.wait()
            case (At.END, Fate.KILL_BEFORE) | (At.TAKEN, Fate.KILL_AFTER):
                self._fates.kill()
                writer.transport.abort()
            case At.TAKEN, Fate.SLOW:
                await asyncio.sleep(_LATE_SECONDS)  # that it is slow is what this is about
                return False
            case _:
                return False
        return True


class Side(Protocol):
    """A provider behind HTTP."""

    def answer(self, heard: Heard) -> Reply: ...
    def later(self) -> Reply: ...
    def refused(self, recipient: str) -> Reply: ...
    def recipients(self) -> list[str]: ...
    def settings(self, url: str) -> dict[str, Any]: ...

    @property
    def takes_none_by_503(self) -> bool: ...


class HttpEnd(MailApiServer[Side]):
    """A provider of either channel that is asked over HTTP."""

    def __init__(self, provider: Side, fates: Fates) -> None:
        super().__init__(provider)
        self._fates = fates
        self._now: dict[asyncio.StreamWriter, tuple[int, Fate]] = {}

    def counted(self) -> Counter[int]:
        return Counter(number_in(each.encode()) for each in self.provider.recipients())

    def settings(self) -> dict[str, Any]:
        return self.provider.settings(self.url)

    async def strikes(
        self, moment: Moment, writer: asyncio.StreamWriter, heard: Heard | None = None
    ) -> Reply | bytes | None:
        if heard is None:
            return None
        if moment is Moment.WHOLE:
            number = number_in(heard.body)
            self._now[writer] = number, self._fates.deal(number)
            return await self._instead(*self._now[writer], writer)
        return await self._taken(*self._now[writer], writer)

    async def _instead(self, number: int, fate: Fate, writer: asyncio.StreamWriter) -> Reply | None:
        """What is done before it is taken."""
        match fate:
            case Fate.LATER:
                return self.provider.later()
            case Fate.LEAVES:
                await self._fates.leaves(number)
                return self.provider.later()
            case Fate.REFUSE:
                return self.provider.refused("someone@example.com")
            case Fate.BROKEN_BEFORE:
                self._fates.lost(number)
                return Reply(500)
            case Fate.BUSY:
                if not self.provider.takes_none_by_503:
                    self._fates.lost(number)
                return Reply(503)
            case Fate.CUT_BEFORE:
                self._fates.lost(number)
                writer.transport.abort()
            case Fate.KILL_BEFORE:
                self._fates.kill()
                writer.transport.abort()
            case _:
                pass
        return None

    async def _taken(self, number: int, fate: Fate, writer: asyncio.StreamWriter) -> Reply | bytes | None:
        """What is done when it was taken."""
        if fate in (Fate.TAKE, Fate.SLOW):
            self._fates.answered(number)
        elif fate is not Fate.KILL_AFTER:
            self._fates.lost(number)
        match fate:
            case Fate.SLOW:
                await asyncio.sleep(_LATE_SECONDS)  # that it is slow is what this is about
            case Fate.CUT_AFTER:
                writer.transport.abort()
            case Fate.BROKEN_AFTER:
                return Reply(502, b"<html>Bad gateway</html>")
            case Fate.NONSENSE:
                return b"what?\r\n\r\n"
            case Fate.HANG:
                await asyncio.Event().wait()  # until the server is closed
            case Fate.KILL_AFTER:
                self._fates.kill()
                writer.transport.abort()
            case _:
                pass
        return None


@dataclass(frozen=True)
class MailSide:
    """A provider of e-mail."""

    provider: SimulatedMailApi

    def answer(self, heard: Heard) -> Reply:
        return self.provider.answer(heard)

    def later(self) -> Reply:
        return self.provider.later()

    def refused(self, recipient: str) -> Reply:
        return self.provider.refused(recipient)

    def recipients(self) -> list[str]:
        return [mail.recipient for mail in self.provider.taken]

    def settings(self, url: str) -> dict[str, Any]:
        named = {"email_provider": self.provider.name, "email_key": KEY, "email_url": url, "sender": MAIL_FROM}
        if self.provider.name == "ses":
            return named | {"email_key_id": KEY_ID, "email_region": REGION, "email_stream": "shelftalk"}
        return named

    @property
    def takes_none_by_503(self) -> bool:
        return self.provider.api("").by_status.get(503) is Meaning.LATER


@dataclass(frozen=True)
class TextSide:
    """A provider of text messages, with what a worker needs to be known to it."""

    provider: SimulatedSms
    name: str
    login: dict[str, str]
    path: str = ""

    @classmethod
    def twilio(cls) -> Self:
        return cls(SimulatedTwilio(), "twilio", {"sms_key_id": "AC1", "sms_secret": "token"})

    def answer(self, heard: Heard) -> Reply:
        target = urlsplit(heard.path)
        request = Request(target.path, dict(parse_qsl(target.query)), heard.headers, heard.body)
        reply = self.provider.answer(request)
        return Reply(reply.status, reply.content)

    def later(self) -> Reply:
        return self._laid_down(Answer.LATER)

    def refused(self, recipient: str) -> Reply:
        del recipient
        return self._laid_down(Answer.BAD_ADDRESS)

    def _laid_down(self, answer: Answer) -> Reply:
        reply = self.provider.answers[answer]
        return Reply(reply.status, reply.content)

    def recipients(self) -> list[str]:
        return [each.to for each in self.provider.taken]

    def settings(self, url: str) -> dict[str, Any]:
        named = {"sms_provider": self.name, "sms_sender": FROM, "sms_url": url + self.path, **self.login}
        # Every worker has a sender of mails; this one has none to send.
        other = {"smtp_host": "127.0.0.1", "sms_callback_url": f"https://shop.example/v1/webhooks/{self.name}"}
        return named | other

    @property
    def takes_none_by_503(self) -> bool:
        return self.provider.api.by_status.get(503) is Meaning.LATER


def _texts() -> dict[str, Callable[[], TextSide]]:
    return {
        "twilio": TextSide.twilio,
        "telnyx": lambda: TextSide(SimulatedTelnyx(), "telnyx", {"sms_secret": "KEY"}),
        "vonage": lambda: TextSide(SimulatedVonage(), "vonage", {"sms_key_id": "key", "sms_secret": "secret"}),
        "http": lambda: TextSide(SimulatedGateway(), "http", {"sms_secret": SECRET}, "/text?shop=1"),
    }


def _by_http(side: Callable[[], Side]) -> Callable[[Fates], End]:
    return lambda fates: HttpEnd(side(), fates)


MAIL: dict[str, Callable[[Fates], End]] = {
    "smtp": SmtpEnd,
    **{each.name: _by_http(lambda each=each: MailSide(each())) for each in SIMULATED},
}
TEXTS: dict[str, Callable[[Fates], End]] = {name: _by_http(side) for name, side in _texts().items()}
KINDS = (*MAIL, *TEXTS)
"""Every kind of sender, by the name that the settings know it under."""
