"""Shops under a test's control that are called by webhook: the simulated one, and a real server on a real socket that
answers, or misbehaves, as its plan says. Each keeps what it heard.
"""

import asyncio
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Self

from pydantic import SecretStr

from activities.webhooks.caller import Caller
from activities.webhooks.http_caller import HttpCaller, Limits
from activities.webhooks.signing import SigningSecrets
from tests.simulated.caller import Answer, SimulatedCaller

# The secret of the vector that Standard Webhooks publishes.
SECRET = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


class Does(StrEnum):
    """What a shop does with a call that it has heard."""

    ANSWER = "answer"
    STALL = "stall"
    HANG_UP = "hang up"
    RESET = "reset"
    NONSENSE = "nonsense"
    STALL_IN_HEAD = "stall in the head"
    ENDLESS_HEAD = "endless head"
    ENDLESS_BODY = "endless body"
    SHORT_BODY = "short body"
    """Fewer bytes than it announced, and then nothing."""
    STALL_IN_BODY = "stall in the body"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a shop answers, until told otherwise."""

    status: int = 200
    does: Does = Does.ANSWER
    retry_after: str | None = None
    headers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.does} {self.status}"

    def head(self, length: int | None) -> bytes:
        lines = [f"HTTP/1.1 {self.status} So", *self.headers]
        lines += [f"Retry-After: {self.retry_after}"] if self.retry_after is not None else []
        lines += [f"Content-Length: {length}"] if length is not None else []
        return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True, slots=True)
class Heard:
    """One request, as it came."""

    line: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


class Shop(Protocol):
    """What the suite needs of every shop."""

    plan: Plan

    @property
    def url(self) -> str:
        """The address that it listens at, with something in it that is the shop's secret."""
        ...

    def caller(self, limits: Limits | None = None) -> Caller:
        """A caller that may call this shop, closed with it."""
        ...

    @property
    def heard_ids(self) -> list[str]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class SimulatedShop:
    """The simulated caller is its own shop. It can do what an answer's status can say, and not answer."""

    url = "http://localhost/hook?key=hush"

    def __init__(self) -> None:
        self.plan = Plan()
        self._caller = SimulatedCaller(private_hosts=True)

    def caller(self, limits: Limits | None = None) -> Caller:
        del limits
        status = self.plan.status if self.plan.does is Does.ANSWER else None
        self._caller.answer_next(Answer(status, self.plan.retry_after))
        return self._caller

    @property
    def heard_ids(self) -> list[str]:
        return [call.id for call in self._caller.heard]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._caller.aclose()


class RealShop:
    """A server on 127.0.0.1, with TLS where a certificate and its key are given.

    Attributes:
        connections: how many were made.
        asked_for: the names that TLS asked for.
        written: bytes of an endless answer that went out.
        gone: set when the caller has left an endless answer.
    """

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self.plan = Plan()
        self.heard: list[Heard] = []
        self.asked_for: list[str | None] = []
        self.connections = self.written = self.port = 0
        self.gone = asyncio.Event()
        self._go_on = asyncio.Event()
        self._certificate = certificate
        self._exit = AsyncExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=hush"

    @property
    def heard_ids(self) -> list[str]:
        return [heard.headers["webhook-id"] for heard in self.heard]

    def caller(
        self, limits: Limits | None = None, *, private_hosts: bool = True, ca_file: Path | None = None
    ) -> HttpCaller:
        caller = HttpCaller(
            SigningSecrets((("", SECRET),)), private_hosts=private_hosts, ca_file=ca_file, limits=limits
        )
        self._exit.push_async_callback(caller.aclose)
        return caller

    async def __aenter__(self) -> Self:
        server = await asyncio.start_server(self._serve, "127.0.0.1", ssl=self._tls())
        self.port = server.sockets[0].getsockname()[1]
        self._exit.callback(server.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._go_on.set()
        await self._exit.aclose()

    def _tls(self) -> ssl.SSLContext | None:
        if self._certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._certificate)
        context.sni_callback = lambda _socket, name, _context: self.asked_for.append(name)
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.heard.append(Heard(line, headers, body))
            await self._answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        match self.plan.does:
            case Does.ANSWER:
                writer.write(self.plan.head(2) + b"ok")
            case Does.STALL:
                await self._go_on.wait()
            case Does.HANG_UP:
                pass
            case Does.RESET:
                writer.transport.abort()
            case Does.NONSENSE:
                writer.write(b"220 mail.example.net ESMTP\r\n\r\n")
            case Does.STALL_IN_HEAD:
                writer.write(b"HTTP/1.1 200 So\r\nX: ")
                await self._go_on.wait()
            case Does.ENDLESS_HEAD:
                writer.write(b"HTTP/1.1 200 So\r\nX: ")
                await self._go_on_and_on(writer)
            case Does.ENDLESS_BODY:
                writer.write(self.plan.head(None))
                await self._go_on_and_on(writer)
            case Does.SHORT_BODY:
                writer.write(self.plan.head(100) + b"ok")
            case Does.STALL_IN_BODY:
                writer.write(self.plan.head(100) + b"ok")
                await self._go_on.wait()
        await writer.drain()

    async def _go_on_and_on(self, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            self.written += 65536
