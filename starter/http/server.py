"""Runs an application on uvicorn inside the event loop that is there: started and stopped by its caller alone."""

import asyncio
import contextlib
import ipaddress
import resource
import socket
from collections import deque
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from starter.http.limits import HEAD_LIMIT_BYTES
from starter.http.problems import respond
from starter.http.turns import busy
from starter.runtime.ports import WEB_PORT_SETTING, cannot_listen

CONNECTIONS_WAITING = 2048
"""Connections the kernel holds until they are taken; uvicorn's own figure."""
MOST_CONNECTIONS = 4096
"""At once; whoever connects beyond is told to come again. A thousand shoppers and a slow attack are fewer."""
OTHER_FILES = 256
"""Open files of the process besides: its pool, its log, Temporal."""
HEAD_LIMIT_SECONDS = 10.0
"""How long a connection may take to say what it asks for: half a request would be held for ever."""
KEPT_SECONDS = 75
"""How long a connection is kept for its next request. Longer than proxies keep theirs (nginx: 60 seconds), for a
request sent in the moment of closing is lost, and one that changes something is sent again by no proxy."""
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


class Crowd:
    """Sign-ups that came together: one is looked at in each turn of the event loop, so that others have theirs.

    A thousand at once are a second of work, which a webhook would wait for that came just after them.
    """

    def __init__(self) -> None:
        self._waiting = deque[tuple["_Protocol", bytes]]()

    def join(self, connection: "_Protocol", data: bytes) -> None:
        """Wait for a turn; the connection is not read meanwhile."""
        self._waiting.append((connection, data))
        if len(self._waiting) == 1:
            connection.loop.call_soon(self._next)

    def _next(self) -> None:
        connection, data = self._waiting.popleft()
        if self._waiting:
            connection.loop.call_soon(self._next)
        if not connection.transport.is_closing():
            connection.transport.resume_reading()
            connection.begin(data)


class _Protocol(H11Protocol):
    """A connection that is closed when the head of its first or next request is not there in time, and that is refused
    when there are too many."""

    head_limit = HEAD_LIMIT_SECONDS
    most_connections = MOST_CONNECTIONS
    crowd: "Crowd"
    _cutting_off: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] uvicorn's own signature
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            self.app = _refuse
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if self._asks_nothing_yet() and data.startswith(b"POST /v1/signups"):
            self._stop_waiting()  # It has said what it asks for; how long its turn takes is not its fault.
            self.transport.pause_reading()
            self.crowd.join(self, data)
        else:
            self.begin(data)

    def _asks_nothing_yet(self) -> bool:
        """Not even a part of its next head has come: of one in pieces each would have time anew."""
        return self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]

    def begin(self, data: bytes) -> None:
        """Look at what was received."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        else:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """A request was answered. Half of the next head may have come with it: it has its time too."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait_for_head()

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


async def _refuse(scope: Any, receive: Any, send: Any) -> None:
    refusal = busy()
    refusal.headers["Connection"] = "close"
    await respond(refusal)(scope, receive, send)


class _Server(uvicorn.Server):
    """A server that leaves signals to the process it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serving(
    app: FastAPI,
    host: str,
    port: int,
    head_limit: float = HEAD_LIMIT_SECONDS,
    most_connections: int = MOST_CONNECTIONS,
) -> AsyncGenerator[Served]:
    """Serve until the block ends; then requests under way are answered and the port is free.

    Args:
        port: 0 for any free one.
        head_limit: seconds after which a connection that has not said what it asks for is closed.
        most_connections: how many there may be at once; fewer, where the process may not open as many files.

    Raises:
        CannotStart: the port is taken or not allowed, or the host is not this machine's.
    """
    listening = _listen(host, port)
    limits = {
        "crowd": Crowd(),
        "head_limit": head_limit,
        "most_connections": min(most_connections, _files() - OTHER_FILES),
    }
    config = uvicorn.Config(
        app,
        http=type("Protocol", (_Protocol,), limits),
        ws="none",
        lifespan="off",
        # Logging is set up for the whole process elsewhere, and request_log.py has the line per request.
        log_config=None,
        access_log=False,
        server_header=False,
        # app.py decides which proxies are believed.
        proxy_headers=False,
        timeout_keep_alive=KEPT_SECONDS,
        timeout_graceful_shutdown=STOP_LIMIT_SECONDS,
        backlog=CONNECTIONS_WAITING,
        h11_max_incomplete_event_size=HEAD_LIMIT_BYTES,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield Served(host, listening.getsockname()[1])
    finally:
        server.should_exit = True
        await running


def _files() -> int:
    """How many files this process may have open: as many as its account allows, where fewer are preset."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OTHER_FILES
    if soft < wanted:
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


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
