"""Runs an application on uvicorn inside the event loop that is there: started and stopped by its caller alone."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from starter.runtime.ports import WEB_PORT_SETTING, cannot_listen

CONNECTIONS_WAITING = 2048
"""Connections the kernel holds until they are taken; uvicorn's own figure."""
HEAD_LIMIT_SECONDS = 10.0
"""How long a connection may take to say what it asks for: half a request would be held for ever."""
STOP_LIMIT_SECONDS = 10
"""Requests under way when it is told to stop may end; none of ours takes this long."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where the application listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Its address for this machine, without a slash at the end."""
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
        host = anywhere.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


class _Protocol(H11Protocol):
    """A connection that is closed when the head of its first or next request is not there in time."""

    head_limit = HEAD_LIMIT_SECONDS
    _cutting_off: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] uvicorn's own signature
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        if self._cutting_off is None:
            self._cutting_off = self.loop.call_later(self.head_limit, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._cutting_off is not None:
            self._cutting_off.cancel()
            self._cutting_off = None


class _Server(uvicorn.Server):
    """A server that leaves signals to the process it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serving(app: FastAPI, host: str, port: int, head_limit: float = HEAD_LIMIT_SECONDS) -> AsyncGenerator[Served]:
    """Serve until the block ends; then requests under way are answered and the port is free.

    Args:
        port: 0 for any free one.
        head_limit: seconds after which a connection that has not said what it asks for is closed.

    Raises:
        CannotStart: the port is taken or not allowed, or the host is not this machine's.
    """
    listening = _listen(host, port)
    config = uvicorn.Config(
        app,
        http=type("Protocol", (_Protocol,), {"head_limit": head_limit}),
        ws="none",
        lifespan="off",
        # Logging is set up for the whole process elsewhere, and request_log.py has the line per request.
        log_config=None,
        access_log=False,
        server_header=False,
        # app.py decides which proxies are believed.
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_LIMIT_SECONDS,
        backlog=CONNECTIONS_WAITING,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield Served(host, listening.getsockname()[1])
    finally:
        server.should_exit = True
        await running


def _listen(host: str, port: int) -> socket.socket:
    """Listens from here on: what connects before the server runs waits for it."""
    try:
        return socket.create_server((host, port), family=_family(host), backlog=CONNECTIONS_WAITING)
    except OSError as error:
        raise cannot_listen(error, port, "The web server", WEB_PORT_SETTING, host) from error


def _family(host: str) -> socket.AddressFamily:
    try:
        return socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        return socket.AF_INET  # a name, such as localhost
