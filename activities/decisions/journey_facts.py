"""What is known when a conversation asks: about its contact, what it is about, and what happened in it so far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from activities.decisions.facts import AttributeFact, CriteriaFacts
from activities.decisions.filters import criteria_facts
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.ids import ContactId, JourneyId, Level, StoreId, Subject

SQL = load_queries("activities.decisions", "deciding.sql")


@dataclass(frozen=True, slots=True)
class EnteringContact:
    """Someone at the door of a conversation, and the event that brought them there.

    Attributes:
        list_code: the conversation's list.
        product_id, subject: what the event is about, if it is about exactly one product that we know.
        properties: of the event.
    """

    contact_id: ContactId
    store_id: StoreId
    conversation: str
    list_code: str | None
    product_id: str | None
    subject: Subject | None
    properties: Mapping[str, AttributeFact | None]


async def journey_facts(database: Pool | Connection, journey_id: JourneyId) -> CriteriaFacts:
    """All that criteria can ask in the middle of a journey; nothing is known where there is no such journey."""
    row = await database.fetchrow(SQL["journey"], journey_id)
    if row is None:
        return CriteriaFacts()
    subject = Subject.from_key(row["store_id"], row["subject"]) if row["subject"] is not None else None
    facts = await criteria_facts(
        database,
        row["contact_id"],
        row["store_id"],
        row["product_id"],
        _variant(subject),
        row["alert_id"],
        row["list_code"],
    )
    return replace(
        facts or CriteriaFacts(),
        conversation_last_entered=row["last_entered"],
        journey_sent=frozenset(row["sent"]),
        journey_happened=frozenset(name for name in row["happened"] if name is not None),
        event_properties=row["properties"] or {},
    )


async def entry_facts(database: Pool | Connection, entering_contact: EnteringContact) -> CriteriaFacts:
    """All that criteria can ask at the door: as in the journey, before anything has happened in it."""
    whose = entering_contact.contact_id, entering_contact.store_id
    facts = await criteria_facts(
        database,
        *whose,
        entering_contact.product_id,
        _variant(entering_contact.subject),
        None,
        entering_contact.list_code,
    )
    return replace(
        facts or CriteriaFacts(),
        conversation_last_entered=await database.fetchval(SQL["last_entered"], *whose, entering_contact.conversation),
        journey_sent=frozenset(),
        journey_happened=frozenset(),
        event_properties=entering_contact.properties,
    )


def _variant(subject: Subject | None) -> str | None:
    return subject.id if subject is not None and subject.level is Level.VARIANT else None
