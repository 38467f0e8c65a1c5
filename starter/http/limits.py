"""How much one request, and one network address, may ask for."""

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starter.http.networks import UNKNOWN, address_of
from starter.http.problems import Kind, Refusal, respond

BODY_LIMIT_SECONDS = 15.0
"""How long a body may take to arrive: two megabytes in that time are a line of one megabit a second."""
DRAIN_BYTES = 16 * 1024 * 1024
DRAIN_SECONDS = 2.0
"""What is still read and thrown away of a body that was refused, so that whoever sends it comes to read why: closing
before that resets the connection, and the answer is lost."""
HEAD_LIMIT_BYTES = 32 * 1024
"""Of a request's line and headers; browsers and proxies send a few thousand."""
ADDRESSES_REMEMBERED = 4096
"""Of more, the one that was heard of least lately is forgotten: memory and time per request stay small."""
SITE_TIMES = 10
"""How many times what one address may do a whole site may, which is a /48 of IPv6 and has 65,536 of our addresses."""


@dataclass(frozen=True, slots=True)
class SignUpCaps:
    """How many sign-ups for one thing are taken from one mailbox, and from one network in a day."""

    per_mailbox: int
    per_network: int


class MinuteLimit:
    """Counts what each does, by a name, in this process.

    Args:
        per_minute: how often one may in a minute, by the clock.
    """

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._counted = OrderedDict[str, None]()
        self._storage = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)

    @property
    def remembered(self) -> int:
        """How many are counted now."""
        return len(self._storage.expirations)

    async def seconds_to_wait(self, name: str) -> int:
        """Count once. 0: go on; otherwise how long until this one may again."""
        self._counted[name] = None
        self._counted.move_to_end(name)
        if len(self._counted) > ADDRESSES_REMEMBERED:
            oldest, _ = self._counted.popitem(last=False)
            await self._limiter.clear(self._limit, oldest)
        if await self._limiter.hit(self._limit, name):
            return 0
        window = await self._limiter.get_window_stats(self._limit, name)
        return max(1, math.ceil(window.reset_time - time.time()))


class SignUpLimit:
    """Counts sign-ups, or what is opened by links of mails, by network address, in this process.

    Args:
        per_minute: how many one address may make in a minute, by the clock.
    """

    def __init__(self, per_minute: int) -> None:
        self._households = MinuteLimit(per_minute)
        self._sites = MinuteLimit(per_minute * SITE_TIMES)

    @property
    def remembered(self) -> int:
        """How many addresses and sites are counted now."""
        return self._households.remembered + self._sites.remembered

    async def seconds_to_wait(self, address: str | None) -> int:
        """Count one sign-up. 0: go on; otherwise how long until this address may make another."""
        household, site = _networks(address)
        wait = await self._households.seconds_to_wait(household)
        if not wait and site is not None:
            wait = await self._sites.seconds_to_wait(site)
        return wait


def public_network(address: str | None) -> str | None:
    """A public address as it is counted; None: a proxy or program of one's own, whose shoppers cannot be told apart."""
    found = address_of(address)
    return _networks(address)[0] if found is not None and found.is_global else None


def _networks(address: str | None) -> tuple[str, str | None]:
    """The address as it is counted: of IPv6 the /64, for a household has all of that, and the /48 of its site."""
    found = address_of(address)
    if found is None:
        return UNKNOWN, None
    if isinstance(found, ipaddress.IPv4Address):
        return str(found), None
    household, site = (str(ipaddress.IPv6Network((int(found), bits), strict=False)) for bits in (64, 48))
    return household, site


class HeadLimit:
    """ASGI middleware: refuses a head that is too large, and one that says the length of its body in two ways.

    The latter a proxy in front may read otherwise than we do, and then what follows is another's request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (self._app if refusal is None else respond(refusal))(scope, receive, send)

    @staticmethod
    def _refusal(scope: Scope) -> Refusal | None:
        close = {"Connection": "close"}
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        target = len(scope["raw_path"]) + len(scope["query_string"])
        if target + sum(len(name) + len(value) for name, value in headers) > HEAD_LIMIT_BYTES:
            detail = f"The request's line and headers may have {HEAD_LIMIT_BYTES // 1024} KiB together."
            return Refusal(Kind.HEAD_TOO_LARGE, detail, headers=close)
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in headers}:
            detail = "A request says the length of its body by Content-Length or by Transfer-Encoding, not by both."
            return Refusal(Kind.REQUEST_MALFORMED, detail, headers=close)
        return None


class _TooLarge(HTTPException):
    """An HTTPException, so that FastAPI passes it on from where it reads bodies."""

    def __init__(self) -> None:
        super().__init__(413)


class _TooSlow(HTTPException):
    """Likewise."""

    def __init__(self) -> None:
        super().__init__(408)


class BodyLimit:
    """ASGI middleware: a body beyond the limit is answered 413 and not read further, whether it said its length or not;
    one that does not arrive in time is answered 408. It is refused where it is read, when its route is known.

    Args:
        most: bytes.
        seconds: from the head of the request to the end of its body.
    """

    def __init__(self, app: ASGIApp, most: int, seconds: float = BODY_LIMIT_SECONDS) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read = 0
        too_large = too_slow = complete = False
        until = asyncio.get_running_loop().time() + self._seconds

        async def receive_within_limit() -> Message:
            nonlocal read, too_large, too_slow, complete
            if said_too_large:
                too_large = True
                raise _TooLarge
            try:
                # Once it is all there, what is waited for is that whoever asked hangs up.
                async with asyncio.timeout_at(None if complete else until):
                    message = await receive()
            except TimeoutError:
                too_slow = True
                raise _TooSlow from None
            complete = not message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > self._most:
                too_large = True
                raise _TooLarge
            return message

        async def send_unless_too_large(message: Message) -> None:
            if not (too_large or too_slow):
                await send(message)

        length = Headers(scope=scope).get("content-length", "")
        said_too_large = length.isascii() and length.isdigit() and int(length[:20]) > self._most
        await self._app(scope, receive_within_limit, send_unless_too_large)
        if too_slow:
            refusal = Refusal(
                Kind.BODY_TOO_SLOW,
                f"The body was not there after {self._seconds:.0f} s. Send it again.",
                headers={"Connection": "close"},
            )
            await respond(refusal)(scope, receive, send)
        elif too_large:
            refusal = Refusal(
                Kind.BODY_TOO_LARGE,
                f"A body may have at most {self._most} bytes (SHELFTALK_HTTP_MAX_BODY).",
                headers={"Connection": "close"},
            )
            await respond(refusal)(scope, receive, _draining(receive, send))


def _draining(receive: Receive, send: Send) -> Send:
    """Ends an answer only when what was still being sent has been read, within limits."""

    async def send_and_drain(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        await send({**message, "more_body": True})
        await _drain(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return send_and_drain


async def _drain(receive: Receive) -> None:
    read = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while read < DRAIN_BYTES:
                message = await receive()
                read += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
