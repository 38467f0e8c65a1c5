"""Magento's REST API as Shelftalk asks it: who the shop is, its catalogue, and what of it is salable now.

One website is connected at a time: prices, stock and addresses are a website's. What is salable comes in bulk from the
export of salable quantities, reservations taken off; where a shop has no such (before 2.3, or with the modules of
Inventory removed), each stock item is asked for by its SKU. A shop without Adobe's events is polled.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self, TypeVar
from urllib.parse import quote

from activities.storefronts.magento.fields import HIDDEN
from activities.storefronts.magento.orders import in_utc, parts_in, read_order
from activities.storefronts.magento.orders_changed import orders_changed
from activities.storefronts.magento.products import Known, RestProduct, facts_of, sellers
from activities.storefronts.magento.rest import ANSWER, PAGE, Filter, Rest
from activities.storefronts.magento.signatures import PublicKeys
from activities.storefronts.magento.site import CODE, HTML, URL, Site, find_site
from activities.storefronts.magento.stock import Exported, Salable, StockItem
from activities.storefronts.payload import NumericId
from activities.storefronts.shop_answers import all_fitted, fitted, in_parts
from activities.storefronts.shop_api import (
    Access,
    Introduction,
    Limits,
    OrdersPage,
    OrdersRefused,
    Page,
    Question,
    Renewed,
    ShopApi,
    Watched,
)
from activities.storefronts.shop_http import ShopAnswerOdd, ShopHttp
from schemas.incoming.facts import Fact, ProductGoneFact

_ID = re.compile(r"[1-9][0-9]{0,19}")
_FIELDS = (
    "items[id,sku,name,price,status,visibility,type_id,extension_attributes[website_ids,configurable_product_links],"
    "product_links[link_type,linked_product_sku],custom_attributes[attribute_code,value]],total_count"
)
SKUS = 20
"""Asked for in one call: each is a condition of its own, for SKUs may hold commas."""
BY_HAND = (
    "Which events are sent is set in the shop and in its project at developer.adobe.com, with the address above; "
    "docs/storefronts/magento.md has each step."
)
T = TypeVar("T")


class _Item(StockItem):
    product_id: NumericId = None


def _retries() -> tuple[timedelta, ...]:
    """After 1, 2, 4 and 8 minutes, then every 15, for a day."""
    minutes = [1, 3, 7, 15]
    while minutes[-1] + 15 <= 24 * 60:
        minutes.append(minutes[-1] + 15)
    return tuple(timedelta(minutes=each) for each in minutes)


class MagentoApi(ShopApi):
    """The API of one Magento shop. It fulfils `ShopApi`."""

    source: ClassVar[str] = "magento"
    limits: ClassVar[Limits] = Limits(
        answer_seconds=10,
        retries=_retries(),
        switched_off="Adobe I/O Events switches a registration off when of at least 10 events in 24 hours 80% were not "
        "taken, a day after it has called it unstable; it is switched on again by hand, in the Developer Console",
        calls=None,
        heard_within=timedelta(minutes=5),
    )
    orders_are_asked_for: ClassVar[bool] = True
    questions: ClassVar[tuple[Question, ...]] = (
        Question("url", "The shop's address, as in https://shop.example", pattern=URL.pattern),
        Question("token", "The access token of an integration: System, Integrations", secret=True),
        Question(
            "website",
            "The code of the website: Stores, All Stores",
            default="base",
            pattern=CODE.pattern,
            tells_apart=True,
        ),
        Question(
            "url_suffix",
            "What addresses of products end in: Stores, Configuration, Catalog, Search Engine Optimization",
            default=HTML,
            pattern=r"[A-Za-z0-9._/-]{0,20}",
        ),
        Question(
            "keys",
            "Of Adobe Commerce that sends webhooks: their public key. Of one that sends events: the client id of their "
            "project and its two public keys, or all of these. One line, with blanks where lines end. Else nothing",
            secret=True,
            default="",
            pattern=r"[\s\S]{0,20000}",
        ),
    )

    def __init__(self, rest: Rest, website: str, suffix: str, keys: str | None) -> None:
        self._rest, self._website, self._suffix, self._keys = rest, website, suffix, keys
        self._site: Site | None = None
        self._exports: bool | None = None

    @classmethod
    def over(cls, http: ShopHttp, access: Access) -> Self:
        """See `ShopApi.over`."""
        url = access.settings.get("url", "").rstrip("/")
        website, suffix = access.settings.get("website", "base"), access.settings.get("url_suffix", HTML)
        token, keys = access.secrets.get("token", "").strip(), access.secrets.get("keys", "").strip()
        if not URL.fullmatch(url):
            raise ValueError("url: write the shop's address, such as https://shop.example")
        if not CODE.fullmatch(website):
            raise ValueError("website: write the code of a website, such as base")
        if not token.isascii() or not token.isprintable() or not token:
            raise ValueError("token: write the access token of an integration")
        if keys and not PublicKeys.read(keys):
            raise ValueError(
                "keys: write public RSA keys of 2048 bits or more as PEM, those of events after the client id"
            )
        return cls(Rest(http, url, token), website, suffix, keys or None)

    async def renewed(self, now: datetime) -> Renewed | None:
        """An integration's token does not end."""

    async def introduce(self) -> Introduction:
        """See `ShopApi.introduce`."""
        site = await self._connected()
        await self._products([("entity_id", "gt", "0")], site.view)
        notes: list[str] = []
        if not await self._has_export():
            notes.append(
                "The shop has no salable quantities: units are those of its stock items, one call for each, "
                "and orders that are not shipped count only once Magento takes them off."
            )
        try:
            async for _ in orders_changed(self._rest, site.view_ids, datetime.now(UTC)):
                break
        except OrdersRefused as error:
            notes.append(f"Its orders cannot be read, so nobody who bought is taken for it. {error}")
        if self._keys is None:
            notes.append("Nothing is sent by the shop; what is waited for is asked for every few minutes.")
        return Introduction(
            store_id=re.sub("^https?://", "", site.front_page).lower(),
            name=site.name,
            front_page=site.front_page,
            currency=site.currency,
            webhook_secret=self._keys,
            notes=tuple(notes),
            sends=self._keys is not None,
            by_hand=None if self._keys is None else BY_HAND,
        )

    async def catalogue(self) -> AsyncIterator[Page]:
        """See `ShopApi.catalogue`: by ids, so that what is added or removed meanwhile moves no page."""
        site = await self._connected()
        last, read, total = "0", 0, None
        while True:
            asked_at = datetime.now(UTC)
            products, count = await self._products([("entity_id", "gt", last)], site.view)
            if products and int(products[-1].id or 0) <= int(last):
                raise ShopAnswerOdd("The shop's list of products does not go on by their ids.")
            total = count if total is None else total
            read += len(products)
            # What has no page of its own is told of with the products that it is a part of.
            shown = [product for product in products if not product.part_only]
            yield Page(await self._facts(shown, products, site, asked_at), read, total)
            if len(products) < PAGE:
                return
            last = products[-1].id or last

    async def read_back(self, watched: Sequence[Watched]) -> Sequence[Fact]:
        """See `ShopApi.read_back`: for a hundred products two calls, and as many for their parts."""
        site = await self._connected()
        facts: list[Fact] = []
        ids = dict.fromkeys(each.product_id for each in watched if _ID.fullmatch(each.product_id))
        for some in in_parts(ids, PAGE):
            asked_at = datetime.now(UTC)
            products, _ = await self._products([("entity_id", "in", ",".join(some))], site.view)
            facts += await self._gone(set(some) - {product.id or "" for product in products}, asked_at)
            facts += await self._facts(products, products, site, asked_at)
        return facts

    async def orders_changed(self, since: datetime) -> AsyncIterator[OrdersPage]:
        """See `ShopApi.orders_changed`: those made in any store view of the website."""
        site = await self._connected()
        async for orders in orders_changed(self._rest, site.view_ids, since):
            own_pages = await self._own_pages(parts_in(orders), site)
            facts = [fact for order in orders if (fact := read_order(order, own_pages)) is not None]
            yield OrdersPage(tuple(facts), max(moment for each in orders if (moment := in_utc(each.updated_at))))

    async def _own_pages(self, parts: Sequence[str], site: Site) -> set[str]:
        """Those of these parts of configurable products that are sold by themselves, too."""
        found: set[str] = set()
        for some in in_parts(parts, PAGE):
            products, _ = await self._products([("entity_id", "in", ",".join(some))], site.view)
            found |= {each.id for each in products if each.id and each.visibility != HIDDEN}
        return found

    async def _gone(self, missing: Collection[str], asked_at: datetime) -> list[ProductGoneFact]:
        """Those that no store view has: a list that left something out once is not believed."""
        if not missing:
            return []
        found, _ = await self._products([("entity_id", "in", ",".join(sorted(missing)))], "all")
        gone = sorted(set(missing) - {product.id or "" for product in found})
        return [ProductGoneFact(product_id=each, observed_at=asked_at) for each in gone]

    async def _connected(self) -> Site:
        """The website, asked for once."""
        if self._site is None:
            self._site = await find_site(self._rest, self._website, self._suffix)
        return self._site

    async def _has_export(self) -> bool:
        """Whether the shop has salable quantities: then it knows which stock its website sells from."""
        if self._exports is None:
            self._exports = await self._rest.get(f"inventory/stock-resolver/website/{self._website}") is not None
        return self._exports

    async def _products(self, filters: Sequence[Filter], view: str) -> tuple[list[RestProduct], int | None]:
        """Those that fit any of the filters, and how many there are."""
        found = await self._rest.search("products", [filters], fields=_FIELDS, view=view)
        if found is None:
            raise ShopAnswerOdd("The shop has no list of products at the address that it was connected by.")
        products = all_fitted(found.items or (), RestProduct, ANSWER)
        if any(product.id is None or not product.sku for product in products):
            raise ShopAnswerOdd("The shop tells of a product without its id or SKU.")
        return products, found.total_count

    async def _facts(
        self, shown: Sequence[RestProduct], read: Sequence[RestProduct], site: Site, asked_at: datetime
    ) -> tuple[Fact, ...]:
        """The facts of products; `read`: all that were read with them, which may be their parts."""
        by_id = {product.id or "": product for product in read}
        missing = dict.fromkeys(part for product in shown for part in product.part_ids if part not in by_id)
        for some in in_parts(missing, PAGE):
            found, _ = await self._products([("entity_id", "in", ",".join(some))], site.view)
            by_id |= {each.id or "": each for each in found}
        by_sku = {product.sku or "": product for product in by_id.values()}
        missing = dict.fromkeys(part for product in shown for part in product.part_skus if part not in by_sku)
        for some in in_parts(missing, SKUS):
            found, _ = await self._products([("sku", "eq", sku) for sku in some], site.view)
            by_sku |= {each.sku or "": each for each in found}
        known = Known(by_id, by_sku)
        sold = {each.id: each for product in shown for each in sellers(product, known)}
        return facts_of(shown, Known(by_id, by_sku, await self._salable(sold.values())), site, asked_at)

    async def _salable(self, products: Iterable[RestProduct]) -> dict[str, Salable]:
        """What is salable of each, by SKU."""
        if not await self._has_export():
            return {each.sku or "": item for each in products if (item := await self._stock_item(each)) is not None}
        salable: dict[str, Salable] = {}
        for some in in_parts(products, PAGE):
            ids = ",".join(each.id or "" for each in some)
            path = f"inventory/export-stock-salable-qty/website/{self._website}"
            found = await self._rest.search(path, [[("entity_id", "in", ids)]])
            if found is None:
                raise ShopAnswerOdd("The shop names the stock of its website, and does not export it.")
            exported = {each.sku: each for each in all_fitted(found.items or (), Exported, ANSWER)}
            for product in some:
                salable[product.sku or ""] = Salable.of_export(exported.get(product.sku), counted=product.counted)
        return salable

    async def _stock_item(self, product: RestProduct) -> Salable | None:
        """None: it has no stock item, or its SKU has a slash and the shop's web server takes none in addresses."""
        found = await self._rest.get(f"stockItems/{quote(product.sku or '', safe='')}")
        return None if found is None else Salable.of_item(fitted(found, _Item, ANSWER), counted=product.counted)
