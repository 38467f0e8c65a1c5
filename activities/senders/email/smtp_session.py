"""One SMTP connection, driven stage by stage, so that the end of every message is exact (P1).

The hand-over begins when the server has answered 354 and the first byte of the body is written. A failure before that
means *not taken*. After it only the server's answer decides; without one the end is *uncertain*.

An exception names the reply's code, enhanced status code and stage only: the free text of replies often repeats the
address (P8).
"""

import asyncio
import contextlib
import re
import ssl
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)
from aiosmtplib.protocol import SMTPProtocol

from activities.senders.email.mime import Envelope
from activities.senders.sender import NotTaken, Rejected, Uncertain

# Of the session or the login, not of this message: bad sequence, and the AUTH family of RFC 4954.
_NOT_ABOUT_THE_MESSAGE = frozenset({503, 530, 534, 535, 538})
# RFC 5321 section 4.5.3.1.10: at RCPT old servers say 552 where 452 is meant; a full mailbox passes too.
_STORAGE_EXCEEDED = 552
_CLOSING = 421
_START_INPUT = 354

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")


class Stage(StrEnum):
    """A stage of the SMTP dialogue; the value is its name in messages."""

    CONNECT = "connecting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the end of the message"


class Gone(NotTaken):
    """The connection was lost before the hand-over: a fresh one may be tried."""


@dataclass(frozen=True, slots=True)
class SmtpEndpoint:
    """How to reach the mail server.

    Attributes:
        own_name: the name that EHLO gives.
        tls: STARTTLS is demanded, with this context; None: not used.
    """

    host: str
    port: int
    own_name: str
    tls: ssl.SSLContext | None
    username: str | None
    password: str | None


class SmtpSession:
    """A connection for one message at a time: `open`, then for each message `address`, `begin` and `hand_over`.

    Attributes:
        stage: the last stage entered.
        opened, idle_since: `time.monotonic()`, in seconds.
        messages: how many were begun.
    """

    def __init__(self, endpoint: SmtpEndpoint) -> None:
        self._endpoint = endpoint
        # No time limits of its own: the sender's cover whole groups of stages.
        self._smtp = SMTP(
            hostname=endpoint.host,
            port=endpoint.port,
            local_hostname=endpoint.own_name,
            timeout=None,
            start_tls=False,
        )
        self._in_step = False
        self._envelope_open = False
        self.stage = Stage.CONNECT
        self.opened = self.idle_since = time.monotonic()
        self.messages = 0

    @property
    def reusable(self) -> bool:
        """Connected, and every command has had its answer."""
        return self._in_step and self._smtp.is_connected

    async def open(self) -> None:
        """Connect, EHLO and, where demanded, STARTTLS and AUTH.

        Raises:
            NotTaken: always, for a 5xx too: a refused connection is no verdict on the message.
        """
        endpoint = self._endpoint
        try:
            await self._smtp.connect()
            self.stage = Stage.EHLO
            await self._smtp.ehlo()
            if endpoint.tls is not None:
                self.stage = Stage.STARTTLS
                await self._smtp.starttls(tls_context=endpoint.tls)
                self.stage = Stage.EHLO
                await self._smtp.ehlo()
            if endpoint.username is not None:
                self.stage = Stage.AUTH
                await self._smtp.login(endpoint.username, endpoint.password or "")
        except SMTPResponseException as error:
            answer = _told(self.stage, error.code, error.message)
            raise NotTaken(f"{answer}, before any message: {self._advice(error.code)}") from None
        except ssl.SSLCertVerificationError:
            raise NotTaken(
                "the mail server's certificate could not be verified: it must name the host connected to"
                " and come from a trusted authority"
            ) from None
        except ssl.SSLError:
            raise NotTaken("no TLS connection to the mail server came about: check its TLS versions") from None
        except (ConnectionError, SMTPTimeoutError):
            raise Gone(self._lost()) from None
        except SMTPException:
            # What remains is a server that does not offer what the settings demand.
            raise NotTaken(
                f"the mail server does not offer the {self.stage} that is configured: check the SMTP settings"
            ) from None
        except OSError:
            raise Gone(self._lost()) from None
        self._in_step = True

    async def address(self, envelope: Envelope) -> None:
        """MAIL and RCPT, until the server accepts the recipient. Raises as `begin` does."""
        if envelope.utf8 and not self._smtp.supports_extension("smtputf8"):
            raise Rejected("the address is not ASCII and the mail server does not offer SMTPUTF8")
        self.messages += 1
        if self._envelope_open:
            # A message that was refused, or not sent, leaves its envelope open. Nobody waits for its RSET before this.
            answer = await self._say(Stage.RSET, b"RSET")
            if answer.code // 100 != 2:
                raise Gone(_told(Stage.RSET, answer.code, answer.message))
        self._envelope_open = True
        # Without a SIZE: the words may still change, and no mail server refuses some kilobytes.
        options = [b"SMTPUTF8", b"BODY=8BITMIME"] if envelope.utf8 else []
        await self._expect(2, Stage.MAIL, b"MAIL", b"FROM:<%s>" % envelope.sender.encode(), *options)
        await self._expect(2, Stage.RCPT, b"RCPT", b"TO:<%s>" % envelope.recipient.encode())

    async def begin(self) -> None:
        """DATA, until the server waits for the body. Nothing is handed over yet.

        Raises:
            Gone: the connection is of no use any more.
            NotTaken, Rejected: the server refuses this message, for now or for good.
        """
        answer = await self._say(Stage.DATA, b"DATA")
        if answer.code != _START_INPUT:
            self._refuse(Stage.DATA, answer)
        # From here the server takes whatever is written as the message.
        self._in_step = False

    async def hand_over(self, body: bytes, answer_within: float, when_cancelled: float) -> None:
        """Write the body and wait for the server's answer; return when it has taken the message.

        A cancellation does not interrupt it: it waits a little longer for the answer and then ends as that demands.

        Args:
            answer_within: seconds to wait for the answer.
            when_cancelled: seconds to go on waiting after a cancellation.

        Raises:
            NotTaken, Rejected: by the server's answer, or the connection was closed before the first byte.
            Uncertain: no answer came.
        """
        self.stage = Stage.BODY
        protocol = self._smtp.protocol
        if protocol is None:
            raise Gone(self._lost())
        exchange = asyncio.create_task(self._exchange(protocol, body))
        try:
            await asyncio.wait({exchange}, timeout=answer_within)
        except asyncio.CancelledError:
            # Cancelled a second time: the caller cannot wait for the answer.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({exchange}, timeout=when_cancelled)
        if not exchange.done():
            exchange.cancel()
            raise Uncertain("the mail server did not answer the end of the message in time")
        answer = exchange.result()
        match answer.code // 100:
            case 2:
                self._in_step, self._envelope_open = True, False
            case 4 | 5:
                self._refuse(Stage.BODY, answer)
            case _:
                raise Uncertain(f"{_told(Stage.BODY, answer.code, answer.message)}, which decides nothing")

    def close(self) -> None:
        """Drop the connection, after a QUIT if it can be written. Does not wait."""
        if self.reusable and self._smtp.protocol is not None:
            self._smtp.protocol.write(b"QUIT\r\n")
        self._in_step = False
        self._smtp.close()

    async def quit(self) -> None:
        """Send QUIT and wait for the answer; a failure is ignored."""
        try:
            await self._smtp.quit()
        except (SMTPException, OSError):
            pass
        finally:
            self._smtp.close()

    async def _exchange(self, protocol: SMTPProtocol, body: bytes) -> SMTPResponse:
        try:
            protocol.write(body.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        except SMTPServerDisconnected:
            # Raised only before the first byte is written, so this one loss is certain.
            raise Gone(self._lost()) from None
        try:
            return await protocol.read_response()
        except SMTPResponseException as error:
            return SMTPResponse(error.code, "")
        except (SMTPException, OSError):
            raise Uncertain("the connection to the mail server was lost after the message was handed over") from None

    async def _expect(self, family: int, stage: Stage, *command: bytes) -> None:
        answer = await self._say(stage, *command)
        if answer.code // 100 != family:
            self._refuse(stage, answer)

    async def _say(self, stage: Stage, *command: bytes) -> SMTPResponse:
        self.stage = stage
        self._in_step = False
        try:
            answer = await self._smtp.execute_command(*command)
        except SMTPResponseException as error:
            raise Gone(f"{_told(stage, error.code, '')}, which is not SMTP") from None
        except (SMTPException, OSError):
            raise Gone(self._lost()) from None
        self._in_step = True
        return answer

    def _refuse(self, stage: Stage, answer: SMTPResponse) -> NoReturn:
        told = _told(stage, answer.code, answer.message)
        # After a refused body the connection is dropped: the server may have stopped reading in the middle of it.
        self._in_step = (
            stage is not Stage.BODY
            and answer.code // 100 in (4, 5)
            and answer.code not in (_CLOSING, *_NOT_ABOUT_THE_MESSAGE)
        )
        match answer.code // 100:
            case _ if answer.code == _CLOSING:
                raise Gone(told)
            case 4:
                raise NotTaken(told)
            case 5 if answer.code in _NOT_ABOUT_THE_MESSAGE:
                raise NotTaken(f"{told}: {self._advice(answer.code)}")
            case 5 if stage is Stage.MAIL and answer.code != _STORAGE_EXCEEDED:
                # MAIL is about our own From address: a wrong setting must not refuse every contact of a waiting list.
                raise NotTaken(f"{told}: check SHELFTALK_SENDER and what the mail server allows it")
            case 5 if stage is Stage.RCPT and answer.code == _STORAGE_EXCEEDED:
                raise NotTaken(told)
            case 5:
                raise Rejected(told)
            case _:
                raise NotTaken(f"{told}, which is no answer to it")

    def _advice(self, code: int) -> str:
        if code // 100 == 4:
            return "it may pass"
        if self.stage is Stage.AUTH or code in (530, 534, 535, 538):
            return "check the SMTP user name, password and STARTTLS in the settings"
        return "check the SMTP settings and what the mail server allows this host"

    def _lost(self) -> str:
        if self.stage is Stage.CONNECT:
            return "the mail server could not be reached: check that it runs and the SMTP host and port"
        return f"the connection to the mail server was lost at {self.stage}, before the message was handed over"


def _told(stage: Stage, code: int, reply: str) -> str:
    enhanced = _ENHANCED.match(reply)
    return f"the mail server answered {code}{f' {enhanced[0]}' if enhanced else ''} at {stage}"
