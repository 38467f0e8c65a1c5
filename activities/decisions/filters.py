"""Whether an alert's own conditions on product and contact hold now: looks the facts up, then evaluates them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from activities.decisions.evaluate import evaluate
from activities.decisions.facts import CriteriaFacts
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.channels import Channel
from schemas.criteria import read_criteria

SQL = load_queries("activities.decisions", "filters.sql")


class StoredFilters(Protocol):
    """The filters of an alert, as a row of the database holds them.

    Attributes:
        triggers: the trigger filter, about the product; None: the alert has none.
        profile: the profile filter, about the contact; None: the alert has none.
    """

    @property
    def alert_id(self) -> str | None: ...
    @property
    def triggers(self) -> object: ...
    @property
    def profile(self) -> object: ...


@dataclass(frozen=True, slots=True)
class CriteriaRow:
    """A row of `criteria_facts`: what is known of a contact and of what the criteria are about; None: not known.

    Attributes:
        collections, product_tags: None where no product is meant, or none that the shop has told of.
        bought_this: when they last ordered the product.
        entered_at: of the journey that is under way for this alert and product.
        last_entered: of the newest other journey for this alert.
    """

    product_id: str | None
    title: str | None
    vendor: str | None
    product_tags: frozenset[str] | None
    collections: frozenset[str] | None
    price: Decimal | None
    sku: str | None
    available: int | None
    orders: int
    last_order: datetime | None
    bought_this: datetime | None
    last_message: datetime | None
    last_open: datetime | None
    last_click: datetime | None
    attributes: dict[str, Any]
    lists: frozenset[str]
    tags: frozenset[str]
    consented: bool
    entered_at: datetime | None
    last_entered: datetime | None
    time_zone: str

    def facts(self, variant_id: str | None) -> CriteriaFacts:
        """As criteria are evaluated on them. `variant_id` is the one that the criteria are about."""
        return CriteriaFacts(
            product_id=self.product_id,
            product_title=self.title,
            product_collections=self.collections,
            product_vendor=self.vendor,
            product_tags=self.product_tags,
            product_price=self.price,
            product_available=self.available,
            variant_id=variant_id,
            variant_sku=self.sku,
            orders_count=self.orders,
            orders_last=self.last_order,
            orders_bought_this=self.bought_this,
            engagement_last_open=self.last_open,
            engagement_last_click=self.last_click,
            engagement_last_message=self.last_message,
            contact_attributes=self.attributes,
            contact_consent_email=self.consented,
            contact_lists=self.lists,
            contact_tags=self.tags,
            contact_entered_at=self.entered_at,
            alert_last_entered=self.last_entered,
            time_zone=self.time_zone,
        )


async def passes(
    database: Pool | Connection,
    alert: StoredFilters,
    contact_id: str,
    store_id: str,
    product_id: str | None,
    variant_id: str | None,
) -> bool:
    """Whether the trigger filter and the profile filter of an alert hold."""
    filters = [read_criteria(stored) for stored in (alert.triggers, alert.profile) if stored is not None]
    if not filters:
        return True
    facts = await criteria_facts(database, contact_id, store_id, product_id, variant_id, alert.alert_id)
    if facts is None:
        return False
    now = datetime.now(UTC)
    return all(evaluate(criteria, facts, now) for criteria in filters)


async def criteria_facts(
    database: Pool | Connection,
    contact_id: str,
    store_id: str,
    product_id: str | None,
    variant_id: str | None,
    alert_id: str | None,
    list_code: str | None = None,
) -> CriteriaFacts | None:
    """All that criteria can ask about a contact, now, in one query; None when there is no such contact.

    Args:
        product_id, variant_id: what it is about, by the storefront's ids; None: no product, or no variant of it.
        alert_id: whose waiting list is meant; None: no alert is.
        list_code: without an alert, the list whose locations count; None: all do.
    """
    row = await SQL.criteria_facts.row(
        database,
        CriteriaRow,
        contact_id=contact_id,
        store_id=store_id,
        product_id=product_id,
        variant_id=variant_id,
        alert_id=alert_id,
        list_code=list_code,
        channel=Channel.EMAIL,
    )
    if row is None:
        return None
    return row.facts(variant_id)
