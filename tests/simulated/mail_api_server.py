"""A simulated provider as a server: over HTTP/1.1, which may be cut at any moment of a request."""

import asyncio
from contextlib import AsyncExitStack
from email.parser import BytesHeaderParser
from enum import StrEnum
from http import HTTPStatus
from typing import Generic, Protocol, Self, TypeVar

from tests.simulated.mail_api import Heard, Reply


class OtherSide(Protocol):
    """Whoever answers requests."""

    def answer(self, heard: Heard) -> Reply: ...


OtherSideT = TypeVar("OtherSideT", bound=OtherSide)


class Moment(StrEnum):
    """A moment of a request."""

    HEAD = "head"
    """Its head was read and nothing of its body."""
    WHOLE = "whole"
    """It was read; nothing was done."""
    DONE = "done"
    """It was done; nothing was answered."""


class MailApiServer(Generic[OtherSideT]):
    """Answers as its provider does. For one event loop.

    Attributes:
        connections: how many were made.
        requests: how many were read to their end.
    """

    host = "127.0.0.1"

    def __init__(self, provider: OtherSideT) -> None:
        self.provider = provider
        self.connections = self.requests = 0
        self._talks = set[asyncio.Task[None]]()
        self._writers = set[asyncio.StreamWriter]()
        self._exit = AsyncExitStack()
        self.url = ""

    async def __aenter__(self) -> Self:
        server = await asyncio.start_server(self._talk, self.host)
        self._exit.callback(server.close)
        self.url = f"http://{self.host}:{server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exit.aclose()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def hang_up(self) -> None:
        """Close every connection, as a server does with idle ones, and wait until they are closed."""
        for writer in list(self._writers):
            writer.close()
            await writer.wait_closed()

    async def strikes(
        self, moment: Moment, writer: asyncio.StreamWriter, heard: Heard | None = None
    ) -> Reply | bytes | None:
        """What to answer instead at this moment, as it is or as bytes; None: go on. May close the connection.

        Args:
            heard: the request, once it was read.
        """
        del moment, writer, heard
        return None

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        self._writers.add(writer)
        self.connections += 1
        try:
            while not writer.is_closing():
                await self._request(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        method, path, _ = line.decode().split()
        headers = {name.lower(): value for name, value in BytesHeaderParser().parsebytes(fields).items()}
        if await self._struck(Moment.HEAD, writer):
            return
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests += 1
        heard = Heard(method, path, headers, body)
        if await self._struck(Moment.WHOLE, writer, heard):
            return
        reply = self.provider.answer(heard)
        if not await self._struck(Moment.DONE, writer, heard):
            _write(writer, reply)

    async def _struck(self, moment: Moment, writer: asyncio.StreamWriter, heard: Heard | None = None) -> bool:
        """Whether something else was done at this moment than to go on."""
        struck = await self.strikes(moment, writer, heard)
        if isinstance(struck, Reply):
            _write(writer, struck)
        elif struck is not None:
            writer.write(struck)
            writer.close()
        return struck is not None or writer.is_closing()


def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    fields = {"Content-Type": "application/json", "Content-Length": str(len(reply.content)), **reply.headers}
    phrase = HTTPStatus(reply.status).phrase if reply.status in HTTPStatus._value2member_map_ else "No Name"
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"HTTP/1.1 {reply.status} {phrase}\r\n{head}\r\n".encode() + reply.content)
