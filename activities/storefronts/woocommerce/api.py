"""WooCommerce's API: a shop, its catalogue, products by their ids, and its webhooks.

Source: https://github.com/woocommerce/woocommerce-rest-api-docs at 13d61967, wp-api-v3. A product's `date_modified`
does not move with its stock (https://github.com/woocommerce/woocommerce/issues/17841), so nothing is asked for by it:
what is waited for is asked for by its ids.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self, cast

from activities.storefronts.buyers import currency_facts, is_currency
from activities.storefronts.payload import NumericId, Payload, PlainText
from activities.storefronts.shop_answers import each_once, fitted, in_parts
from activities.storefronts.shop_api import (
    Access,
    Health,
    Introduction,
    Limits,
    OrdersPage,
    Page,
    Question,
    Renewed,
    ShopApi,
    Subscription,
    Watched,
)
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopHttp
from activities.storefronts.woocommerce.adapter import store_at
from activities.storefronts.woocommerce.calls import ANSWER, PAGE, Calls
from activities.storefronts.woocommerce.orders import Order, read_order
from activities.storefronts.woocommerce.orders_changed import orders_changed
from activities.storefronts.woocommerce.products import VARIABLE, Product, Variation, read_product
from schemas.incoming.facts import Fact, HintFact, ProductGoneFact

TOPICS = (
    "product.created",
    "product.updated",
    "product.deleted",
    "product.restored",
    "order.created",
    "order.updated",
)
"""The topics that are needed. `order.updated` comes with a refund, too."""
KEPT_AS_IT_IS = re.compile(r"[A-Za-z0-9_+/=-]{1,200}")
"""A secret that WordPress stores, and signs with, as it was given: what may be an entity or a tag is changed."""
ACTIVE = "active"
_WHY = {
    "disabled": "WooCommerce has switched it off: more than 5 deliveries in a row failed",
    "paused": "somebody has paused it in the shop's admin",
}


class _Site(Payload):
    name: PlainText = None
    home: PlainText = None
    url: PlainText = None


class _Hook(Payload):
    id: NumericId
    topic: PlainText
    status: PlainText
    delivery_url: PlainText


class WooCommerceApi(ShopApi):
    """One shop's API. It fulfils `ShopApi`."""

    source: ClassVar[str] = "woocommerce"
    limits: ClassVar[Limits] = Limits(
        answer_seconds=60,
        retries=(),
        switched_off="after more than 5 deliveries in a row that were not answered 200 to 302",
        calls=None,
        heard_within=timedelta(minutes=15),
    )
    orders_are_asked_for: ClassVar[bool] = True
    questions: ClassVar[tuple[Question, ...]] = (
        Question(
            "shop",
            "The shop's address, as in https://shop.example (WordPress's own, if that is another)",
            pattern=r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,200})?",
        ),
        Question("consumer_key", "The consumer key, ck_…", secret=True, pattern=r"ck_[A-Za-z0-9]{1,100}"),
        Question("consumer_secret", "The consumer secret, cs_…", secret=True, pattern=r"cs_[A-Za-z0-9]{1,100}"),
    )

    def __init__(self, calls: Calls, shop: str, store: str) -> None:
        self._calls, self._shop, self._store = calls, shop, store

    @classmethod
    def over(cls, http: ShopHttp, access: Access) -> Self:
        """See `ShopApi.over`."""
        shop = (access.settings.get("shop") or "").rstrip("/")
        store = store_at(shop.partition("://")[2])
        if store is None:
            raise ValueError("shop: this is no address of a shop, as in https://shop.example")
        key, secret = (access.secrets.get(name) for name in ("consumer_key", "consumer_secret"))
        if not key or not secret:
            raise ValueError(f"{'consumer_secret' if key else 'consumer_key'}: it is missing")
        return cls(Calls(http, shop, key, secret), shop, store)

    async def renewed(self, now: datetime) -> Renewed | None:
        """See `ShopApi.renewed`. Keys do not end."""

    async def introduce(self) -> Introduction:
        """See `ShopApi.introduce`. The store is the address given, without https, as in its webhooks' address."""
        site = fitted(await self._there(""), _Site, ANSWER)
        currency = await self._setting("general/woocommerce_currency")
        return Introduction(
            store_id=self._store,
            name=site.name or self._shop,
            front_page=(site.home or site.url or self._shop).rstrip("/"),
            currency=currency if is_currency(currency) else None,
            notes=await self._notes(),
        )

    async def catalogue(self) -> AsyncIterator[Page]:
        """See `ShopApi.catalogue`."""
        read, asked_at = 0, datetime.now(UTC)
        by_id = {"orderby": "id", "order": "asc"}
        async for products, total in self._calls.pages("wc/v3/products", by_id, Product):
            facts: list[Fact] = []
            for product in products:
                facts += _facts(product, await self._variations(product, ()), asked_at)
            read += len(products)
            yield Page(tuple(facts), read, total)
            asked_at = datetime.now(UTC)

    async def read_back(self, watched: Sequence[Watched]) -> Sequence[Fact]:
        """See `ShopApi.read_back`: products by their ids, and of each the variations that are watched, by theirs."""
        variants: dict[str, set[str | None]] = {}
        for each in watched:
            variants.setdefault(each.product_id, set()).add(each.variant_id)
        facts: list[Fact] = []
        for few in in_parts(list(variants), PAGE):
            asked_at = datetime.now(UTC)
            products = await self._calls.rows("wc/v3/products", {"include": ",".join(few)}, Product)
            for product in products:
                named = variants.get(product.id or "", {None})
                some_ = () if None in named else tuple(sorted(id_ for id_ in named if id_))
                facts += _facts(product, await self._variations(product, some_), asked_at)
            there = {product.id for product in products}
            facts += [ProductGoneFact(product_id=id_, observed_at=asked_at) for id_ in few if id_ not in there]
        return facts

    async def read_hints(self, hints: Sequence[HintFact]) -> Sequence[Fact]:
        """See `ShopApi.read_hints`. A variation is hinted at with its product."""
        products = each_once(hint.product_id for hint in hints)
        facts = list(await self.read_back([Watched(product_id) for product_id in products]))
        for few in in_parts(each_once(hint.order_id for hint in hints), PAGE):
            asked_at = datetime.now(UTC)
            orders = await self._calls.rows("wc/v3/orders", {"include": ",".join(few), "status": "any"}, Order)
            facts += [fact for order in orders if order.id for fact in read_order(order, asked_at)]
        if any(not (hint.product_id or hint.variant_id or hint.order_id or hint.cart_id) for hint in hints):
            asked_at, currency = datetime.now(UTC), await self._setting("general/woocommerce_currency")
            facts += currency_facts(currency, asked_at)
        return facts

    async def orders_changed(self, since: datetime) -> AsyncIterator[OrdersPage]:
        """See `ShopApi.orders_changed`."""
        async for page in orders_changed(self._calls, since):
            yield page

    async def subscriptions(self, address: str) -> Sequence[Subscription]:
        """See `ShopApi.subscriptions`."""
        by_topic = {hook.topic: hook for hook in await self._hooks(address)}
        return tuple(_health(topic, by_topic.get(topic)) for topic in TOPICS)

    async def subscribe(self, address: str, secret: str) -> Sequence[Subscription]:
        """See `ShopApi.subscribe`. Those that are there sign with this secret from now on, too: no other is known.

        Raises:
            ValueError: WordPress might make another secret of it; one of letters and digits stays what it is.
        """
        if not KEPT_AS_IT_IS.fullmatch(secret):
            raise ValueError("secret: WooCommerce needs one of letters and digits, or _ + / = and -")
        there = {hook.topic: hook for hook in await self._hooks(address)}
        for topic in TOPICS:
            hook, wanted = there.get(topic), {"secret": secret, "status": ACTIVE, "delivery_url": address}
            if hook is None:
                await self._there("wc/v3/webhooks", "POST", {**wanted, "name": f"Shelftalk {topic}", "topic": topic})
            else:
                await self._there(f"wc/v3/webhooks/{hook.id}", "PUT", wanted)
        return await self.subscriptions(address)

    async def unsubscribe(self, address: str) -> None:
        """See `ShopApi.unsubscribe`."""
        for hook in await self._hooks(address):
            await self._calls.make("DELETE", f"wc/v3/webhooks/{hook.id}", {"force": "true"})

    async def _hooks(self, address: str) -> list[_Hook]:
        """Those to this address, an active one of a topic last, so that it is the one that counts."""
        hooks = await self._calls.rows("wc/v3/webhooks", {"status": "all"}, _Hook)
        return sorted((hook for hook in hooks if hook.delivery_url == address), key=lambda hook: hook.status == ACTIVE)

    async def _variations(self, product: Product, ids: Sequence[str]) -> list[Variation]:
        """Variations of a product: these, or all of them where none are named."""
        if product.type not in VARIABLE:
            return []
        path, found = f"wc/v3/products/{product.id}/variations", list[Variation]()
        for few in in_parts(ids, PAGE):
            found += await self._calls.rows(path, {"include": ",".join(few)}, Variation)
        return found if ids else await self._calls.rows(path, {}, Variation)

    async def _notes(self) -> tuple[str, ...]:
        notes = list[str]()
        if await self._setting("products/woocommerce_manage_stock") == "no":
            notes.append("It counts no stock: stock management is off in WooCommerce's settings, under Products.")
        amount = await self._setting("products/woocommerce_notify_no_stock_amount")
        if amount and amount.isdigit() and int(amount) > 0:
            notes.append(f"A product is out of stock there when {amount} are left, and then has nothing to sell here.")
        minutes = await self._setting("products/woocommerce_hold_stock_minutes")
        if minutes and minutes.isdigit() and int(minutes) > 0:
            notes.append(f"Units in unpaid orders stay in its stock for shoppers to see, held for {minutes} minutes.")
        return tuple(notes)

    async def _setting(self, name: str) -> str | None:
        """A setting's value, as text; None: it is not there, or the key may not read settings."""
        with suppress(AccessRefused):
            answer = await self._calls.make("GET", f"wc/v3/settings/{name}")
            value = cast("dict[str, object]", answer).get("value") if isinstance(answer, dict) else None
            return None if value is None else str(value)
        return None

    async def _there(self, path: str, method: str = "GET", json: object = None) -> Any:
        answer = await self._calls.make(method, path, json=json)
        if answer is None:
            raise ShopAnswerOdd(
                f"There is no /wp-json/{path} at this address: WooCommerce is not there, or WordPress's permalinks are "
                "set to plain."
            )
        return answer


def _facts(product: Product, variations: Sequence[Variation], asked_at: datetime) -> tuple[Fact, ...]:
    """What has no id is not there."""
    named = [variation for variation in variations if variation.id]
    return read_product(product, named, asked_at) if product.id else ()


def _health(topic: str, hook: _Hook | None) -> Subscription:
    if hook is None:
        return Subscription(topic, Health.MISSING)
    if hook.status == ACTIVE:
        return Subscription(topic, Health.ALIVE)
    return Subscription(topic, Health.OFF, _WHY.get(hook.status or "", "it is not active"))
