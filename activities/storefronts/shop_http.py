"""HTTP to shops and feeds: one way out, with limits of size and time, pacing, tries with jitter, and a breaker.

Addresses are checked as those of webhook steps are (`activities/outbound/addresses.py`), so that what a merchant writes
as their shop's address leads nowhere inside our own network.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from activities.outbound.addresses import Forbidden, check_url
from activities.outbound.checked_transport import CheckedTransport, why_no_connection
from activities.outbound.patience import patience
from activities.storefronts.payload import parse_json
from activities.storefronts.shop_clock import ShopClock
from activities.storefronts.storefront import PayloadMalformed
from schemas.errors import DomainError, ErrorKind

TRIES = 4
FIRST_PAUSE_SECONDS = 0.5
"""Doubled with each try; a random part of it is waited, so that many do not come back at once."""
LONGEST_WAIT_SECONDS = 30.0
"""A shop that wants to be left alone for longer is away."""
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
"""A page of a large catalogue takes a slow shop ten and more."""
WHOLE_ANSWER_SECONDS = 120.0
"""A server that sends a byte now and then would hold its caller for days."""
LARGEST_ANSWER = 16 * 1024 * 1024
MOST_REDIRECTS = 3
AWAY_IN_A_ROW = 5
"""So many calls without success, and the shop is left alone for a while."""
LEFT_ALONE_SECONDS = 60.0
CONNECTIONS = 4
MOST_HOSTS = 8
"""A shop's API, where its files are, and a few that these lead to."""
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 530})


class ShopAway(DomainError):
    """A shop's server does not answer, or says that it cannot now. It may pass.

    Attributes:
        retry_after: when it may be asked again, where it says so.
    """

    code = "shop_away"
    kind = ErrorKind.UNAVAILABLE
    advice = "It is asked again by itself; `shelftalk store status` says since when it is so."

    def __init__(self, why: str, retry_after: timedelta | None = None) -> None:
        super().__init__(f"The shop's server gives no answer that helps: {why}.")
        self.retry_after = retry_after


class AccessRefused(DomainError):
    """The shop's API takes neither token nor key, or they lack a permission. It stays so until people mend it.

    The text says which permission, where the platform tells it; it never holds a token.
    """

    code = "access_refused"
    kind = ErrorKind.CONFLICT
    advice = "`shelftalk store connect` with the shop's new key or token; docs/storefronts says where it is found."


class ShopAnswerOdd(DomainError):
    """The API answered with what its documentation does not know. Nothing of the answer was applied."""

    code = "shop_answer_odd"
    kind = ErrorKind.UNAVAILABLE
    advice = "`shelftalk store status` says since when. If it lasts, the platform has changed its API."


@dataclass(frozen=True, slots=True)
class ShopAnswer:
    """What a shop's server answered: any status but those that pass.

    Attributes:
        body: at most 16 MiB.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON, read like a webhook's.

        Raises:
            ShopAnswerOdd: it is none.
        """
        try:
            return parse_json(self.body)
        except PayloadMalformed as error:
            raise ShopAnswerOdd(f"The shop answered {self.status} with what is not JSON: {error.message}.") from None


class ShopHttp:
    """HTTP to one shop. For one event loop; any number of calls at once.

    Args:
        calls: so many in so long are made at most; None: as many as there are.
        private_hosts: calls may go into private networks, and to this machine without TLS.
        ca_file: trust the authorities in this PEM file instead of the system's.
        first_pause: seconds, doubled with each try.
    """

    def __init__(
        self,
        *,
        calls: tuple[int, timedelta] | None = None,
        private_hosts: bool = False,
        ca_file: Path | None = None,
        first_pause: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._private_hosts, self._ca_file, self._first_pause = private_hosts, ca_file, first_pause
        self._transports: dict[str, CheckedTransport] = {}
        self._pace = MovingWindowRateLimiter(MemoryStorage())
        self._rate = calls and RateLimitItemPerSecond(calls[0], max(1, round(calls[1].total_seconds())))
        self._rests_until = 0.0
        self._failed = 0
        self.clock = ShopClock()

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
    ) -> ShopAnswer:
        """Make a call until it is answered; one whose answer was lost is made again, so it must bear being made twice.

        Redirects are not followed: they would take a token elsewhere.

        Raises:
            ShopAway: no answer, or one that passes, also after several tries; or the shop is left alone for a while.
            ShopAnswerOdd: the answer is too large.
        """
        try:
            request = httpx.Request(method, url, headers=headers, params=params, json=json, data=form)
        except httpx.InvalidURL:
            raise ShopAway("its address is none") from None
        away = ShopAway("it was not called")
        for tried in range(1, TRIES + 1):
            await self._turn()
            try:
                async with asyncio.timeout(WHOLE_ANSWER_SECONDS), self._exchange(request) as response:
                    if response.status_code not in _PASSING:
                        answer = ShopAnswer(response.status_code, response.headers, await _whole(response))
                        self._failed = 0
                        return answer
                    asked = patience(response.headers.get("retry-after"))
                    away = ShopAway(f"it answered {response.status_code}", asked)
            except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
                asked, away = None, ShopAway(_why(error))
            pause = asked.total_seconds() if asked else random.uniform(0, self._first_pause * 2**tried)
            if tried == TRIES or pause > LONGEST_WAIT_SECONDS:
                break
            await asyncio.sleep(pause)
        self._failed += 1
        if self._failed >= AWAY_IN_A_ROW:
            self.rest(LEFT_ALONE_SECONDS)
        raise away

    @asynccontextmanager
    async def download(self, url: str, headers: Mapping[str, str] | None = None) -> AsyncGenerator["Download"]:
        """A file as it comes, however large: of the answer only what is asked for is held.

        Redirects are followed, three at most; to another host or port, or without TLS, without the headers.

        Raises:
            ShopAway: no answer, or one that passes, or it broke off.
        """
        here = _onward(None, url)
        for _ in range(MOST_REDIRECTS + 1):
            await self._turn()
            try:
                async with self._exchange(httpx.Request("GET", here, headers=headers)) as response:
                    if response.status_code in _PASSING:
                        asked = patience(response.headers.get("retry-after"))
                        raise ShopAway(f"it answered {response.status_code}", asked)
                    if response.has_redirect_location:
                        onward = _onward(here, response.headers["location"])
                        headers = headers if _origin(onward) == _origin(here) else None
                        here = onward
                        continue
                    yield Download(response.status_code, response.headers, response.aiter_bytes())
                    return
            except (httpx.TransportError, httpx.DecodingError) as error:
                raise ShopAway(_why(error)) from None
        raise ShopAway(f"it leads on more than {MOST_REDIRECTS} times")

    def rest(self, seconds: float) -> None:
        """Call nothing for so long: the shop says that too much is asked of it."""
        self._rests_until = max(self._rests_until, time.monotonic() + seconds)

    async def aclose(self) -> None:
        """Close what is open."""
        for transport in self._transports.values():
            await transport.aclose()

    async def _turn(self) -> None:
        rests = self._rests_until - time.monotonic()
        if rests > LONGEST_WAIT_SECONDS:
            raise ShopAway("it is left alone for a while", timedelta(seconds=rests))
        await asyncio.sleep(max(0.0, rests))
        while self._rate is not None and not await self._pace.hit(self._rate):
            opens = (await self._pace.get_window_stats(self._rate)).reset_time
            await asyncio.sleep(max(0.01, opens - time.time()))

    @asynccontextmanager
    async def _exchange(self, request: httpx.Request) -> AsyncGenerator[httpx.Response]:
        if why := check_url(str(request.url), private_hosts=self._private_hosts):
            raise ShopAway(f"its address may not be called: {why}")
        timeout = {"connect": CONNECT_SECONDS, "pool": ANSWER_SECONDS, "read": ANSWER_SECONDS, "write": ANSWER_SECONDS}
        request.extensions = {**request.extensions, "timeout": timeout}
        request.headers.setdefault("user-agent", "Shelftalk")
        request.headers.setdefault("accept-encoding", "gzip")
        try:
            response = await self._transport(request.url.host).handle_async_request(request)
        except Forbidden as error:
            raise ShopAway(f"its address may not be called: {error}") from None
        response.request = request
        self.clock.read(response.headers)
        try:
            if len(response.headers.get_list("content-encoding", split_commas=True)) > 1:
                # Each layer unpacks a thousandfold before anything of it can be counted.
                raise ShopAnswerOdd("The shop packed its answer more than once.")
            yield response
        finally:
            await response.aclose()

    def _transport(self, host: str) -> CheckedTransport:
        if host not in self._transports and len(self._transports) >= MOST_HOSTS:
            raise ShopAway("it leads to too many hosts")
        if host not in self._transports:
            self._transports[host] = CheckedTransport(
                private_hosts=self._private_hosts, connections=CONNECTIONS, kept=CONNECTIONS, ca_file=self._ca_file
            )
        return self._transports[host]


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way.

    Attributes:
        chunks: its content, unpacked.
    """

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes] = field(repr=False)


async def _whole(response: httpx.Response) -> bytes:
    whole = bytearray()
    async for chunk in response.aiter_bytes():
        whole += chunk
        if len(whole) > LARGEST_ANSWER:
            raise ShopAnswerOdd(f"The shop answered with more than {LARGEST_ANSWER // 2**20} MiB.")
    return bytes(whole)


def _onward(here: httpx.URL | None, location: str) -> httpx.URL:
    try:
        return httpx.URL(location) if here is None else here.join(location)
    except httpx.InvalidURL:
        raise ShopAway("the address that it leads to is none") from None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _why(error: Exception) -> str:
    match error:
        case httpx.ConnectError():
            return why_no_connection(error)
        case httpx.DecodingError():
            return "its answer could not be unpacked"
        case httpx.TimeoutException() | TimeoutError():
            return "it did not answer in time"
        case _:
            return "the connection was lost before it answered"
