"""A shop's API on a real socket: an ASGI application under uvicorn, on a free port of this machine."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class ApiOfAShop:
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

    def answer(self, request: Request) -> Response:
        raise NotImplementedError

    async def _answer(self, request: Request) -> Response:
        self.asked.append(f"{request.url.path}?{request.url.query}")
        return self.first.popleft() if self.first else self.answer(request)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[Self]:
        """It answers for so long."""
        application = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET"])])
        server = uvicorn.Server(
            uvicorn.Config(application, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
        )
        listening = server.config.bind_socket()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield self
        finally:
            server.should_exit = True
            await serving
            listening.close()


def as_json(values: object, status: int = 200, **headers: str) -> Response:
    return JSONResponse(values, status, headers)
