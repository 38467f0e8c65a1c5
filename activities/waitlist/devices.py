"""Shoppers' browsers: the answer to a sign-up has a token, and whoever has that may tell what who signed up looked at.

A token is no key. It reads nothing, agrees to nothing, is for one store, and is believed so many times a day. Whoever
typed the address has it, as whoever types it can sign it up: it may do no more than that.
"""

from dataclasses import dataclass
from datetime import timedelta

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.ids import ContactId, StoreId

SQL = load_queries("activities.waitlist", "devices.sql")

MOST_A_DAY = 200
"""Of one browser: somebody who looks at a shop all day."""
BELIEVED_FOR = timedelta(days=180)
"""After its sign-up. Others may use the browser by then."""


@dataclass(frozen=True, slots=True)
class Device:
    """A browser that is believed: whose it is, in which store."""

    contact_id: ContactId
    store_id: StoreId


async def know_device(connection: Connection, device: str | None, contact_id: ContactId, store_id: StoreId) -> None:
    """From now on the browser with this token may tell of this contact."""
    if device is not None:
        await SQL.know.run(connection, device=device, contact_id=contact_id, store_id=store_id)


async def believe_device(pool: Pool, device: str, told: int) -> Device | None:
    """Whose it is, once it is counted that it told of so much; None: it is nobody's, or told of too much today."""
    return await SQL.believe.row(pool, Device, device=device, told=told, most=MOST_A_DAY, believed_for=BELIEVED_FOR)


async def forget_devices(pool: Pool) -> None:
    """Those that are believed no more, and those of pages that tell of nothing."""
    await SQL.forget.run(pool, believed_for=BELIEVED_FOR)
