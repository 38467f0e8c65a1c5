"""The facts that a conversation's criteria are evaluated on: at entering, and in the middle of a journey."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from activities.decisions.facts import AttributeFact, CriteriaFacts
from activities.decisions.filters import criteria_facts
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.ids import ContactId, JourneyId, Level, StoreId, Subject

SQL = load_queries("activities.decisions", "deciding.sql")


@dataclass(frozen=True, slots=True)
class EnteringContact:
    """Someone who may enter a conversation, and the event that they would enter on.

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


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """A row of `journey`: what a journey is about and what has happened in it.

    Attributes:
        sent: its messages that were sent, or may have been.
        happened: the names of what its contact did since it began.
        properties: of the event that it was entered on.
        last_entered: when the contact's journey before it in this conversation began.
    """

    contact_id: ContactId
    store_id: StoreId
    subject: str | None
    product_id: str | None
    alert_id: str | None
    list_code: str | None
    sent: frozenset[str]
    happened: frozenset[str]
    properties: dict[str, Any] | None
    last_entered: datetime | None


async def journey_facts(database: Pool | Connection, journey_id: JourneyId) -> CriteriaFacts:
    """All that criteria can ask in the middle of a journey; nothing is known where there is no such journey."""
    row = await SQL.journey.row(database, JourneyRow, journey_id=journey_id)
    if row is None:
        return CriteriaFacts()
    subject = Subject.from_key(row.store_id, row.subject) if row.subject is not None else None
    facts = await criteria_facts(
        database, row.contact_id, row.store_id, row.product_id, _variant(subject), row.alert_id, row.list_code
    )
    return replace(
        facts or CriteriaFacts(),
        conversation_last_entered=row.last_entered,
        journey_sent=row.sent,
        journey_happened=row.happened,
        event_properties=row.properties or {},
    )


async def entry_facts(database: Pool | Connection, entering: EnteringContact) -> CriteriaFacts:
    """All that criteria can ask before a contact enters: as in the journey, when nothing has happened in it yet."""
    facts = await criteria_facts(
        database,
        entering.contact_id,
        entering.store_id,
        entering.product_id,
        _variant(entering.subject),
        None,
        entering.list_code,
    )
    last_entered: datetime | None = await SQL.last_entered.value(
        database,
        contact_id=entering.contact_id,
        store_id=entering.store_id,
        conversation=entering.conversation,
    )
    return replace(
        facts or CriteriaFacts(),
        conversation_last_entered=last_entered,
        journey_sent=frozenset(),
        journey_happened=frozenset(),
        event_properties=entering.properties,
    )


def _variant(subject: Subject | None) -> str | None:
    return subject.id if subject is not None and subject.level is Level.VARIANT else None
