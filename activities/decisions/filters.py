"""Whether an alert's own conditions on product and contact hold now: looks the facts up, then evaluates them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

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


async def passes(
    database: Pool | Connection,
    alert: StoredFilters,
    contact_id: str,
    store_id: str,
    product_id: str,
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
        alert_id: whose queue is meant; None: no alert is.
        list_code: without an alert, the list whose locations count; None: all do.
    """
    row = await database.fetchrow(
        SQL["criteria_facts"], contact_id, store_id, product_id, variant_id, alert_id, list_code, Channel.EMAIL
    )
    if row is None:
        return None
    return CriteriaFacts(
        product_id=row["product_id"],
        product_title=row["title"],
        product_collections=_known(row["collections"]),
        product_vendor=row["vendor"],
        product_tags=_known(row["product_tags"]),
        product_price=row["price"],
        product_available=row["available"],
        variant_id=variant_id,
        variant_sku=row["sku"],
        orders_count=row["orders"],
        orders_last=row["last_order"],
        orders_bought_this=row["bought_this"],
        engagement_last_open=row["last_open"],
        engagement_last_click=row["last_click"],
        engagement_last_message=row["last_message"],
        contact_attributes=row["attributes"],
        contact_consent_email=row["consented"],
        contact_lists=frozenset(row["lists"]),
        contact_tags=frozenset(row["tags"]),
        contact_entered_at=row["entered_at"],
        alert_last_entered=row["last_entered"],
    )


def _known(texts: Sequence[str] | None) -> frozenset[str] | None:
    return None if texts is None else frozenset(texts)
