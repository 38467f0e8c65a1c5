"""Stores, their variants and their stock, read and written by people through API and CLI."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activities.intake.intake import Intake, UnknownVariant
from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from schemas.document.conversation import Cap
from schemas.ids import StoreId, Subject
from schemas.incoming.facts import ProductFact
from schemas.money import in_currency
from schemas.responses.stock import LevelReport, MovedVariant, StoreReport, VariantPage, VariantReport
from starter.shops.people import UnknownStore

SQL = load_queries("starter.shops", "stock.sql")

LARGEST_PAGE = 500
BY_HAND = "by-hand"
"""The location of stock that is set without naming one."""


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A row of `store`; `cap_messages` in `cap_length`: its cap; None: it has none."""

    store: str
    name: str | None
    url: str | None
    currency: str | None
    cap_messages: int | None
    cap_length: timedelta | None

    def report(self) -> StoreReport:
        """As it is shown."""
        cap = self.cap_messages is not None and self.cap_length is not None
        return StoreReport(
            store=self.store,
            name=self.name,
            url=self.url,
            currency=self.currency,
            at_most=Cap(messages=self.cap_messages or 0, per=self.cap_length or timedelta()) if cap else None,
        )


class Stock:
    """Stores, variants and stock. `by`: who does it, for the audit."""

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

    async def name_store(
        self,
        store_id: StoreId,
        name: str,
        url: str,
        by: str,
        currency: str | None = None,
        at_most: Cap | None = None,
        *,
        cap_told: bool = False,
    ) -> StoreReport:
        """How shoppers know the shop: its name and front page, as messages show them. Returns all that is known of it.

        Args:
            cap_told: `at_most` is meant, also where it is None: no cap any more. Else that stays as it is.
        """
        async with transaction(self._pool) as connection:
            row = await SQL.name_store.row(
                connection,
                StoreRow,
                store_id=store_id,
                name=name,
                url=url,
                currency=currency,
                cap_told=cap_told,
                **_cap(at_most),
            )
            assert row is not None, "it is made where it is new"
            report = row.report()
            await write_audit(connection, by, "name store", {"store": store_id} | report.model_dump(mode="json"))
        return report

    async def store(self, store_id: StoreId) -> StoreReport:
        """What is known of a store.

        Raises:
            UnknownStore: as it says.
        """
        row = await SQL.store.row(self._pool, StoreRow, store_id=store_id)
        if row is None:
            raise UnknownStore(store_id)
        return row.report()

    async def cap_store(self, store_id: StoreId, at_most: Cap | None, by: str) -> StoreReport:
        """How many messages one contact gets of it in how much time, by all lists together; None: as many as there are.

        Raises:
            UnknownStore: as it says.
        """
        async with transaction(self._pool) as connection:
            row = await SQL.cap_store.row(connection, StoreRow, store_id=store_id, **_cap(at_most))
            if row is None:
                raise UnknownStore(store_id)
            report = row.report()
            await write_audit(connection, by, "cap store", {"store": store_id, "at_most": _written(at_most)})
        return report


def _cap(at_most: Cap | None) -> dict[str, object]:
    """As parameters of the queries."""
    if at_most is None:
        return {"cap_messages": None, "cap_length": None}
    return {"cap_messages": at_most.messages, "cap_length": at_most.per}


def _written(at_most: Cap | None) -> object:
    return None if at_most is None else at_most.model_dump(mode="json")


def _shown(variant: VariantReport) -> VariantReport:
    """With its price as people write it: the database fills decimals up."""
    if variant.price is None:
        return variant
    return variant.model_copy(update={"price": in_currency(variant.price, variant.currency)})
