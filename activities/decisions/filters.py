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
_FACTS_OF_EACH = SQL.criteria_facts.of_each(product_id="text", variant_id="text")


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


async def pass_each(
    database: Pool | Connection,
    alert: StoredFilters,
    contact_id: str,
    store_id: str,
    abouts: Sequence[tuple[str | None, str | None]],
) -> list[bool]:
    """Whether they hold for each of these products and variants, looked up in one statement."""
    filters = [read_criteria(stored) for stored in (alert.triggers, alert.profile) if stored is not None]
    if not filters:
        return [True] * len(abouts)
    each = [{"product_id": product_id, "variant_id": variant_id} for product_id, variant_id in abouts]
    rows = await _FACTS_OF_EACH.rows(
        database,
        CriteriaFacts,
        each,
        contact_id=contact_id,
        store_id=store_id,
        alert_id=alert.alert_id,
        list_code=None,
        email=Channel.EMAIL,
        sms=Channel.SMS,
    )
    now = datetime.now(UTC)
    return [bool(facts) and all(evaluate(criteria, facts[0], now) for criteria in filters) for facts in rows]


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
    return await SQL.criteria_facts.row(
        database,
        CriteriaFacts,
        contact_id=contact_id,
        store_id=store_id,
        product_id=product_id,
        variant_id=variant_id,
        alert_id=alert_id,
        list_code=list_code,
        email=Channel.EMAIL,
        sms=Channel.SMS,
    )
