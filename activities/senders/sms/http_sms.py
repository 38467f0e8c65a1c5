"""SMS over a provider's HTTP API: one request for one message, and what its end means (promise P1).

A provider is a file beside this one, a `SmsApi`: it writes the request and reads the answer. This module knows when a
request has certainly not been taken, and when nobody can know. Where the provider knows a repeated request again, an
answer that was lost is asked for again at once, in the same attempt: later nobody knows whether it still does.

No exception names a number, a text or a key, nor does it quote an answer, which often repeats the number (P8).
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import Protocol

import httpx

from activities.senders.sender import MESSAGE_REFERENCE, NotTaken, Rejected, SenderAtFault, Sms, Uncertain
from activities.senders.sms.segments import LONGEST_TEXT

CONNECTIONS = 16
"""Requests under way at once. Providers queue what is above a sender's rate, and say 429 above theirs."""
QUEUE_SECONDS = 10.0
"""While the provider answers a turn comes within moments; if not, it is better to try again later."""
CONNECT_SECONDS = 10.0
"""For a connection with TLS. Nothing is handed over meanwhile, so giving up is safe."""
ANSWER_SECONDS = 30.0
"""For the answer, repetitions included; after that nobody knows. The ledger's lease is longer."""
CANCELLED_SECONDS = 5.0
"""A process that is asked to stop has about ten seconds; most answers under way arrive in the first."""
IDLE_SECONDS = 5.0
"""Shorter than any server's own limit, so that a connection in use is rarely one that is being closed."""
CLOSE_SECONDS = 1.0
REPEAT_AFTER_SECONDS = 0.5
REPETITIONS = 5

_WRITING = "http11.send_request_headers.started"
"""What httpcore says directly before the first byte of a request."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sender waits, in seconds: for a turn, a connection, the answer, and for that once it is cancelled."""

    queue: float = QUEUE_SECONDS
    connect: float = CONNECT_SECONDS
    answer: float = ANSWER_SECONDS
    cancelled: float = CANCELLED_SECONDS
    repeat_after: float = REPEAT_AFTER_SECONDS


class SmsApi(Protocol):
    """One provider's API: how a message is asked for, and what its answers mean.

    Attributes:
        name: of the provider, for people.
        knows_repeats: whether the same request again is certainly not another message.
        takes_none_by_503: whether it documents that what it answers 503 it has not taken. Other servers between say 503
            as well, and of them, as of every other 5xx, nobody knows what lies behind.
    """

    @property
    def name(self) -> str: ...

    @property
    def knows_repeats(self) -> bool: ...

    @property
    def takes_none_by_503(self) -> bool: ...

    def request(self, sms: Sms) -> httpx.Request:
        """The request that hands this message over.

        Raises:
            Rejected: it cannot be written.
        """
        ...

    def read(self, answer: httpx.Response) -> None:
        """Return if the message was taken. Of statuses from 200 to 499, but for 429.

        Raises:
            NotTaken, Rejected, Uncertain: as they say; also their subclasses.
        """
        ...

    def probe(self) -> httpx.Request | None:
        """A question that costs nothing and needs the credentials; None: the provider has none."""
        ...


class HttpSmsSender:
    """Hands text messages to one provider. For one event loop.

    Args:
        connections: how many requests may be under way at once.
    """

    def __init__(self, api: SmsApi, *, limits: Limits | None = None, connections: int = CONNECTIONS) -> None:
        self._api = api
        self._limits = limits or Limits()
        self._turns = asyncio.Semaphore(connections)
        # The transport alone: httpx's client would keep cookies, read proxies from the environment and log addresses.
        self._transport = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=connections, keepalive_expiry=IDLE_SECONDS), trust_env=False
        )

    @asynccontextmanager
    async def ready(self, sms: Sms, within: float = inf) -> AsyncGenerator["HttpSmsHandover"]:
        """See `Sender.ready`. Before the request nothing is asked of the provider."""
        check(sms)
        self._api.request(sms)
        try:
            async with asyncio.timeout(min(self._limits.queue, within)):
                await self._turns.acquire()
        except TimeoutError:
            raise NotTaken(f"{self._api.name} answers too slowly: no turn came in time") from None
        try:
            yield HttpSmsHandover(self._transport, self._api, sms, self._limits)
        finally:
            self._turns.release()

    async def aclose(self) -> None:
        """Close idle connections."""
        await self._transport.aclose()


class HttpSmsHandover:
    """A provider's turn for one message: see `Handover`."""

    def __init__(self, transport: httpx.AsyncHTTPTransport, api: SmsApi, sms: Sms, limits: Limits) -> None:
        self._transport, self._api, self._sms, self._limits = transport, api, sms, limits
        self._written = False

    async def begin(self, sms: Sms) -> None:
        """See `Handover.begin`."""
        if sms.recipient != self._sms.recipient:
            raise NotTaken("the message goes to another number by now")
        check(sms)
        self._sms = sms

    async def send(self) -> None:
        """See `Handover.send`."""
        exchange = asyncio.create_task(self._exchange(self._api.request(self._sms)))
        try:
            await asyncio.wait({exchange}, timeout=self._limits.answer)
        except asyncio.CancelledError:
            if not self._written:
                await _drop(exchange)
                raise
            # Cancelled a second time: the caller cannot wait for the answer.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({exchange}, timeout=self._limits.cancelled)
        if not exchange.done():
            await _drop(exchange)
            if not self._written:
                raise self._unreached()
            raise Uncertain(f"{self._api.name} did not answer in time")
        exchange.result()

    async def _exchange(self, request: httpx.Request) -> None:
        """One request, repeated while its end is not known and the provider would know it again."""
        unknown: Uncertain | None = None
        for _ in range(REPETITIONS if self._api.knows_repeats else 1):
            if unknown is not None:
                await asyncio.sleep(self._limits.repeat_after)
            try:
                return await self._once(request)
            except Uncertain as error:
                unknown = error
            except (NotTaken, Rejected):
                # Of a repeated request this says nothing about the first one.
                if unknown is None:
                    raise
        assert unknown is not None, "an attempt that ended otherwise has returned or raised"
        raise unknown

    async def _once(self, request: httpx.Request) -> None:
        name = self._api.name
        request.extensions["timeout"] = {"connect": self._limits.connect, "pool": self._limits.connect}
        request.extensions["trace"] = self._notice
        try:
            answer = await self._transport.handle_async_request(request)
            await answer.aread()
        except httpx.HTTPError as error:
            if not self._written:
                raise self._unreached() from None
            raise Uncertain(f"the connection to {name} was lost after the request ({type(error).__name__})") from None
        match answer.status_code:
            case 429:
                raise NotTaken(f"{name} answered 429: later")
            case 503 if self._api.takes_none_by_503:
                raise NotTaken(f"{name} answered 503: later")
            case status if not 200 <= status < 500:
                raise Uncertain(f"{name} answered {status}, which decides nothing")
            case status if 300 <= status < 400:
                raise SenderAtFault(f"{name} answered {status}, a redirect: check SHELFTALK_SMS_URL")
            case 401 | 403 if not _is_json(answer):
                raise refused_login(name, answer.status_code)
            case _:
                self._api.read(answer)

    async def _notice(self, event: str, _: object) -> None:
        self._written = self._written or event == _WRITING

    def _unreached(self) -> NotTaken:
        return NotTaken(f"{self._api.name} could not be reached: check the network, and SHELFTALK_SMS_URL if it is set")


async def _drop(exchange: asyncio.Task[None]) -> None:
    """Give up a request, its connection with it."""
    exchange.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait({exchange}, timeout=CLOSE_SECONDS)
    if exchange.done() and not exchange.cancelled():
        exchange.exception()


def check(sms: Sms) -> None:
    """That it can be a text message at all.

    Raises:
        Rejected: it cannot.
    """
    if _E164.fullmatch(sms.recipient) is None:
        raise Rejected("the recipient is not a phone number with + and the country's code")
    if not sms.text.strip():
        raise Rejected("the text is empty; correct the message's template")
    if len(sms.text) > LONGEST_TEXT:
        raise Rejected(f"the text is longer than {LONGEST_TEXT} characters; shorten the message's template")
    try:
        sms.text.encode()
    except UnicodeEncodeError:
        raise Rejected("the message holds half a character (a lone surrogate); correct its template or data") from None


def refused_login(name: str, code: object) -> SenderAtFault:
    """The provider does not know us: everyone's messages wait until somebody corrects the settings."""
    return SenderAtFault(
        f"{name} refuses the credentials ({code}): check SHELFTALK_SMS_KEY_ID and SHELFTALK_SMS_SECRET"
    )


def with_reference(url: str, reference: str | None) -> str:
    """The address that the provider reports to, naming the message there."""
    return str(httpx.URL(url).copy_merge_params({MESSAGE_REFERENCE: reference})) if reference is not None else url


def json_object(answer: httpx.Response) -> dict[str, object]:
    """The object that an answer holds; an empty one where it holds something else."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType] - of any JSON


def _is_json(answer: httpx.Response) -> bool:
    return "json" in answer.headers.get("content-type", "")
