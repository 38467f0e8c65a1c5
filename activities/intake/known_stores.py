"""The stores there are: one is made by whoever tells of it first, and the audit has who that was."""

from collections.abc import Sequence

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import StoreId

SQL = load_queries("activities.intake", "known_stores.sql")

Stores = Sequence[StoreId] | None
"""Those that whoever asks is for; None: all."""
STOREFRONT = "storefront"
"""Who does what a webhook says, as the audit has it."""
BY_A_STEP = "a step of a journey"
"""Likewise of an event that nobody outside told of."""


async def add_store(connection: Connection, store_id: str, source: str, by: str) -> None:
    """Make a store, if it is new; one that was put in by hand belongs to a storefront from its first delivery on."""
    if await SQL.add_store.value(connection, store_id=store_id, source=source) is not None:
        await write_audit(connection, by, "make store", {"store": store_id, "source": source})
    else:
        await SQL.claim_store.run(connection, store_id=store_id, source=source)


async def is_known(connection: Connection, store_id: str) -> bool:
    """Whether anybody has told of this store."""
    return await SQL.known_store.value(connection, store_id=store_id) is not None


async def only_others_know(connection: Connection, contact_id: str, stores: Sequence[str]) -> bool:
    """Whether a contact is known to stores, and to none of these."""
    found: bool = await SQL.only_others_know.value(connection, contact_id=contact_id, stores=stores)
    return found
