"""Places that are passed over until their contact says otherwise: not confirmed yet, or paused by themselves."""

from datetime import timedelta

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.channels import Channel
from schemas.ids import ContactId
from schemas.journey.signals import CONFIRMED

SQL = load_queries("activities.waitlist", "up_to_them.sql")

LONGEST_PAUSE_DAYS = 366
AT_ONCE = 500
"""Places in one transaction, which takes milliseconds."""
CHECKS_END_WITHIN = timedelta(minutes=1)
"""Far longer than the transaction in which a place is given back."""


async def lapse_unconfirmed(pool: Pool) -> int:
    """Places whose contact did not say yes in time are gone, and it is on record why. Returns how many.

    New addresses whose owner did not are forgotten, too.
    """
    await SQL.forget_addresses.run(pool)
    return len(await SQL.lapse_unconfirmed.values(pool, most=AT_ONCE))


async def end_pauses(pool: Pool) -> None:
    """Whose pause is over is called forward again, from their old place."""
    await SQL.end_pauses.run(pool, most=AT_ONCE, checks_end_within=CHECKS_END_WITHIN)


async def confirm_places(connection: Connection, contact_id: ContactId, store_id: str) -> int:
    """A contact, who is locked, says yes: all their places in a store that waited for it count, each where it stands.

    Returns how many that were.
    """
    said = await SQL.say_yes.values(connection, contact_id=contact_id, store_id=store_id)
    # In a statement of its own: the rule that a place counts once confirmed looks at what is on record.
    await SQL.count_confirmed.run(connection, journeys=said, event=CONFIRMED, channel=Channel.EMAIL)
    return len(said)


async def pause_places(connection: Connection, contact_id: ContactId, days: int | None) -> None:
    """A contact, who is locked, wants no messages for so many days (None: wants them again), and keeps their places."""
    if days is None:
        await SQL.resume.run(connection, contact_id=contact_id)
    else:
        await SQL.pause.run(connection, contact_id=contact_id, days=days)
