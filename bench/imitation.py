"""What a Shopify shop would send, signed: for the benchmark, which imitates one."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.storefronts.shopify.adapter import Shopify, sign
from activities.storefronts.storefront import WebhookRequest

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
