"""What is known when criteria are evaluated: one attribute for each field of schemas/criteria/fields.

Only the fields that the criteria use need to be looked up (`fields_used`); the rest stay unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from schemas.criteria import field_named

AttributeFact: TypeAlias = str | bool | int | float | Decimal
Fact: TypeAlias = AttributeFact | datetime | frozenset[str] | None
"""What is known of one field; None: it is unknown, or has never happened."""


@dataclass(frozen=True, slots=True)
class CriteriaFacts:
    """What is known, each None where it is not. Moments are aware; each fact's meaning is its field's.

    Attributes:
        contact_attributes: of the contact, by name without `contact.attributes.`.
        time_zone: of the list; dates that name no zone are meant by its clock.
        event_properties: of the event that a conversation is entered on, likewise.
    """

    product_id: str | None = None
    product_title: str | None = None
    product_collections: frozenset[str] | None = None
    product_vendor: str | None = None
    product_tags: frozenset[str] | None = None
    product_price: Decimal | None = None
    product_available: int | None = None
    variant_id: str | None = None
    variant_sku: str | None = None
    orders_count: int | None = None
    orders_last: datetime | None = None
    orders_bought_this: datetime | None = None
    engagement_last_open: datetime | None = None
    engagement_last_click: datetime | None = None
    engagement_last_message: datetime | None = None
    contact_attributes: Mapping[str, AttributeFact] = field(default_factory=dict[str, AttributeFact])
    contact_consent_email: bool | None = None
    contact_lists: frozenset[str] | None = None
    contact_tags: frozenset[str] | None = None
    contact_entered_at: datetime | None = None
    alert_last_entered: datetime | None = None
    conversation_last_entered: datetime | None = None
    journey_sent: frozenset[str] | None = None
    journey_happened: frozenset[str] | None = None
    time_zone: str = "UTC"
    event_properties: Mapping[str, AttributeFact | None] = field(default_factory=dict[str, "AttributeFact | None"])


def fact_of(facts: CriteriaFacts, name: str) -> Fact:
    """What is known of a field.

    Raises:
        KeyError: there is no such field; criteria that were read name none of these.
    """
    if (single := SINGLE_FACTS.get(name)) is not None:
        return single(facts)
    about = field_named(name)
    if about is None or about.family is None:
        raise KeyError(name)
    return FAMILIES_OF_FACTS[about.name](facts).get(name.removeprefix(about.family))


SINGLE_FACTS: Mapping[str, Callable[[CriteriaFacts], Fact]] = {
    "product.id": lambda facts: facts.product_id,
    "product.title": lambda facts: facts.product_title,
    "product.collections": lambda facts: facts.product_collections,
    "product.vendor": lambda facts: facts.product_vendor,
    "product.tags": lambda facts: facts.product_tags,
    "product.price": lambda facts: facts.product_price,
    "product.available": lambda facts: facts.product_available,
    "variant.id": lambda facts: facts.variant_id,
    "variant.sku": lambda facts: facts.variant_sku,
    "orders.count": lambda facts: facts.orders_count,
    "orders.last": lambda facts: facts.orders_last,
    "orders.bought_this": lambda facts: facts.orders_bought_this,
    "engagement.last_open": lambda facts: facts.engagement_last_open,
    "engagement.last_click": lambda facts: facts.engagement_last_click,
    "engagement.last_message": lambda facts: facts.engagement_last_message,
    "contact.consent.email": lambda facts: facts.contact_consent_email,
    "contact.lists": lambda facts: facts.contact_lists,
    "contact.tags": lambda facts: facts.contact_tags,
    "contact.entered_at": lambda facts: facts.contact_entered_at,
    "alert.last_entered": lambda facts: facts.alert_last_entered,
    "conversation.last_entered": lambda facts: facts.conversation_last_entered,
    "journey.sent": lambda facts: facts.journey_sent,
    "journey.happened": lambda facts: facts.journey_happened,
}
FAMILIES_OF_FACTS: Mapping[str, Callable[[CriteriaFacts], Mapping[str, AttributeFact | None]]] = {
    "contact.attributes.<name>": lambda facts: facts.contact_attributes,
    "event.properties.<name>": lambda facts: facts.event_properties,
}
