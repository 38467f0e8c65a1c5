"""A PrestaShop's webservice as far as Shelftalk asks it.

It has PrestaShop's ways: an empty list is `[]` without a name, numbers are text except an `id`, texts are in languages
where there are several, a price is added under the name that was asked for, and a key may read what it was given.
"""

import base64
import re
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from starter.simulated.server import ReadingApi, as_json

KEY = "UCCLLQ9N2ARSHWCXLT74KUKSSK34BFKX"
ALLOWED = (
    *("products", "combinations", "product_option_values", "stock_availables"),
    *("configurations", "currencies", "shop_urls", "orders", "customers"),
)


class SimulatedPrestaShop(ReadingApi):
    """An installation, with as many shops as have rows.

    Attributes:
        rows: by resource; a row has the shops that it is of in `shops`, without: of all.
        prices: with taxes, by product and combination.
        hides: ids of products that its lists leave out, though they are there: in how many more of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.allowed = set(ALLOWED)
        self.rows: dict[str, list[dict[str, Any]]] = {resource: [] for resource in ALLOWED}
        self.prices: dict[tuple[str, str], str] = {}
        self.hides: dict[int, int] = {}
        self.languages: tuple[str, ...] = ("1",)
        self._stock = 45
        self.configure(PS_SHOP_NAME="Mugs", PS_CURRENCY_DEFAULT="2", PS_LANG_DEFAULT="1", PS_ORDER_OUT_OF_STOCK="0")
        self.configure(PS_STOCK_MANAGEMENT="1", PS_REWRITING_SETTINGS="1")
        self.rows["currencies"].append({"id": 2, "name": "Euro", "iso_code": "EUR", "active": "1"})

    def configure(self, shop: str | None = None, **values: str) -> None:
        """Settings, of one shop or of all; the last of a name and shop stands."""
        settings = self.rows["configurations"]
        for name, value in values.items():
            settings[:] = [row for row in settings if (row["name"], row["id_shop"]) != (name, shop)]
            settings.append(
                {"id": len(settings) + 1, "name": name, "value": value, "id_shop": shop, "id_shop_group": None}
            )

    def add(self, id_: int, quantity: int = 0, combinations: dict[int, int] | None = None, **changes: Any) -> None:
        """A product, with the units of each of its combinations, or its own."""
        policy, shops = changes.pop("out_of_stock", "2"), changes.pop("shops", None)
        parts = combinations or {}
        stock = [self._row(id_, 0, sum(parts.values()) if parts else quantity, policy, shops)]
        for combination, units in parts.items():
            stock.append(self._row(id_, combination, units, policy, shops))
            option = {"id": 500 + combination, "id_attribute_group": "1", "name": self.words(f"Size {combination}")}
            self.rows["product_option_values"].append(option)
            self.rows["combinations"].append(
                {
                    "id": combination,
                    "id_product": str(id_),
                    "reference": f"ref-{combination}",
                    "price": "0.000000",
                    "associations": {"product_option_values": [{"id": str(500 + combination)}]},
                }
            )
        associations: dict[str, Any] = {
            "stock_availables": [
                {"id": str(row["id"]), "id_product_attribute": row["id_product_attribute"]} for row in stock
            ]
        }
        if parts:
            associations["combinations"] = [{"id": str(combination)} for combination in parts]
        self.rows["products"].append(
            {
                "id": id_,
                "name": self.words(f"Product {id_}"),
                "link_rewrite": self.words(f"product-{id_}"),
                "reference": f"p-{id_}",
                "manufacturer_name": False,
                "price": "16.000000",
                "active": "1",
                "available_for_order": "1",
                "id_default_image": str(id_ + 1000),
                "associations": associations,
                "shops": shops,
            }
            | changes
        )

    def buy(self, id_: int, email: str, *rows: dict[str, Any], at: datetime, **changes: Any) -> None:
        """An order of these rows, made or changed when the shop's clock on the wall shows this."""
        clock = f"{at:%Y-%m-%d %H:%M:%S}"
        customer = {"id": 9000 + id_, "email": email, "firstname": "Ann", "passwd": "$2y$10$"}
        self.rows["customers"] = [row for row in self.rows["customers"] if row["id"] != customer["id"]] + [customer]
        order = {
            "id": id_,
            "id_shop": "1",
            "id_customer": str(9000 + id_),
            "id_currency": "2",
            "current_state": "2",
            "date_add": clock,
            "date_upd": clock,
            "total_paid": "25.500000",
            "associations": {"order_rows": list(rows)} if rows else {},
        }
        self.rows["orders"] = [row for row in self.rows["orders"] if row["id"] != id_] + [order | changes]

    def words(self, text: str) -> Any:
        """Text as the webservice has it: in each language, where there are several."""
        if len(self.languages) == 1:
            return text
        return [{"id": language, "value": f"{text} ({language})"} for language in self.languages]

    def _row(self, product: int, combination: int, units: int, policy: str, shops: Any) -> dict[str, Any]:
        self._stock += 1
        row = {
            "id": self._stock,
            "id_product": str(product),
            "id_product_attribute": str(combination),
            "id_shop": "1",
            "id_shop_group": "0",
            "quantity": str(units),
            "depends_on_stock": "0",
            "out_of_stock": policy,
            "location": "",
        }
        self.rows["stock_availables"].append(row | {"shops": shops})
        return row

    def answer(self, request: Request) -> Response:
        expected = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
        if request.headers.get("authorization") != expected:
            return Response("401 Unauthorized", 401)
        asked = request.query_params
        if asked.get("output_format") != "JSON":
            return Response("<prestashop/>", media_type="text/xml")
        resource = request.url.path.removeprefix("/api/")
        if resource not in self.allowed:
            error = f"Method GET is not allowed for the resource {resource} with this authentication key"
            return as_json({"errors": [{"code": 26, "message": error}]}, 405)
        if resource == "shop_urls" and not self.rows["shop_urls"]:
            host = self.url.removeprefix("http://")
            own = {"id": 1, "id_shop": "1", "active": "1", "main": "1", "domain": host, "domain_ssl": host}
            self.rows["shop_urls"].append(own | {"physical_uri": "/", "virtual_uri": ""})
        rows = [
            row
            for row in sorted(self.rows[resource], key=lambda row: row["id"])
            if row.get("shops") is None or asked.get("id_shop") in row["shops"]
        ]
        for name, value in asked.items():
            if (field := re.fullmatch(r"filter\[(\w+)\]", name)) is not None:
                rows = [row for row in rows if _fits(row[field[1]], value.strip("[]"))]
        if asked.get("sort", "").startswith("[date_upd_ASC"):
            rows.sort(key=lambda row: (row["date_upd"], row["id"]))
        if resource == "products":
            rows = self._without_hidden(rows)
        if "limit" in asked:
            rows = rows[: int(asked["limit"].removeprefix("0,"))]
        named = asked.get("display", "[id]").strip("[]").split(",")
        shown = [
            self._shown(resource, row, request) if named == ["full"] else {name: row[name] for name in named}
            for row in rows
        ]
        return as_json({resource: shown} if shown else [])

    def _without_hidden(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        shown = [row for row in rows if self.hides.get(row["id"], 0) == 0]
        for row in rows:
            self.hides[row["id"]] = max(0, self.hides.get(row["id"], 0) - 1)
        return shown

    def _shown(self, resource: str, row: dict[str, Any], request: Request) -> dict[str, Any]:
        shown = {name: value for name, value in row.items() if name != "shops"}
        subject = {"products": (row["id"], 0), "combinations": (row.get("id_product"), row["id"])}.get(resource)
        for name, value in request.query_params.items():
            if (asked := re.fullmatch(r"price\[(\w+)\]\[use_tax\]", name)) is not None and value == "1" and subject:
                shown[asked[1]] = self.prices.get((str(subject[0]), str(subject[1])), "19.200000")
        return shown


def _fits(value: Any, wanted: str) -> bool:
    """By the ways of its filters: one of several, or from one to another."""
    first, comma, last = wanted.partition(",")
    if not comma:
        return str(value) in wanted.split("|")
    return int(first) <= value <= int(last) if isinstance(value, int) else first <= value <= last
