"""BigCommerce's API: a store, its catalogue with the stock of every location, and what a webhook only hinted at.

Source: https://github.com/bigcommerce/docs at 24f580ca, reference/.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import ClassVar, Self, cast
from urllib.parse import quote

from activities.storefronts.bigcommerce.calls import ANSWER, PAGE, Calls, parts
from activities.storefronts.bigcommerce.catalogue import Item, Product, read_product
from activities.storefronts.bigcommerce.hooks import Hooks
from activities.storefronts.bigcommerce.purchases import (
    Cart,
    Coupon,
    Line,
    Order,
    read_cart,
    read_order,
)
from activities.storefronts.buyers import currency_facts, is_currency
from activities.storefronts.payload import Payload, PlainText
from activities.storefronts.shop_answers import all_fitted, each_once, fitted, in_parts
from activities.storefronts.shop_api import (
    Access,
    Introduction,
    Limits,
    Page,
    Question,
    Renewed,
    ShopApi,
    Subscription,
    Watched,
)
from activities.storefronts.shop_http import AccessRefused, ShopHttp
from schemas.incoming.facts import CheckoutFact, Fact, HintFact, ProductGoneFact

API = "https://api.bigcommerce.com"
PRODUCTS = "the scope Products, read-only"
INVENTORY = "the scope Store Inventory, read-only"
ORDERS = "the scope Orders, read-only"
CARTS = "the scope Carts, read-only"
INFORMATION = "the scope Information & settings, read-only"
OLD_PAGE = 250
"""Rows of a page of the older API, which counts no pages: the last is the one that is not full."""
MOST_OLD_PAGES = 20
_INTERVALS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)
_WITH = {"include": "variants,images"}


class _Store(Payload):
    name: PlainText = None
    secure_url: PlainText = None
    currency: PlainText = None


class _Inventory(Payload):
    update_stock_behavior: PlainText = None
    refund_order_stock_adjustment: bool | None = None


class BigCommerceApi(ShopApi):
    """One store's API. It fulfils `ShopApi`."""

    source: ClassVar[str] = "bigcommerce"
    limits: ClassVar[Limits] = Limits(
        answer_seconds=None,
        retries=tuple(timedelta(seconds=after) for after in accumulate(_INTERVALS)),
        switched_off="after its last try, 48 hours after the first, and after 90 days without an event; where fewer "
        "than 90 % of 100 and more calls in two minutes are answered 2xx, nothing comes to our domain for three",
        calls=(150, timedelta(seconds=30)),
        heard_within=timedelta(minutes=15),
    )
    questions: ClassVar[tuple[Question, ...]] = (
        Question(
            "store_hash",
            "The store's hash, as in the API path https://api.bigcommerce.com/stores/HASH/v3/",
            pattern=r"[a-z0-9]{3,50}",
        ),
        Question("access_token", "The access token of the store's API account", secret=True),
        Question("client_secret", "The client secret of the same API account: it signs the webhooks", secret=True),
        Question("api", "BigCommerce's server", default=API, pattern=r"https?://[A-Za-z0-9.:-]{1,255}", asked=False),
    )

    def __init__(self, calls: Calls, store_hash: str, client_secret: str) -> None:
        self._calls, self._store_hash, self._client_secret = calls, store_hash, client_secret
        self._hooks = Hooks(calls)

    @classmethod
    def over(cls, http: ShopHttp, access: Access) -> Self:
        """See `ShopApi.over`."""
        store_hash, token = access.settings.get("store_hash"), access.secrets.get("access_token")
        if not store_hash or not store_hash.isalnum() or not store_hash.isascii():
            raise ValueError("store_hash: this is no hash of a store, which has letters and digits only")
        if not token:
            raise ValueError("access_token: it is missing")
        api = access.settings.get("api") or API
        calls = Calls(http, api.rstrip("/"), store_hash, token)
        return cls(calls, store_hash, access.secrets.get("client_secret", ""))

    async def renewed(self, now: datetime) -> Renewed | None:
        """See `ShopApi.renewed`. Tokens of a store's API account do not end."""

    async def introduce(self) -> Introduction:
        """See `ShopApi.introduce`."""
        store = await self._store()
        return Introduction(
            store_id=self._store_hash,
            name=store.name or self._store_hash,
            front_page=(store.secure_url or "").rstrip("/"),
            currency=store.currency if is_currency(store.currency) else None,
            webhook_secret=self._client_secret or None,
            notes=await self._notes(),
        )

    async def catalogue(self) -> AsyncIterator[Page]:
        """See `ShopApi.catalogue`."""
        read, asked_at = 0, datetime.now(UTC)
        async for products, total in self._calls.pages("v3/catalog/products", _WITH, Product, needs=PRODUCTS):
            read += len(products)
            yield Page(await self._with_stock(products, asked_at), read, total)
            asked_at = datetime.now(UTC)

    async def read_back(self, watched: Sequence[Watched]) -> Sequence[Fact]:
        """See `ShopApi.read_back`."""
        return await self._products([each.product_id for each in watched])

    async def read_hints(self, hints: Sequence[HintFact]) -> Sequence[Fact]:
        """See `ShopApi.read_hints`."""
        products = [hint.product_id for hint in hints if hint.product_id]
        products += await self._products_of([h.variant_id for h in hints if h.variant_id and not h.product_id])
        facts = list(await self._products(products))
        for order_id in each_once(hint.order_id for hint in hints):
            facts += await self._order(order_id)
        for cart_id in each_once(hint.cart_id for hint in hints):
            facts += await self._cart(cart_id)
        if any(not (h.product_id or h.variant_id or h.order_id or h.cart_id) for h in hints):
            asked_at = datetime.now(UTC)
            facts += currency_facts((await self._store()).currency, asked_at)
        return facts

    async def subscriptions(self, address: str) -> Sequence[Subscription]:
        """See `ShopApi.subscriptions`."""
        return await self._hooks.all(address)

    async def subscribe(self, address: str, secret: str) -> Sequence[Subscription]:
        """See `ShopApi.subscribe`. They are signed with the client secret, whatever `secret` is."""
        del secret
        return await self._hooks.make(address)

    async def unsubscribe(self, address: str) -> None:
        """See `ShopApi.unsubscribe`."""
        await self._hooks.remove(address)

    async def _store(self) -> _Store:
        answer = await self._calls.make("GET", "v2/store", needs=INFORMATION)
        if answer is None:
            raise AccessRefused(f"BigCommerce knows no store of the hash {self._store_hash}.")
        return fitted(answer, _Store, ANSWER)

    async def _notes(self) -> tuple[str, ...]:
        try:
            answer = await self._calls.make("GET", "v3/settings/inventory", needs=INFORMATION)
        except AccessRefused:
            return ("When its stock falls is not known: the API account may not read the store's settings.",)
        settings = fitted(parts(answer, "data"), _Inventory, ANSWER)
        falls = {
            "order_placed": "Its stock falls when an order is placed.",
            "order_completed_or_shipped": "Its stock falls when an order is shipped or completed, so until then units "
            "that are sold already count as there.",
        }.get(settings.update_stock_behavior or "")
        returned = "What is refunded or cancelled does not go back into its stock by itself."
        return tuple(
            note for note in (falls, returned if settings.refund_order_stock_adjustment is False else None) if note
        )

    async def _products(self, product_ids: Iterable[str]) -> list[Fact]:
        """These products as they are now, with their stock; those that are there no more, as gone."""
        facts: list[Fact] = []
        for few in in_parts(each_once(product_ids), PAGE):
            asked_at = datetime.now(UTC)
            ids = {**_WITH, "id:in": ",".join(few)}
            products = await self._calls.rows("v3/catalog/products", ids, Product, needs=PRODUCTS)
            facts += await self._with_stock(products, asked_at)
            there = {product.id for product in products}
            facts += [ProductGoneFact(product_id=id_, observed_at=asked_at) for id_ in few if id_ not in there]
        return facts

    async def _products_of(self, variant_ids: Sequence[str]) -> list[str]:
        """The products of variants, as the inventory has them: the catalogue takes one variant at a time."""
        found: list[str] = []
        for few in in_parts(each_once(variant_ids), PAGE):
            named = {"variant_id:in": ",".join(few)}
            rows = await self._calls.rows("v3/inventory/items", named, Item, needs=INVENTORY)
            found += [row.identity.product_id for row in rows if row.identity.product_id]
        return found

    async def _with_stock(self, products: Sequence[Product], asked_at: datetime) -> tuple[Fact, ...]:
        """Products with the levels of every location.

        Args:
            asked_at: when the products were asked for, which is before their stock is.
        """
        items: list[Item] = []
        for few in in_parts([id_ for product in products for id_ in product.counted_variants], PAGE):
            named = {"variant_id:in": ",".join(few)}
            items += await self._calls.rows("v3/inventory/items", named, Item, needs=INVENTORY)
        for few in in_parts([product.id for product in products if product.by_product and product.id], PAGE):
            named = {"product_id:in": ",".join(few)}
            items += await self._calls.rows("v3/inventory/items", named, Item, needs=INVENTORY)
        return tuple(fact for product in products for fact in read_product(product, items, asked_at))

    async def _order(self, order_id: str) -> tuple[Fact, ...]:
        path, asked_at = f"v2/orders/{quote(order_id, safe='')}", datetime.now(UTC)
        if (answer := await self._calls.make("GET", path, needs=ORDERS)) is None:
            return ()
        order = fitted(answer, Order, ANSWER)
        lines = await self._part(f"{path}/products")
        coupons = await self._part(f"{path}/coupons") if order.coupon_discount else []
        return read_order(order, all_fitted(lines, Line, ANSWER), all_fitted(coupons, Coupon, ANSWER), asked_at)

    async def _part(self, path: str) -> list[object]:
        rows: list[object] = []
        for page in range(1, MOST_OLD_PAGES + 1):
            answer = await self._calls.make("GET", path, {"limit": OLD_PAGE, "page": page}, needs=ORDERS)
            more = cast("list[object]", answer) if isinstance(answer, list) else []
            rows += more
            if len(more) < OLD_PAGE:
                break
        return rows

    async def _cart(self, cart_id: str) -> tuple[Fact, ...]:
        asked_at = datetime.now(UTC)
        answer = await self._calls.make("GET", f"v3/carts/{quote(cart_id, safe='')}", needs=CARTS)
        if answer is None:
            return (CheckoutFact(checkout_id=cart_id, items=(), observed_at=asked_at),)
        return read_cart(fitted(parts(answer, "data"), Cart, ANSWER), asked_at)
