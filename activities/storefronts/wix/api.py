"""Wix's API: the site, its catalogue (V1 or V3, as the site has), and its stock by product. It fulfils `ShopApi`.

Sources, below https://dev.wix.com/docs/api-reference/business-solutions/stores: catalog-v3/products-v3/query-products,
catalog-v3/read-only-variants-v3/query-variants, catalog-v3/inventory-items-v3/query-inventory-items,
catalog-v1/catalog/query-products, catalog-v1/inventory/query-inventory. The three lists of V3 are asked for the same
products, page by page. Which events an app gets is set in its dashboard, and no API tells: there are no subscriptions
to ask for.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Self

from activities.storefronts.payload import Payload, PlainText
from activities.storefronts.shop_answers import as_documented, each_once, in_parts
from activities.storefronts.shop_api import (
    Access,
    Introduction,
    Limits,
    Page,
    Question,
    Renewed,
    ShopApi,
    Watched,
)
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopHttp
from activities.storefronts.wix.calls import WixCalls, answer_to, known_id, rows_as
from activities.storefronts.wix.fields import InventoryItem, Level, known, level, variant_name
from activities.storefronts.wix.products import Product, ProductV1, Variant, read_product, read_product_v1, stock_v1
from activities.storefronts.wix.questions import BY_HAND, QUESTIONS, notes
from activities.storefronts.wix.shapes import WixPayload
from schemas.incoming.facts import Fact, ProductGoneFact, StockFact

PRODUCTS = "stores/v3/products/query"
VARIANTS = "stores/v3/products/query-variants"
STOCK = "stores/v3/inventory-items/query"
PRODUCTS_V1 = "stores-reader/v1/products/query"
STOCK_V1 = "stores-reader/v2/inventoryItems/query"
PAGE = 100
"""Products of a page, in both catalogues; and ids in one filter, which the documentation leaves open."""
FIELDS = ("CURRENCY", "URL")
"""Of a product, beside what is told of every one."""
LONG_PAGE = 1000
"""Variants and inventory items of a page in V3."""
ENDS_SOON = timedelta(minutes=5)


class _Token(Payload):
    access_token: str
    expires_in: int


class _Version(WixPayload):
    catalog_version: str


class _Site(WixPayload):
    site_display_name: PlainText = None
    url: PlainText = None
    payment_currency: PlainText = None


class _Instance(WixPayload):
    instance_id: PlainText = None


class _AppInstance(WixPayload):
    instance: _Instance
    site: _Site


class _Properties(WixPayload):
    properties: _Site


class _VariantStock(Level):
    variant_id: PlainText = None


class _StockItemV1(WixPayload):
    product_id: PlainText = None
    variants: tuple[_VariantStock, ...] = ()


class WixApi(ShopApi):
    """One site's API.

    Args:
        now: the clock. What is asked for is as of the moment of asking: Wix's own time of a level does not move with
            each of its changes.
    """

    source: ClassVar[str] = "wix"
    limits: ClassVar[Limits] = Limits(
        answer_seconds=1.25,
        retries=tuple(timedelta(minutes=each) for each in (1, 11, 71, 191, 311, 431, 671, 911, 1151, 1631, 2111, 2831)),
        switched_off=None,
        calls=(200, timedelta(minutes=1)),
        heard_within=timedelta(minutes=15),
    )
    questions: ClassVar[tuple[Question, ...]] = QUESTIONS

    def __init__(self, http: ShopHttp, access: Access, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._access, self._now = access, now
        self._calls = WixCalls(http, access)
        self._version: str | None = None

    @classmethod
    def over(cls, http: ShopHttp, access: Access) -> Self:
        """See `ShopApi.over`."""
        settings, secrets = access.settings, access.secrets
        by_app = settings.get("app_id") and secrets.get("app_secret") and settings.get("instance_id")
        by_key = secrets.get("api_key") and settings.get("site_id") and settings.get("front_page")
        if not by_app and not by_key:
            raise ValueError(
                "Give app_id, app_secret and instance_id of an app; or api_key, site_id and front_page without one."
            )
        return cls(http, access)

    async def renewed(self, now: datetime) -> Renewed | None:
        """See `ShopApi.renewed`. A token lasts four hours, and is asked for by the app's secret."""
        access = self._access
        if access.secrets.get("api_key"):
            return None
        if access.secrets.get("access_token") and access.ends_at is not None and access.ends_at - now > ENDS_SOON:
            return None
        token = await self._calls.token(
            {
                "grant_type": "client_credentials",
                "client_id": access.settings["app_id"],
                "client_secret": access.secrets["app_secret"],
                "instance_id": access.settings["instance_id"],
            },
            _Token,
        )
        return Renewed({"access_token": token.access_token}, now + timedelta(seconds=token.expires_in))

    async def introduce(self) -> Introduction:
        """See `ShopApi.introduce`. Without an app there are no webhooks, and the store goes by the site's id."""
        settings = self._access.settings
        if self._access.secrets.get("api_key"):
            site = (await self._calls.get("site-properties/v4/properties", _Properties)).properties
            store_id, front_page = settings.get("instance_id") or settings["site_id"], settings["front_page"]
        else:
            told = await self._calls.get("apps/v1/instance", _AppInstance)
            site, store_id = told.site, told.instance.instance_id or settings["instance_id"]
            front_page = site.url or settings.get("front_page") or ""
        version = await self._catalogue_version()
        if version == "STORES_NOT_INSTALLED":
            raise AccessRefused("The site has no Wix Stores: there is nothing to be told of.")
        if not front_page:
            raise ShopAnswerOdd("Wix does not tell the site's address: has it been published?")
        return Introduction(
            store_id=store_id.lower(),
            name=site.site_display_name or "Wix",
            front_page=front_page.rstrip("/"),
            currency=site.payment_currency,
            webhook_secret=settings.get("public_key") or None,
            notes=notes(version, polled=not settings.get("public_key")),
            sends=bool(settings.get("public_key")),
            by_hand=BY_HAND if settings.get("public_key") else None,
        )

    async def catalogue(self) -> AsyncIterator[Page]:
        """See `ShopApi.catalogue`."""
        in_v1 = await self._catalogue_version() == "V1_CATALOG"
        async for page in self._catalogue_v1() if in_v1 else self._catalogue_v3():
            yield page

    async def read_back(self, watched: Sequence[Watched]) -> Sequence[Fact]:
        """See `ShopApi.read_back`. Products are asked for as a whole: it takes the same calls as single variants."""
        ids = each_once(each.product_id for each in watched)
        in_v1 = await self._catalogue_version() == "V1_CATALOG"
        facts: list[Fact] = []
        for some in in_parts(ids, PAGE):
            facts += await (self._again_v1(some) if in_v1 else self._again(some))
        return facts

    async def _catalogue_version(self) -> str:
        """It stays as it is, but for the one move from V1 to V3."""
        if self._version is None:
            self._version = (await self._calls.get("stores/v3/provision/version", _Version)).catalog_version
        return self._version

    async def _catalogue_v3(self) -> AsyncIterator[Page]:
        read = 0
        async for rows in self._calls.by_cursor(PRODUCTS, "products", PAGE, fields=FIELDS):
            ids, facts = await self._products(rows)
            read += len(ids)
            yield Page((*facts, *await self._levels(ids)), read)

    async def _products(self, rows: Sequence[Any]) -> tuple[list[str], list[Fact]]:
        """The ids of a page's products, and what these are with their variants."""
        at = self._now()
        products = rows_as(rows, Product, PRODUCTS)
        ids = [known_id(product.id, PRODUCTS) for product in products]
        variants = await self._variants(ids)
        facts: list[Fact] = []
        for id_, product in zip(ids, products, strict=True):
            facts += as_documented(partial(read_product, product, at, variants[id_]), answer_to(PRODUCTS))
        return ids, facts

    async def _variants(self, ids: Sequence[str]) -> dict[str, list[Variant]]:
        found: dict[str, list[Variant]] = defaultdict(list)
        wanted = {"productData.productId": {"$in": list(ids)}}
        if ids:
            async for rows in self._calls.by_cursor(VARIANTS, "variants", LONG_PAGE, wanted):
                for variant in rows_as(rows, Variant, VARIANTS):
                    if variant.product_data is not None and variant.product_data.product_id is not None:
                        found[variant.product_data.product_id].append(variant)
        return found

    async def _levels(self, ids: Sequence[str]) -> list[Fact]:
        facts: list[Fact] = []
        if not ids:
            return facts
        at = self._now()
        async for rows in self._calls.by_cursor(STOCK, "inventoryItems", LONG_PAGE, {"productId": {"$in": list(ids)}}):
            for item in rows_as(rows, InventoryItem, STOCK):
                facts.append(as_documented(partial(level, item, at, "$.inventoryItems[*]"), answer_to(STOCK)))
        return facts

    async def _again(self, ids: Sequence[str]) -> list[Fact]:
        """Products with their levels; and of those that are no more, that they are gone."""
        at = self._now()
        facts: list[Fact] = []
        there: list[str] = []
        async for rows in self._calls.by_cursor(PRODUCTS, "products", PAGE, {"id": {"$in": list(ids)}}, fields=FIELDS):
            found, told = await self._products(rows)
            there += found
            facts += told
        gone = [ProductGoneFact(product_id=each, observed_at=at) for each in ids if each not in there]
        return [*facts, *await self._levels(there), *gone]

    async def _catalogue_v1(self) -> AsyncIterator[Page]:
        read = 0
        async for rows in self._calls.by_number(PRODUCTS_V1, "products", PAGE, includeVariants=True):
            at = self._now()
            facts: list[Fact] = []
            for product in rows_as(rows, ProductV1, PRODUCTS_V1):
                facts += as_documented(partial(read_product_v1, product, at), answer_to(PRODUCTS_V1))
            read += len(rows)
            yield Page(tuple(facts), read)

    async def _again_v1(self, ids: Sequence[str]) -> list[Fact]:
        """Likewise; stock is asked for by itself, for the list of products is not the place where it is kept."""
        at = self._now()
        facts: list[Fact] = []
        there: set[str] = set()
        wanted = {"id": {"$in": list(ids)}}
        async for rows in self._calls.by_offset(PRODUCTS_V1, "products", PAGE, wanted, includeVariants=True):
            for product in rows_as(rows, ProductV1, PRODUCTS_V1):
                there.add(known_id(product.id, PRODUCTS_V1))
                told = as_documented(partial(read_product_v1, product, at), answer_to(PRODUCTS_V1))
                facts += [fact for fact in told if not isinstance(fact, StockFact)]
        wanted = {"productId": {"$in": list(ids)}}
        async for rows in self._calls.by_offset(STOCK_V1, "inventoryItems", PAGE, wanted):
            for item in rows_as(rows, _StockItemV1, STOCK_V1):
                facts += as_documented(partial(_levels_v1, item, at), answer_to(STOCK_V1))
        return [*facts, *(ProductGoneFact(product_id=each, observed_at=at) for each in ids if each not in there)]


def _levels_v1(item: _StockItemV1, at: datetime) -> list[Fact]:
    product_id = known(item.product_id, "$.inventoryItems[*].productId")
    return [stock_v1(variant_name(product_id, each.variant_id), each, at) for each in item.variants]
