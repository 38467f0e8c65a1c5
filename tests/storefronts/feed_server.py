"""A shop's web server with a feed on it: real HTTP/1.1, with the ETag and 304 that a file server has."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256


@dataclass
class FeedServer:
    """What it serves at whatever path, and what it was asked.

    Attributes:
        cut_at: so many bytes of the content are sent, and the connection is closed.
        trickles: after these a byte comes now and then, without end.
    """

    port: int = 0
    content: bytes = b""
    status: int = 200
    cut_at: int | None = None
    trickles: bool = False
    headers: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/feed?token=secret"

    @property
    def etag(self) -> str:
        return f'"{sha256(self.content).hexdigest()[:16]}"'

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request on one connection."""
        asked: dict[str, str] = {}
        while line := (await reader.readline()).decode().strip():
            name, _, value = line.partition(": ")
            asked[name.lower()] = value
        self.asked.append(asked)
        same = self.status == 200 and asked.get("if-none-match") == self.etag
        status, content = (304, b"") if same else (self.status, self.content)
        head = {"content-length": str(len(content)), "etag": self.etag, "connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {status} said", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + content[: self.cut_at])
        await writer.drain()
        while self.trickles and not reader.at_eof():
            writer.write(b" ")
            await asyncio.sleep(0.01)
        writer.close()


@asynccontextmanager
async def serving_feed() -> AsyncGenerator[FeedServer]:
    """The server, from entry to exit."""
    server = FeedServer()
    async with await asyncio.start_server(server.answer, "127.0.0.1", 0) as serving:
        server.port = serving.sockets[0].getsockname()[1]
        yield server
