"""Calls webhooks over HTTP: at the IP address that was checked, within time limits, with no state between calls.

This uses httpx's transport and not its client, which would keep cookies, read proxies from the environment and log
addresses with their query.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

import httpx

from activities.outbound.checked_transport import CheckedTransport, why_no_connection
from activities.webhooks.caller import MAX_BODY, Call, NotTaken, Taken, judge, permit
from activities.webhooks.signing import Headers, SigningSecrets, sign

# A healthy server answers a handshake in well under a second, from the other side of the world too.
CONNECT_SECONDS = 5.0
# Standard Webhooks recommends 15 to 30 seconds; shops that do their work before they answer need some.
ANSWER_SECONDS = 15.0
# For everything: a server that sends one byte now and then keeps within any other limit.
WHOLE_SECONDS = 25.0
# The status has decided; the rest is read only so that the connection is closed cleanly.
REST_SECONDS = 1.0
# As many as a worker makes at once; more wait for their turn.
CONNECTIONS = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an HttpCaller waits, in seconds.

    Attributes:
        connect: for a free connection, and for each address to be connected to.
        answer: for each read from the shop once connected.
        whole: for the call in all, until its status is known.
        rest: for what comes after the status.
    """

    connect: float = CONNECT_SECONDS
    answer: float = ANSWER_SECONDS
    whole: float = WHOLE_SECONDS
    rest: float = REST_SECONDS

    def of_httpx(self) -> dict[str, float]:
        """As httpx's transport takes them."""
        return {"connect": self.connect, "pool": self.connect, "read": self.answer, "write": self.answer}


class HttpCaller:
    """Calls webhooks. For one event loop; any number of calls at once.

    Args:
        secrets: sign the calls. A call to a host that has none is put off until the setting is there.
        private_hosts: calls may go into private networks, and to this machine without TLS.
        ca_file: trust the authorities in this PEM file instead of the system's.

    Raises:
        OSError: `ca_file` cannot be read.
    """

    def __init__(
        self,
        secrets: SigningSecrets,
        *,
        private_hosts: bool = False,
        ca_file: Path | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._secrets = secrets
        self._private_hosts = private_hosts
        self._limits = limits or Limits()
        self._transport = CheckedTransport(private_hosts=private_hosts, connections=CONNECTIONS, ca_file=ca_file)

    async def call(self, call: Call) -> Taken:
        """Call once; return when the shop has taken it.

        Raises:
            Rejected: the shop answered that it never will.
            NotTaken: no answer, an answer that may pass, or no secret to sign with.
            Forbidden: the address or the body may not be sent.
        """
        permit(call, private_hosts=self._private_hosts)
        url = httpx.URL(call.url)
        secrets = self._secrets.of(url.host)
        if not secrets:
            raise NotTaken(f"calls to {url.host} cannot be signed: set SHELFTALK_WEBHOOK_SECRETS")
        try:
            async with asyncio.timeout(self._limits.whole):
                response = await self._send(url, sign(secrets, call), call.body)
        except TimeoutError:
            raise NotTaken("the shop did not answer in time") from None
        await self._finish(response)
        return judge(response.status_code, response.headers.get("retry-after"), call.at)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._transport.aclose()

    async def _send(self, url: httpx.URL, signature: Headers, body: bytes) -> httpx.Response:
        """The answer, its body not yet read."""
        request = httpx.Request(
            "POST",
            url,
            headers=[
                ("content-type", "application/json"),
                ("user-agent", "Shelftalk"),
                ("connection", "close"),
                *signature,
            ],
            content=body,
            extensions={"timeout": self._limits.of_httpx()},
        )
        try:
            return await self._transport.handle_async_request(request)
        except httpx.ConnectError as error:
            raise NotTaken(why_no_connection(error)) from None
        except httpx.ConnectTimeout:
            raise NotTaken("the shop could not be reached in time") from None
        except httpx.PoolTimeout:
            raise NotTaken("too many calls are under way") from None
        except httpx.TimeoutException:
            raise NotTaken("the shop did not answer in time") from None
        except httpx.RemoteProtocolError:
            raise NotTaken("the shop hung up, or answered with what is not HTTP") from None
        except httpx.TransportError:
            raise NotTaken("the connection to the shop was lost before it answered") from None

    async def _finish(self, response: httpx.Response) -> None:
        """Read a little of the rest, and close. The outcome is decided, so failures here are ignored."""
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            async with asyncio.timeout(self._limits.rest):
                left = MAX_BODY
                async for part in response.stream:
                    left -= len(part)
                    if left <= 0:
                        break
        except (httpx.TransportError, TimeoutError):
            pass
        finally:
            with contextlib.suppress(httpx.TransportError):
                await response.stream.aclose()
