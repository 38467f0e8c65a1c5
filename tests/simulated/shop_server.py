"""What shops' APIs under a test's control have in common: a real server at a free port of this machine."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from starter.http.server import serving


class ApiOfAShop(ABC):
    """What the APIs of shops under a test's control have in common.

    Attributes:
        url: where it is.
        asked: paths with their queries, in the order they came.
        first: answers that go before its own, one for each call.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.first: deque[Response] = deque()

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """What the shop answers."""

    async def _answer(self, request: Request) -> Response:
        self.asked.append(f"{request.url.path}?{request.url.query}")
        return self.first.popleft() if self.first else self.answer(request)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[Self]:
        """It answers for so long."""
        application = FastAPI()
        application.add_api_route("/{path:path}", self._answer, methods=["GET"])
        async with serving(application, "127.0.0.1", 0) as served:
            self.url = served.url
            yield self


def as_json(values: object, status: int = 200, **headers: str) -> Response:
    return JSONResponse(values, status, headers)
