"""A shop with Adobe Commerce."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from activities.storefronts.magento.api import MagentoApi
from activities.storefronts.storefront import WebhookRequest
from tests.simulated import magento_shop
from tests.storefronts import commerce
from tests.storms.shop import Key, StormShop, milliseconds


class Magento(StormShop):
    """Adobe sends the events of a shop of Adobe Commerce; what it does not get rid of, no API tells."""

    source, api = "magento", MagentoApi

    def __init__(self, variants: int) -> None:
        super().__init__(variants)
        self.shop = magento_shop.SimulatedMagento()
        for place in range(variants):
            self.shop.add(1000 + place, f"sku-{place}")
            self.shop.salable[f"sku-{place}"] = (0, False)
        self._later = (commerce.new_key(), commerce.new_key())

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with self.shop.serving():
            self.url = self.shop.url
            yield

    def answers(self) -> dict[str, str]:
        return {"url": self.url, "token": self.shop.token, "keys": commerce.EVENTS_SECRET}

    def begin(self, secret: str) -> None:
        self.key = self.former = commerce.ADOBE

    def next_secret(self) -> str | None:
        return f"{commerce.CLIENT_ID}\n" + "".join(commerce.public(key) for key in self._later)

    def rotate(self, secret: str) -> None:
        self.former, self.key = self.key, self._later[0]

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        self.shop.salable[f"sku-{place}"] = (units, units > 0)

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        units = self.units[place]
        told = commerce.stock_item(product_id=str(1000 + place), qty=f"{units}.0000", is_in_stock=units > 0)
        return self._event(told, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._event({"product_id": str(1000 + place)}, at, number)

    def _event(self, told: object, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        made = {"id": f"storm-{number}", "eventid": f"storm-{number}", "time": milliseconds(at)}
        return commerce.STOCK_ITEM, commerce.event(commerce.STOCK_ITEM, told, **made)

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, RSAPrivateKey)
        return WebhookRequest(body, commerce.event_headers(body, (key, key)))

    def stranger(self) -> Key:
        return commerce.COMMERCE
