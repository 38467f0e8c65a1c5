"""A small HTTP/1.1 client: on two cores a full one would take more time than the server that is measured."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

ANSWER_LIMIT_SECONDS = 60.0
"""Longer than a sign-up waits for its turn."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    body: bytes


class Connection:
    """One kept connection; one request at a time. Answers need a Content-Length or are chunked."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Ask and wait for the whole answer.

        Raises:
            OSError, TimeoutError, asyncio.IncompleteReadError: the server cannot be reached or goes away.
        """
        async with asyncio.timeout(ANSWER_LIMIT_SECONDS):
            if self._streams is not None and self._streams[0].at_eof():
                self.close()  # Servers close what lay idle for some seconds.
            if self._streams is None:
                self._streams = await asyncio.open_connection(self._host, self._port)
            reader, writer = self._streams
            lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}:{self._port}", f"Content-Length: {len(body)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            return await self._read(reader)

    def close(self) -> None:
        """Let go of the server."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        status = int(head[0].split()[1])
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        if fields.get("transfer-encoding") == "chunked":
            return Answer(status, await _chunks(reader))
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        if fields.get("connection") == "close":
            self.close()
        return Answer(status, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body
