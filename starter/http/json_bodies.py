"""Bodies of JSON: there, said to be JSON, UTF-8, and nothing said twice, which two programs could read in two ways."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from starter.http.problems import Kind, Refusal


class JsonRoute(APIRoute):
    """A route whose body, where it is JSON, is read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_one = self.body_field is not None
        needs_one = self.body_field is not None and self.body_field.field_info.is_required()

        async def read_strictly(request: Request) -> Response:
            if takes_one:
                _must_be_json(request, await request.body(), needed=needs_one)
            return await handle(_StrictRequest(request))

        return read_strictly


def _must_be_json(request: Request, body: bytes, *, needed: bool) -> None:
    """Refuse what is no JSON by what its head says, as what is none by its body is refused: it would be read as a text.

    Raises:
        Refusal: there is none where one is needed, or it is said to be something else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body and needed:
        raise Refusal(Kind.REQUEST_MALFORMED, "There is no body: send a JSON object.")
    if body and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Refusal(
            Kind.REQUEST_MALFORMED, "The body is not said to be JSON: send it with 'Content-Type: application/json'."
        )


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
