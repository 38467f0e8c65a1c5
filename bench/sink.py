"""The mail sink, a process of its own: takes every mail, keeps none, says when each was accepted.

Not the product's mailbox: that one writes files and would be measured with the product.
"""

import asyncio
import re
import time

from bench.process import commands, say

_RCPT = re.compile(rb"RCPT TO:<([^>]*)>", re.IGNORECASE)


class SinkSession(asyncio.Protocol):
    """One connection. Speaks as much SMTP as a well-behaved client needs."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._in_body = False
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # A server's transports are.
        self._transport = transport
        self._answer(b"220 sink")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_body else b"\r\n"
            what, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            if self._in_body:
                self._in_body = False
                self._answer(b"250 OK")
                say(f"{time.monotonic():.6f} {self._recipient}")
            else:
                self._command(what)

    def _command(self, line: bytes) -> None:
        match line[:4].upper():
            case b"DATA":
                self._in_body = True
                self._answer(b"354 Go on")
            case b"QUIT":
                self._answer(b"221 Bye")
                if self._transport is not None:
                    self._transport.close()
            case b"RCPT":
                found = _RCPT.match(line)
                self._recipient = found[1].decode() if found else ""
                self._answer(b"250 OK")
            case _:
                self._answer(b"250 sink")

    def _answer(self, line: bytes) -> None:
        if self._transport is not None:
            self._transport.write(line + b"\r\n")


async def run() -> None:
    """Take mail until the benchmark lets go."""
    server = await asyncio.get_running_loop().create_server(SinkSession, "127.0.0.1", 0)
    say(str(server.sockets[0].getsockname()[1]))
    async for _ in commands():
        pass
    server.close()


if __name__ == "__main__":
    asyncio.run(run())
