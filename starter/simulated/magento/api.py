"""A Magento shop's REST API as far as Shelftalk asks it.

It has Magento's ways: `in` separates by commas, a page behind the last is the last again, filters of one group are
alternatives, `fields` narrows, a route that is not there is a 404, and a slash in an address is one even if encoded,
as under Apache.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from starter.simulated.server import ReadingApi, as_json

STOCK = {
    "stock_id": 2,
    "name": "North America Stock",
    "extension_attributes": {"sales_channels": [{"type": "website", "code": "na_site"}]},
}
NO_ROUTE = {"message": "Request does not match any route.", "trace": None}
REFUSED = "The consumer isn't authorized to access %resources."
MOST = 300
SIMPLE = ("simple", "virtual", "downloadable")


class SimulatedMagento(ReadingApi):
    """A shop with one website.

    Attributes:
        salable: by SKU, quantity and whether it is sold; what is not in it is not assigned to the stock.
        items: stock items by SKU, of a shop without salable quantities.
        has_export: it has these.
        lacks: a resource that the integration was not given.
        orders: by id.
        lacks_orders: it may not read orders, and all else.
        hides: ids that its lists leave out, though they are there: in how many more of them.
    """

    def __init__(self, token: str = "t0ken") -> None:
        super().__init__()
        self.token = token
        self.products: dict[int, dict[str, Any]] = {}
        self.salable: dict[str, tuple[float, bool]] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.orders: dict[int, dict[str, Any]] = {}
        self.has_export = True
        self.lacks_orders = False
        self.lacks: str | None = None
        self.hides: dict[int, int] = {}

    def add(self, id_: int, sku: str, kind: str = "simple", **changes: Any) -> None:
        """A product, with its attributes by name."""
        own = {"url_key": f"p-{id_}", "image": "/m/b/mb01.jpg"} | changes.pop("attributes", {})
        self.products[id_] = {
            "id": id_,
            "sku": sku,
            "name": f"Product {id_}",
            "price": 20,
            "status": 1,
            "visibility": 4,
            "type_id": kind,
            "created_at": "2026-01-01 00:00:00",
            "updated_at": "2026-01-01 00:00:00",
            "extension_attributes": {"website_ids": [1]} | changes.pop("extension_attributes", {}),
            "product_links": changes.pop("product_links", []),
            "options": [],
            "media_gallery_entries": [],
            "custom_attributes": [{"attribute_code": code, "value": value} for code, value in own.items()],
        } | changes

    def buy(self, id_: int, email: str, *lines: dict[str, Any], at: datetime, **changes: Any) -> None:
        """An order of these lines, made or changed at this time; Magento keeps it in UTC, and does not say so."""
        clock = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        self.orders[id_] = {
            "entity_id": id_,
            "increment_id": f"{id_:09}",
            "store_id": 1,
            "state": "processing",
            "status": "processing",
            "created_at": clock,
            "updated_at": clock,
            "customer_email": email,
            "customer_firstname": "Ann",
            "base_currency_code": "EUR",
            "order_currency_code": "EUR",
            "grand_total": 25.5,
            "items": [{"item_id": id_ * 10 + place, **line} for place, line in enumerate(lines)],
        } | changes

    def answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return as_json({"message": REFUSED, "parameters": {}}, 401)
        raw = cast("bytes", request.scope["raw_path"]).decode()
        _, rest, _view, version, *path = raw.split("/")
        if (rest, version) != ("rest", "V1"):
            return as_json(NO_ROUTE, 404)
        if self.lacks is not None and path[0] != "store":
            return as_json({"message": REFUSED, "parameters": {"resources": self.lacks}}, 401)
        match path:
            case ["store", "websites"]:
                return as_json(
                    [
                        {"id": 0, "code": "admin", "name": "Admin", "default_group_id": 0},
                        {"id": 1, "code": "base", "name": "Main Website", "default_group_id": 1},
                        {"id": 2, "code": "b2b", "name": "Trade", "default_group_id": 2},
                    ]
                )
            case ["store", "storeGroups"]:
                return as_json(
                    [{"id": 1, "website_id": 1, "root_category_id": 2, "default_store_id": 1, "name": "Mugs"}]
                )
            case ["store", "storeConfigs"]:
                return as_json([self._view()])
            case ["products"]:
                return self._list(request, [_narrowed(each, request) for each in self._found(request)])
            case ["orders"] if self.lacks_orders:
                return as_json({"message": REFUSED, "parameters": {"resources": "Magento_Sales::actions_view"}}, 401)
            case ["orders"]:
                return self._list(request, [_narrowed(each, request) for each in _ordered(self.orders, request)])
            case ["inventory", "stock-resolver", "website", "base"] if self.has_export:
                return as_json(STOCK)
            case ["inventory", "export-stock-salable-qty", "website", "base"] if self.has_export:
                return self._list(request, [each for found in self._found(request) if (each := self._exported(found))])
            case ["stockItems", sku] if unquote(sku) in self.items and "%2F" not in sku.upper():
                return as_json(self.items[unquote(sku)])
            case _:
                return as_json(NO_ROUTE, 404)

    def _view(self) -> dict[str, Any]:
        base = f"{self.url}/"
        return {
            "id": 1,
            "code": "default",
            "website_id": 1,
            "locale": "en_US",
            "base_currency_code": "EUR",
            "default_display_currency_code": "EUR",
            "timezone": "Europe/Berlin",
            "weight_unit": "kgs",
            "base_url": base,
            "base_link_url": base,
            "secure_base_url": base,
            "secure_base_link_url": base,
            "secure_base_media_url": f"{base}media/",
        }

    def _exported(self, product: dict[str, Any]) -> dict[str, Any] | None:
        sku = product["sku"]
        if sku not in self.salable:
            return None
        quantity, sold = self.salable[sku]
        return {"sku": sku, "qty": quantity if product["type_id"] in SIMPLE else 0, "is_salable": sold}

    def _found(self, request: Request) -> list[dict[str, Any]]:
        found = _fitting([each for _, each in sorted(self.products.items())], request)
        shown = [each for each in found if self.hides.get(each["id"], 0) == 0]
        for each in found:
            self.hides[each["id"]] = max(0, self.hides.get(each["id"], 0) - 1)
        return shown

    def _list(self, request: Request, items: list[Any]) -> Response:
        size = int(request.query_params.get("searchCriteria[pageSize]", MOST))
        if size > MOST:
            return as_json({"message": "Maximum SearchCriteria pageSize is 300"}, 400)
        page = int(request.query_params.get("searchCriteria[currentPage]", 1))
        last = max(1, -(-len(items) // size))
        start = (min(page, last) - 1) * size
        return as_json({"items": items[start : start + size], "search_criteria": {}, "total_count": len(items)})


def _narrowed(row: dict[str, Any], request: Request) -> dict[str, Any]:
    tree = _fields(request.query_params.get("fields", ""))
    return cast("dict[str, Any]", _only(row, tree["items"])) if tree else row


def _fitting(rows: Iterable[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Those that fit one filter at least of each group."""
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for name, value in request.query_params.items():
        if name.startswith("searchCriteria[filter_groups]"):
            group, _, place, part = name.removeprefix("searchCriteria[filter_groups][").rstrip("]").split("][")
            groups.setdefault(group, {}).setdefault(place, {})[part] = value
    return [row for row in rows if all(any(_fits(row, one) for one in group.values()) for group in groups.values())]


def _ordered(orders: dict[int, dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Orders in the order that is asked for; without one, as they lie."""
    places = [request.query_params.get(f"searchCriteria[sortOrders][{place}][field]") for place in (0, 1)]
    return sorted(_fitting(orders.values(), request), key=lambda order: [order[name] for name in places if name])


def _fits(row: dict[str, Any], one: dict[str, str]) -> bool:
    field = one["field"] if one["field"] in row else "id"
    has, value = str(row[field]), one["value"]
    match one["condition_type"]:
        case "eq":
            return has == value
        case "in":
            return has in value.split(",")
        case "gt":
            return int(has) > int(value)
        case "gteq":
            return has >= value
        case condition:
            raise AssertionError(f"nothing asks by {condition}")


def _fields(text: str) -> dict[str, Any]:
    """`a,b[c,d[e]]` as a tree."""
    top: dict[str, Any] = {}
    stack, name = [top], ""
    for letter in f"{text},":
        if letter in ",[]":
            if name:
                stack[-1][name] = {}
            if letter == "[":
                stack.append(stack[-1][name])
            if letter == "]":
                stack.pop()
            name = ""
        else:
            name += letter
    return top


def _only(value: Any, tree: dict[str, Any]) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_only(each, tree) for each in cast("list[Any]", value)]
    return {name: _only(each, tree[name]) for name, each in cast("dict[str, Any]", value).items() if name in tree}
