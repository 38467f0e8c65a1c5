"""What is known when a journey asks: about its contact, what it is about, and what happened in it so far."""

from activities.decisions.facts import CriteriaFacts
from activities.decisions.filters import criteria_facts
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.ids import JourneyId, Level, Subject

SQL = load_queries("activities.decisions", "deciding.sql")


async def journey_facts(database: Pool | Connection, journey_id: JourneyId) -> CriteriaFacts:
    """All that criteria can ask in the middle of a journey; nothing is known where there is no such journey."""
    row = await database.fetchrow(SQL["journey"], journey_id)
    if row is None:
        return CriteriaFacts()
    subject = Subject.from_key(row["store_id"], row["subject"]) if row["subject"] is not None else None
    variant_id = subject.id if subject is not None and subject.level is Level.VARIANT else None
    facts = await criteria_facts(
        database, row["contact_id"], row["store_id"], row["product_id"], variant_id, row["alert_id"]
    )
    return facts or CriteriaFacts()
