"""How much one request, and one network address, may ask for."""

import asyncio
import ipaddress
import math
import time
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starter.http.problems import Kind, Refusal, respond

BODY_LIMIT_SECONDS = 15.0
"""How long a body may take to arrive: two megabytes in that time are a line of one megabit a second."""
ADDRESSES_REMEMBERED = 4096
"""Counting goes on afresh when more than this many addresses sign up within a minute: memory and time per request
stay small, and whoever has that many addresses is not stopped by a limit per address anyway."""


@dataclass(frozen=True, slots=True)
class SignUpCaps:
    """How many sign-ups for one thing are taken from one mailbox, and from one network in a day."""

    per_mailbox: int
    per_network: int


class SignUpLimit:
    """Counts sign-ups by network address, in this process.

    Args:
        per_minute: how many one address may make in a minute, by the clock.
    """

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._storage = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)

    @property
    def remembered(self) -> int:
        """How many addresses are counted now."""
        return len(self._storage.expirations)

    async def seconds_to_wait(self, address: str | None) -> int:
        """Count one sign-up. 0: go on; otherwise how long until this address may make another."""
        if self.remembered >= ADDRESSES_REMEMBERED:
            await self._storage.reset()
        key = _network(address)
        if await self._limiter.hit(self._limit, key):
            return 0
        window = await self._limiter.get_window_stats(self._limit, key)
        return max(1, math.ceil(window.reset_time - time.time()))


def public_network(address: str | None) -> str | None:
    """The same, of a public address; None: a program or a proxy of one's own, whose shoppers cannot be told apart."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return _network(address) if found.is_global else None


def _network(address: str | None) -> str:
    """The address as it is counted: of IPv6 the /64, for a household has all of that."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), 64), strict=False))


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
    one that does not arrive in time is answered 408.

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
        if length.isascii() and length.isdigit() and int(length[:20]) > self._most:
            too_large = True
        else:
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
                # What is left of the body is not waited for.
                headers={"Connection": "close"},
            )
            await respond(refusal)(scope, receive, send)
