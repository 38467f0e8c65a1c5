"""What a Shopify shop would send, signed: for the benchmark, which imitates one."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from activities.storefronts.shopify.adapter import Shopify, sign
from activities.storefronts.storefront import WebhookRequest
from schemas.settings import Settings

LOCATION = 905684977
"""The shop's only location."""


@dataclass(frozen=True, slots=True)
class ImitatedShopify:
    """A shop with one client secret.

    Attributes:
        store_id: by default a shop that nobody else has.
    """

    secret: str
    store_id: str = "demo-shop.myshopify.com"

    @property
    def path(self) -> str:
        """Where its webhooks go."""
        return f"/v1/webhooks/{Shopify.source}"

    def believed_by(self, settings: Settings) -> Settings:
        """The settings of an installation that takes this shop's webhooks."""
        return settings.model_copy(update={"shopify_secrets": ((self.store_id, SecretStr(self.secret)),)})

    def product(self, number: int, title: str, handle: str, variant: Mapping[str, str], units: int) -> WebhookRequest:
        """A webhook about a product with one variant, whose id is the next number; its inventory item's the one after.

        Args:
            variant: its title, sku and price.
        """
        now = datetime.now(UTC).isoformat()
        ids = {"admin_graphql_api_id": f"gid://shopify/ProductVariant/{number + 1}", "id": number + 1}
        stock = {"inventory_item_id": number + 2, "inventory_policy": "deny", "inventory_quantity": units}
        return self._signed(
            "products/create",
            {
                "admin_graphql_api_id": f"gid://shopify/Product/{number}",
                "id": number,
                "title": title,
                "handle": handle,
                "status": "active",
                "published_at": now,
                "updated_at": now,
                "variants": [ids | {"product_id": number} | dict(variant) | stock],
            },
        )

    def level(self, item: int, units: int) -> WebhookRequest:
        """A webhook about an inventory item's units."""
        return self._signed(
            "inventory_levels/update",
            {
                "admin_graphql_api_id": f"gid://shopify/InventoryLevel/1?inventory_item_id={item}",
                "inventory_item_id": item,
                "location_id": LOCATION,
                "available": units,
                "updated_at": datetime.now(UTC).isoformat(),
            },
        )

    def order(self, bought: int, email: str, money: Mapping[str, str]) -> WebhookRequest:
        """A webhook about an order of one piece of the variant that `product` told of.

        Args:
            bought: the product's number; the order's is made of it.
            money: its total_price and currency.
        """
        now = datetime.now(UTC).isoformat()
        line = {"product_id": bought, "variant_id": bought + 1, "quantity": 1, "current_quantity": 1}
        return self._signed(
            "orders/create",
            {
                "admin_graphql_api_id": f"gid://shopify/Order/{bought + 3}",
                "id": bought + 3,
                "email": email,
                "created_at": now,
                "updated_at": now,
                "line_items": [line],
                "current_total_price": money["total_price"],
                **money,
            },
        )

    def _signed(self, topic: str, payload: object) -> WebhookRequest:
        body = json.dumps(payload).encode()
        return WebhookRequest(
            body,
            {
                "Content-Type": "application/json",
                "X-Shopify-Hmac-Sha256": sign(body, self.secret.encode()).decode(),
                "X-Shopify-Topic": topic,
                "X-Shopify-Shop-Domain": self.store_id,
                "X-Shopify-Webhook-Id": secrets.token_hex(16),
                "X-Shopify-Triggered-At": datetime.now(UTC).isoformat(),
            },
        )
