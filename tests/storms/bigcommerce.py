"""A store on BigCommerce."""

import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from activities.storefronts.bigcommerce.api import BigCommerceApi
from activities.storefronts.storefront import WebhookRequest
from tests.simulated import bigcommerce
from tests.simulated.mail_api_server import MailApiServer
from tests.storefronts import bigcommerce_store
from tests.storms.shop import VARIANTS_EACH, Key, StormShop


class BigCommerce(StormShop):
    """It says that something changed, and not what it is now."""

    source, api, malformed_json = "bigcommerce", BigCommerceApi, 401
    scope = "store/channel/*/inventory/product/stock_changed"

    def __init__(self, variants: int) -> None:
        super().__init__(variants)
        self.store = bigcommerce.SimulatedBigCommerce()
        self.store.left = 10**6
        for at in range(0, variants, VARIANTS_EACH):
            each = [{"id": 1000 + place, "calculated_price": 9.5} for place in range(at, at + VARIANTS_EACH)]
            named = {"id": 100 + at, "name": "Kettle", "is_visible": True, "inventory_tracking": "variant"}
            self.store.products[100 + at] = {**named, "variants": each, "images": []}
        for place in range(variants):
            told = {"product_id": 100 + place // VARIANTS_EACH * VARIANTS_EACH, "variant_id": 1000 + place}
            at_location = {"location_id": 1, "available_to_sell": 0, "location_enabled": True}
            self.store.items.append({"identity": told, "locations": [at_location]})

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with MailApiServer(self.store) as server:
            self.url = server.url
            yield

    def answers(self) -> dict[str, str]:
        secrets = {"access_token": bigcommerce.TOKEN, "client_secret": "the client secret of the account"}
        return {"store_hash": bigcommerce.STORE, "api": self.url, **secrets}

    def switch_off(self) -> bool:
        for hook in self.store.hooks.values():
            hook["is_active"] = False
        return True

    def is_subscribed(self, topic: str) -> bool:
        return any(hook["scope"] == topic and hook["is_active"] for hook in self.store.hooks.values())

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        self.store.items[place]["locations"][0]["available_to_sell"] = units

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        identity = self.store.items[place]["identity"]
        return self.scope, self._event(self.scope, {**identity, "location_id": 1}, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self.scope, self._event(self.scope, {"location_id": 1}, at, number)

    def _event(self, scope: str, data: dict[str, Any], at: datetime, number: int) -> dict[str, Any]:
        made = {"created_at": int(at.timestamp()), "hash": hashlib.sha1(str(number).encode()).hexdigest()}
        return json.loads(bigcommerce_store.event(scope, data, producer=f"stores/{bigcommerce.STORE}")) | made

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, str)
        return bigcommerce_store.request(body, secret=key, sent_at=at, id_=f"msg_{number}")
