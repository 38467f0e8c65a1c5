"""What is known when criteria are evaluated: one attribute for each field of schemas/criteria/fields.

Only the fields that the criteria use need to be looked up (`fields_used`); the rest stay unknown.
"""

from collections.abc import Mapping
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

    store_id: str | None = None
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
    contact_consent_sms: bool | None = None
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
    """What is known of a field. The attribute is called as it is, with `_` for every point.

    Raises:
        KeyError: there is no such field; criteria that were read name none of these.
    """
    about = field_named(name)
    if about is None:
        raise KeyError(name)
    if about.family is None:
        return getattr(facts, name.replace(".", "_"))
    family: Mapping[str, AttributeFact | None] = getattr(facts, about.family.removesuffix(".").replace(".", "_"))
    return family.get(name.removeprefix(about.family))
