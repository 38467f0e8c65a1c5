"""Square's API: the merchant, the catalogue, the counts by variation, orders, subscriptions. It fulfils `ShopApi`.

Sources, below https://developer.squareup.com/reference/square: merchants-api/retrieve-merchant,
locations-api/list-locations, catalog-api/list-catalog, catalog-api/batch-retrieve-catalog-objects,
inventory-api/batch-retrieve-inventory-counts, orders-api/batch-retrieve-orders,
customers-api/bulk-retrieve-customers, webhook-subscriptions-api. Subscriptions belong to an application and are
asked for with its own access token; the key that signs its messages is made by Square, and told with them.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar, Self
from urllib.parse import urlsplit
from uuid import uuid4

from activities.storefronts.payload import Payload, PlainText
from activities.storefronts.shop_answers import as_documented, each_once, in_parts
from activities.storefronts.shop_api import (
    Access,
    Health,
    Introduction,
    Limits,
    Page,
    Question,
    Renewed,
    ShopApi,
    Subscription,
    Watched,
)
from activities.storefronts.shop_http import ShopHttp
from activities.storefronts.square.adapter import CATALOGUE, ORDERS, STOCK
from activities.storefronts.square.calls import SquareCalls, answer_to
from activities.storefronts.square.fields import TO_BE_SOLD, InventoryCount, level
from activities.storefronts.square.items import CatalogItem, read_item
from activities.storefronts.square.orders import Customers, Order, Variation, read_order
from schemas.incoming.facts import Fact, HintFact, ProductGoneFact

TOPICS = (STOCK, CATALOGUE, *ORDERS)
MOST_IDS = 500
"""In one call; Square takes 1,000."""
MOST_ORDERS = 100
"""In one call, also of customers."""
OUR_PATH = "/v1/webhooks/square"


class _Merchant(Payload):
    id: str
    business_name: PlainText = None
    currency: PlainText = None


class _MerchantAnswer(Payload):
    merchant: _Merchant


class _Location(Payload):
    id: str
    status: PlainText = None


class _Locations(Payload):
    locations: tuple[_Location, ...] = ()


class _Subscription(Payload):
    id: str
    enabled: bool = False
    event_types: tuple[str, ...] = ()
    notification_url: str = ""
    signature_key: str | None = None


class _Made(Payload):
    subscription: _Subscription


class SquareApi(ShopApi):
    """One merchant's API."""

    source: ClassVar[str] = "square"
    limits: ClassVar[Limits] = Limits(
        answer_seconds=10.0,
        retries=tuple(timedelta(minutes=each) for each in (1, 3, 7, 15, 30, 60, 120, 240, 480, 960, 1440)),
        switched_off="no message answered with 2xx for three weeks",
        calls=None,
        heard_within=timedelta(minutes=15),
    )
    questions: ClassVar[tuple[Question, ...]] = (
        Question(
            "front_page",
            "The shop's address, which Square does not tell, as in https://shop.example",
            pattern=r"https://\S{1,500}",
        ),
        Question(
            "access_token",
            "The application's production access token, from its page Credentials at developer.squareup.com",
            secret=True,
        ),
        Question(
            "api",
            "Square's server; for a sandbox https://connect.squareupsandbox.com",
            default="https://connect.squareup.com",
            pattern=r"https?://[A-Za-z0-9.:-]{1,255}",
            asked=False,
        ),
    )

    def __init__(self, http: ShopHttp, access: Access, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._access, self._now = access, now
        self._calls = SquareCalls(http, access)

    @classmethod
    def over(cls, http: ShopHttp, access: Access) -> Self:
        """See `ShopApi.over`."""
        if not access.secrets.get("access_token") or not access.settings.get("front_page"):
            raise ValueError("Give access_token and front_page.")
        return cls(http, access)

    async def renewed(self, now: datetime) -> Renewed | None:
        """An application's own token does not end."""
        del now

    async def introduce(self) -> Introduction:
        """See `ShopApi.introduce`. The key is that of the subscription to an address of ours, once there is one."""
        merchant = (await self._calls.get("v2/merchants/me", _MerchantAnswer)).merchant
        locations = (await self._calls.get("v2/locations", _Locations)).locations
        closed = [each for each in locations if each.status != "ACTIVE"]
        ours = [each for each in await self._subscriptions() if urlsplit(each.notification_url).path == OUR_PATH]
        notes = [f"It has {len(locations) - len(closed)} locations that are open, and {len(closed)} that are not."]
        return Introduction(
            store_id=merchant.id,
            name=merchant.business_name or "Square",
            front_page=self._access.settings["front_page"].rstrip("/"),
            currency=merchant.currency,
            webhook_secret=next((each.signature_key for each in ours), None),
            notes=tuple(notes),
        )

    async def catalogue(self) -> AsyncIterator[Page]:
        """See `ShopApi.catalogue`."""
        read = 0
        async for objects in self._calls.listed("v2/catalog/list", "objects", CatalogItem, types="ITEM"):
            at = self._now()
            facts: list[Fact] = []
            variations: list[str] = []
            for item in objects:
                told = as_documented(partial(read_item, item, at), answer_to("v2/catalog/list"))
                facts += told.facts
                variations += told.counted
            read += len(objects)
            yield Page((*facts, *await self._levels(variations)), read)

    async def read_back(self, watched: Sequence[Watched]) -> Sequence[Fact]:
        """See `ShopApi.read_back`."""
        at = self._now()
        products = list(dict.fromkeys(each.product_id for each in watched))
        facts: list[Fact] = []
        variations = [name for each in watched if (name := each.inventory_item_id or each.variant_id) is not None]
        there: set[str] = set()
        async for objects in self._calls.by_ids(
            "v2/catalog/batch-retrieve", "objects", "object_ids", products, MOST_IDS, CatalogItem
        ):
            for item in objects:
                told = as_documented(partial(read_item, item, at), answer_to("v2/catalog/batch-retrieve"))
                facts += told.facts
                there |= {item.id} if item.id else set()
                variations += told.counted
        facts += [ProductGoneFact(product_id=each, observed_at=at) for each in products if each not in there]
        return [*facts, *await self._levels(list(dict.fromkeys(variations)))]

    async def read_hints(self, hints: Sequence[HintFact]) -> Sequence[Fact]:
        """See `ShopApi.read_hints`."""
        orders = each_once(each.order_id for each in hints)
        return [*await super().read_hints(hints), *(await self._orders(orders) if orders else ())]

    async def subscriptions(self, address: str) -> Sequence[Subscription]:
        """See `ShopApi.subscriptions`."""
        return _told([each for each in await self._subscriptions() if each.notification_url == address])

    async def subscribe(self, address: str, secret: str) -> Sequence[Subscription]:
        """See `ShopApi.subscribe`. Square makes the key itself, and tells it with the subscription."""
        del secret
        there = [each for each in await self._subscriptions() if each.notification_url == address]
        if all(each.health is Health.ALIVE for each in _told(there)):
            return _told(there)
        if there:
            wanted = {"enabled": True, "event_types": sorted({*there[0].event_types, *TOPICS})}
            path = f"v2/webhooks/subscriptions/{there[0].id}"
            mended = await self._calls.send("PUT", path, {"subscription": wanted}, _Made)
            return _told([mended.subscription, *there[1:]])
        wanted = {"name": "Shelftalk", "enabled": True, "event_types": list(TOPICS), "notification_url": address}
        body = {"idempotency_key": str(uuid4()), "subscription": wanted}
        return _told([(await self._calls.send("POST", "v2/webhooks/subscriptions", body, _Made)).subscription])

    async def unsubscribe(self, address: str) -> None:
        """See `ShopApi.unsubscribe`."""
        for each in await self._subscriptions():
            if each.notification_url == address:
                await self._calls.send("DELETE", f"v2/webhooks/subscriptions/{each.id}", None, Payload)

    async def _subscriptions(self) -> list[_Subscription]:
        found: list[_Subscription] = []
        async for some in self._calls.listed(
            "v2/webhooks/subscriptions", "subscriptions", _Subscription, include_disabled="true"
        ):
            found += some
        return found

    async def _orders(self, ids: Sequence[str]) -> list[Fact]:
        at, path = self._now(), "v2/orders/batch-retrieve"
        orders: list[Order] = []
        async for some in self._calls.by_ids(path, "orders", "order_ids", ids, MOST_ORDERS, Order):
            orders += some
        addresses: dict[str, str | None] = {}
        for named in in_parts(each_once(each for order in orders for each in order.customers), MOST_ORDERS):
            told = await self._calls.send("POST", "v2/customers/bulk-retrieve", {"customer_ids": named}, Customers)
            addresses |= {each: found.customer.email_address for each, found in told.responses.items()}
        items: dict[str, str] = {}
        variations = each_once(each for order in orders for each in order.variations)
        async for objects in self._calls.by_ids(
            "v2/catalog/batch-retrieve", "objects", "object_ids", variations, MOST_IDS, Variation
        ):
            named_by = ((each.id, each.item_variation_data.item_id) for each in objects)
            items |= {id_: item_id for id_, item_id in named_by if id_ and item_id}
        read = [as_documented(partial(read_order, order, addresses, items, at), answer_to(path)) for order in orders]
        return [each for each in read if each is not None]

    async def _levels(self, variations: Sequence[str]) -> list[Fact]:
        facts: list[Fact] = []
        path = "v2/inventory/counts/batch-retrieve"
        at = self._now()
        async for counts in self._calls.by_ids(
            path, "counts", "catalog_object_ids", variations, MOST_IDS, InventoryCount, states=[TO_BE_SOLD]
        ):
            for count in counts:
                told = as_documented(partial(level, count, at, "$.counts[*]"), answer_to(path))
                facts += [told] if told is not None else []
        return facts


def _told(there: Sequence[_Subscription]) -> tuple[Subscription, ...]:
    return tuple(_health(topic, there) for topic in TOPICS)


def _health(topic: str, there: Sequence[_Subscription]) -> Subscription:
    for_it = [each for each in there if topic in each.event_types]
    if not for_it:
        return Subscription(topic, Health.MISSING)
    if alive := [each for each in for_it if each.enabled]:
        return Subscription(topic, Health.ALIVE, secret=alive[0].signature_key)
    return Subscription(topic, Health.OFF, "Square has it as not enabled.")
