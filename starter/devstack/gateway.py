"""An SMS gateway for the demo and the tests: takes signed text messages as docs/sms.md asks, and delivers nothing."""

import asyncio
import base64
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Literal, Self

from fastapi import FastAPI, Request, Response
from pydantic import AwareDatetime, Field, SecretStr, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from schemas.model import Model
from schemas.settings import Settings
from starter.http.server import serving
from starter.runtime.ports import LOOPBACK

PATH = "/texts"


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
    """A gateway in the running event loop. A repeated message is taken once.

    Args:
        url: where messages are posted.
    """

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret
        self._known = set[str]()
        self._texts = asyncio.Queue[TakenText]()

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncGenerator[Self]:
        """One on a free port, with a secret of its own, until the block ends."""
        app = FastAPI(openapi_url=None)
        async with serving(app, LOOPBACK, 0) as served:
            secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
            gateway = cls(f"{served.url}{PATH}", secret)
            app.add_api_route(PATH, gateway.take, methods=["POST"])
            yield gateway

    def used_by(self, settings: Settings, sender: str) -> Settings:
        """The settings of an installation that sends its text messages here, from this number."""
        named = {"sms_provider": "http", "sms_url": self._url, "sms_secret": SecretStr(self._secret)}
        return settings.model_copy(update=named | {"sms_sender": sender})

    async def take(self, request: Request) -> Response:
        """Answer one request."""
        try:
            text = read_text(self._secret, request.headers, await request.body())
        except WebhookVerificationError:
            return Response(status_code=401)
        except ValidationError:
            return Response(status_code=422)
        if text.id not in self._known:
            self._known.add(text.id)
            self._texts.put_nowait(text)
        return Response(status_code=202)

    async def next(self, within: float) -> TakenText:
        """The next message that was taken, or is within so many seconds.

        Raises:
            TimeoutError: none was.
        """
        return await asyncio.wait_for(self._texts.get(), within)
