"""Intake: one transaction for everything that one message means (promise P4).

The inbox row (a repeated delivery is a no-op), the new facts, the transitions they mean, the waiting row, the outbox
row: all or nothing, and Temporal is not needed. Transitions come from our stored state, under the variant's row lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.waitlist.quantities import Level, Quantities
from activities.waitlist.store import look_again, reshelve
from activities.waitlist.window import window_end
from schemas.facts import Delivery, Fact, ProductFact, ProductGoneFact, StockFact, VariantFact
from schemas.ids import JourneyId, StoreId, Subject, new_contact_id, new_journey_id

SQL = load_queries("activities.waitlist", "intake.sql")


CLOCK_TOLERANCE = timedelta(minutes=5)
"""Clocks of well-kept servers differ by less."""


class Receipt(StrEnum):
    """What became of a delivery."""

    APPLIED = "applied"
    REPEATED = "repeated"
    IGNORED = "ignored"
    MALFORMED = "malformed"


class UnknownVariant(Exception):
    """No product message has told of this variant yet, and it was not put in by hand."""


class NoAlert(Exception):
    """No published conversation takes sign-ups."""


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A sign-up as it stands now; `entered` is false when the contact stood in line already."""

    journey_id: JourneyId
    entered: bool


class Intake:
    """The way in, for webhooks, API and CLI alike."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def receive(self, delivery: Delivery, facts: Sequence[Fact]) -> Receipt:
        """Apply a delivery once."""
        async with transaction(self._pool) as connection:
            if not await _write_down(connection, delivery, Receipt.APPLIED):
                return Receipt.REPEATED
            await _add_store(connection, delivery.store_id, delivery.source)
            for fact in facts:
                await _apply(connection, StoreId(delivery.store_id), fact)
        return Receipt.APPLIED

    async def ignore(self, delivery: Delivery) -> Receipt:
        """Record a delivery that is not for us; its body is not kept, for it may be about people."""
        async with transaction(self._pool) as connection:
            written = await _write_down(connection, delivery, Receipt.IGNORED)
        return Receipt.IGNORED if written else Receipt.REPEATED

    async def keep_malformed(self, delivery: Delivery, error: str, body: bytes) -> Receipt:
        """Keep a delivery that could not be read, for inspection."""
        async with transaction(self._pool) as connection:
            await _write_down(connection, delivery, Receipt.MALFORMED, error, body)
        return Receipt.MALFORMED

    async def observe(self, store_id: StoreId, source: str, facts: Sequence[Fact]) -> None:
        """Apply facts that came without a delivery: put in by hand or through the API."""
        async with transaction(self._pool) as connection:
            await _add_store(connection, store_id, source)
            for fact in facts:
                await _apply(connection, store_id, fact)

    async def set_stock(self, subject: Subject, location: str, available: int, at: datetime) -> None:
        """A variant's level at one location, told by variant.

        Raises:
            UnknownVariant: as it says.
        """
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(SQL["variant"], subject.store_id, subject.variant_id)
            if row is None:
                raise UnknownVariant(str(subject))
            item = row["inventory_item_id"]
            if item is None:
                item = await connection.fetchval(SQL["give_item"], subject.store_id, subject.variant_id)
            await _apply(
                connection,
                subject.store_id,
                StockFact(inventory_item_id=item, location_id=location, available=available, observed_at=at),
            )

    async def sign_up(self, email: str, subject: Subject, source: str, now: datetime | None = None) -> SignedUp:
        """Put a contact in line for a subject; one who stands there already keeps their place.

        Args:
            email: a valid address; letter case does not matter.
            source: where consent was given, for the record.

        Raises:
            UnknownVariant, NoAlert: as they say.
        """
        now = now or datetime.now(UTC)
        async with transaction(self._pool) as connection:
            if await connection.fetchval(SQL["hold_variant"], subject.store_id, subject.variant_id) is None:
                raise UnknownVariant(str(subject))
            alert = await connection.fetchrow(SQL["sign_up_alert"])
            if alert is None:
                raise NoAlert("No published conversation has an alert 'back-in-stock' by 'sign-up'.")
            contact_id = await connection.fetchval(SQL["contact"], new_contact_id(), email.lower())
            await connection.execute(SQL["consent"], contact_id, source)
            known = await connection.fetchval(
                SQL["open_entry"], alert["id"], contact_id, subject.store_id, subject.variant_id
            )
            if known is not None:
                return SignedUp(known, entered=False)
            journey_id = new_journey_id()
            await connection.execute(
                SQL["enter"],
                journey_id,
                contact_id,
                subject.store_id,
                subject.variant_id,
                alert["id"],
                alert["published"],
                now,
                window_end(now, alert["window_days"], alert["time_zone"]),
            )
            await look_again(connection, subject)
        return SignedUp(journey_id, entered=True)


async def _write_down(
    connection: Connection, delivery: Delivery, receipt: Receipt, error: str | None = None, body: bytes | None = None
) -> bool:
    """Whether the delivery is new."""
    return (
        await connection.fetchval(
            SQL["receive"],
            delivery.store_id,
            delivery.source,
            delivery.topic,
            delivery.key,
            receipt,
            error,
            body,
        )
        is not None
    )


async def _add_store(connection: Connection, store_id: str, source: str) -> None:
    await connection.execute(SQL["add_store"], store_id, source)


async def _apply(connection: Connection, store_id: StoreId, told: Fact) -> None:
    fact = _not_from_the_future(told, datetime.now(UTC))
    match fact:
        case ProductFact():
            await _apply_product(connection, store_id, fact)
        case ProductGoneFact():
            gone = await connection.fetchval(
                SQL["product_gone"], store_id, fact.product_id, fact.observed_at or datetime.now(UTC)
            )
            if gone is not None:
                await _reshelve_product(connection, store_id, fact.product_id)
        case StockFact():
            await _apply_stock(connection, store_id, fact)
        case _:
            assert_never(fact)


def _not_from_the_future(fact: Fact, now: datetime) -> Fact:
    """A storefront's clock that runs ahead must not make its messages of today outrank those of tomorrow."""
    if fact.observed_at is None or fact.observed_at <= now + CLOCK_TOLERANCE:
        return fact
    return fact.model_copy(update={"observed_at": now})


async def _apply_product(connection: Connection, store_id: StoreId, fact: ProductFact) -> None:
    items = [variant.inventory_item_id for variant in fact.variants if variant.inventory_item_id]
    await connection.execute(SQL["lock_items"], store_id, items)
    seen = await connection.fetchval(
        SQL["see_product"],
        store_id,
        fact.product_id,
        fact.title,
        fact.handle,
        fact.image_url,
        fact.on_sale,
        fact.observed_at,
    )
    if seen is None:
        return  # a newer message came first
    await connection.fetch(SQL["variants_of_product"], store_id, fact.product_id)
    for variant in sorted(fact.variants, key=lambda variant: variant.variant_id):
        await _see_variant(connection, store_id, fact.product_id, variant)
        if variant.quantity is not None:
            before = await _quantities(connection, Subject(store_id=store_id, variant_id=variant.variant_id))
            after = before.with_total(variant.quantity, fact.observed_at)
            await _set_elsewhere(connection, store_id, variant.variant_id, before, after)
    if fact.all_variant_ids is not None:
        await connection.fetch(SQL["remove_variants_but"], store_id, fact.product_id, sorted(fact.all_variant_ids))
    await _reshelve_product(connection, store_id, fact.product_id)


async def _see_variant(connection: Connection, store_id: StoreId, product_id: str, variant: VariantFact) -> None:
    await connection.execute(
        SQL["see_variant"],
        store_id,
        variant.variant_id,
        product_id,
        variant.inventory_item_id,
        variant.title,
        variant.sku,
        variant.price,
        variant.policy,
        variant.tracked,
    )


async def _apply_stock(connection: Connection, store_id: StoreId, fact: StockFact) -> None:
    await connection.execute(SQL["lock_items"], store_id, [fact.inventory_item_id])
    rows = await connection.fetch(SQL["variants_of_item"], store_id, fact.inventory_item_id)
    subjects = [Subject(store_id=store_id, variant_id=row["variant_id"]) for row in rows]
    for subject in subjects:
        before = await _quantities(connection, subject)
        after = before.with_level(fact.location_id, fact.available, fact.observed_at)
        await _set_elsewhere(connection, store_id, subject.variant_id, before, after)
    await connection.execute(
        SQL["set_level"], store_id, fact.inventory_item_id, fact.location_id, fact.available, fact.observed_at
    )
    for subject in subjects:
        await _reshelve(connection, subject)


async def _reshelve_product(connection: Connection, store_id: StoreId, product_id: str) -> None:
    for row in await connection.fetch(SQL["variants_of_product"], store_id, product_id):
        await _reshelve(connection, Subject(store_id=store_id, variant_id=row["variant_id"]))


async def _reshelve(connection: Connection, subject: Subject) -> None:
    await reshelve(connection, subject, await units_for_sale(connection, subject))


async def units_for_sale(connection: Connection, subject: Subject) -> int:
    """Units a shopper can buy now. Untracked stock is not counted: nobody can be promised a share of it."""
    row = await connection.fetchrow(SQL["variant"], subject.store_id, subject.variant_id)
    if row is None or not row["on_sale"] or row["removed"] or row["tracked"] is False:
        return 0
    return max(0, (await _quantities(connection, subject)).units)


async def _quantities(connection: Connection, subject: Subject) -> Quantities:
    variant = await connection.fetchrow(SQL["variant"], subject.store_id, subject.variant_id)
    if variant is None:
        return Quantities()
    levels = await connection.fetch(SQL["levels"], subject.store_id, variant["inventory_item_id"])
    return Quantities(
        MappingProxyType({row["location_id"]: Level(row["available"], row["observed_at"]) for row in levels}),
        variant["elsewhere"],
        variant["total_observed_at"],
    )


async def _set_elsewhere(
    connection: Connection, store_id: StoreId, variant_id: str, before: Quantities, after: Quantities
) -> None:
    if (before.elsewhere, before.total_observed_at) != (after.elsewhere, after.total_observed_at):
        await connection.execute(SQL["set_elsewhere"], store_id, variant_id, after.elsewhere, after.total_observed_at)
