"""A WooCommerce shop's API, as its documentation has it: its shapes, its pages of a hundred at most, its webhooks."""

import base64
import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starter.simulated.server import AnsweringApi, Heard, Reply

KEY = "ck_0123456789abcdef"
SECRET = "cs_0123456789abcdef"
MOST_ROWS = 100


class SimulatedWooCommerce(AnsweringApi):
    """One shop, whose things the test changes.

    Attributes:
        settings: by group and name; one that is not there is answered 404.
        refused: beginnings of paths that the key may not read.
        secrets: of the webhooks, by their id: no answer has them.
        heard: every request: its method and path, with the query read.
        made: is told of each webhook that is made, its id and its address.
    """

    def __init__(self) -> None:
        self.products: dict[int, dict[str, Any]] = {}
        self.variations: dict[int, list[dict[str, Any]]] = {}
        self.orders: dict[int, dict[str, Any]] = {}
        self.hooks: dict[int, dict[str, Any]] = {}
        self.secrets: dict[int, str] = {}
        self.settings: dict[str, object] = {"general/woocommerce_currency": "EUR"}
        self.refused: tuple[str, ...] = ()
        self.front_page = "https://shop.example"
        self.heard: list[tuple[str, str, Mapping[str, str]]] = []
        self.odd: Reply | None = None
        self.made: Callable[[int, str], None] = lambda _id, _address: None

    def answer(self, heard: Heard) -> Reply:
        """See `AnsweringApi`."""
        address = urlsplit(heard.path)
        query = dict(parse_qsl(address.query))
        path = address.path.removeprefix("/wp-json/")
        self.heard.append((heard.method, path, query))
        login = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if self.odd is not None:
            return self.odd
        if heard.headers.get("authorization") != f"Basic {login}":
            return _problem(401, "woocommerce_rest_authentication_error")
        if path.startswith(self.refused):
            return _problem(403, "woocommerce_rest_cannot_view")
        return self._route(heard, path, query)

    def _route(self, heard: Heard, path: str, query: Mapping[str, str]) -> Reply:
        match heard.method, path.removeprefix("wc/v3/").split("/"):
            case "GET", [""]:
                return Reply(200, {"name": "Blue Kettles", "url": "https://wp.example", "home": self.front_page})
            case "GET", ["products"]:
                return _page(_included(list(self.products.values()), query), query)
            case "GET", ["products", product, "variations"] if int(product) in self.products:
                return _page(_included(self.variations.get(int(product), []), query), query)
            case "GET", ["orders"]:
                return _page(_modified(_included(list(self.orders.values()), query), query), query)
            case "GET", ["settings", group, name] if f"{group}/{name}" in self.settings:
                return Reply(200, {"id": name, "group_id": group, "value": self.settings[f"{group}/{name}"]})
            case method, ["webhooks", *id_]:
                return self._hook(method, id_, heard, query)
            case _:
                return _problem(404, "rest_no_route")

    def _hook(self, method: str, id_: Sequence[str], heard: Heard, query: Mapping[str, str]) -> Reply:
        if method == "GET":
            return _page(list(self.hooks.values()), query)
        if method == "POST":
            number = max(self.hooks, default=141) + 1
            self.hooks[number] = {"id": number}
        else:
            number = int(id_[0])
        if number not in self.hooks:
            return _problem(404, "woocommerce_rest_shop_webhook_invalid_id")
        if method == "DELETE":
            # Webhooks have no bin.
            done = query.get("force") == "true"
            return Reply(200, self.hooks.pop(number)) if done else _problem(501, "woocommerce_rest_trash_not_supported")
        wanted = dict(heard.json())
        self.secrets[number] = str(wanted.pop("secret"))
        self.hooks[number] |= wanted
        if method == "POST":
            self.made(number, str(wanted["delivery_url"]))
        return Reply(201 if method == "POST" else 200, self.hooks[number])


def _included(rows: Sequence[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    wanted = query.get("include")
    return [row for row in rows if wanted is None or str(row["id"]) in wanted.split(",")]


def _modified(rows: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Those changed after one second and before another, in the order that is asked for."""
    after, before = query.get("modified_after", ""), query.get("modified_before", "9")
    named = "date_modified_gmt" if query.get("orderby") == "modified" else "id"
    shown = [row for row in rows if after < row.get("date_modified_gmt", "1") < before]
    return sorted(shown, key=lambda row: row[named]) if "orderby" in query else shown


def _page(rows: Sequence[dict[str, Any]], query: Mapping[str, str]) -> Reply:
    limit, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
    if limit > MOST_ROWS:
        return _problem(400, "rest_invalid_param")
    shown = copy.deepcopy(rows[(page - 1) * limit : page * limit])
    totals = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(-(-len(rows) // limit))}
    return Reply(200, shown, totals)


def _problem(status: int, code: str) -> Reply:
    return Reply(status, {"code": code, "message": code.replace("_", " "), "data": {"status": status}})
