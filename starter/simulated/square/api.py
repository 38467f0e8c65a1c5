"""A Square merchant with its API, as developer.squareup.com documents it: tokens, pages with cursors, counts by state,
subscriptions with keys of Square's own making. Two rows make a page here, so that few are turned over.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from starter.simulated.server import SimulatedApi

TOKEN = "sq0-access-token"
MERCHANT = "6SSW7HV8K2ST5"
PAGE = 2


def item(number: int, *, name: str = "Mug", counted: bool = True, **changes: Any) -> dict[str, Any]:
    """An item of the catalogue with one variation."""
    money = {"amount": 1999, "currency": "USD"}
    data = {"name": "Regular", "sku": f"M-{number}", "price_money": money, "track_inventory": counted}
    variation = {"type": "ITEM_VARIATION", "id": f"V{number}", "is_deleted": False, "item_variation_data": data}
    told = {"name": name, "ecom_uri": f"https://shop.example/{number}", "variations": [variation]}
    return {"type": "ITEM", "id": f"I{number}", "is_deleted": False, "item_data": told} | changes


def order(order_id: str, *variations: str, **changes: Any) -> dict[str, Any]:
    """An order of two pieces of each, by the customer C1."""
    lines = [{"uid": each, "catalog_object_id": each, "quantity": "2", "item_type": "ITEM"} for each in variations]
    money = {"amount": 3998 * len(lines), "currency": "USD"}
    return {
        "id": order_id,
        "location_id": "L1",
        "customer_id": "C1",
        "state": "OPEN",
        "created_at": "2026-01-31T11:00:00Z",
        "line_items": lines,
        "total_money": money,
        **changes,
    }


@dataclass
class SquareMerchant(SimulatedApi):
    """The merchant, and what was asked of it.

    Attributes:
        counts: by variation, location and state.
        orders: by their ids; customers: their addresses, by theirs.
        calculated: since when a count is so; of others it is some time ago.
        too_many: so many calls are answered 429 first.
        page: so many rows make a page.
    """

    items: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    counts: dict[tuple[str, str, str], str] = field(default_factory=dict[tuple[str, str, str], str])
    calculated: dict[tuple[str, str, str], str] = field(default_factory=dict[tuple[str, str, str], str])
    subscriptions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    orders: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    customers: dict[str, str] = field(default_factory=dict[str, str])
    calls: list[str] = field(default_factory=list[str])
    too_many: int = 0
    page: int = PAGE
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def routes(self) -> Sequence[BaseRoute]:
        """See `SimulatedApi.routes`."""
        return [
            Route("/v2/merchants/me", self._merchant),
            Route("/v2/locations", self._locations),
            Route("/v2/catalog/list", self._list),
            Route("/v2/catalog/batch-retrieve", self._retrieve, methods=["POST"]),
            Route("/v2/inventory/counts/batch-retrieve", self._counts, methods=["POST"]),
            Route("/v2/orders/batch-retrieve", self._orders, methods=["POST"]),
            Route("/v2/customers/bulk-retrieve", self._customers, methods=["POST"]),
            Route("/v2/webhooks/subscriptions", self._subscriptions, methods=["GET", "POST"]),
            Route("/v2/webhooks/subscriptions/{id}", self._subscription, methods=["PUT", "DELETE"]),
        ]

    def _refused(self, request: Request) -> Response | None:
        self.calls.append(request.url.path)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            error = {"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED", "detail": "This request could not be"}
            return JSONResponse({"errors": [error]}, 401)
        assert request.headers["square-version"]
        if self.too_many:
            self.too_many -= 1
            return JSONResponse({"errors": [{"code": "RATE_LIMITED"}]}, 429)
        return None

    async def _merchant(self, request: Request) -> Response:
        merchant = {"id": MERCHANT, "business_name": "Apple A Day", "country": "US", "currency": "USD"}
        return self._refused(request) or JSONResponse({"merchant": merchant})

    async def _locations(self, request: Request) -> Response:
        locations = [{"id": "L1", "status": "ACTIVE"}, {"id": "L2", "status": "INACTIVE"}]
        return self._refused(request) or JSONResponse({"locations": locations})

    async def _list(self, request: Request) -> Response:
        assert request.query_params["types"] == "ITEM"
        there = [each for each in self.items if not each["is_deleted"]]
        return self._refused(request) or _page("objects", there, request.query_params.get("cursor"), self.page)

    async def _retrieve(self, request: Request) -> Response:
        asked = await _json(request)
        variations = (
            {**each, "item_variation_data": {**each["item_variation_data"], "item_id": item["id"]}}
            for item in self.items
            for each in item["item_data"]["variations"]
        )
        there = [each for each in (*self.items, *variations) if each["id"] in asked["object_ids"]]
        return self._refused(request) or JSONResponse({"objects": there})

    async def _orders(self, request: Request) -> Response:
        asked = (await _json(request))["order_ids"]
        there = [self.orders[each] for each in asked if each in self.orders]
        return self._refused(request) or JSONResponse({"orders": there} if there else {})

    async def _customers(self, request: Request) -> Response:
        gone = {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND"}]}
        told = {
            each: {"customer": {"id": each, "email_address": self.customers[each]}} if each in self.customers else gone
            for each in (await _json(request))["customer_ids"]
        }
        return self._refused(request) or JSONResponse({"responses": told})

    async def _counts(self, request: Request) -> Response:
        asked = await _json(request)
        rows = [
            {
                "catalog_object_id": variation,
                "catalog_object_type": "ITEM_VARIATION",
                "location_id": location,
                "state": state,
                "quantity": quantity,
                "calculated_at": self.calculated.get((variation, location, state), "2026-01-31T12:00:00.10296Z"),
            }
            for (variation, location, state), quantity in self.counts.items()
            if variation in asked["catalog_object_ids"] and state in asked["states"]
        ]
        return self._refused(request) or _page("counts", rows, asked.get("cursor"), self.page)

    async def _subscriptions(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        if request.method == "GET":
            shown = self.subscriptions
            if request.query_params.get("include_disabled") != "true":
                shown = [each for each in shown if each["enabled"]]
            return _page("subscriptions", shown, request.query_params.get("cursor"), self.page)
        asked = await _json(request)
        assert asked["idempotency_key"]
        number = next(self.numbers)
        made = asked["subscription"] | {"id": f"wbhk_{number}", "signature_key": f"key-{number}"}
        self.subscriptions.append(made)
        return JSONResponse({"subscription": made})

    async def _subscription(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        (found,) = [each for each in self.subscriptions if each["id"] == request.path_params["id"]]
        if request.method == "DELETE":
            self.subscriptions.remove(found)
            return JSONResponse({})
        found |= (await _json(request))["subscription"]
        return JSONResponse({"subscription": found})


async def _json(request: Request) -> Any:
    return json.loads(await request.body())


def _page(named: str, rows: list[dict[str, Any]], cursor: str | None, size: int) -> JSONResponse:
    """Without rows Square leaves the list out."""
    start = int(cursor or 0)
    page = {named: rows[start : start + size]} if rows[start : start + size] else {}
    return JSONResponse(page | ({"cursor": str(start + size)} if start + size < len(rows) else {}))
