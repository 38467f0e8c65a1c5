"""Variants and their stock, read and written by people through API and CLI."""

from datetime import UTC, datetime

from activities.intake.intake import Intake, UnknownVariant
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import StoreId, Subject
from schemas.incoming.facts import ProductFact
from schemas.money import in_currency
from schemas.responses.stock import LevelReport, MovedVariant, VariantPage, VariantReport
from starter.shops.arrivals import BY_HAND

SQL = load_queries("starter.shops", "stock.sql")

LARGEST_PAGE = 500


class Stock:
    """Variants and stock. `by`: who does it, for the audit."""

    def __init__(self, pool: Pool, intake: Intake) -> None:
        self._pool = pool
        self._intake = intake

    async def page(self, store_id: StoreId, after: str | None = None, limit: int = 50) -> VariantPage:
        """One page of a store's variants, by id."""
        limit = max(1, min(limit, LARGEST_PAGE))
        found = await SQL.variants.rows(
            self._pool, VariantReport, store_id=store_id, variant_id=None, after=after, most=limit + 1
        )
        variants = tuple(map(_shown, found[:limit]))
        return VariantPage(variants=variants, next=variants[-1].variant_id if len(found) > limit else None)

    async def show(self, subject: Subject) -> VariantReport:
        """One variant.

        Raises:
            UnknownVariant: as it says.
        """
        variant = await SQL.variants.row(
            self._pool, VariantReport, store_id=subject.store_id, variant_id=subject.id, after=None, most=1
        )
        if variant is None:
            raise UnknownVariant(str(subject))
        return _shown(variant)

    async def levels(self, subject: Subject) -> tuple[LevelReport, ...]:
        """A variant's units by location.

        Raises:
            UnknownVariant: as it says.
        """
        await self.show(subject)
        return tuple(await SQL.levels.rows(self._pool, LevelReport, store_id=subject.store_id, variant_id=subject.id))

    async def put_product(self, store_id: StoreId, product: ProductFact, by: str) -> tuple[MovedVariant, ...]:
        """Put in a product with variants by hand: the way in for shops without webhooks, and before the first one.

        Returns the variants that moved to it from another product.

        Raises:
            AnotherThing: as it says.
        """
        moved = await self._intake.put_product(store_id, "api", product, by)
        return tuple(MovedVariant(variant=each.variant_id, from_product=each.product_id) for each in moved)

    async def remove_product(self, store_id: StoreId, product_id: str, by: str) -> None:
        """The shop has a product no more: those in line for it are told so, if there is a message for it.

        Raises:
            UnknownProduct: as it says.
        """
        await self._intake.remove_product(store_id, product_id, datetime.now(UTC), by)

    async def cancel_order(self, store_id: StoreId, order_id: str, by: str) -> None:
        """An order does not stand any more: what is in it does not count as bought.

        Raises:
            UnknownOrder: as it says.
        """
        await self._intake.cancel_order(store_id, order_id, datetime.now(UTC), by)

    async def set_stock(
        self, subject: Subject, available: int, by: str, location: str = BY_HAND, observed_at: datetime | None = None
    ) -> VariantReport:
        """Set the units of a variant at one location, as they were observed then, or as of now. What it is after that.

        Raises:
            UnknownVariant: as it says.
        """
        await self._intake.set_stock(subject, location, available, observed_at, by)
        return await self.show(subject)


def _shown(variant: VariantReport) -> VariantReport:
    """With its price as people write it: the database fills decimals up."""
    if variant.price is None:
        return variant
    return variant.model_copy(update={"price": in_currency(variant.price, variant.currency)})
