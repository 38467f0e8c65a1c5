"""What a publication means for those who wait in line: other terms of an alert may tell them, other locations do not.

Units that are there already when other locations begin to count for a list have not arrived: nobody is told of them by
the edit alone. Whom other terms would tell is counted beforehand, by doing it and taking it back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.products import load_product
from activities.waitlist.episodes import Change, observe_units, update_episodes
from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError, ErrorKind
from schemas.ids import AlertId, StoreId
from starter.versioning.entering_checks import SignUpsMeanTwoLists
from starter.versioning.live_settings import AlertTaken, ListUnknown, write_live_settings

SQL = load_queries("starter.versioning", "lines.sql")

ALL_SUPPLIES_SECONDS = 600
"""Of all that an installation sells, once for each new set of locations: it may take more than a query usually may."""

Locations = Mapping[AlertId, Sequence[str] | None]
"""The locations that count for each alert; None: all."""


@dataclass(frozen=True, slots=True)
class ProductOfWaiting:
    """A product that contacts wait for."""

    store_id: StoreId
    product_id: str


@dataclass(frozen=True, slots=True)
class AlertLocations:
    """An alert, and the locations that count for its list; None: all."""

    id: AlertId
    locations: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class ItemsOfStore:
    """All that a store sells, by inventory item."""

    store_id: StoreId
    items: Sequence[str]


async def locations_before(connection: Connection, document: ConversationDocument) -> Locations:
    """The locations that count for every alert that this publication may change, also of other conversations."""
    rows = await SQL.locations.rows(
        connection, AlertLocations, conversation=document.conversation, list_code=document.list.code
    )
    return {row.id: row.locations for row in rows}


async def relocate(connection: Connection, document: ConversationDocument, before: Locations) -> None:
    """Take in the locations that count now, in the transaction that publishes: so none of their units arrives."""
    after = await locations_before(connection, document)
    relocated = {alert for alert in after if alert in before and before[alert] != after[alert]}
    if relocated:
        for product in await SQL.waited_for.rows(connection, ProductOfWaiting, alerts=sorted(relocated)):
            await _update(connection, product, relocated)
    # After the products, as in the order of locks.
    if document.list.locations is not None and await SQL.supplies_are_missing.value(
        connection, list_code=document.list.code
    ):
        for each in await SQL.items.rows(connection, ItemsOfStore):
            await observe_units(connection, each.store_id, each.items, seconds=ALL_SUPPLIES_SECONDS)


@retry_on_deadlock
async def take_in_terms(pool: Pool, product: ProductOfWaiting) -> None:
    """Update the episodes of a product that contacts wait for: an alert's new terms may open one."""
    async with transaction(pool) as connection:
        await _update(connection, product)


class MoreToldThanSeen(DomainError):
    """More of those who wait would be told at once than was agreed to; nothing was published."""

    code = "more_told_than_seen"
    kind = ErrorKind.CONFLICT
    advice = "Look again, and decide anew."

    def __init__(self, agreed: int, now: int) -> None:
        self.now = now
        said = (
            f"Nothing was published: with these terms {now} of those who wait are told at once; agreed were {agreed}."
        )
        super().__init__(said, public=f"{said} If that is meant, say `tells_at_most`: {now}.")


async def hold_to_agreed(pool: Pool, document: ConversationDocument, tells_at_most: int | None) -> None:
    """Look once more whom publishing this would tell at once; None: any number.

    Raises:
        MoreToldThanSeen: more than was agreed to.
    """
    if tells_at_most is not None and (now := await told_by_publishing(pool, document)) > tells_at_most:
        raise MoreToldThanSeen(tells_at_most, now)


async def waited_for(pool: Pool, document: ConversationDocument) -> list[ProductOfWaiting]:
    """The products that somebody waits for under an alert of this document."""
    return await SQL.waited_for.rows(pool, ProductOfWaiting, alerts=[*document.alerts])


@retry_on_deadlock
async def told_by_publishing(pool: Pool, document: ConversationDocument) -> int:
    """How many of those who wait would be told because this document is published. Changes nothing.

    One that cannot be published tells nobody; why it cannot is said when it is.
    """
    alerts = [*document.alerts]
    async with pool.acquire() as connection:
        trial = connection.transaction()
        await trial.start()
        try:
            await SQL.add_conversation.run(connection, conversation=document.conversation, name=document.name)
            before = await locations_before(connection, document)
            products = await SQL.waited_for.rows(connection, ProductOfWaiting, alerts=alerts)
            if not products:
                return 0
            await write_live_settings(connection, document)
            await relocate(connection, document, before)
            return sum([await _told(connection, product, alerts) for product in products])
        except (AlertTaken, ListUnknown, SignUpsMeanTwoLists):
            return 0
        finally:
            await trial.rollback()


async def _told(connection: Connection, product: ProductOfWaiting, alerts: Sequence[str]) -> int:
    """How many more of a product's lines would be told once the terms that are written are taken in."""
    named = {"store_id": product.store_id, "product_id": product.product_id, "alerts": alerts}
    # Within a transaction of its own, so that the product is held up no longer than this takes.
    trial = connection.transaction()
    await trial.start()
    try:
        before: int = await SQL.told_next.value(connection, **named)
        await _update(connection, product)
        after: int = await SQL.told_next.value(connection, **named)
    finally:
        await trial.rollback()
    return max(0, after - before)


async def _update(
    connection: Connection, of: ProductOfWaiting, relocated: Collection[AlertId] = frozenset[AlertId]()
) -> None:
    await SQL.hold_product.run(connection, store_id=of.store_id, product_id=of.product_id)
    product = await load_product(connection, of.store_id, of.product_id)
    change = Change(product, product.variants)
    await update_episodes(connection, of.store_id, of.product_id, [change], relocated=relocated)
