"""E-mail over SMTP: who may use a connection when, for how long, and what is tried again.

The dialogue itself and the meaning of answers are in `smtp_session`; the message's bytes come from `mime`.
"""

import asyncio
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Self

from activities.senders.email.mime import Envelope, compose, parse_sender
from activities.senders.email.smtp_session import Gone, SmtpEndpoint, SmtpSession
from activities.senders.sender import Mail, NotTaken
from schemas.settings import Settings

# Small servers and providers allow about ten connections of one client.
CONNECTIONS = 8
# While the server answers, a connection is free within milliseconds. If none is by then, it is better to try again
# later than to hold an activity slot.
QUEUE_SECONDS = 10.0
# RFC 5321 section 4.5.3.2: five minutes for a greeting or a recipient. Until the body is written, giving up is safe.
READY_SECONDS = 300.0
# RFC 5321 allows the server ten minutes; real ones scan for a few seconds. After giving up nobody knows the outcome.
ANSWER_SECONDS = 30.0
# A process that is asked to stop has about ten seconds; most answers under way arrive in the first.
CANCELLED_SECONDS = 5.0
# Shorter than any server's own limit (30 s and more), so that a connection in use is rarely one being closed.
IDLE_SECONDS = 20.0
# Now and then a new connection finds a mail server's new address, certificate and login.
AGE_SECONDS = 300.0
# Servers commonly allow a hundred messages on a connection.
USES = 100
CLOSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an SmtpSender waits, in seconds.

    Attributes:
        queue: for a free connection.
        ready: from there until the server has accepted the recipient: handshake, MAIL and RCPT in all; and once more
            for its answer to DATA.
        answer: for the answer to the message.
        cancelled: for that answer once the send has been cancelled.
        idle, age: how long a connection may lie unused, and be used at all.
        uses: messages on one connection.
    """

    queue: float = QUEUE_SECONDS
    ready: float = READY_SECONDS
    answer: float = ANSWER_SECONDS
    cancelled: float = CANCELLED_SECONDS
    idle: float = IDLE_SECONDS
    age: float = AGE_SECONDS
    uses: int = USES


class SmtpSender:
    """Hands mail to one SMTP server over a few kept connections. For one event loop.

    Args:
        sender: the From address, `Name <local@domain>`.
        username, password: for AUTH; without `starttls` they travel readable.
        starttls: demand STARTTLS before anything else; the certificate must be valid for `host`.
        ca_file: trust the authorities in this PEM file instead of the system's.
        connections: how many may be open at once.

    Raises:
        ValueError: `sender` is not an address.
        OSError: `ca_file` cannot be read.
    """

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        username: str | None = None,
        password: str | None = None,
        starttls: bool = False,
        *,
        ca_file: Path | None = None,
        connections: int = CONNECTIONS,
        limits: Limits | None = None,
    ) -> None:
        self._sender = parse_sender(sender)
        tls = ssl.create_default_context(cafile=ca_file) if starttls else None
        self._endpoint = SmtpEndpoint(host, port, _own_name(self._sender.domain), tls, username, password)
        self._limits = limits or Limits()
        self._slots = asyncio.Semaphore(connections)
        self._idle: deque[SmtpSession] = deque()
        self._closed = False

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The sender that the settings describe.

        Raises:
            ValueError: no mail server is named, or SHELFTALK_SENDER is not an address.
        """
        if settings.smtp_host is None:
            raise ValueError("SHELFTALK_SMTP_HOST is not set")
        password = settings.smtp_password
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            settings.sender,
            settings.smtp_username,
            password.get_secret_value() if password else None,
            settings.smtp_starttls,
            limits=Limits(ready=settings.smtp_ready_seconds, answer=settings.smtp_answer_seconds),
        )

    @asynccontextmanager
    async def ready(self, mail: Mail, within: float = inf) -> AsyncGenerator["SmtpHandover"]:
        """See `Sender.ready`.

        Raises:
            NotTaken: certainly not taken: no free connection, no server, a wrong setting, or a 4xx answer.
            Rejected: certainly not taken: an impossible message, or a 5xx answer to it.
        """
        envelope = self._envelope(mail)
        limit = min(self._limits.ready, within)
        await self._turn()
        try:
            session = await self._addressed(envelope, limit)
            try:
                yield SmtpHandover(session, mail, envelope, self._envelope, limit, self._limits)
            finally:
                self._put_back(session)
        finally:
            self._slots.release()

    def _envelope(self, mail: Mail) -> Envelope:
        return compose(mail, parse_sender(mail.sender) if mail.sender else self._sender)

    async def aclose(self) -> None:
        """Send QUIT on the idle connections. Messages being sent are finished; new ones are refused."""
        self._closed = True
        idle = [self._idle.popleft() for _ in range(len(self._idle))]
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.gather(*(session.quit() for session in idle))
        except TimeoutError:
            pass
        finally:
            for session in idle:
                session.close()
        # The transports close in the loop's next turn.
        await asyncio.sleep(0)

    async def _turn(self) -> None:
        if self._closed:
            raise NotTaken("the sender is closed: the process is stopping")
        try:
            async with asyncio.timeout(self._limits.queue):
                await self._slots.acquire()
        except TimeoutError:
            raise NotTaken(
                f"no connection to the mail server was free for {self._limits.queue:g} s: it answers too slowly"
            ) from None

    async def _addressed(self, envelope: Envelope, limit: float) -> SmtpSession:
        """A session whose server has accepted the recipient."""
        session = self._take() or SmtpSession(self._endpoint)
        try:
            async with asyncio.timeout(limit):
                if session.reusable:
                    try:
                        await session.address(envelope)
                    except Gone:
                        # The server closed it while idle. Nothing was handed over, so one fresh connection is safe.
                        session.close()
                        session = SmtpSession(self._endpoint)
                    else:
                        return session
                await session.open()
                await session.address(envelope)
                return session
        except TimeoutError:
            session.close()
            raise _not_ready(session, limit) from None
        except BaseException:
            self._put_back(session)
            raise

    def _take(self) -> SmtpSession | None:
        """The connection used last, so that those not needed grow old."""
        while self._idle:
            session = self._idle.pop()
            if self._fit(session):
                return session
            session.close()
        return None

    def _put_back(self, session: SmtpSession) -> None:
        session.idle_since = time.monotonic()
        if self._closed or not self._fit(session):
            session.close()
            return
        self._idle.append(session)
        while not self._fit(self._idle[0]):
            self._idle.popleft().close()

    def _fit(self, session: SmtpSession) -> bool:
        now = time.monotonic()
        return (
            session.reusable
            and session.messages < self._limits.uses
            and now - session.idle_since < self._limits.idle
            and now - session.opened < self._limits.age
        )


class SmtpHandover:
    """A session whose server has accepted the recipient: see `Handover`."""

    def __init__(
        self,
        session: SmtpSession,
        mail: Mail,
        envelope: Envelope,
        compose_envelope: Callable[[Mail], Envelope],
        limit: float,
        limits: Limits,
    ) -> None:
        self._session = session
        self._mail, self._envelope = mail, envelope
        self._compose_envelope = compose_envelope
        self._limit, self._limits = limit, limits

    async def begin(self, mail: Mail) -> None:
        """See `Handover.begin`."""
        if mail != self._mail:
            accepted = self._envelope
            self._mail, self._envelope = mail, self._compose_envelope(mail)
            if (accepted.sender, accepted.recipient) != (self._envelope.sender, self._envelope.recipient):
                raise NotTaken("the message goes to or comes from another address by now")
        try:
            async with asyncio.timeout(self._limit):
                await self._session.begin()
        except TimeoutError:
            raise _not_ready(self._session, self._limit) from None

    async def send(self) -> None:
        """See `Handover.send`."""
        await self._session.hand_over(self._envelope.body, self._limits.answer, self._limits.cancelled)


def _not_ready(session: SmtpSession, limit: float) -> NotTaken:
    return NotTaken(f"the mail server did not get ready for the message in {limit:g} s (at {session.stage})")


def _own_name(domain: str) -> str:
    """The name that EHLO gives. Never looked up in DNS, which may take longer than a message may."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else domain
