"""A BigCommerce store's API, as its documentation has it: its shapes, pages, quota, and rules for webhooks."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starter.simulated.server import AnsweringApi, Heard, Reply

STORE = "abc123"
TOKEN = "token-of-the-api-account"
QUOTA = 150
HOOKS_OF_A_SCOPE = 10


class SimulatedBigCommerce(AnsweringApi):
    """One store, whose things the test changes.

    Attributes:
        left: calls of the quota; each answer says how many.
        refused: parts of paths that the API account may not read.
        hooks: also those of other destinations, by id.
        heard: every request: its method and path, with the query read.
    """

    def __init__(self) -> None:
        self.products: dict[int, dict[str, Any]] = {}
        self.items: list[dict[str, Any]] = []
        self.orders: dict[int, dict[str, Any]] = {}
        self.lines: dict[int, list[dict[str, Any]]] = {}
        self.coupons: dict[int, list[dict[str, Any]]] = {}
        self.carts: dict[str, dict[str, Any]] = {}
        self.hooks: dict[int, dict[str, Any]] = {}
        self.settings: dict[str, Any] = {"update_stock_behavior": "order_placed", "refund_order_stock_adjustment": True}
        self.currency, self.front_page = "EUR", "https://kettles.example"
        self.left = QUOTA
        self.reset_ms = 10
        self.refused: set[str] = set()
        self.heard: list[tuple[str, str, Mapping[str, str]]] = []
        self.odd: Reply | None = None

    def answer(self, heard: Heard) -> Reply:
        """See `AnsweringApi`."""
        address = urlsplit(heard.path)
        query = dict(parse_qsl(address.query))
        prefix = f"/stores/{STORE}/"
        path = address.path.removeprefix(prefix)
        self.heard.append((heard.method, path, query))
        self.left -= 1
        reply = self.odd or self._checked(heard, address.path.startswith(prefix), path, query)
        limits = {
            "X-Rate-Limit-Requests-Left": str(max(0, self.left)),
            "X-Rate-Limit-Time-Reset-Ms": str(self.reset_ms),
            "X-Rate-Limit-Requests-Quota": str(QUOTA),
            "X-Rate-Limit-Time-Window-Ms": "30000",
        }
        return Reply(reply.status, reply.body, {**limits, **reply.headers})

    def _checked(self, heard: Heard, of_the_store: bool, path: str, query: Mapping[str, str]) -> Reply:
        if heard.headers.get("x-auth-token") != TOKEN:
            return _problem(401, "Unauthorized")
        if any(part in path for part in self.refused):
            return _problem(403, "You don't have a required scope to access the endpoint")
        if not of_the_store:
            return _problem(404, "Not found")
        match heard.method, path.split("/"):
            case "GET", ["v2", "store"]:
                shop = {"id": STORE, "name": "Blue Kettles", "secure_url": self.front_page}
                return Reply(200, {**shop, "currency": self.currency, "admin_email": "owner@kettles.example"})
            case "GET", ["v3", "settings", "inventory"]:
                return Reply(200, {"data": self.settings, "meta": {}})
            case "GET", ["v3", "catalog", "products"]:
                return _page(_some(list(self.products.values()), query, "id:in", "id"), query)
            case "GET", ["v3", "inventory", "items"]:
                return _page(self._items(query), query)
            case "GET", ["v2", "orders", order, *rest]:
                return self._order(int(order), rest, query)
            case "GET", ["v3", "carts", cart] if cart in self.carts:
                return Reply(200, {"data": self.carts[cart], "meta": {}})
            case method, ["v3", "hooks", *id_]:
                return self._hook(method, id_, heard, query)
            case _:
                return _problem(404, "Not found")

    def _items(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        rows = [{**item["identity"], "row": item} for item in self.items]
        named = _some(_some(rows, query, "variant_id:in", "variant_id"), query, "product_id:in", "product_id")
        return [row["row"] for row in named]

    def _order(self, order: int, rest: Sequence[str], query: Mapping[str, str]) -> Reply:
        if order not in self.orders:
            return _problem(404, "The requested resource was not found.")
        match rest:
            case []:
                return Reply(200, self.orders[order])
            case ["products"]:
                return _old_page(self.lines[order], query)
            case ["coupons"]:
                return _old_page(self.coupons.get(order, []), query)
            case _:
                return _problem(404, "The requested resource was not found.")

    def _hook(self, method: str, id_: Sequence[str], heard: Heard, query: Mapping[str, str]) -> Reply:
        if method == "GET" and not id_:
            mine = [hook for hook in self.hooks.values() if hook["destination"] == query.get("destination")]
            return _page(mine, query)
        if method == "POST":
            return self._make(heard.json())
        number = int(id_[0])
        if number not in self.hooks:
            return _problem(404, f"Webhook with id [{number}] not found")
        if method == "DELETE":
            return Reply(200, {"data": self.hooks.pop(number), "meta": {}})
        self.hooks[number] |= heard.json()
        return Reply(200, {"data": self.hooks[number], "meta": {}})

    def _make(self, wanted: Mapping[str, Any]) -> Reply:
        of_scope = [hook for hook in self.hooks.values() if hook["scope"] == wanted["scope"]]
        address = urlsplit(str(wanted["destination"]))
        if address.scheme != "https" or address.port not in (None, 443):
            return _problem(422, "destination")
        if len(of_scope) >= HOOKS_OF_A_SCOPE or any(h["destination"] == wanted["destination"] for h in of_scope):
            return _problem(422, "A webhook for this scope and destination is there, or ten of the scope are")
        number = max(self.hooks, default=18048286) + 1
        self.hooks[number] = {"id": number, "client_id": "c", "store_hash": STORE, "headers": None, **wanted}
        return Reply(200, {"data": self.hooks[number], "meta": {}})


def _some(
    rows: Sequence[dict[str, Any]], query: Mapping[str, str], parameter: str, member: str
) -> list[dict[str, Any]]:
    wanted = query.get(parameter)
    return [row for row in rows if wanted is None or str(row[member]) in wanted.split(",")]


def _page(rows: Sequence[dict[str, Any]], query: Mapping[str, str]) -> Reply:
    limit, page = int(query.get("limit", "50")), int(query.get("page", "1"))
    shown = rows[(page - 1) * limit : page * limit]
    pagination = {
        "total": len(rows),
        "count": len(shown),
        "per_page": limit,
        "current_page": page,
        "total_pages": max(1, -(-len(rows) // limit)),
    }
    return Reply(200, {"data": copy.deepcopy(shown), "meta": {"pagination": pagination}})


def _old_page(rows: Sequence[dict[str, Any]], query: Mapping[str, str]) -> Reply:
    limit, page = int(query.get("limit", "50")), int(query.get("page", "1"))
    shown = rows[(page - 1) * limit : page * limit]
    return Reply(200, shown) if shown else Reply(204)


def _problem(status: int, title: str) -> Reply:
    return Reply(status, {"status": status, "title": title, "type": "/api-docs/getting-started/api-status-codes"})
