"""The simulated Shopify shop behind real HTTP: its API, its token endpoint, and the files of its bulk operations."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from starter.simulated.server import SimulatedApi
from starter.simulated.shopify.admin import ShopifyShop
from starter.simulated.shopify.answers import Bucket, answered, name_of

SERVES = "2026-01", "2026-04", "2026-07", "2026-10"


class ShopifyServer(SimulatedApi):
    """One shop's.

    Attributes:
        answer_next: statuses, or bodies, that the API answers with instead, one after the other.
        break_off: of how many downloads only a part is sent.
    """

    def __init__(self, shop: ShopifyShop, bucket: Bucket | None = None) -> None:
        self.shop = shop
        self.bucket = bucket or Bucket(restored=2000)
        self.answer_next: list[int | bytes] = []
        self.break_off = 0

    def routes(self) -> Sequence[BaseRoute]:
        """See `SimulatedApi.routes`."""
        return [
            Route("/admin/api/{version}/graphql.json", self._graphql, methods=["POST"]),
            Route("/admin/oauth/access_token", self._token, methods=["POST"]),
            Route("/files/{name}.jsonl", self._file),
        ]

    def moved_to(self, url: str) -> None:
        """See `SimulatedApi.moved_to`. Files are at the same address, so the shop knows it."""
        super().moved_to(url)
        self.shop.url = url

    async def _graphql(self, request: Request) -> Response:
        if self.answer_next:
            answer = self.answer_next.pop(0)
            return Response(answer) if isinstance(answer, bytes) else JSONResponse({"errors": "no"}, answer)
        if request.headers.get("x-shopify-access-token") not in self.shop.tokens:
            told = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return JSONResponse({"errors": told}, 401)
        asked = json.loads(await request.body())
        version = request.path_params["version"]
        served = {"X-Shopify-API-Version": version if version in SERVES else SERVES[0]}
        variables: dict[str, Any] = asked.get("variables") or {}
        self.shop.heard.append((name_of(asked["query"]), variables))
        body = answered(self.shop.root(), self.bucket, asked["query"], variables)
        return JSONResponse(body, headers=served)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        status, body = self.shop.grant(form)
        return JSONResponse(body, status)

    async def _file(self, request: Request) -> Response:
        name = f"gid://shopify/BulkOperation/{request.path_params['name']}"
        operation = self.shop.operations.get(name)
        if operation is None:
            return Response(status_code=404)
        lines = operation.lines
        if self.break_off:
            self.break_off -= 1
            lines = lines[: len(lines) // 2]

        async def sent() -> AsyncIterator[bytes]:
            for line in lines:
                yield line

        return StreamingResponse(sent(), media_type="application/jsonl")
