"""A Wix site with its API, as dev.wix.com documents it: tokens of four hours, a catalogue V1 or V3 (each refuses what
is the other's), filters, and pages by cursor or by offset. At most two rows make a page by cursor here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starter.simulated.server import SimulatedApi

APP = "aaaaaaaa-0000-0000-0000-000000000001"
SECRET = "the app's secret key"
INSTANCE = "AAAAAAAA-1111-2222-3333-444444444444"
API_KEY = "IST.an-api-key"
SITE = "bbbbbbbb-0000-0000-0000-000000000002"
NO_VARIANT = "00000000-0000-0000-0000-000000000000"
PAGE = 2


@dataclass
class WixSite(SimulatedApi):
    """The site, and what was asked of it.

    Attributes:
        products, variants, stock: as the API has them.
        front_page: None: the site was never published.
        numbered: its list of V1 heeds the filter by numbers.
        page: so many rows make a page by cursor.
    """

    version: str = "V3_CATALOG"
    products: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    variants: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    stock: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    front_page: str | None = "https://shop.example/"
    token: str = "a token"
    forbidden: str | None = None
    calls: list[str] = field(default_factory=list[str])
    numbered: bool = True
    page: int = PAGE

    def routes(self) -> Sequence[BaseRoute]:
        """See `SimulatedApi.routes`."""
        return [
            Route("/oauth2/token", self._token, methods=["POST"]),
            Route("/{path:path}", self._any, methods=["GET", "POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        right = {
            "grant_type": "client_credentials",
            "client_id": APP,
            "client_secret": SECRET,
            "instance_id": INSTANCE,
        }
        if asked != right:
            return JSONResponse({"error": "invalid_client"}, 400)
        return JSONResponse({"access_token": self.token, "token_type": "Bearer", "expires_in": 14400})

    async def _any(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.calls.append(path)
        authorized = request.headers.get("authorization")
        by_key = authorized == API_KEY and request.headers.get("wix-site-id") == SITE
        if authorized != self.token and not by_key:
            return JSONResponse({"message": "unauthenticated"}, 401)
        if path == self.forbidden:
            return JSONResponse({"message": "forbidden"}, 403)
        site = {"siteDisplayName": "Mugs", "paymentCurrency": "EUR"}
        match path:
            case "apps/v1/instance":
                return JSONResponse({"instance": {"instanceId": INSTANCE}, "site": {**site, "url": self.front_page}})
            case "site-properties/v4/properties" if by_key:
                return JSONResponse({"properties": site, "version": "1"})
            case "stores/v3/provision/version":
                return JSONResponse({"catalogVersion": self.version})
            case _:
                return self._list(path, json.loads(await request.body()))

    def _list(self, path: str, asked: dict[str, Any]) -> Response:
        v1 = {
            "stores-reader/v1/products/query": ("products", "id"),
            "stores-reader/v2/inventoryItems/query": ("inventoryItems", "productId"),
        }
        v3 = {
            "stores/v3/products/query": ("products", "id"),
            "stores/v3/products/query-variants": ("variants", "productData.productId"),
            "stores/v3/inventory-items/query": ("inventoryItems", "productId"),
        }
        ours = v1 if self.version == "V1_CATALOG" else v3
        if path not in ours:
            return JSONResponse({"message": "the other catalogue"}, 428)
        named, key = ours[path]
        rows = {"products": self.products, "variants": self.variants, "inventoryItems": self.stock}[named]
        query = asked["query"]
        if ours is v1:
            return _by_offset(named, key, rows, query, self.numbered)
        return _by_cursor(named, key, rows, query, self.page)


def _by_offset(named: str, key: str, rows: list[dict[str, Any]], query: dict[str, Any], numbered: bool) -> Response:
    """In V1 the filter is JSON in text."""
    wanted: dict[str, Any] = json.loads(query.get("filter", "{}"))
    if "numericId" in wanted:
        assert json.loads(query["sort"]) == [{"numericId": "asc"}]
        last = wanted.pop("numericId")["$gt"]
        after = [row for row in rows if not numbered or int(row["numericId"]) > last]
        rows = sorted(after, key=lambda row: int(row["numericId"]))
    found = _filtered(rows, key, wanted)
    limit, offset = query["paging"]["limit"], query["paging"]["offset"]
    assert limit <= 100
    return JSONResponse({named: found[offset : offset + limit], "totalResults": len(found)})


def _by_cursor(named: str, key: str, rows: list[dict[str, Any]], query: dict[str, Any], size: int) -> Response:
    """A cursor holds the filter, which may not be said again."""
    paging = query["cursorPaging"]
    held: dict[str, Any] = {"start": 0, "filter": query.get("filter")}
    if "cursor" in paging:
        assert set(query) == {"cursorPaging"}
        held = json.loads(paging["cursor"])
    found = _filtered(rows, key, held["filter"])
    start, more = held["start"], held["start"] + size < len(found)
    cursors = {"next": json.dumps({**held, "start": start + size})} if more else {}
    page = found[start : start + size]
    return JSONResponse({named: page, "pagingMetadata": {"count": len(page), "cursors": cursors, "hasNext": more}})


def _filtered(rows: list[dict[str, Any]], key: str, wanted: dict[str, Any] | None) -> list[dict[str, Any]]:
    if not wanted:
        return rows
    assert set(wanted) == {key}
    return [row for row in rows if _at(row, key) in wanted[key]["$in"]]


def _at(row: dict[str, Any], key: str) -> object:
    found: Any = row
    for part in key.split("."):
        found = found[part]
    return found
