"""One request to a provider and its answer, and whether anything of it was written: what an exact end rests on (P1).

This uses httpx's transport and not its client, which would keep cookies, read proxies from the environment and log
addresses.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx

from activities.senders.http.http_api import Answer, Request
from activities.senders.sender import NotTaken, Uncertain
from activities.trust import trusted

# Shorter than the five seconds after which many servers close an idle connection: a request on one that is being closed
# ends without an answer, and then nobody knows.
IDLE_SECONDS = 4.0
# The status has decided nearly always; a code stands in the first lines.
LARGEST_ANSWER_BYTES = 64 * 1024
REST_SECONDS = 2.0

_WRITING = "http11.send_request_headers.started"
"""What httpcore says directly before the first byte of a request."""


class HttpExchange:
    """Requests to one provider over kept connections.

    Args:
        name: the provider's, for people.
        url_setting: the setting that can name another address of it.
        connect: seconds for a connection, with TLS.
        ca_file: trust the authorities in this PEM file instead of the system's.
        connections: how many may be open at once.

    Raises:
        OSError: `ca_file` cannot be read.
    """

    def __init__(
        self, name: str, url_setting: str, *, connections: int, connect: float, ca_file: Path | None = None
    ) -> None:
        self._name, self._url_setting, self._connect = name, url_setting, connect
        self._transport = httpx.AsyncHTTPTransport(
            verify=trusted(ca_file),
            trust_env=False,
            limits=httpx.Limits(
                max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE_SECONDS
            ),
        )

    async def answer(self, request: Request, within: float, writing: Callable[[], None]) -> Answer:
        """Make a request; return its answer.

        Args:
            within: seconds from the first byte until its status has come.
            writing: called directly before the first byte is written.

        Raises:
            NotTaken: nothing was written.
            Uncertain: something was.
        """
        limit = asyncio.timeout(None)
        began = False

        async def notice(event: str, _: object) -> None:
            nonlocal began
            if event == _WRITING:
                began = True
                limit.reschedule(asyncio.get_running_loop().time() + within)
                writing()

        times = {"connect": self._connect, "pool": self._connect, "read": within, "write": within}
        made = httpx.Request(
            request.method,
            request.url,
            headers={"user-agent": "Shelftalk", "accept": "application/json", **request.headers},
            content=request.content,
            extensions={"timeout": times, "trace": notice},
        )
        try:
            async with limit:
                response = await self._transport.handle_async_request(made)
        except (httpx.TransportError, TimeoutError) as error:
            if not began:
                raise NotTaken(self._why_unreached(error)) from None
            raise Uncertain(f"the connection to {self._name} was lost before it had answered") from None
        return Answer(
            response.status_code,
            {name.lower(): value for name, value in response.headers.items()},
            await self._body(response),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
        # The transports close in the loop's next turn.
        await asyncio.sleep(0)

    async def _body(self, response: httpx.Response) -> bytes | None:
        """The first part of a body; None: it was lost within."""
        assert isinstance(response.stream, httpx.AsyncByteStream)
        body = b""
        try:
            async with asyncio.timeout(REST_SECONDS):
                async for part in response.stream:
                    body += part
                    if len(body) >= LARGEST_ANSWER_BYTES:
                        break
        except (httpx.TransportError, TimeoutError):
            return None
        finally:
            with contextlib.suppress(httpx.TransportError):
                await response.stream.aclose()
        return body

    def _why_unreached(self, error: BaseException | None) -> str:
        """Why nothing was written, without the error's own text, which may name anything."""
        while error is not None:
            if isinstance(error, ssl.SSLCertVerificationError):
                return f"the certificate of {self._name} could not be verified: check {self._url_setting}"
            error = error.__cause__ or error.__context__
        return f"{self._name} could not be reached: check the network, and {self._url_setting} if it is set"
