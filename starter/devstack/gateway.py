"""An SMS gateway for the demo and the tests: takes signed text messages as docs/sms.md asks, and delivers nothing."""

import asyncio
import base64
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Literal, Self

from pydantic import AwareDatetime, Field, SecretStr, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from schemas.model import Model
from schemas.settings import Settings
from starter.runtime.ports import LOOPBACK


class TakenText(Model):
    """A text message that was taken, as it was posted; `id` is what the ledger knows it by."""

    id: str
    to: str
    sender: str | None = Field(alias="from")
    text: str
    encoding: str
    segments: int


class _Posted(Model):
    type: Literal["sms.send"]
    timestamp: AwareDatetime
    data: TakenText


def read_text(secret: str, headers: Mapping[str, str], body: bytes) -> TakenText:
    """The text message in a request.

    Args:
        headers: by their names in small letters.

    Raises:
        WebhookVerificationError: it is not signed with this secret, or long ago.
        ValidationError: it is no text message.
    """
    Webhook(secret).verify(body, dict(headers))
    return _Posted.model_validate_json(body).data


class SmsGateway:
    """A gateway in the running event loop. A repeated message is taken once."""

    def __init__(self) -> None:
        self._secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self._url = ""
        self._known = set[str]()
        self._texts = asyncio.Queue[TakenText]()
        self._talking = set[asyncio.StreamWriter]()

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncGenerator[Self]:
        """One on a free port, with a secret of its own, until the block ends."""
        gateway = cls()
        server = await asyncio.start_server(gateway._talk, LOOPBACK, 0)
        gateway._url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/texts"
        try:
            yield gateway
        finally:
            server.close()
            for writer in [*gateway._talking]:
                writer.close()

    def used_by(self, settings: Settings, sender: str) -> Settings:
        """The settings of an installation that sends its text messages here, from this number."""
        named = {"sms_provider": "http", "sms_url": self._url, "sms_secret": SecretStr(self._secret)}
        return settings.model_copy(update=named | {"sms_sender": sender})

    async def next(self, within: float) -> TakenText:
        """The next message that was taken, or is within so many seconds.

        Raises:
            TimeoutError: none was.
        """
        return await asyncio.wait_for(self._texts.get(), within)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request by request, until the sender closes it."""
        self._talking.add(writer)
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                writer.write(f"HTTP/1.1 {self._take(headers, body)} .\r\nContent-Length: 0\r\n\r\n".encode())
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # It closed the connection, or speaks no HTTP.
        finally:
            self._talking.discard(writer)
            writer.close()

    def _take(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status that answers one request."""
        try:
            text = read_text(self._secret, headers, body)
        except WebhookVerificationError:
            return 401
        except ValidationError:
            return 422
        if text.id not in self._known:
            self._known.add(text.id)
            self._texts.put_nowait(text)
        return 202
