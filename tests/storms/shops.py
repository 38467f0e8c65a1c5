"""Shops in a storm, one of each platform with webhooks: what they have, what they send of it, and what their rules are.

Each is a simulated shop with its API where the platform has one; what it sends has the platform's shape and signature.
Moments are told as exactly as the platform tells them.
"""

import base64
import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import Any, ClassVar, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from activities.storefronts.bigcommerce.api import BigCommerceApi
from activities.storefronts.magento.api import MagentoApi
from activities.storefronts.shop_api import Access, ShopApi
from activities.storefronts.shop_http import ShopHttp
from activities.storefronts.shopify.api import ShopifyApi
from activities.storefronts.square.api import SquareApi
from activities.storefronts.storefront import WebhookRequest
from activities.storefronts.wix.api import WixApi
from activities.storefronts.woocommerce.api import WooCommerceApi
from starter.http.server import serving
from tests.simulated import bigcommerce, magento_shop, shopify_shop, square_merchant, wix_site, woocommerce
from tests.simulated.mail_api_server import MailApiServer
from tests.simulated.shopify_server import ShopifyServer
from tests.storefronts import bigcommerce_store, commerce, shop, wix_app, woocommerce_shop

Key = str | RSAPrivateKey
"""What messages are signed with."""
VARIANTS_EACH = 3
STRANGER = "a secret of somebody else"
_numbers = count(1)


class StormShop(ABC):
    """A shop, and the platform that it is on.

    Attributes:
        units: of each variant.
        malformed_json: what is answered to a signed body that is no JSON: 401 where the store stands in the body.
        in_turn: it makes a message when it sends it, and sends those of one product one after the other.
        renews: its platform's tokens end.
        asked_by_the_second: its answers are as of a whole second, in which a message may be under way that is older
            than the answer, and would be taken for newer: while it is asked, none is.
        topic: of a message that is made when it is sent.
        url: of its API.
        key: what it signs with; the former, while both are used.
    """

    source: ClassVar[str]
    malformed_json: ClassVar[int] = 400
    in_turn: ClassVar[bool] = False
    renews: ClassVar[bool] = False
    asked_by_the_second: ClassVar[bool] = False
    topic: ClassVar[str] = ""
    api: ClassVar[type[ShopApi] | None] = None

    def __init__(self, variants: int) -> None:
        self.units = [0] * variants
        self.url = ""
        self.key: Key = ""
        self.former: Key = ""

    @property
    def apis(self) -> Mapping[str, type[ShopApi]]:
        """As a process has them."""
        return {self.source: self.api} if self.api is not None else {}

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Its API answers for so long."""
        yield

    def product(self, place: int) -> int:
        return place // VARIANTS_EACH

    def variant(self, place: int) -> str:
        return str(1000 + place)

    @abstractmethod
    def answers(self) -> dict[str, str]:
        """To what `store connect` asks."""

    def begin(self, secret: str) -> None:
        """It is connected, and signs with this from now on."""
        self.key = self.former = secret

    def next_secret(self) -> str | None:
        """What the platform gives in place of the secret; None: whoever takes its messages makes one."""
        return f"the secret number {next(_numbers)}"

    def rotate(self, secret: str) -> None:
        """It signs with another one; for a while with the one before, too."""
        self.former, self.key = self.key, secret

    def end_token(self) -> None:
        """The API takes the tokens no more that it gave until now."""
        raise NotImplementedError

    def switch_off(self) -> bool:
        """The platform sends no more, by its own rule. Whether it can be seen and mended by its API."""
        return False

    def is_subscribed(self, topic: str) -> bool:
        """Whether it sends this topic."""
        del topic
        return True

    @abstractmethod
    def set(self, place: int, units: int, at: datetime) -> None:
        """A variant has so many units now."""

    @abstractmethod
    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        """A topic, and what is sent of a variant as it is now."""

    @abstractmethod
    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        """The same without what it has to have."""

    @abstractmethod
    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        """A request with this body."""

    def stranger(self) -> Key:
        return STRANGER

    def opening(self, at: datetime) -> list[tuple[str, dict[str, Any]]]:
        """What tells of its products, where no catalogue does."""
        del at
        return []


class Shopify(StormShop):
    """Moments of its bodies are whole seconds; the header has the exact one."""

    source, api, renews, asked_by_the_second = "shopify", ShopifyApi, True, True

    def __init__(self, variants: int) -> None:
        super().__init__(variants)
        self.shop = shopify_shop.ShopifyShop()
        self.shop.scopes.add("read_orders")
        made = [shopify_shop.Variant(1000 + place, {1: 0}) for place in range(variants)]
        starts = range(0, variants, VARIANTS_EACH)
        self.shop.products = [shopify_shop.Product(100 + at, made[at : at + VARIANTS_EACH]) for at in starts]
        self.variants = made

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with ShopifyServer(self.shop) as server:
            self.url = server.url
            yield

    def answers(self) -> dict[str, str]:
        mine = self.shop
        access = {"client_id": mine.client_id, "client_secret": mine.client_secret}
        return {"shop": mine.domain, "api_address": self.url, **access}

    def end_token(self) -> None:
        self.shop.tokens.clear()

    def switch_off(self) -> bool:
        self.shop.webhooks.clear()
        return True

    def is_subscribed(self, topic: str) -> bool:
        named = topic.replace("/", "_").upper()
        return any(each["topic"] == named for each in self.shop.webhooks.values())

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        self.variants[place].levels[1] = units
        self.variants[place].updated_at = _seconds(at)
        self.shop.products[self.product(place)].updated_at = _seconds(at)

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        if number % 5:
            level = {"inventory_item_id": self.variants[place].item, "location_id": 1, "updated_at": _seconds(at)}
            return "inventory_levels/update", level | {"available": self.units[place]}
        product = self.shop.products[self.product(place)]
        variants = [
            {
                "id": each.id,
                "inventory_item_id": each.item,
                "title": each.title,
                "price": each.price,
                "inventory_policy": "deny",
                "inventory_quantity": each.levels[1],
            }
            for each in product.variants
        ]
        changes = {"id": product.id, "variants": variants, "updated_at": _seconds(at)}
        return "products/update", shop.product(**changes)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return "inventory_levels/update", {"location_id": 1, "number": number, "updated_at": _seconds(at)}

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, str)
        told = {"webhook_id": f"w-{number}", "triggered_at": f"{at:%Y-%m-%dT%H:%M:%S.%f}000Z"}
        return WebhookRequest(body, shop.headers(body, topic, secret=key, **told))


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


class WooCommerce(StormShop):
    """A body is made when it is sent, and one queue sends them. Variations tell their units, and hint at the rest."""

    source, api, in_turn, topic = "woocommerce", WooCommerceApi, True, "product.updated"

    def __init__(self, variants: int) -> None:
        super().__init__(variants)
        self.shop = woocommerce.SimulatedWooCommerce()
        for at in range(0, variants, VARIANTS_EACH):
            places = range(at, at + VARIANTS_EACH)
            ids = [1000 + place for place in places]
            self.shop.products[100 + at] = woocommerce_shop.product(id=100 + at, type="variable", variations=ids)
            self.shop.variations[100 + at] = [self._variation(place) for place in places]

    def _variation(self, place: int) -> dict[str, Any]:
        units = self.units[place]
        counted = {"manage_stock": True, "stock_quantity": units, "stock_status": "instock" if units else "outofstock"}
        parent = 100 + place // VARIANTS_EACH * VARIANTS_EACH
        return woocommerce_shop.product(id=1000 + place, type="variation", parent_id=parent, **counted)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with MailApiServer(self.shop) as server:
            self.url = server.url
            yield

    def answers(self) -> dict[str, str]:
        return {"shop": self.url, "consumer_key": woocommerce.KEY, "consumer_secret": woocommerce.SECRET}

    def begin(self, secret: str) -> None:
        assert set(self.shop.secrets.values()) == {secret}
        super().begin(secret)

    def next_secret(self) -> str | None:
        return f"secretNumber{next(_numbers)}"

    def rotate(self, secret: str) -> None:
        super().rotate(secret)
        self.shop.secrets = dict.fromkeys(self.shop.secrets, secret)

    def switch_off(self) -> bool:
        for hook in self.shop.hooks.values():
            hook["status"] = "disabled"
        return True

    def is_subscribed(self, topic: str) -> bool:
        return any(hook["topic"] == topic and hook["status"] == "active" for hook in self.shop.hooks.values())

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        product = 100 + place // VARIANTS_EACH * VARIANTS_EACH
        self.shop.variations[product][place % VARIANTS_EACH] = self._variation(place)

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return "product.updated", self._variation(place) | {"number": number}

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return "product.updated", {"id": 1000 + place, "number": number}

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, str)
        return woocommerce_shop.request(body, topic, key=key, delivery_id=f"{number:032x}")


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
        made = {"id": f"storm-{number}", "eventid": f"storm-{number}", "time": _milliseconds(at)}
        return commerce.STOCK_ITEM, commerce.event(commerce.STOCK_ITEM, told, **made)

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, RSAPrivateKey)
        return WebhookRequest(body, commerce.event_headers(body, (key, key)))

    def stranger(self) -> Key:
        return commerce.COMMERCE


class Wix(StormShop):
    """Which events an app gets stands in its dashboard: what is lost, no API tells."""

    source, renews = "wix", True

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

    def end_token(self) -> None:
        self.site.token = f"token number {next(_numbers)}"

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        self.site.stock[place]["quantity"] = units

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._event({"currentEntity": dict(self.site.stock[place])}, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._event({"currentEntity": {"productId": f"p-{place}"}}, at, number)

    def _event(self, inside: object, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        made = {"id": f"storm-{number}", "eventTime": _milliseconds(at), "entityEventSequence": str(number)}
        topic = "wix.stores.catalog.v3.inventory_item_updated"
        return topic, wix_app.event(**made, updatedEvent=inside)

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, RSAPrivateKey)
        message = {"eventType": topic, "data": body.decode(), "instanceId": wix_site.INSTANCE}
        claims = {"data": json.dumps(message), "iat": int(at.timestamp())}
        return WebhookRequest(wix_app.token(claims, key), {})

    def stranger(self) -> Key:
        return commerce.COMMERCE


class Square(StormShop):
    """It makes the key of a subscription itself, and signs the address too."""

    source, malformed_json = "square", 401

    def __init__(self, variants: int) -> None:
        super().__init__(variants)
        self.merchant = square_merchant.SquareMerchant(page=100)
        self.merchant.items = [square_merchant.item(1000 + place) for place in range(variants)]
        for place in range(variants):
            self.merchant.counts[self._count(place)] = "0"

    def _count(self, place: int) -> tuple[str, str, str]:
        return f"V{1000 + place}", "L1", "IN_STOCK"

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with serving(self.merchant.app(), "127.0.0.1", 0) as served:
            self.url = served.url
            yield

    @property
    def apis(self) -> Mapping[str, type[ShopApi]]:
        """At the address of the simulated merchant; the setting takes Square's own addresses only."""
        url = self.url

        class At(SquareApi):
            @classmethod
            def over(cls, http: ShopHttp, access: Access) -> Self:
                return super().over(http, Access({**access.settings, "api": url}, access.secrets, access.ends_at))

        return {self.source: At}

    def answers(self) -> dict[str, str]:
        return {"access_token": square_merchant.TOKEN, "front_page": "https://shop.example"}

    def variant(self, place: int) -> str:
        return f"V{1000 + place}"

    def begin(self, secret: str) -> None:
        (made,) = self.merchant.subscriptions
        assert made["signature_key"] == secret, "Shelftalk verifies by another key than Square signs with"
        super().begin(secret)

    def rotate(self, secret: str) -> None:
        super().rotate(secret)
        self.merchant.subscriptions[0]["signature_key"] = secret

    def switch_off(self) -> bool:
        self.merchant.subscriptions[0]["enabled"] = False
        return True

    def is_subscribed(self, topic: str) -> bool:
        return any(each["enabled"] and topic in each["event_types"] for each in self.merchant.subscriptions)

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units
        self.merchant.counts[self._count(place)] = str(units)
        self.merchant.calculated[self._count(place)] = at.isoformat()

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        if number % 50 == 0:
            version = {"catalog_version": {"updated_at": at.isoformat()}}
            return self._event("catalog.version.updated", {"type": "catalog", "object": version}, at, number)
        variation, location, state = self._count(place)
        told = {
            "catalog_object_id": variation,
            "catalog_object_type": "ITEM_VARIATION",
            "location_id": location,
            "quantity": str(self.units[place]),
            "state": state,
            "calculated_at": at.isoformat(),
        }
        return self._event("inventory.count.updated", {"object": {"inventory_counts": [told]}}, at, number)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._event("inventory.count.updated", {"object": {}}, at, number)

    def _event(self, topic: str, data: object, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        named = {"merchant_id": square_merchant.MERCHANT, "type": topic, "event_id": f"storm-{number}"}
        return topic, {**named, "created_at": at.isoformat(), "data": data}

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, str)
        url = str(self.merchant.subscriptions[0]["notification_url"])
        made = hmac.new(key.encode(), url.encode() + body, hashlib.sha256).digest()
        return WebhookRequest(body, {"x-square-hmacsha256-signature": base64.b64encode(made).decode()})


class Open(StormShop):
    """A shop of its own making: it has no API, and sends what it has to say until it is taken."""

    source = "open"

    def answers(self) -> dict[str, str]:
        return {"store": "own.example"}

    def next_secret(self) -> str | None:
        return None

    def set(self, place: int, units: int, at: datetime) -> None:
        self.units[place] = units

    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._said("stock.updated", {"levels": [{"item": 1000 + place, "units": self.units[place]}]}, at)

    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        return self._said("stock.updated", {"levels": [{"item": 1000 + place}], "number": number}, at)

    def opening(self, at: datetime) -> list[tuple[str, dict[str, Any]]]:
        products = range(0, len(self.units), VARIANTS_EACH)
        told = [
            {"id": 100 + start, "title": "Mug", "variants": [{"id": 1000 + start + n} for n in range(VARIANTS_EACH)]}
            for start in products
        ]
        levels = [{"item": 1000 + place, "units": 0} for place in range(len(self.units))]
        each = [self._said("product.updated", product, at) for product in told]
        return [*each, self._said("stock.updated", {"levels": levels}, at)]

    def _said(self, topic: str, data: object, at: datetime) -> tuple[str, dict[str, Any]]:
        return topic, {"type": topic, "timestamp": at.isoformat(), "data": data}

    def stranger(self) -> Key:
        return f"whsec_{base64.b64encode(b's' * 32).decode()}"

    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        assert isinstance(key, str)
        id_, seconds = f"msg-{number}", str(int(at.timestamp()))
        signed = f"{id_}.{seconds}.".encode() + body
        made = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        told = {"webhook-id": id_, "webhook-timestamp": seconds}
        return WebhookRequest(body, told | {"webhook-signature": f"v1,{base64.b64encode(made).decode()}"})


SHOPS: tuple[type[StormShop], ...] = (Shopify, BigCommerce, WooCommerce, Magento, Wix, Square, Open)


def _seconds(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def _milliseconds(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
