"""A Shopify shop's Admin API: its things, its app's tokens and scopes, its subscriptions, bulk operations.

What it is asked in GraphQL is answered by graphql-core over an excerpt of Shopify's schema (admin.graphql), so
that a query that Shopify would refuse is refused here: fields that are not there, variables of another type, a price
above the limit, no points left, a scope that is missing. `server.py` has it behind real HTTP.

Sources: https://shopify.dev/docs/api/admin-graphql, /docs/apps/build/apis/graphql-admin/rate-limits,
/docs/api/usage/bulk-operations/queries; answers recorded in airhorns/shopify-draft-proxy (fixtures/conformance).
"""

import json
import random
from collections.abc import Mapping
from functools import partial
from typing import Any

from graphql import GraphQLError

from starter.simulated.shopify.answers import bulk_lines, why_no_bulk_query
from starter.simulated.shopify.things import Operation, Place, Product, Variant, connection, gid, number, place


class ShopifyShop:
    """One shop, and the one app that is installed in it.

    Attributes:
        tokens: that the API takes.
        refresh_tokens: and what each was given with.
        bulk_ends: what becomes of a bulk operation, and its error.
        bulk_asks: how often it is asked after before it is done.
        lost: so many of its objects do not come into its file.
        strange: and these lines do.
        heard: the names of the operations that it was asked, with their variables.
        url: where it is.
    """

    domain, front_page = "example.myshopify.com", "https://shop.example/"
    client_id, client_secret = "f3a9c1", "the secret of the app"

    def __init__(self) -> None:
        self.products: list[Product] = []
        warehouse, town = Place(1, "Warehouse"), Place(2, "Shop in town", online=False)
        self.places = [warehouse, town, Place(3, "Old barn", active=False)]
        self.scopes = {"read_products", "read_inventory", "read_locations", "read_orders"}
        self.tokens: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, Operation] = {}
        self.bulk_ends: tuple[str, str | None] = ("COMPLETED", None)
        self.bulk_asks = 1
        self.lost = 0
        self.strange: list[bytes] = []
        self.heard: list[tuple[str, Mapping[str, Any]]] = []
        self.url = ""
        self._count = 0

    def next_number(self) -> int:
        self._count += 1
        return self._count

    # What GraphQL's resolvers are: the root, and an object of each kind as a dictionary.

    def root(self) -> dict[str, Any]:
        return {
            "shop": self._shop,
            "currentAppInstallation": self._installation,
            "locations": self._locations,
            "nodes": self._nodes,
            "product": self._by_id,
            "productVariant": self._by_id,
            "inventoryItem": self._by_id,
            "products": self._all_products,
            "bulkOperation": self._operation,
            "webhookSubscriptions": self._all_webhooks,
            "bulkOperationRunQuery": self._run_query,
            "bulkOperationCancel": self._cancel,
            "webhookSubscriptionCreate": self._create_webhook,
            "webhookSubscriptionUpdate": self._update_webhook,
            "webhookSubscriptionDelete": self._delete_webhook,
        }

    def _need(self, scope: str, asked: str) -> None:
        if scope not in self.scopes:
            raise GraphQLError(
                f"Access denied for {asked} field. Required access: `{scope}` access scope.",
                extensions={
                    "code": "ACCESS_DENIED",
                    "documentation": "https://shopify.dev/api/usage/access-scopes",
                    "requiredAccess": f"`{scope}` access scope.",
                },
            )

    def _shop(self, _: object) -> dict[str, Any]:
        domain = {"id": gid("Domain", 1), "host": "shop.example", "url": self.front_page}
        named = {"id": gid("Shop", 1), "name": "Shop of Ann", "myshopifyDomain": self.domain, "currencyCode": "EUR"}
        return named | {"primaryDomain": domain}

    def _locations(self, _: object, *, includeInactive: bool = False, **page: Any) -> dict[str, Any]:  # noqa: N803
        self._need("read_locations", "locations")
        return connection([place(each) for each in self.places if each.active or includeInactive], **page)

    def _installation(self, _: object) -> dict[str, Any]:
        return {"id": gid("AppInstallation", 1), "accessScopes": [{"handle": each} for each in sorted(self.scopes)]}

    def _nodes(self, _: object, ids: list[str]) -> list[dict[str, Any] | None]:
        return [self._node(each) for each in ids]

    def _by_id(self, _: object, id: str) -> dict[str, Any] | None:
        return self._node(id)

    def _all_webhooks(self, _: object, **page: Any) -> dict[str, Any]:
        return connection(list(self.webhooks.values()), **page)

    def _all_products(self, _: object, **page: Any) -> dict[str, Any]:
        self._need("read_products", "products")
        return connection([self.product(each) for each in self.products], **page)

    def _node(self, name: str) -> dict[str, Any] | None:
        for each in self.products:
            if name == gid("Product", each.id):
                return self.product(each)
            for variant in each.variants:
                if name == gid("ProductVariant", variant.id):
                    return self.variant(each, variant)
                if name == gid("InventoryItem", variant.item):
                    return self.item(variant)
        return None

    def product(self, each: Product) -> dict[str, Any]:
        media = {"__typename": "MediaImage", "id": gid("MediaImage", 1)}
        return {
            "__typename": "Product",
            "id": gid("Product", each.id),
            "title": each.title,
            "handle": each.address,
            "status": each.status,
            "publishedAt": each.published_at,
            "updatedAt": each.updated_at,
            "vendor": "Acme",
            "tags": ["kitchen", "new"],
            "featuredMedia": media | {"preview": {"image": {"url": f"https://cdn.shopify.com/{each.id}.png"}}},
            "variants": partial(self._variants, each),
        }

    def _variants(self, each: Product, _: object, **page: Any) -> dict[str, Any]:
        return connection([self.variant(each, one) for one in each.variants], **page)

    def variant(self, product: Product, each: Variant) -> dict[str, Any]:
        online = {place.id for place in self.places if place.active and place.online}
        return {
            "__typename": "ProductVariant",
            "id": gid("ProductVariant", each.id),
            "title": each.title,
            "sku": f"sku-{each.id}",
            "price": each.price,
            "inventoryPolicy": each.policy,
            "inventoryQuantity": sum(each.levels.values()),
            "sellableOnlineQuantity": sum(units for where, units in each.levels.items() if where in online),
            "updatedAt": each.updated_at,
            "inventoryItem": self.item(each),
            "product": self.product(product),
        }

    def item(self, each: Variant) -> dict[str, Any]:
        return {
            "__typename": "InventoryItem",
            "id": gid("InventoryItem", each.item),
            "tracked": each.tracked,
            "inventoryLevels": partial(self._levels, each),
        }

    def _levels(self, each: Variant, _: object, **page: Any) -> dict[str, Any]:
        self._need("read_inventory", "inventoryLevels")
        active = {place.id: place for place in self.places if place.active}
        return connection(
            [self._level(each, active[where], units) for where, units in each.levels.items() if where in active], **page
        )

    def _level(self, each: Variant, where: Place, units: int) -> dict[str, Any]:
        return {
            "__typename": "InventoryLevel",
            "id": f"{gid('InventoryLevel', where.id)}?inventory_item_id={each.item}",
            "item": self.item(each),
            "location": place(where),
            "quantities": partial(_quantities, units),
            "updatedAt": each.updated_at,
        }

    # Bulk operations.

    def _run_query(self, _: object, query: str, groupObjects: bool) -> dict[str, Any]:  # noqa: N803
        running = [each for each in self.operations.values() if each.status in ("CREATED", "RUNNING")]
        if len(running) >= 5:
            names = ", ".join(each.id for each in running)
            message = f"A bulk query operation for this app and shop is already in progress: {names}."
            return {"userErrors": [{"code": "OPERATION_IN_PROGRESS", "message": message}]}
        if why := why_no_bulk_query(query):
            return {"userErrors": [{"code": "INVALID", "field": ["query"], "message": why}]}
        lines, roots = bulk_lines(self.root(), query)
        del lines[len(lines) - self.lost :]
        if not groupObjects:
            random.Random(len(lines)).shuffle(lines)
        written = [*(json.dumps(line).encode() + b"\n" for line in lines), *self.strange]
        operation = Operation(gid("BulkOperation", self.next_number()), self.bulk_asks, written, roots)
        self.operations[operation.id] = operation
        return {"bulkOperation": self.operation_told(operation), "userErrors": []}

    def _operation(self, _: object, id: str) -> dict[str, Any] | None:
        operation = self.operations.get(id)
        if operation is None:
            return None
        if operation.status in ("CREATED", "RUNNING"):
            operation.status = "RUNNING" if operation.asks_left else self.bulk_ends[0]
            operation.error = None if operation.asks_left else self.bulk_ends[1]
            operation.asks_left -= 1
        return self.operation_told(operation)

    def operation_told(self, operation: Operation) -> dict[str, Any]:
        path = f"{self.url}/files/{number(operation.id)}.jsonl"
        done = operation.status == "COMPLETED"
        there = done and bool(operation.lines)
        return {
            "id": operation.id,
            "status": operation.status,
            "errorCode": operation.error,
            "createdAt": "2026-10-20T08:00:00Z",
            "objectCount": str(len(operation.lines) if done else 0),
            "rootObjectCount": str(operation.roots if done else 0),
            "fileSize": str(sum(map(len, operation.lines))) if there else None,
            "url": path if there else None,
            "partialDataUrl": path if operation.status in ("FAILED", "EXPIRED") else None,
        }

    def _cancel(self, _: object, id: str) -> dict[str, Any]:
        self.operations[id].status = "CANCELED"
        return {"bulkOperation": self.operation_told(self.operations[id]), "userErrors": []}

    # Webhook subscriptions.

    def _create_webhook(self, _: object, topic: str, webhookSubscription: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        uri = webhookSubscription["uri"]
        if topic.startswith(("ORDERS_", "CHECKOUTS_")) and "read_orders" not in self.scopes:
            return _refused("You cannot create a webhook subscription with the specified topic")
        if uri.startswith("http:"):
            return _refused("Address protocol http:// is not supported")
        if any((each["topic"], each["uri"]) == (topic, uri) for each in self.webhooks.values()):
            return _refused("Address for this topic has already been taken")
        made = self.subscribe(topic, **webhookSubscription)
        return {"webhookSubscription": made, "userErrors": []}

    def subscribe(self, topic: str, uri: str, **others: Any) -> dict[str, Any]:
        name = gid("WebhookSubscription", self.next_number())
        made: dict[str, Any] = {
            "id": name,
            "topic": topic,
            "uri": uri,
            "format": "JSON",
            "filter": "",
            "includeFields": (),
        }
        made |= others
        self.webhooks[name] = {"__typename": "WebhookSubscription"} | made
        return self.webhooks[name]

    def _update_webhook(self, _: object, id: str, webhookSubscription: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self.webhooks[id] |= webhookSubscription
        return {"webhookSubscription": self.webhooks[id], "userErrors": []}

    def _delete_webhook(self, _: object, id: str) -> dict[str, Any]:
        if self.webhooks.pop(id, None) is None:
            return _refused("Webhook subscription does not exist")
        return {"deletedWebhookSubscriptionId": id, "userErrors": []}

    # Tokens.

    def grant(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """What the token endpoint answers."""
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return 400, {"error": "application_cannot_be_found", "error_description": "No such app."}
        now = self.next_number()
        token = {"access_token": f"shpat_{now}", "scope": ",".join(sorted(self.scopes))}
        if form.get("grant_type") == "client_credentials":
            self.tokens.add(token["access_token"])
            return 200, token | {"expires_in": 86399}
        if form.get("refresh_token") not in self.refresh_tokens:
            return 400, {"error": "invalid_request", "error_description": "This refresh token is not active."}
        self.tokens.add(token["access_token"])
        self.refresh_tokens.add(f"shprt_{now}")
        renewed = {"refresh_token": f"shprt_{now}", "refresh_token_expires_in": 7776000}
        return 200, token | renewed | {"expires_in": 3600}


def _quantities(units: int, _: object, names: list[str]) -> list[dict[str, Any]]:
    return [{"id": gid("InventoryQuantity", 1), "name": name, "quantity": units} for name in names]


def _refused(message: str) -> dict[str, Any]:
    return {"userErrors": [{"field": ["webhookSubscription", "callbackUrl"], "message": message}]}
