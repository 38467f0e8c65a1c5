"""Publishing says of what criteria ask for and nobody tells of that it is never so, and who could tell of it."""

import pytest

from activities.postgres.pool import Pool
from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import AddTagStep, SetAttributeStep
from starter.versioning.publishing import publish
from tests.events.told import conversation
from tests.product import Shop, starter_document

PRODUCT = "update products set vendor = 'Acme', tags = '{t}', collections = '{c}'"
ATTRIBUTES = """update contacts set attributes = '{"size": "M"}'"""
TAG = "insert into contact_tags (contact_id, tag) select id, 'vip' from contacts"
LIST = "insert into lists (code, name, time_zone) values ('club', 'Club', 'UTC')"
OPENED = """insert into events (store_id, id, kind, contact_id, happened_at)
            select s.id, 'e', 'opened_message', c.id, now() from contacts c, stores s"""


def asking(field: str, operator: str, value: object) -> ConversationDocument:
    """A conversation of another list for those of whom this holds."""
    filter_ = "trigger_filter" if field.startswith("product.") else "profile_filter"
    alert = {"type": "back-in-stock", "action": "browse", filter_: {field: {operator: value}}}
    return conversation({"asks": BackInStock.model_validate(alert)}, code="asking")


@pytest.mark.parametrize(
    ("field", "operator", "value", "feeding"),
    [
        ("contact.tags", "contains", "VIP", TAG),
        ("contact.tags", "does_not_contain", "vip", TAG),
        ("contact.attributes.size", "equals", "M", ATTRIBUTES),
        ("contact.lists", "contains_any", ["club", "other"], LIST),
        ("engagement.last_open", "within", "30 days", OPENED),
        ("product.vendor", "equals", "Acme", PRODUCT),
        ("product.tags", "contains", "t", PRODUCT),
        ("product.collections", "contains", "c", PRODUCT),
    ],
)
async def test_what_nobody_tells_of_is_said_until_somebody_does(
    pool: Pool, field: str, operator: str, value: object, feeding: str
) -> None:
    shop = await Shop.opened(pool, starter_document())
    await shop.signs_up("ann")
    (warning,) = (await publish(pool, asking(field, operator, value))).warnings
    assert warning.startswith("alerts.asks.")
    holds = "always holds" if operator == "does_not_contain" else "never holds"
    assert f"'{field}: {{{operator}: …}}' {holds}" in warning
    await pool.execute(feeding)
    assert (await publish(pool, asking(field, operator, value))).warnings == ()


async def test_a_published_step_that_sets_it_tells_of_it(pool: Pool) -> None:
    asks = asking("contact.tags", "contains", "vip")
    assert len((await publish(pool, asks)).warnings) == 1
    (thread,) = asks.threads
    steps = (AddTagStep(add_tag="VIP", id="t"), SetAttributeStep(set_attribute="size", to="M", id="s"), *thread.steps)
    sets = asks.model_copy(update={"threads": (thread.model_copy(update={"steps": steps}),)})
    assert (await publish(pool, sets)).warnings == (), "its own"
    other = asking("contact.attributes.size", "equals", "M").model_copy(update={"conversation": "other"})
    (alert,) = other.alerts.values()
    other = conversation({"size": alert}, conversation_code="other", code="other")
    assert (await publish(pool, other)).warnings == (), "another's"
