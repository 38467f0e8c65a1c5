"""Bodies of JSON: UTF-8, and nothing said twice, which two programs could read in two ways."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class JsonRoute(APIRoute):
    """A route whose body, where it is JSON, is read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def read_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request))

        return read_strictly


class _StrictRequest(Request):
    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, request.receive)
        self._given = request

    async def body(self) -> bytes:
        return await self._given.body()

    async def json(self) -> Any:
        body = await self.body()
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise json.JSONDecodeError("it is not UTF-8", "", error.start) from None
        return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise json.JSONDecodeError("a key is given twice in one object", "", 0)
    return values
