"""One catalogue feeds a store: that of its platform, or feeds. Of two each would call gone what only the other has."""

from collections.abc import Collection

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId

SQL = load_queries("starter.shops", "one_catalogue.sql")


class FedByAnother(DomainError):
    """Another platform, or a feed, has the catalogue of this store already. The text says how it gives way."""

    code = "fed_by_another"
    kind = ErrorKind.CONFLICT


async def allow_platform(connection: Connection, store_id: StoreId, source: str, apis: Collection[str]) -> None:
    """See that a platform may feed a store. Its row is held to the end of the transaction.

    Args:
        apis: platforms that have a catalogue; one that only sends webhooks may stand beside feeds.

    Raises:
        FedByAnother: as it says.
    """
    await SQL.hold_store.run(connection, store_id=store_id)
    other: str | None = await SQL.platform_of.value(connection, store_id=store_id)
    if other is not None and other != source:
        raise FedByAnother(
            f"{store_id} is connected to '{other}', and one catalogue feeds a store. If it has moved to '{source}', "
            f"`shelftalk store disconnect {store_id}` first."
        )
    feed: str | None = await SQL.feed_of.value(connection, store_id=store_id)
    if feed is not None and source in apis:
        raise FedByAnother(
            f"{store_id} is read from the feed '{feed}', and one catalogue feeds a store. "
            f"`shelftalk feed remove {store_id} --name {feed}` first."
        )


async def allow_feed(connection: Connection, store_id: StoreId, apis: Collection[str]) -> None:
    """See that feeds may feed a store. Its row is held to the end of the transaction.

    Raises:
        FedByAnother: as it says.
    """
    await SQL.hold_store.run(connection, store_id=store_id)
    platform: str | None = await SQL.platform_of.value(connection, store_id=store_id)
    if platform in apis:
        raise FedByAnother(
            f"{store_id} is connected to '{platform}', which tells of its catalogue, and one catalogue feeds a store. "
            f"To read a feed instead, `shelftalk store disconnect {store_id}` first."
        )
