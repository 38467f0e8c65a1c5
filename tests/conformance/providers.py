"""Mail providers under a test's control: the simulated sender, what SMTP servers share, a bare peer for what no real
server does (a real one is in `real_server`), and the providers that are asked over HTTP. Each keeps what it took, and
misbehaves as its plan says.

Every refusal repeats the recipient's address, as real servers do, so that the suite can prove it goes no further (P8).
"""

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from math import inf
from typing import Any, Protocol, Self

from activities.senders.email.mail_api import MailSender, mail_sender
from activities.senders.email.smtp_sender import SmtpSender
from activities.senders.limits import Limits
from activities.senders.sender import Handover, Mail, Sender
from tests.simulated.mail_api import Heard, Reply, SimulatedMailApi
from tests.simulated.mail_api_server import MailApiServer, Moment
from tests.simulated.sender import Answer, SimulatedSender

RECIPIENT = "ada.private@example.org"
FROM = "Shop <alerts@example.com>"


class At(StrEnum):
    """The moment a plan strikes."""

    GREETING = "greeting"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    """354 was said and nothing of the body was read."""
    MIDDLE = "middle"
    """The first line of the body was read."""
    END = "end"
    """The final dot was read; the message was not taken."""
    TAKEN = "taken"
    """The message was taken; its answer was not sent."""


class Does(StrEnum):
    """What the provider then does."""

    LATER = "451 4.3.0"
    REFUSE = "550 5.1.1"
    BYE = "421 4.4.2"
    NONSENSE = "what?"
    DROP = "drop"
    STALL = "stall"

    @property
    def reply(self) -> bytes:
        """A multi-line reply that repeats the address."""
        if self is Does.NONSENSE:
            return b"what? %s\r\n" % RECIPIENT.encode()
        code, enhanced = self.value.split()
        return f"{code}-{enhanced} <{RECIPIENT}>: no\r\n{code} {enhanced} <{RECIPIENT}>\r\n".encode()


@dataclass(frozen=True, slots=True)
class Plan:
    """Misbehave so at that moment, from a connection's n-th message on."""

    at: At
    does: Does
    from_message: int = 1

    def __str__(self) -> str:
        return f"{self.does.name.lower()} at {self.at}"


class Provider(Protocol):
    """What the suite needs of every provider."""

    plan: Plan | None

    def sender(self, limits: Limits) -> Sender[Mail]:
        """A sender to this provider, closed with it."""
        ...

    @property
    def taken(self) -> list[str]:
        """Message-IDs, without brackets, in order."""
        ...

    async def struck_once(self) -> None:
        """Returns when the plan has struck."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


async def send(sender: Sender[Mail], mail: Mail) -> None:
    """All three steps of a message that leaves."""
    async with sender.ready(mail) as handover:
        await handover.begin(mail)
        await handover.send()


class SimulatedProvider:
    """The simulated sender is its own provider. It ends only in the ways a plan at END or TAKEN can bring about."""

    plan: Plan | None = None

    def __init__(self) -> None:
        self._sender = SimulatedSender()

    def sender(self, limits: Limits) -> Sender[Mail]:
        del limits
        match self.plan:
            case Plan(at=At.END, does=Does.LATER):
                self._sender.answer_next(Answer.TRY_LATER)
            case Plan(at=At.END, does=Does.REFUSE):
                self._sender.answer_next(Answer.REFUSE)
            case Plan(at=At.END, does=Does.DROP):
                self._sender.answer_next(Answer.LOSE)
            case Plan(at=At.TAKEN, does=Does.DROP):
                self._sender.answer_next(Answer.TAKE_AND_LOSE_ANSWER)
            case _:
                pass
        return self._sender

    @property
    def taken(self) -> list[str]:
        return [mail.message_id for mail in self._sender.taken]

    async def struck_once(self) -> None:
        """It acts at once."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sender.aclose()


class SmtpProvider:
    """What both SMTP servers have in common.

    Attributes:
        connections, most_at_once: how many were made, and were open together.
        reached: set when a plan strikes.
        go_on: what a stalled connection waits for.
        heard: every command line, for the bare peer.
    """

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.messages: list[EmailMessage] = []
        self.connections = self.most_at_once = self.open_now = 0
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self.heard: list[str] = []
        self.port = 0
        self._exit = AsyncExitStack()

    @property
    def taken(self) -> list[str]:
        return [str(message["Message-ID"]).strip("<>") for message in self.messages]

    def sender(self, limits: Limits, **options: Any) -> SmtpSender:
        sender = SmtpSender(self.host, self.port, FROM, limits=limits, **options)
        self._exit.push_async_callback(sender.aclose)
        return sender

    async def struck_once(self) -> None:
        await self.reached.wait()

    def take(self, content: bytes) -> None:
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)

    def arrived(self) -> None:
        self.connections += 1
        self.open_now += 1
        self.most_at_once = max(self.most_at_once, self.open_now)

    def left(self) -> None:
        self.open_now -= 1

    async def struck(self, at: At, message: int, writer: asyncio.StreamWriter) -> bool:
        """Do what the plan says for this moment; whether it said anything."""
        plan = self.plan
        if plan is None or plan.at is not at or message < plan.from_message:
            return False
        self.reached.set()
        match plan.does:
            case Does.DROP:
                writer.transport.abort()
            case Does.STALL:
                await self.go_on.wait()
                return False
            case Does.BYE:
                writer.write(plan.does.reply)
                writer.close()
            case Does.LATER | Does.REFUSE | Does.NONSENSE:
                writer.write(plan.does.reply)
        return True

    async def serve(self, server: asyncio.Server) -> None:
        self.port = server.sockets[0].getsockname()[1]
        self._exit.callback(server.close)

    async def __aexit__(self, *_: object) -> None:
        self.go_on.set()
        await self._exit.aclose()


class BarePeer(SmtpProvider):
    """Just enough SMTP to be rude at every moment."""

    async def __aenter__(self) -> Self:
        await self.serve(await asyncio.start_server(self._talk, self.host))
        return self

    async def hang_up(self) -> None:
        """Close every connection, as a server does with idle ones, and wait until they are closed."""
        writers, self._writers = self._writers, set[asyncio.StreamWriter]()
        for writer in writers:
            writer.close()
            await writer.wait_closed()

    def __init__(self) -> None:
        super().__init__()
        self._writers = set[asyncio.StreamWriter]()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arrived()
        self._writers.add(writer)
        try:
            await self._dialogue(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.left()
            self._writers.discard(writer)
            writer.close()

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        message = 1
        if not await self.struck(At.GREETING, message, writer):
            writer.write(b"220 bare peer\r\n")
        while not writer.is_closing():
            line = (await reader.readuntil(b"\r\n")).decode().strip()
            self.heard.append(line)
            verb = line.partition(" ")[0].upper()
            at = At(verb.lower()) if verb in {"EHLO", "MAIL", "RCPT", "DATA"} else None
            if at is not None and await self.struck(at, message, writer):
                continue
            match verb:
                case "EHLO":
                    writer.write(b"250-bare peer\r\n250 SIZE 1000000\r\n")
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    await self._message(reader, message, writer)
                    message += 1
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    return
                case _:
                    writer.write(b"250 ok\r\n")

    async def _message(self, reader: asyncio.StreamReader, number: int, writer: asyncio.StreamWriter) -> None:
        if await self.struck(At.BODY, number, writer):
            return
        content = await reader.readuntil(b"\r\n")
        if await self.struck(At.MIDDLE, number, writer):
            return
        content += await reader.readuntil(b"\r\n.\r\n")
        if await self.struck(At.END, number, writer):
            return
        self.take(content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
        if not await self.struck(At.TAKEN, number, writer):
            writer.write(b"250 taken\r\n")


_MOMENTS = {Moment.HEAD: At.BODY, Moment.WHOLE: At.END, Moment.DONE: At.TAKEN}


class HttpProvider(MailApiServer[SimulatedMailApi]):
    """A simulated provider behind HTTP.

    Attributes:
        strikes_left: how often its plan still strikes.
        then: what it answers to the request after the last strike.
    """

    def __init__(self, provider: SimulatedMailApi) -> None:
        super().__init__(provider)
        self.plan: Plan | None = None
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self._message_ids: dict[str, str] = {}
        self.strikes_left: float = inf
        self.then: Reply | None = None

    def sender(self, limits: Limits, **options: Any) -> "NotingSender":
        limits = replace(limits, pause=0.001, tries=5)
        sender = NotingSender(
            mail_sender(self.provider.api(self.url), FROM, limits=limits, **options), self._message_ids
        )
        self._exit.push_async_callback(sender.aclose)
        return sender

    @property
    def taken(self) -> list[str]:
        # Not every provider lets us choose the Message-ID.
        return [self._message_ids[mail.subject] for mail in self.provider.taken]

    async def struck_once(self) -> None:
        await self.reached.wait()

    async def strikes(
        self, moment: Moment, writer: asyncio.StreamWriter, heard: Heard | None = None
    ) -> Reply | bytes | None:
        plan = self.plan
        if plan is None or plan.at is not _MOMENTS[moment] or self.strikes_left <= 0:
            return None
        self.strikes_left -= 1
        if self.strikes_left == 0 and self.then is not None:
            # What this request still does comes before.
            asyncio.get_running_loop().call_soon(self.provider.replies.append, self.then)
        self.reached.set()
        match plan.does:
            case Does.LATER:
                return self.provider.later()
            case Does.REFUSE:
                return self.provider.refused(RECIPIENT)
            case Does.NONSENSE | Does.BYE:
                return b"what? %s\r\n\r\n" % RECIPIENT.encode()
            case Does.DROP:
                writer.transport.abort()
                return None
            case Does.STALL:
                await self.go_on.wait()
                return None

    async def __aexit__(self, *_: object) -> None:
        self.go_on.set()
        await super().__aexit__()


class NotingSender:
    """Notes the Message-IDs of what it sends, by subject."""

    def __init__(self, sender: MailSender, message_ids: dict[str, str]) -> None:
        self._sender, self._message_ids = sender, message_ids

    def ready(self, mail: Mail, within: float = inf) -> AbstractAsyncContextManager[Handover[Mail]]:
        self._message_ids[mail.subject] = mail.message_id
        return self._sender.ready(mail, within)

    async def aclose(self) -> None:
        await self._sender.aclose()
