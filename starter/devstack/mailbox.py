"""A mailbox for the dev stack and the tests: takes mail over SMTP, keeps each as an `.eml` file, delivers nothing."""

import asyncio
import contextlib
import email
import email.policy
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Self
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from starter.devstack.failures import make_folder
from starter.runtime.ports import LOOPBACK, cannot_listen

LARGEST_MAIL_BYTES = 32 * 1024 * 1024
"""What large mail services accept, and then some."""

CONNECTIONS_WAITING = 4096
"""Connections the kernel holds until they are taken. In SMTP the server speaks first, so a connection that does not fit
looks open to its client and stays silent for up to a minute; asyncio's own 100 are too few for a crowd of senders."""

# It logs every sender and recipient at INFO; addresses do not belong in a log.
logging.getLogger("mail.log").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Mail:
    """One mail that was accepted.

    Attributes:
        sender: the address of MAIL FROM; empty for a bounce.
        recipients: the addresses of RCPT TO.
        file: the `.eml` file, as it came over the wire.
    """

    sender: str
    recipients: tuple[str, ...]
    file: Path

    def read(self) -> EmailMessage:
        """The mail itself, from its file."""
        return email.message_from_bytes(self.file.read_bytes(), policy=email.policy.default)


@dataclass(frozen=True)
class _Wait:
    matches: Callable[[Mail], bool]
    found: asyncio.Future[Mail]


class Mailbox:
    """An SMTP server in the running event loop.

    Args:
        folder: where the mails go; made when there is none.
        port: 0 for any free one.
        port_setting: how the user chooses the port, for the error when it is taken.
    """

    def __init__(
        self, folder: Path, *, host: str = LOOPBACK, port: int = 0, port_setting: str = "SHELFTALK_SMTP_PORT"
    ) -> None:
        self._folder = folder
        self._host = host
        self._port = port
        self._port_setting = port_setting
        self._mails: list[Mail] = []
        self._waits: list[_Wait] = []
        self._server: asyncio.Server | None = None
        self._sessions: WeakSet[SMTP] = WeakSet()
        self._run = f"{time.time_ns() // 1_000_000}-{os.getpid()}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def host(self) -> str:
        """Where it listens."""
        return self._host

    @property
    def port(self) -> int:
        """Where it listens; the chosen one after `start` when 0 was asked for."""
        return self._port

    @property
    def mails(self) -> tuple[Mail, ...]:
        """All mails accepted since it was made, in order of arrival."""
        return tuple(self._mails)

    async def start(self) -> None:
        """Listen.

        Raises:
            DevstackError: the port is taken or not allowed, or the folder cannot be made.
        """
        is_new = not self._folder.exists()
        make_folder(self._folder, "The mailbox")
        if is_new:
            self._folder.chmod(0o700)  # What is written to people is for nobody else.
        try:
            self._server = await asyncio.get_running_loop().create_server(
                self._session, self._host, self._port, reuse_address=True, backlog=CONNECTIONS_WAITING
            )
        except OSError as error:
            raise cannot_listen(error, self._port, "The mailbox", self._port_setting, self._host) from error
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close what is connected. Mails stay. May be called again."""
        if self._server is None:
            return
        self._server.close()
        for session in list(self._sessions):
            if session.transport is not None:
                session.transport.close()
        await self._server.wait_closed()
        self._server = None

    async def wait_for(self, matches: Callable[[Mail], bool], within: float, *, after: int = 0) -> Mail:
        """The first mail that matches, of those already here or still to come.

        Args:
            within: seconds to wait.
            after: skips that many of the first mails, for example `len(mailbox.mails)` to wait for a new one.

        Raises:
            TimeoutError: none came in time; it says how many did.
        """
        for mail in self._mails[after:]:
            if matches(mail):
                return mail
        wait = _Wait(matches, asyncio.get_running_loop().create_future())
        self._waits.append(wait)
        try:
            return await asyncio.wait_for(wait.found, within)
        except TimeoutError as error:
            raise TimeoutError(
                f"no such mail came within {within:g} s; {len(self._mails) - after} others did"
            ) from error
        finally:
            self._waits.remove(wait)

    async def wait_for_count(self, count: int, within: float) -> None:
        """Wait until that many mails were accepted in all.

        Raises:
            TimeoutError: fewer came in time; it says how many.
        """
        await self.wait_for(lambda _: len(self._mails) >= count, within, after=max(0, count - 1))

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Called by aiosmtpd with a whole mail: accepted once its file is in place."""
        content = envelope.content
        assert isinstance(content, bytes)  # Bytes unless its `decode_data` is asked for.
        file = self._folder / f"{self._run}-{len(self._mails) + 1:06d}.eml"
        partial = file.with_suffix(".partial")
        try:
            partial.write_bytes(content)
            partial.replace(file)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            return f"452 The mailbox cannot keep the mail: {error.strerror}"
        self._arrived(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), file))
        return "250 OK"

    def _arrived(self, mail: Mail) -> None:
        self._mails.append(mail)
        for wait in self._waits:
            if wait.found.done():
                continue
            try:
                if wait.matches(mail):
                    wait.found.set_result(mail)
            except Exception as error:  # noqa: BLE001 a faulty predicate is its caller's to see, not the sender's
                wait.found.set_exception(error)

    def _session(self) -> SMTP:
        session = SMTP(
            self,
            # Given, because the default asks the resolver for this machine's name, which can take seconds.
            hostname="localhost",
            ident="Shelftalk mailbox",
            data_size_limit=LARGEST_MAIL_BYTES,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )
        self._sessions.add(session)
        return session


def is_to(address: str) -> Callable[[Mail], bool]:
    """A predicate for `wait_for`: the mail goes to this address."""
    return lambda mail: address in mail.recipients
