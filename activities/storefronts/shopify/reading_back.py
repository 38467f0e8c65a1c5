"""What some variants and products of a Shopify shop are now, with their units: many in each query.

Units are told of every location, as webhooks tell them: which of them count is for a list to say (its `locations`). A
location where an item is not stocked any more, or that is closed, has none: the webhook that said so may have been
lost. `sellableOnlineQuantity` is not asked for: it follows the levels with a delay, and beside the totals that product
messages tell it would look like units that come and go.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime

from activities.storefronts.payload import PayloadT
from activities.storefronts.shop_api import Watched
from activities.storefronts.shop_http import ShopAnswerOdd
from activities.storefronts.shopify import stock_queries as queries
from activities.storefronts.shopify.admin import Admin, Told, TooCostly
from activities.storefronts.shopify.fields import known
from activities.storefronts.shopify.objects import Item, Level, Product, Variant, product_fact, stock_fact
from activities.storefronts.shopify.stock_queries import Location, OfProduct, WithVariants
from activities.storefronts.storefront import PayloadMalformed
from schemas.incoming.facts import Fact, ProductGoneFact, StockFact

POINTS = 900
"""Of the 1,000 that a query may cost. A list costs two points and those of its objects, each object one."""
LEVEL_POINTS, VARIANT_POINTS, PRODUCT_POINTS = 4, 6, 6
MOST_IDS = 250
"""What an argument may list."""
LEVELS_AT_ONCE = 20
VARIANTS_AT_ONCE = 10
"""Of each product in a query about several; of one that has more the others follow."""
MOST_PAGES = 300
"""A product has 2,048 variants at most."""
TOLD_EMPTY = 25
"""In a shop of at most so many locations each item is told to have none where it is not stocked. With hundreds of
locations that would be hundreds of facts for each item, and nearly all of them known."""


async def locations(admin: Admin) -> tuple[Location, ...]:
    """All of the shop, those that are closed with them."""
    found: list[Location] = []
    after: str | None = None
    for _ in range(MOST_PAGES):
        page = (await admin.ask(queries.LOCATIONS, queries.LocationsAnswer, {"after": after})).data.locations
        found += page.nodes
        after = page.pageInfo.onward
        if after is None:
            break
    return tuple(found)


async def read_back(admin: Admin, watched: Sequence[Watched]) -> Sequence[Fact]:
    """See `ShopApi.read_back`. What has no id of Shopify's is left out."""
    wholes = dict.fromkeys(each.product_id for each in watched if each.variant_id is None)
    singles = {
        each.variant_id: each.product_id for each in watched if each.variant_id and each.product_id not in wholes
    }
    try:
        reader = _Reader(admin, await locations(admin))
        lost = await reader.variants({name: of for name, of in singles.items() if _is_number(name)})
        await reader.products([name for name in wholes if _is_number(name)])
        for product_id in lost:
            await reader.names(product_id)
    except PayloadMalformed as error:
        raise ShopAnswerOdd(f"What the shop answered is odd: {error.path}: {error.message}.") from None
    except TooCostly:
        raise ShopAnswerOdd("Shopify prices a query of a single list higher than it lets a query cost.") from None
    return reader.facts


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def _gid(kind: str, name: str) -> str:
    return f"gid://shopify/{kind}/{name}"


class _Reader:
    """Gathers facts, query by query."""

    def __init__(self, admin: Admin, places: Sequence[Location]) -> None:
        self.facts: list[Fact] = []
        self._admin = admin
        self._open = {known(place.id, "$.id") for place in places if place.isActive}
        self._all = {known(place.id, "$.id") for place in places}
        self._levels = max(1, min(LEVELS_AT_ONCE, len(self._open)))
        self._stocked_points = VARIANT_POINTS + LEVEL_POINTS * self._levels

    async def variants(self, wanted: dict[str, str]) -> Sequence[str]:
        """Each with its product's state. Returns the products of those that the shop has no more."""

        async def ask(part: Sequence[str]) -> Told[queries.Nodes]:
            asked = {"ids": [_gid("ProductVariant", name) for name in part], "levels": self._levels}
            return await self._admin.ask(queries.VARIANTS, queries.Nodes, asked)

        lost = dict[str, None]()
        size = min(MOST_IDS, POINTS // (PRODUCT_POINTS + self._stocked_points))
        async for part, told in _in_parts(list(wanted), size, ask):
            of_product: dict[str, list[OfProduct]] = defaultdict(list)
            for name, node in zip(part, told.data.nodes, strict=False):
                if node is None:
                    lost[wanted[name]] = None
                else:
                    of_product[known(node.product.id, "$.product.id")].append(node)
            for nodes in of_product.values():
                await self._tell(nodes[0].product, nodes, told.at, None)
        return [name for name in lost if _is_number(name)]

    async def products(self, wanted: Sequence[str]) -> None:
        """Each with all its variants."""

        async def ask(part: Sequence[str]) -> Told[queries.ProductNodes]:
            ids = [_gid("Product", name) for name in part]
            asked = {"ids": ids, "variants": VARIANTS_AT_ONCE, "levels": self._levels}
            return await self._admin.ask(queries.PRODUCTS, queries.ProductNodes, asked)

        size = max(1, min(MOST_IDS, POINTS // (PRODUCT_POINTS + VARIANTS_AT_ONCE * self._stocked_points)))
        async for part, told in _in_parts(wanted, size, ask):
            for name, product in zip(part, told.data.nodes, strict=False):
                if product is None:
                    self.facts.append(ProductGoneFact(product_id=name, observed_at=told.at))
                else:
                    variants = [*product.variants.nodes, *await self._others(product)]
                    names = frozenset(known(variant.id, "$.id") for variant in variants)
                    await self._tell(product, variants, told.at, names)

    async def names(self, product_id: str) -> None:
        """Which variants a product still has; or that it is gone."""
        names: set[str] = set()
        after: str | None = None
        for _ in range(MOST_PAGES):
            asked = {"id": _gid("Product", product_id), "after": after}
            told = await self._admin.ask(queries.NAMES_OF, queries.NamesAnswer, asked)
            product = told.data.product
            if product is None:
                self.facts.append(ProductGoneFact(product_id=product_id, observed_at=told.at))
                return
            names |= {known(variant.id, "$.id") for variant in product.variants.nodes}
            after = product.variants.pageInfo.onward
            if after is None:
                self.facts.append(product_fact(product, (), told.at, frozenset(names)))
                return

    async def _others(self, product: WithVariants) -> Sequence[Variant]:
        found: list[Variant] = []
        after, size = product.variants.pageInfo.onward, max(1, min(MOST_IDS, POINTS // self._stocked_points))
        for _ in range(MOST_PAGES):
            if after is None:
                break
            asked = {"id": _gid("Product", known(product.id, "$.id")), "after": after}
            try:
                told = await self._admin.ask(
                    queries.VARIANTS_OF, queries.VariantsAnswer, asked | {"variants": size, "levels": self._levels}
                )
            except TooCostly:
                size = _less(size)
                continue
            more = told.data.product
            if more is None:
                raise ShopAnswerOdd("A product of the shop was deleted while it was read.")
            found += more.variants.nodes
            after = more.variants.pageInfo.onward
        return found

    async def _tell(
        self, product: Product, variants: Sequence[Variant], at: datetime, names: frozenset[str] | None
    ) -> None:
        self.facts.append(product_fact(product, variants, at, names))
        told = set[str]()
        for variant in variants:
            item = variant.inventoryItem
            if item is None or item.id is None or item.id in told:
                continue
            told.add(item.id)
            levels = [*item.inventoryLevels.nodes, *await self._other_levels(item)]
            self.facts += self._stock(item.id, levels, at, tracked=item.tracked is not False)

    async def _other_levels(self, item: Item) -> Sequence[Level]:
        found: list[Level] = []
        after = item.inventoryLevels.pageInfo.onward
        for _ in range(MOST_PAGES):
            if after is None:
                break
            asked = {"id": _gid("InventoryItem", known(item.id, "$.id")), "after": after}
            more = (await self._admin.ask(queries.LEVELS_OF, queries.LevelsAnswer, asked)).data.inventoryItem
            if more is None:
                break
            found += more.inventoryLevels.nodes
            after = more.inventoryLevels.pageInfo.onward
        return found

    def _stock(self, item_id: str, levels: Sequence[Level], at: datetime, *, tracked: bool) -> Sequence[StockFact]:
        counted = [stock_fact(level, at, tracked=tracked) for level in levels if level.location.id not in self._closed]
        if not tracked or len(self._all) > TOLD_EMPTY:
            return counted
        empty = sorted(self._all - {fact.location_id for fact in counted})
        return [
            *counted,
            *(StockFact(inventory_item_id=item_id, location_id=place, available=0, observed_at=at) for place in empty),
        ]

    @property
    def _closed(self) -> set[str]:
        return self._all - self._open


async def _in_parts(
    names: Sequence[str], size: int, ask: Callable[[Sequence[str]], Awaitable[Told[PayloadT]]]
) -> AsyncIterator[tuple[Sequence[str], Told[PayloadT]]]:
    """All of them, so many at once; fewer, where Shopify prices the query higher than it is thought here."""
    done = 0
    while done < len(names):
        part = names[done : done + size]
        try:
            told = await ask(part)
        except TooCostly:
            size = _less(len(part))
            continue
        yield part, told
        done += len(part)


def _less(size: int) -> int:
    if size <= 1:
        raise ShopAnswerOdd("Shopify prices the smallest query that there is higher than it lets a query cost.")
    return size // 2
