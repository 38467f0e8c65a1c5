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
from math import inf
from pathlib import Path
from typing import Self

from activities.senders.email.mime import Envelope, compose, parse_sender
from activities.senders.email.smtp_replies import Gone
from activities.senders.email.smtp_session import SmtpEndpoint, SmtpSession
from activities.senders.limits import CONNECTIONS, Limits
from activities.senders.sender import Mail, NotTaken
from schemas.settings import Settings

CLOSE_SECONDS = 2.0


class SmtpSender:
    """Hands mail to one SMTP server over a few kept connections. For one event loop.

    Args:
        sender: the From address, `Name <local@domain>`.
        username, password: for AUTH; without TLS they travel readable.
        starttls: demand STARTTLS before anything else; the certificate must be valid for `host`.
        tls: speak TLS from the first byte, as on port 465; the same of the certificate.
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
        tls: bool = False,
        ca_file: Path | None = None,
        connections: int = CONNECTIONS,
        limits: Limits | None = None,
    ) -> None:
        self._sender = parse_sender(sender)
        context = ssl.create_default_context(cafile=ca_file) if starttls or tls else None
        own_name = _own_name(self._sender.domain)
        self._endpoint = SmtpEndpoint(host, port, own_name, context, username, password, tls_at_once=tls)
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
            raise ValueError("SHELFTALK_SMTP_HOST is not set: name the mail server, or a SHELFTALK_EMAIL_PROVIDER")
        password = settings.smtp_password
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            settings.sender,
            settings.smtp_username,
            password.get_secret_value() if password else None,
            settings.smtp_starttls,
            tls=settings.smtp_tls,
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
