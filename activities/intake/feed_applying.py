"""The staged rows of a feed, beside those that were applied last: what changed is applied, and nothing else.

Products that nobody waits for are written by the hundred; the others go through `Intake` one by one, as if a webhook
had told of them.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

import asyncpg

from activities.intake.feed_staging import LONG, Seen
from activities.intake.intake import Intake
from activities.intake.known_stores import STOREFRONT, add_store
from activities.intake.moves import AnotherThing
from activities.intake.products import lock_items
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import StoreId
from schemas.incoming.facts import Fact, Policy, ProductFact, ProductGoneFact, StockFact, StoreFact, VariantFact

SQL = load_queries("activities.intake", "feed_applying.sql")

SOURCE = "feed"
ADDED_AT_ONCE = 250
"""Products in one transaction, each variant of which is a lock."""
TOLD_AT_ONCE = 100
SIDE_BY_SIDE = 4
"""Products that are applied at the same time, each in its transaction."""
NEW_IN = 10
"""With one new product for so many rows or fewer, PostgreSQL is told anew what rows there are."""


@dataclass(slots=True)
class Applied:
    """What became of it, in products; `levels`: units at single places."""

    added: int = 0
    changed: int = 0
    gone: int = 0
    levels: int = 0


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row of a product, as it is staged."""

    line: int
    product_id: str
    variant_id: str
    unread: bool
    title: str | None
    link: str | None
    image: str | None
    brand: str | None
    sku: str | None
    categories: tuple[str, ...] | None
    price: Decimal | None
    policy: Policy | None
    tracked: bool | None
    quantity: int | None
    for_sale: bool | None


@dataclass(frozen=True, slots=True)
class KnownAs:
    """How a variant is known."""

    variant_id: str
    product_id: str
    product_title: str
    title: str
    sku: str | None


@dataclass(frozen=True, slots=True)
class ChangedLevel:
    """Units at one place; `digest` None: the row is gone."""

    variant_id: str
    place: str
    quantity: int
    digest: int | None


def product_fact(
    rows: Sequence[StagedRow], known: Mapping[str, KnownAs], at: datetime, *, whole: bool
) -> ProductFact | None:
    """The fact that all rows of one product are. Pure.

    Args:
        known: how those are known that have no title: such a row changes what it says, of a thing that is known.
        whole: it has no other variants.

    Returns:
        None: no row says what it is.
    """
    told = [row for row in rows if not row.unread and (row.title is not None or row.variant_id in known)]
    if not told:
        return None
    first = told[0]
    as_known = known.get(first.variant_id) if first.title is None else None
    return ProductFact(
        product_id=as_known.product_id if as_known else first.product_id,
        title=as_known.product_title if as_known else first.title or "",
        page_url=first.link,
        image_url=first.image,
        vendor=first.brand,
        collections=first.categories,
        on_sale=any(row.for_sale for row in told),
        variants=tuple(_variant(row, known.get(row.variant_id)) for row in told),
        all_variant_ids=frozenset(row.variant_id for row in rows) if whole and as_known is None else None,
        observed_at=at,
    )


def _variant(row: StagedRow, known: KnownAs | None) -> VariantFact:
    title = "" if row.variant_id == row.product_id else row.title or ""
    return VariantFact(
        variant_id=row.variant_id,
        inventory_item_id=row.variant_id,
        title=known.title if known else title,
        sku=row.sku or (known.sku if known else None),
        price=row.price,
        policy=row.policy or Policy.DENY,
        tracked=row.tracked,
        quantity=row.quantity,
    )


class Applying:
    """One reading of one feed, once it is staged."""

    def __init__(self, connection: Connection, intake: Intake, store_id: StoreId, feed: str, at: datetime) -> None:
        self._connection, self._intake = connection, intake
        self._store_id, self._at = store_id, at
        self._whose = {"store_id": store_id, "feed": feed}

    async def apply(self, seen: Seen, *, whole: bool) -> AsyncGenerator[Applied]:
        """Apply what changed; what was done so far, from time to time, and at the end.

        Args:
            whole: what is not in it the shop has no more.
        """
        done = Applied()
        whole = whole and not seen.nameless
        await add_store(self._connection, self._store_id, SOURCE, STOREFRONT)
        if seen.currency is not None:
            await self._observe([StoreFact(currency=seen.currency, observed_at=self._at)])
        await SQL.keep_unread_where_they_were.within(LONG).run(self._connection, **self._whose)
        await SQL.note_same.within(LONG).run(self._connection, **self._whose)
        await SQL.find_changed.within(LONG).run(self._connection, **self._whose, whole=whole)
        after = ""
        while ids := await SQL.next_changed.values(self._connection, after=after, most=ADDED_AT_ONCE):
            after = ids[-1]
            new, known = await self._write(ids, whole=whole)
            done.added += len(new)
            done.changed += len(known)
            others = [each for each in ids if each not in new and each not in known]
            for some in (others[begin : begin + TOLD_AT_ONCE] for begin in range(0, len(others), TOLD_AT_ONCE)):
                done.changed += await self._tell(some, seen, whole=whole)
                yield done
            yield done
        async for levels in self._levels(whole=whole):
            done.levels += levels
            yield done
        if whole:
            async for gone in self._gone():
                done.gone += gone
                yield done
        if done.added * NEW_IN > seen.rows:
            await SQL.analyze_rows.within(LONG).run(self._connection)
        yield done

    async def _write(self, ids: Sequence[str], *, whole: bool) -> tuple[set[str], set[str]]:
        """Those of these products that nobody told of yet, and those that nobody waits for: they are written at once.

        What alerts make of them is found when somebody enters, as with an alert that is newer than the product.
        """
        told = {"store_id": self._store_id, "observed_at": self._at}
        try:
            async with self._connection.transaction():
                # In this order, as whoever else changes them: their units, then their rows. Who enters waits for them.
                items = await SQL.items_of.values(self._connection, product_ids=ids)
                await lock_items(self._connection, self._store_id, items)
                await SQL.hold_products.run(self._connection, store_id=self._store_id, product_ids=ids)
                new: list[str] = await SQL.hold_new.within(LONG).values(
                    self._connection, store_id=self._store_id, product_ids=ids
                )
                known: list[str] = await SQL.unwatched.within(LONG).values(self._connection, **told, product_ids=ids)
                await SQL.add_products.within(LONG).run(self._connection, **told, product_ids=new)
                await SQL.set_products.within(LONG).run(self._connection, **told, product_ids=known, whole=whole)
                await SQL.add_variants.within(LONG).run(self._connection, **told, product_ids=new + known)
                await SQL.note_applied.within(LONG).run(
                    self._connection, **self._whose, product_ids=new + known, whole=whole
                )
        except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
            return set(), set()  # Somebody else tells of one of them this moment: each is asked for by itself.
        return set(new), set(known)

    async def _tell(self, ids: Sequence[str], seen: Seen, *, whole: bool) -> int:
        """What is known already, each product as a webhook would tell of it."""
        rows = await SQL.rows_of.within(LONG).rows(self._connection, StagedRow, product_ids=ids)
        unnamed = [row.variant_id for row in rows if row.title is None and not row.unread]
        found = await SQL.known_as.rows(self._connection, KnownAs, store_id=self._store_id, variant_ids=unnamed)
        known = {each.variant_id: each for each in found}
        facts: list[ProductFact] = []
        told: list[str] = []
        for product_id, some in groupby(rows, key=lambda row: row.product_id):
            of_product = [*some]
            fact = product_fact(of_product, known, self._at, whole=whole)
            if fact is not None:
                facts.append(fact)
                told.append(product_id)
            for row in of_product:
                if row.title is None and not row.unread and row.variant_id not in known:
                    seen.note(row.line, "title: it is missing, and the thing is not known", row.variant_id)
        await self._side_by_side(facts, seen)
        await SQL.note_applied.within(LONG).run(self._connection, **self._whose, product_ids=told, whole=whole)
        return len(facts)

    async def _levels(self, *, whole: bool) -> AsyncGenerator[int]:
        while levels := await SQL.changed_levels.within(LONG).rows(
            self._connection, ChangedLevel, **self._whose, whole=whole, most=TOLD_AT_ONCE
        ):
            facts = [
                StockFact(
                    inventory_item_id=each.variant_id,
                    location_id=each.place,
                    available=each.quantity,
                    observed_at=self._at,
                )
                for each in levels
            ]
            await self._side_by_side(facts)
            await SQL.note_levels.run(
                self._connection,
                **self._whose,
                variant_ids=[each.variant_id for each in levels],
                places=[each.place for each in levels],
                digests=[each.digest for each in levels],
            )
            yield len(levels)

    async def _gone(self) -> AsyncGenerator[int]:
        await SQL.find_gone.within(LONG).run(self._connection)
        after = ""
        while ids := await SQL.next_gone.values(self._connection, after=after, most=TOLD_AT_ONCE):
            after = ids[-1]
            sold = set(await SQL.still_sold_by.values(self._connection, **self._whose, product_ids=ids))
            facts = [ProductGoneFact(product_id=each, observed_at=self._at) for each in ids if each not in sold]
            await self._side_by_side(facts)
            await SQL.forget_gone.run(self._connection, **self._whose, product_ids=ids)
            yield len(facts)

    async def _side_by_side(self, facts: Iterable[Fact], seen: Seen | None = None) -> None:
        waiting = iter(facts)

        async def one_after_the_other() -> None:
            for fact in waiting:
                try:
                    await self._observe([fact])
                except AnotherThing as error:
                    # Their ids say that they are one thing, and what they are called by that they are two.
                    if seen is not None and isinstance(fact, ProductFact):
                        seen.note(0, f"id: {error}", fact.product_id)

        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(SIDE_BY_SIDE):
                    tasks.create_task(one_after_the_other())
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _observe(self, facts: Sequence[Fact]) -> None:
        await self._intake.observe(self._store_id, SOURCE, facts)
