"""One SMTP connection, driven stage by stage, so that the end of every message is exact (P1).

The hand-over begins when the server has answered 354 and the first byte of the body is written. A failure before that
means *not taken*. After it only the server's answer decides; without one the end is *uncertain*. What an answer means
is in `smtp_replies`.
"""

import asyncio
import contextlib
import ssl
import time
from dataclasses import dataclass
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
from activities.senders.email.smtp_replies import Gone, Stage, keeps_connection, refusal, refused_connection, told
from activities.senders.sender import NotTaken, Rejected, Uncertain

_START_INPUT = 354


@dataclass(frozen=True, slots=True)
class SmtpEndpoint:
    """How to reach the mail server.

    Attributes:
        own_name: the name that EHLO gives.
        tls: the context of TLS, by STARTTLS where it is not spoken at once; None: not used.
        tls_at_once: it is spoken from the first byte.
    """

    host: str
    port: int
    own_name: str
    tls: ssl.SSLContext | None
    username: str | None
    password: str | None
    tls_at_once: bool = False


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
            use_tls=endpoint.tls_at_once,
            tls_context=endpoint.tls if endpoint.tls_at_once else None,
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
        """Connect, EHLO and, where demanded, TLS and AUTH.

        Raises:
            NotTaken: always, for a 5xx too: a refused connection is no verdict on the message. `SenderAtFault` where
                the login is what is refused.
        """
        endpoint = self._endpoint
        try:
            await self._smtp.connect()
            self.stage = Stage.EHLO
            await self._smtp.ehlo()
            if endpoint.tls is not None and not endpoint.tls_at_once:
                self.stage = Stage.STARTTLS
                await self._smtp.starttls(tls_context=endpoint.tls)
                self.stage = Stage.EHLO
                await self._smtp.ehlo()
            if endpoint.username is not None:
                self.stage = Stage.AUTH
                await self._smtp.login(endpoint.username, endpoint.password or "")
        except SMTPResponseException as error:
            raise refused_connection(self.stage, error.code, error.message) from None
        except (ssl.SSLError, ConnectionError, SMTPTimeoutError) as error:
            raise self._no_connection(error) from None
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
                raise Gone(told(Stage.RSET, answer.code, answer.message))
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
                raise Uncertain(f"{told(Stage.BODY, answer.code, answer.message)}, which decides nothing")

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
            raise Gone(f"{told(stage, error.code, '')}, which is not SMTP") from None
        except (SMTPException, OSError):
            raise Gone(self._lost()) from None
        self._in_step = True
        return answer

    def _refuse(self, stage: Stage, answer: SMTPResponse) -> NoReturn:
        # After a refused body the connection is dropped: the server may have stopped reading in the middle of it.
        self._in_step = stage is not Stage.BODY and keeps_connection(answer.code)
        raise refusal(stage, answer.code, answer.message)

    def _no_connection(self, error: BaseException) -> NotTaken:
        # TLS that is spoken at once fails inside the connecting.
        match error if isinstance(error, ssl.SSLError) else error.__cause__:
            case ssl.SSLCertVerificationError():
                return NotTaken(
                    "the mail server's certificate could not be verified: it must name the host connected to"
                    " and come from a trusted authority"
                )
            case ssl.SSLError():
                return NotTaken(
                    "no TLS connection to the mail server came about: check its TLS versions, and whether its port is"
                    " for STARTTLS or for TLS from the first byte"
                )
            case _:
                return Gone(self._lost())

    def _lost(self) -> str:
        if self.stage is Stage.CONNECT:
            return "the mail server could not be reached: check that it runs and the SMTP host and port"
        return f"the connection to the mail server was lost at {self.stage}, before the message was handed over"
