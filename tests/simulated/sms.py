"""Providers of text messages on a socket of their own, each with the answers, errors and limits that it documents.

They take a message, refuse it as `answer_next` says, or misbehave as their `plan` says; what they took is kept.
"""

import asyncio
import base64
import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from standardwebhooks.webhooks import WebhookVerificationError

from activities.senders.limits import Limits
from activities.senders.sms.segments import BASIC, EXTENSION
from activities.senders.sms.signed_http import SignedHttp
from activities.senders.sms.sms_api import SmsApi, SmsSender, sms_sender_by
from activities.senders.sms.telnyx import Telnyx
from activities.senders.sms.twilio import Twilio
from activities.senders.sms.vonage import Vonage
from starter.devstack.gateway import read_text

FROM = "+15005550006"
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ....").decode()


class At(StrEnum):
    """The moment a plan strikes."""

    HEAD = "the head"
    """Of the body nothing was read."""
    END = "the end"
    """All was read; the message was not taken."""
    TAKEN = "taken"
    """The message was taken; its answer was not sent."""


class Does(StrEnum):
    """What the provider then does."""

    LATER = "429"
    BUSY = "503"
    BROKEN = "500"
    NONSENSE = "what?"
    DROP = "drop"
    STALL = "stall"


@dataclass(frozen=True, slots=True)
class Plan:
    """Misbehave so at that moment, so many times."""

    at: At
    does: Does
    times: int = 1_000

    def __str__(self) -> str:
        return f"{self.does.name.lower()} at {self.at}{'' if self.times > 1 else ', once'}"


class Answer(StrEnum):
    """How a provider answers one message."""

    OPTED_OUT = "opted out"
    BAD_ADDRESS = "bad address"
    AT_FAULT = "sender at fault"
    LOGIN = "login"
    LATER = "later"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Request:
    """What was posted."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))

    @property
    def json(self) -> dict[str, str]:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Took:
    """A message that was taken."""

    to: str
    text: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of HTTP."""

    status: int
    content: object = field(default_factory=dict[str, object])


class SimulatedSms(ABC):
    """What all of them have in common; `took` is each provider's own."""

    def __init__(self, answers: Mapping[Answer, Reply]) -> None:
        self.answers = answers
        self.plan: Plan | None = None
        self.taken: list[Took] = []
        self.go_on = asyncio.Event()
        self.reached = asyncio.Event()
        self.heard = 0
        self.port = 0
        self._struck = 0
        self._next = deque[Answer]()
        self._exit = AsyncExitStack()

    @property
    @abstractmethod
    def api(self) -> SmsApi: ...

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """Take what was posted, or refuse it as documented."""

    def answer_next(self, *answers: Answer) -> None:
        """Answer the next messages so, one each."""
        self._next.extend(answers)

    def sender(self, limits: Limits | None = None) -> SmsSender:
        """A sender to this provider, closed with it."""
        sender = sms_sender_by(self.api, limits)
        self._exit.push_async_callback(sender.aclose)
        return sender

    async def __aenter__(self) -> Self:
        server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.port = server.sockets[0].getsockname()[1]
        self._exit.callback(server.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.go_on.set()
        await self._exit.aclose()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        self.heard += 1
        if await self._strikes(At.HEAD, writer):
            return
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        target = urlsplit(head[0].split(" ")[1])
        request = Request(target.path, dict(parse_qsl(target.query)), headers, body)
        if await self._strikes(At.END, writer):
            return
        reply = self.answers[self._next.popleft()] if self._next else self.answer(request)
        if not await self._strikes(At.TAKEN, writer):
            _write(writer, reply)

    async def _strikes(self, at: At, writer: asyncio.StreamWriter) -> bool:
        plan = self.plan
        if plan is None or plan.at is not at or self._struck >= plan.times:
            return False
        self._struck += 1
        self.reached.set()
        match plan.does:
            case Does.LATER | Does.BUSY | Does.BROKEN:
                _write(writer, Reply(int(plan.does)))
            case Does.NONSENSE:
                writer.write(b"what?\r\n\r\n")
                writer.close()
            case Does.DROP:
                writer.transport.abort()
            case Does.STALL:
                await self.go_on.wait()
                writer.transport.abort()
        return True


def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    body = json.dumps(reply.content).encode()
    head = f"HTTP/1.1 {reply.status} .\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


def _twilio(status: int, code: int) -> Reply:
    return Reply(status, {"code": code, "message": "no", "more_info": "https://…", "status": status})


TWILIO = {
    Answer.OPTED_OUT: _twilio(400, 21610),
    Answer.BAD_ADDRESS: _twilio(400, 21614),
    Answer.AT_FAULT: _twilio(400, 21606),
    Answer.LOGIN: _twilio(401, 20003),
    Answer.LATER: _twilio(429, 20429),
    Answer.REJECT: _twilio(400, 21617),
}


class SimulatedTwilio(SimulatedSms):
    """POST /2010-04-01/Accounts/{sid}/Messages.json: a form, basic authentication, 201 with the message's SID."""

    def __init__(self) -> None:
        super().__init__(TWILIO)

    @property
    def api(self) -> Twilio:
        return Twilio("AC1", "token", FROM, "https://shop.example/v1/webhooks/twilio", self.url)

    def answer(self, request: Request) -> Reply:
        expected = "Basic " + base64.b64encode(b"AC1:token").decode()
        if request.headers.get("authorization") != expected:
            return self.answers[Answer.LOGIN]
        if request.path == "/2010-04-01/Accounts/AC1.json":
            return Reply(200, {"sid": "AC1", "status": "active"})
        if request.path != "/2010-04-01/Accounts/AC1/Messages.json":
            return _twilio(404, 20404)
        form = request.form
        if not form.get("To", "").startswith("+"):
            return _twilio(400, 21211)
        if len(form["Body"]) > 1600:
            return self.answers[Answer.REJECT]
        if form["From"] != FROM:
            return self.answers[Answer.AT_FAULT]
        reference = dict(parse_qsl(urlsplit(form.get("StatusCallback", "")).query)).get("shelftalk_message")
        self.taken.append(Took(form["To"], form["Body"], reference))
        return Reply(201, {"sid": f"SM{len(self.taken)}", "status": "queued", "error_code": None, "to": form["To"]})


def _telnyx(status: int, code: str, pointer: str | None = None) -> Reply:
    source = {"source": {"pointer": pointer}} if pointer is not None else {}
    return Reply(status, {"errors": [{"code": code, "title": "no", "detail": "no", **source}]})


TELNYX = {
    Answer.OPTED_OUT: _telnyx(400, "40300"),
    Answer.BAD_ADDRESS: _telnyx(400, "40310", "/to"),
    Answer.AT_FAULT: _telnyx(403, "40330"),
    Answer.LOGIN: _telnyx(401, "10009"),
    Answer.LATER: _telnyx(429, "10011"),
    Answer.REJECT: _telnyx(422, "40328"),
}


class SimulatedTelnyx(SimulatedSms):
    """POST /v2/messages: JSON, a bearer key, 200 with the message; the same Idempotency-Key has the same answer."""

    def __init__(self) -> None:
        super().__init__(TELNYX)
        self._answered: dict[str, Reply] = {}

    @property
    def api(self) -> Telnyx:
        return Telnyx("KEY", FROM, "https://shop.example/v1/webhooks/telnyx", self.url)

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != "Bearer KEY":
            return self.answers[Answer.LOGIN]
        if request.path != "/v2/messages":
            return _telnyx(404, "10005")
        key = request.headers["idempotency-key"]
        if key not in self._answered:
            self._answered[key] = self._take(request.json)
        return self._answered[key]

    def _take(self, asked: Mapping[str, str]) -> Reply:
        if not asked["to"].startswith("+"):
            return _telnyx(400, "10016", "/to")
        if asked["from"] != FROM:
            return _telnyx(400, "40305", "/from")
        reference = dict(parse_qsl(urlsplit(asked["webhook_url"]).query)).get("shelftalk_message")
        self.taken.append(Took(asked["to"], asked["text"], reference))
        return Reply(200, {"data": {"id": f"id-{len(self.taken)}", "record_type": "message", "errors": []}})


def _vonage(status: str) -> Reply:
    return Reply(200, {"message-count": "1", "messages": [{"status": status, "error-text": "no"}]})


VONAGE = {
    Answer.OPTED_OUT: _vonage("7"),
    Answer.BAD_ADDRESS: _vonage("33"),
    Answer.AT_FAULT: _vonage("15"),
    Answer.LOGIN: _vonage("4"),
    Answer.LATER: _vonage("1"),
    Answer.REJECT: _vonage("12"),
}


class SimulatedVonage(SimulatedSms):
    """POST /sms/json: a form with key and secret, 200 whatever happened, a status for each part."""

    def __init__(self) -> None:
        super().__init__(VONAGE)

    @property
    def api(self) -> Vonage:
        return Vonage("key", "secret", FROM, "https://shop.example/v1/webhooks/vonage", self.url)

    def answer(self, request: Request) -> Reply:
        form = request.form
        if request.path != "/sms/json":
            return Reply(404)
        if (form["api_key"], form["api_secret"]) != ("key", "secret"):
            return self.answers[Answer.LOGIN]
        if not form["to"].isdecimal():
            return _vonage("3")
        if not set(form["text"]) <= BASIC | EXTENSION and form.get("type") != "unicode":
            return _vonage("6")
        self.taken.append(Took(f"+{form['to']}", form["text"], form.get("client-ref")))
        part = {"to": form["to"], "message-id": str(len(self.taken)), "status": "0", "remaining-balance": "1"}
        return Reply(200, {"message-count": "1", "messages": [part]})


GATEWAY = {
    Answer.OPTED_OUT: Reply(422, {"error": "opted_out"}),
    Answer.BAD_ADDRESS: Reply(422, {"error": "bad_address"}),
    Answer.AT_FAULT: Reply(409, {"error": "sender_at_fault"}),
    Answer.LOGIN: Reply(401),
    Answer.LATER: Reply(409, {"error": "later"}),
    Answer.REJECT: Reply(422),
}


class SimulatedGateway(SimulatedSms):
    """A program of the shop's own, as docs/sms.md describes it."""

    def __init__(self) -> None:
        super().__init__(GATEWAY)
        self._known = set[str]()

    @property
    def api(self) -> SignedHttp:
        return SignedHttp(f"{self.url}/text?shop=1", SECRET, FROM)

    def answer(self, request: Request) -> Reply:
        try:
            asked = read_text(SECRET, request.headers, request.body)
        except WebhookVerificationError:
            return self.answers[Answer.LOGIN]
        if request.query != {"shop": "1"} or asked.sender != FROM:
            return self.answers[Answer.REJECT]
        if asked.id not in self._known:
            self._known.add(asked.id)
            self.taken.append(Took(asked.to, asked.text, asked.id))
        return Reply(202)
