"""PrestaShop's webservice as Shelftalk asks it: who the shop is, its catalogue, and the stock of what is waited for.

The core sends no webhooks, and a stock row has no time of its last change: what is waited for is polled by ids.
"""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self
from urllib.parse import urlsplit

from activities.storefronts.payload import Payload, PlainText
from activities.storefronts.prestashop.orders import CANCELLED, TIME_ZONE, Ordering, orders_changed
from activities.storefronts.prestashop.products import (
    PRICE,
    Combination,
    Id,
    Known,
    OptionValue,
    Shop,
    ShopProduct,
    StockRow,
    Yes,
    facts_of,
    stock_by_subject,
)
from activities.storefronts.prestashop.webservice import IDS, Webservice, any_of
from activities.storefronts.shop_answers import in_parts
from activities.storefronts.shop_api import (
    Access,
    Introduction,
    Limits,
    OrdersPage,
    Page,
    Question,
    Renewed,
    ShopApi,
    Watched,
)
from activities.storefronts.shop_http import AccessRefused, ShopAnswerOdd, ShopHttp
from schemas.incoming.facts import Fact, ProductGoneFact

_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*")
_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}")
_ID = re.compile(r"[1-9][0-9]{0,19}")
_CURRENCY = re.compile("[A-Z]{3}")
_CONFIGURED = (
    "PS_SHOP_NAME",
    "PS_CURRENCY_DEFAULT",
    "PS_LANG_DEFAULT",
    "PS_ORDER_OUT_OF_STOCK",
    "PS_STOCK_MANAGEMENT",
    "PS_REWRITING_SETTINGS",
    TIME_ZONE,
    *CANCELLED,
)
_WITH_PRICES: dict[str, str | int] = {f"price[{PRICE}][use_tax]": 1, f"price[{PRICE}][use_reduction]": 1}
"""As shoppers see it: with taxes, less what is reduced (/webservice/tutorials/advanced-use/specific-price/)."""


class _Configuration(Payload):
    name: PlainText
    value: PlainText | int | bool = None
    id_shop: Id = None
    id_shop_group: Id = None


class _Currency(Payload):
    iso_code: PlainText = None


class _Address(Payload):
    id_shop: Id = None
    main: Yes = False
    active: Yes = False
    domain_ssl: PlainText = None
    physical_uri: PlainText = None
    virtual_uri: PlainText = None


class _Number(Payload):
    id: Id


class PrestaShopApi(ShopApi):
    """The webservice of one PrestaShop. It fulfils `ShopApi`."""

    source: ClassVar[str] = "prestashop"
    limits: ClassVar[Limits] = Limits(
        answer_seconds=None,
        retries=(),
        switched_off=None,
        calls=None,
        heard_within=timedelta(minutes=5),
    )
    orders_are_asked_for: ClassVar[bool] = True
    questions: ClassVar[tuple[Question, ...]] = (
        Question("url", "The shop's address, as in https://shop.example", pattern=_URL.pattern),
        Question(
            "key", "The webservice key: Advanced Parameters, Webservice. 32 characters", True, pattern=_KEY.pattern
        ),
        Question(
            "shop_id",
            "Of several shops of one installation, the id of this: Advanced Parameters, Multistore",
            default="1",
            pattern=_ID.pattern,
            tells_apart=True,
        ),
    )

    def __init__(self, webservice: Webservice, url: str, shop_id: str) -> None:
        self._webservice, self._url, self._shop_id = webservice, url, shop_id
        self._options: dict[str, str] = {}

    @classmethod
    def over(cls, http: ShopHttp, access: Access) -> Self:
        """See `ShopApi.over`."""
        url, shop_id = access.settings.get("url", "").rstrip("/"), access.settings.get("shop_id", "1")
        key = access.secrets.get("key", "")
        if not _URL.fullmatch(url):
            raise ValueError("url: write the shop's address, such as https://shop.example")
        if not _ID.fullmatch(shop_id):
            raise ValueError("shop_id: write the number of a shop, such as 1")
        if not _KEY.fullmatch(key):
            raise ValueError("key: write the webservice key, 32 letters and digits")
        return cls(Webservice(http, url, key, shop_id), url, shop_id)

    async def renewed(self, now: datetime) -> Renewed | None:
        """A key does not end."""

    async def introduce(self) -> Introduction:
        """See `ShopApi.introduce`."""
        configured = await self._configuration()
        shop = await self._shop(configured)
        currency = configured.get("PS_CURRENCY_DEFAULT", "0")
        currencies = await self._webservice.by_ids("currencies", [currency], _Currency)
        code = currencies[0].iso_code or "" if currencies else ""
        for resource in ("products", "combinations", "product_option_values", "stock_availables"):
            await self._webservice.list(resource, _Number, {"limit": 1}, display="[id]")
        notes = ["PrestaShop sends nothing; what is waited for is asked for every few minutes."]
        if not shop.counts:
            notes.append(
                "The shop keeps no stock (Shop Parameters, Product Settings): everything can always be bought."
            )
        try:
            for resource in ("orders", "customers"):
                await self._webservice.list(resource, _Number, {"limit": 1}, display="[id]")
        except AccessRefused as error:
            notes.append(f"Its orders cannot be read, so nobody who bought is taken for it. {error}")
        return Introduction(
            store_id=re.sub("^https?://", "", shop.front_page).lower(),
            name=configured.get("PS_SHOP_NAME", "")[:1000] or urlsplit(shop.front_page).netloc,
            front_page=shop.front_page,
            currency=code if _CURRENCY.fullmatch(code) else None,
            notes=tuple(notes),
            sends=False,
        )

    async def catalogue(self) -> AsyncIterator[Page]:
        """See `ShopApi.catalogue`: first all ids, so that what is added or removed meanwhile moves no page."""
        shop = await self._shop(await self._configuration())
        named = await self._webservice.list("products", _Number, {"sort": "[id_ASC]"}, display="[id]")
        ids = [each.id for each in named if each.id]
        read = 0
        for some in in_parts(ids, IDS):
            asked_at = datetime.now(UTC)
            products = await self._products(some)
            read += len(some)
            yield Page(await self._facts(products, shop, asked_at), read, len(ids))
        if not ids:
            yield Page((), 0, 0)

    async def read_back(self, watched: Sequence[Watched]) -> Sequence[Fact]:
        """See `ShopApi.read_back`: for fifty products two calls, and two or three for their combinations."""
        shop = await self._shop(await self._configuration())
        facts: list[Fact] = []
        ids = dict.fromkeys(each.product_id for each in watched if _ID.fullmatch(each.product_id))
        for some in in_parts(ids, IDS):
            asked_at = datetime.now(UTC)
            products = await self._products(some)
            facts += await self._gone(set(some) - {product.id or "" for product in products}, asked_at)
            facts += await self._facts(products, shop, asked_at)
        return facts

    async def orders_changed(self, since: datetime) -> AsyncIterator[OrdersPage]:
        """See `ShopApi.orders_changed`: those of this shop."""
        ordering = Ordering.configured(self._shop_id, await self._configuration())
        async for page in orders_changed(self._webservice, ordering, since):
            yield page

    async def _gone(self, missing: Collection[str], asked_at: datetime) -> list[ProductGoneFact]:
        """Those that are missing also when asked for again: a list that left something out once is not believed."""
        found = {each.id for each in await self._webservice.by_ids("products", sorted(missing), _Number)}
        return [ProductGoneFact(product_id=each, observed_at=asked_at) for each in sorted(missing) if each not in found]

    async def _products(self, ids: Sequence[str]) -> tuple[ShopProduct, ...]:
        products = await self._webservice.by_ids("products", ids, ShopProduct, _WITH_PRICES)
        if any(product.id is None for product in products):
            raise ShopAnswerOdd("The shop tells of a product without its id.")
        return products

    async def _facts(self, products: Sequence[ShopProduct], shop: Shop, asked_at: datetime) -> tuple[Fact, ...]:
        named = [each.id for product in products for each in product.associations.combinations if each.id]
        rows = [each.id for product in products for each in product.associations.stock_availables if each.id]
        combinations = await self._webservice.by_ids("combinations", named, Combination, _WITH_PRICES)
        values = {each.id for one in combinations for each in one.associations.product_option_values if each.id}
        await self._learn_options(values, shop)
        stock = await self._webservice.by_ids("stock_availables", rows, StockRow)
        known = Known({each.id or "": each for each in combinations}, self._options, stock_by_subject(stock))
        return facts_of(products, known, shop, asked_at)

    async def _learn_options(self, ids: set[str], shop: Shop) -> None:
        """Names of colours and sizes: there are few, and they stay."""
        missing = sorted(ids - set(self._options))
        for value in await self._webservice.by_ids("product_option_values", missing, OptionValue):
            self._options[value.id or ""] = shop.in_words(value.name)

    async def _configuration(self) -> dict[str, str]:
        """What the shop is set to: its own word goes before its group's, and that before everybody's."""
        rows = await self._webservice.list("configurations", _Configuration, {"filter[name]": any_of(_CONFIGURED)})
        ours = [row for row in rows if row.id_shop in (None, self._shop_id)]
        ours.sort(key=lambda row: (row.id_shop is not None, row.id_shop_group is not None))
        return {row.name or "": "" if row.value is None else str(row.value) for row in ours}

    async def _shop(self, configured: Mapping[str, str]) -> Shop:
        return Shop(
            front_page=await self._front_page(),
            language=configured.get("PS_LANG_DEFAULT", ""),
            sells_at_zero=configured.get("PS_ORDER_OUT_OF_STOCK") == "1",
            counts=configured.get("PS_STOCK_MANAGEMENT", "1") == "1",
            short_addresses=configured.get("PS_REWRITING_SETTINGS", "1") == "1",
        )

    async def _front_page(self) -> str:
        """The main address of the shop."""
        addresses = await self._webservice.list("shop_urls", _Address, {"filter[id_shop]": any_of([self._shop_id])})
        ours = [each for each in addresses if each.id_shop == self._shop_id and each.active]
        main = next((each for each in ours if each.main), None)
        if main is None or not main.domain_ssl:
            raise ShopAnswerOdd("The installation has no shop of the number that it is connected with, or it is off.")
        scheme = urlsplit(self._url).scheme
        address = f"{scheme}://{main.domain_ssl}{main.physical_uri or '/'}{main.virtual_uri or ''}".rstrip("/")
        if not _URL.fullmatch(address):
            raise ShopAnswerOdd("The shop's own address is none.")
        return address
