"""A site on Wix."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from activities.storefronts.shop_api import Access, ShopApi
from activities.storefronts.shop_http import ShopHttp
from activities.storefronts.storefront import WebhookRequest
from activities.storefronts.wix.api import WixApi
from starter.http.server import serving
from tests.simulated import wix_site
from tests.storefronts import commerce, wix_app
from tests.storms.shop import Key, StormShop, milliseconds, numbers


class Wix(StormShop):
    """Which events an app gets stands in its dashboard: what is lost, no API tells."""

    source = "wix"

    def __init__(self, variants: int) -> None:
        super().__init__(variants)
        self.site = wix_site.WixSite(page=100)
        for place in range(variants):
            id_, none = f"p-{place}", wix_site.NO_VARIANT
            url = {"url": f"https://shop.example/product-page/{id_}"}
            self.site.products.append({"id": id_, "name": "Mug", "slug": id_, "visible": True, "url": url})
            self.site.variants.append({"id": none, "productData": {"productId": id_}, "optionChoices": []})
            self.site.stock.append(wix_app.item(productId=id_, quantity=0))

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with serving(self.site.app(), "127.0.0.1", 0) as served:
            self.url = served.url
            yield

    @property
    def apis(self) -> Mapping[str, type[ShopApi]]:
        """At the address of the simulated site; no setting of it may lead elsewhere."""
        url = self.url

        class At(WixApi):
            @classmethod
            def over(cls, http: ShopHttp, access: Access) -> Self:
                return super().over(http, Access({**access.settings, "api": url}, access.secrets, access.ends_at))

        return {self.source: At}

    def answers(self) -> dict[str, str]:
        app = {"app_id": wix_site.APP, "app_secret": wix_site.SECRET}
        return {**app, "instance_id": wix_site.INSTANCE, "public_key": wix_app.public()}

    def variant(self, place: int) -> str:
        return f"p-{place}"

    def begin(self, secret: str) -> None:
        self.key = self.former = wix_app.KEY

    def next_secret(self) -> str | None:
        return wix_app.public(wix_app.ANOTHER_KEY)

    def rotate(self, secret: str) -> None:
        self.former, self.key = self.key, wix_app.ANOTHER_KEY

    def end_token(self) -> bool:
        self.site.token = f"token number {next(numbers)}"
        return True

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        self.site.stock[place]["quantity"] = units

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._event({"currentEntity": dict(self.site.stock[place])}, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._event({"currentEntity": {"productId": f"p-{place}"}}, at, number)

    def _event(self, inside: object, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        made = {"id": f"storm-{number}", "eventTime": milliseconds(at), "entityEventSequence": str(number)}
        topic = "wix.stores.catalog.v3.inventory_item_updated"
        return topic, wix_app.event(**made, updatedEvent=inside)

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, RSAPrivateKey)
        message = {"eventType": topic, "data": body.decode(), "instanceId": wix_site.INSTANCE}
        claims = {"data": json.dumps(message), "iat": int(at.timestamp())}
        return WebhookRequest(wix_app.token(claims, key), {})

    def stranger(self) -> Key:
        return commerce.COMMERCE
