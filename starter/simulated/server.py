"""What the APIs of simulated shops have in common: each says its routes, and is served at a port of this machine."""

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starter.http.server import serving

HERE = "127.0.0.1"
METHODS = ("GET", "POST", "PUT", "DELETE")


class SimulatedApi(ABC):
    """One shop's API.

    Attributes:
        url: where it is.
    """

    url: str = ""

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """What it answers."""

    def moved_to(self, url: str) -> None:
        """It is there from now on."""
        self.url = url

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[Self]:
        """It answers for so long, at a free port."""
        async with serving(FastAPI(routes=list(self.routes()), openapi_url=None), HERE, 0) as served:
            self.moved_to(served.url)
            yield self


@dataclass(frozen=True, slots=True)
class Heard:
    """A request; `headers` by their names in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `body` a JSON value, or bytes as they are."""

    status: int
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class AnsweringApi(SimulatedApi):
    """An API as a function, without HTTP."""

    @abstractmethod
    def answer(self, heard: Heard) -> Reply:
        """What it answers to a request; its path is with the query."""

    def routes(self) -> Sequence[BaseRoute]:
        """See `SimulatedApi.routes`."""
        return [Route("/{path:path}", self._answered, methods=list(METHODS))]

    async def _answered(self, request: Request) -> Response:
        path = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        reply = self.answer(Heard(request.method, path, dict(request.headers), await request.body()))
        return Response(reply.content, reply.status, {"Content-Type": "application/json", **reply.headers})


class ReadingApi(SimulatedApi):
    """An API that is only asked.

    Attributes:
        asked: paths with their queries, in the order they came.
        first: answers that go before its own, one for each call.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.first: deque[Response] = deque()

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """What it answers to a request."""

    def routes(self) -> Sequence[BaseRoute]:
        """See `SimulatedApi.routes`."""
        return [Route("/{path:path}", self._answered)]

    async def _answered(self, request: Request) -> Response:
        self.asked.append(f"{request.url.path}?{request.url.query}")
        return self.first.popleft() if self.first else self.answer(request)


def as_json(values: object, status: int = 200, **headers: str) -> Response:
    """An answer in JSON."""
    return JSONResponse(values, status, headers)
