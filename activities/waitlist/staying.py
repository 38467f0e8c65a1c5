"""Staying until bought: who was told and did not buy stands in line again, once what they were told of is over.

Each is a journey of its own that names the one before it. That its episode is over comes first: nobody is told twice of
one arrival (promise P9), and nobody need be passed over meanwhile.
"""

from dataclasses import dataclass

from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.claims import hold_products_of
from activities.waitlist.episodes import look_again
from schemas.ids import StoreId, Subject, new_journey_id

SQL = load_queries("activities.waitlist", "staying.sql")

AT_ONCE = 500
"""Looked at in one transaction, as many as are claimed in one."""


@dataclass(frozen=True, slots=True)
class Stayed:
    """One who stands in line again; the subject as the database keeps it."""

    store_id: StoreId
    subject: str


@retry_on_deadlock
async def keep_in_line(pool: Pool) -> int:
    """Put those in line again who stay; of the others who are due nothing more is asked. Returns how many stay."""
    due: list[int] = await SQL.due.values(pool, among=None, most=AT_ONCE)
    if not due:
        return 0
    async with transaction(pool) as connection:
        await SQL.hold_contacts.run(connection, claim_ids=due)
        await SQL.hold_conversations.run(connection, claim_ids=due)
        await hold_products_of(connection, due)
        # Another alert may have told them meanwhile.
        due = await SQL.due.values(connection, among=due, most=AT_ONCE)
        journey_ids = [new_journey_id() for _ in due]
        stayed = await SQL.stay.rows(connection, Stayed, claim_ids=due, journey_ids=journey_ids)
        # Units may have come since the episode was over.
        for each in sorted(set(stayed), key=lambda each: (each.store_id, each.subject)):
            await look_again(connection, Subject.from_key(each.store_id, each.subject))
    return len(stayed)
