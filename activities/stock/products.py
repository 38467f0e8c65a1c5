"""Products as they are stored, with all their variants and units."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.offers import Locations, Product, Sum, Variant, locations_key
from activities.stock.quantities import Level, Quantities
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.incoming.facts import Policy

SQL = load_queries("activities.stock", "products.sql")
_PRODUCT_OF_EACH = SQL.product.of_each(product_id="text")


class UnknownVariant(DomainError):
    """No product message has told of this variant yet, and it was not put in by hand."""

    code = "unknown_variant"
    kind = ErrorKind.NOT_FOUND
    advice = "Its storefront has not told of it yet; `shelftalk product set` puts it in by hand."

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"Nothing is known of {subject}.", public="This shop has no such product variant that we know of."
        )


class UnknownProduct(DomainError):
    """The store has told of no such product."""

    code = "unknown_product"
    kind = ErrorKind.NOT_FOUND
    advice = "Its storefront has not told of it yet; `shelftalk product set` puts it in by hand."

    def __init__(self, product: str) -> None:
        super().__init__(f"Nothing is known of {product}.", public="This shop has no such product that we know of.")


@dataclass(frozen=True, slots=True)
class VariantAtLocation:
    """A variant of a product, at one of the locations that have reported its level.

    Attributes:
        variant_id: None, as all of a variant's: the product has no variants.
        location_id, observed_at: None: no location has reported.
        available: None: the location does not count its units.
    """

    on_sale: bool
    variant_id: str | None
    item: str | None
    tracked: bool | None
    removed: bool | None
    policy: Policy | None
    price: Decimal | None
    doubted: bool
    elsewhere: int | None
    total_observed_at: datetime | None
    location_id: str | None
    available: int | None
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredSum:
    """What a product offers as a whole at locations that count for an alert; all else None: it is not kept yet."""

    locations: list[str] | None
    units: int | None
    open_ended: int | None
    prices: list[Decimal] | None
    buyable: list[int] | None

    @property
    def sum(self) -> Sum:
        prices = dict(zip(self.prices or (), self.buyable or (), strict=True))
        return Sum(self.units or 0, self.open_ended or 0, prices)


async def find_product(
    connection: Connection, store_id: StoreId, product_id: str | None, variant_id: str | None
) -> str | None:
    """The id of a product that is known, by its own id, by a variant's, or by both if they belong together."""
    found: str | None = await SQL.find_product.value(
        connection, store_id=store_id, product_id=product_id, variant_id=variant_id
    )
    return found


async def load_product(connection: Connection, store_id: StoreId, product_id: str) -> Product:
    """A product as it is stored, in one query; one that is not known has no variants and is not on sale."""
    return _product(await SQL.product.rows(connection, VariantAtLocation, store_id=store_id, product_id=product_id))


async def load_products(connection: Connection, store_id: StoreId, product_ids: Sequence[str]) -> list[Product]:
    """Likewise each of these, in one query."""
    each = [{"product_id": product_id} for product_id in product_ids]
    return [
        _product(rows) for rows in await _PRODUCT_OF_EACH.rows(connection, VariantAtLocation, each, store_id=store_id)
    ]


async def load_changing(connection: Connection, store_id: StoreId, product_id: str, items: Sequence[str]) -> Product:
    """As much of a product as a change of these items' units concerns: the variants that sell them, the sums of all.

    A product may have thousands of variants, and each of their levels is told of on its own. So where an alert watches
    the product as a whole, all of it is read once, and its sums are kept up from then on. The caller holds its row.
    """
    stored = await SQL.sums.rows(connection, StoredSum, store_id=store_id, product_id=product_id)
    if not all(each.units is not None for each in stored):
        product = await load_product(connection, store_id, product_id)
        return replace(product, sums={key: product.sum(key) for key in (locations_key(s.locations) for s in stored)})
    rows = await SQL.part_of_product.rows(
        connection, VariantAtLocation, store_id=store_id, product_id=product_id, items=items
    )
    sums = {locations_key(each.locations): each.sum for each in stored}
    return replace(_product(rows, whole=False), sums=sums)


async def keep_sums(connection: Connection, store_id: StoreId, product_id: str, sums: Mapping[Locations, Sum]) -> None:
    """Keep these sums of a product, and no others. The caller holds its row lock, and keeps what changed."""
    rows = [
        {
            "locations": locations,
            "units": each.units,
            "open_ended": each.open_ended,
            "prices": [str(price) for price in each.prices],
            "buyable": list(each.prices.values()),
        }
        for locations, each in sums.items()
    ]
    await SQL.keep_sums.run(connection, store_id=store_id, product_id=product_id, sums=rows)


def _product(rows: Sequence[VariantAtLocation], *, whole: bool = True) -> Product:
    levels: dict[str, dict[str, Level]] = defaultdict(dict)
    for row in rows:
        if row.variant_id is not None and row.location_id is not None and row.observed_at is not None:
            levels[row.variant_id][row.location_id] = Level(row.available, row.observed_at)
    return Product(
        on_sale=bool(rows) and rows[0].on_sale,
        variants={
            row.variant_id: Variant(
                item=row.item or row.variant_id,
                removed=bool(row.removed),
                tracked=row.tracked,
                policy=row.policy,
                price=row.price,
                doubted=row.doubted,
                quantities=Quantities(levels[row.variant_id], row.elsewhere or 0, row.total_observed_at),
            )
            for row in rows
            if row.variant_id is not None and row.policy is not None
        },
        whole=whole,
    )
