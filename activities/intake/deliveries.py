"""Deliveries in the inbox: each once, by its key, and what became of it (promise P4)."""

from collections.abc import Sequence
from enum import StrEnum

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.incoming.facts import WebhookDelivery

SQL = load_queries("activities.intake", "deliveries.sql")


class Receipt(StrEnum):
    """What became of a delivery."""

    APPLIED = "applied"
    REPEATED = "repeated"
    IGNORED = "ignored"
    MALFORMED = "malformed"


async def record_delivery(
    connection: Connection,
    delivery: WebhookDelivery,
    receipt: Receipt,
    error: str | None = None,
    body: bytes | None = None,
) -> bool:
    """Record it in the inbox. Returns whether it is new."""
    return bool(await record_deliveries(connection, [delivery], receipt, error, body))


async def record_deliveries(
    connection: Connection,
    deliveries: Sequence[WebhookDelivery],
    receipt: Receipt,
    error: str | None = None,
    body: bytes | None = None,
) -> set[str]:
    """Record deliveries of one store and storefront, of different keys. Returns the keys of those that are new."""
    first = deliveries[0]
    return set(
        await SQL.receive.values(
            connection,
            store_id=first.store_id,
            source=first.source,
            topics=[each.topic for each in deliveries],
            keys=[each.key for each in deliveries],
            lasting=[each.once_for_all for each in deliveries],
            state=receipt,
            error=error,
            body=body,
        )
    )
