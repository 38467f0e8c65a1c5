"""What is looked up for criteria: about a product or none, for an alert or none, on a real database."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from activities.decisions.evaluate import evaluate
from activities.decisions.facts import CriteriaFacts
from activities.decisions.filters import criteria_facts
from activities.decisions.journey_facts import EnteringContact, entry_facts, journey_facts
from activities.postgres.pool import Connection, Pool
from activities.stock.products import load_product
from schemas.criteria import read_criteria
from schemas.ids import ContactId, JourneyId, Level, StoreId, Subject
from tests.criteria.strategies import NOW

FIXTURES = """
insert into stores (id, source) values ('s', 'api'), ('other', 'api');
insert into products (store_id, product_id, title, vendor, tags, collections, on_sale, observed_at)
values ('s', 'p', 'Mug', 'Acme', '{sale}', '{Kitchen}', true, now()), ('s', 'q', 'Bowl', null, '{}', '{}', true, now());
insert into variants (store_id, variant_id, product_id, title, sku, price, policy)
values ('s', 'v', 'p', 'Small', 'MUG-S', 12.50, 'deny'), ('s', 'w', 'p', 'Large', null, 10, 'deny');
insert into contacts (id, email, attributes)
values ('c', 'ann@example.com', '{"vip": true}'), ('d', 'ben@example.com', '{}');
insert into consents (contact_id, channel, granted, source) values ('c', 'email', true, 'form');
insert into lists (code, name, time_zone) values ('default', 'Shop', 'UTC'), ('letters', 'Letters', 'UTC');
insert into list_members (list_code, contact_id, joined_at, source) values ('letters', 'c', now(), 'event/s');
insert into contact_tags (contact_id, tag) values ('c', 'wholesale'), ('c', 'staff');
insert into orders (store_id, order_id, contact_id, product_id, ordered_at, observed_at)
values ('s', '1', 'c', 'p', '2026-04-01', now()), ('s', '2', 'c', 'q', '2026-04-20', now()),
       ('other', '3', 'c', 'p', '2026-04-30', now());
insert into events (store_id, id, kind, contact_id, happened_at)
values ('s', '1', 'opened_message', 'c', '2026-04-02'), ('other', '2', 'opened_message', 'c', '2026-04-09'),
       ('s', '3', 'clicked_message', 'c', '2026-04-08');
insert into conversations (code, name) values ('k', 'K');
insert into versions (id, conversation, number, content_hash, document, program)
values ('k-1', 'k', 1, 'h', '{}', '{}');
insert into alerts (id, list_code, conversation, type, measure, action, quantity_threshold, window_days, section)
values ('back', 'default', 'k', 'back-in-stock', 'nothing', 'sign-up', 1, 30, '{}');
insert into journeys (
    id, contact_id, store_id, subject, product_id, alert_id, conversation, version_id, entered_at, window_ends_at,
    ended_at, ending)
values ('j-1', 'c', 's', 'variant/v', 'p', 'back', 'k', 'k-1', '2026-04-03', '2026-06-01', null, null),
       ('j-2', 'c', 's', 'product/q', 'q', 'back', 'k', 'k-1', '2026-03-03', '2026-06-01', '2026-04-01', 'expired');
"""


@pytest.fixture
async def shop(pool: Pool) -> AsyncGenerator[Connection]:
    """A shop with all that can be asked about ann; of ben nothing is known."""
    async with pool.acquire() as connection:
        await connection.execute(FIXTURES)
        yield connection


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


ABOUT_ANN = CriteriaFacts(
    store_id="s",
    orders_count=2,
    orders_last=day(4, 20),
    engagement_last_open=day(4, 9),
    engagement_last_click=day(4, 8),
    contact_attributes={"vip": True},
    contact_consent_email=True,
    contact_consent_sms=False,
    contact_lists=frozenset({"letters"}),
    contact_tags=frozenset({"wholesale", "staff"}),
)


async def test_about_a_product_for_an_alert_everything_is_known(shop: Connection) -> None:
    facts = await criteria_facts(shop, "c", "s", "p", "v", "back")
    assert facts == CriteriaFacts(
        store_id="s",
        product_id="p",
        product_title="Mug",
        product_collections=frozenset({"Kitchen"}),
        product_vendor="Acme",
        product_tags=frozenset({"sale"}),
        product_price=Decimal("12.50"),
        product_available=0,
        variant_id="v",
        variant_sku="MUG-S",
        orders_count=2,
        orders_last=day(4, 20),
        orders_bought_this=day(4, 1),
        engagement_last_open=day(4, 9),
        engagement_last_click=day(4, 8),
        contact_attributes={"vip": True},
        contact_consent_email=True,
        contact_consent_sms=False,
        contact_lists=frozenset({"letters"}),
        contact_tags=frozenset({"wholesale", "staff"}),
        contact_entered_at=day(4, 3),
        alert_last_entered=day(3, 3),
    )


async def test_about_no_product_and_for_no_alert_only_the_contact_is_known(shop: Connection) -> None:
    assert await criteria_facts(shop, "c", "s", None, None, None) == ABOUT_ANN


async def test_a_whole_product_costs_what_its_cheapest_variant_does(shop: Connection) -> None:
    facts = await criteria_facts(shop, "c", "s", "p", None, None)
    assert facts is not None
    assert (facts.product_price, facts.variant_id, facts.variant_sku) == (10, None, None)
    assert (facts.contact_entered_at, facts.alert_last_entered) == (None, None)


async def test_a_product_that_is_not_on_record_is_unknown(shop: Connection) -> None:
    assert await criteria_facts(shop, "c", "s", "gone", None, None) == ABOUT_ANN


async def test_dates_go_by_the_clock_of_the_alerts_or_conversations_list(shop: Connection) -> None:
    await shop.execute("update lists set time_zone = 'Asia/Tokyo' where code = 'letters'")
    facts = await criteria_facts(shop, "c", "s", None, None, None, "letters")
    assert facts is not None
    assert facts.time_zone == "Asia/Tokyo"


async def test_of_a_contact_who_did_nothing_there_is_nothing(shop: Connection) -> None:
    facts = await criteria_facts(shop, "d", "s", None, None, None)
    nothing: frozenset[str] = frozenset()
    assert facts == CriteriaFacts(
        store_id="s",
        orders_count=0,
        contact_consent_email=False,
        contact_consent_sms=False,
        contact_lists=nothing,
        contact_tags=nothing,
    )


async def test_an_erased_contact_has_facts_and_whom_nobody_knows_has_none(shop: Connection) -> None:
    await shop.execute("update contacts set email = null, erased_at = now() where id = 'd'")
    assert await criteria_facts(shop, "d", "s", "p", "v", "back") is not None
    assert await criteria_facts(shop, "nobody", "s", "p", "v", "back") is None


@pytest.mark.parametrize(
    ("criteria", "holds"),
    [
        ({"product.vendor": "Acme"}, False),
        ({"product.tags": {"contains": "sale"}}, False),
        ({"product.tags": {"does_not_contain": "sale"}}, True),
        ({"product.price": {"at_most": 1000}}, False),
        ({"orders.bought_this": {"not_within": "1 day"}}, True),
        ({"orders.count": {"at_least": 2}}, True),
        ({"contact.lists": {"contains": "Letters"}}, True),
        ({"contact.lists": {"contains": "letter"}}, False),
        ({"contact.tags": {"contains_any": ["vip", "STAFF"]}}, True),
        ({"engagement.last_click": {"before": "2026-04-09"}}, True),
    ],
)
async def test_about_no_product_criteria_hold_as_for_the_unknown(
    shop: Connection, criteria: object, holds: bool
) -> None:
    facts = await criteria_facts(shop, "c", "s", None, None, None)
    assert facts is not None
    assert evaluate(read_criteria(criteria), facts, NOW) is holds


async def test_the_last_open_is_found_by_its_index(shop: Connection) -> None:
    """However many events a contact has: one entry of the index is read."""
    query = "select max(happened_at) from events where contact_id = 'c' and kind = 'opened_message'"
    async with shop.transaction():
        await shop.execute("set local enable_seqscan = off")
        plan = "\n".join(row[0] for row in await shop.fetch(f"explain {query}"))
    assert "Index Only Scan using events_by_engagement" in plan
    assert "Limit" in plan


STOCK = """
update variants set inventory_item_id = 'item-' || variant_id where store_id = 's';
update variants set elsewhere = 2 where variant_id = 'v';
insert into stock (store_id, inventory_item_id, location_id, available, observed_at)
values ('s', 'item-v', 'here', 3, now()), ('s', 'item-v', 'there', 4, now()), ('s', 'item-w', 'here', -1, now());
"""


@pytest.mark.parametrize("locations", [None, ["here"], ["there"], ["nowhere"]])
@pytest.mark.parametrize(
    "change",
    [
        "select",
        "update products set on_sale = false",
        "update variants set removed = true where variant_id = 'v'",
        "update variants set elsewhere = -20",
        "delete from stock",
    ],
)
async def test_the_units_criteria_know_of_are_those_that_alerts_do(
    shop: Connection, change: str, locations: list[str] | None
) -> None:
    await shop.execute(STOCK + change)
    await shop.execute("update lists set locations = $1", locations)
    product = await load_product(shop, StoreId("s"), "p")
    for level, id_, variant in ((Level.VARIANT, "v", "v"), (Level.VARIANT, "w", "w"), (Level.PRODUCT, "p", None)):
        offer = product.offer(level, id_, locations)
        for of_list in (("back", None), (None, "default")):
            facts = await criteria_facts(shop, "c", "s", "p", variant, *of_list)
            assert facts is not None
            assert facts.product_available == offer.units


@pytest.mark.parametrize("uncounted", ["update variants set tracked = false", "update stock set available = null"])
async def test_units_that_nobody_counts_are_unknown(shop: Connection, uncounted: str) -> None:
    await shop.execute(STOCK + uncounted)
    facts = await criteria_facts(shop, "c", "s", "p", "v", None)
    assert facts is not None
    assert facts.product_available is None


GENERAL = """
insert into events (store_id, id, kind, name, contact_id, happened_at, message_id, properties)
values ('s', 'came', 'custom', 'quiz', 'c', '2026-05-01', null, '{"score": 7, "none": null}'),
       ('s', 'before', 'viewed_product', null, 'c', '2026-04-30', null, '{}'),
       ('s', 'own', 'clicked_message', null, 'c', '2026-05-02', 'g-no-journey', '{}'),
       ('s', 'foreign', 'opened_message', null, 'c', '2026-05-02', 'j-other.tell.0@shop.example', '{}'),
       ('other', 'away', 'added_to_cart', null, 'c', '2026-05-02', null, '{}'),
       ('s', 'again', 'custom', 'quiz', 'd', '2026-05-02', null, '{}');
insert into journeys (id, contact_id, store_id, product_id, subject, conversation, version_id, entered_at, entered_on,
    event_id, ended_at, ending)
values ('j-g', 'c', 's', 'p', 'product/p', 'k', 'k-1', '2026-05-01', 'custom.quiz', 'came', null, null),
       ('j-f', 'c', 's', null, null, 'k', 'k-1', '2026-04-10', 'custom.quiz', 'gone', '2026-04-11', 'completed');
insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
values ('j-g/a/1', 'j-g', 'a', 1, 'hello', 'sent', '{}', now()),
       ('j-g/b/1', 'j-g', 'b', 1, 'offer', 'refused', '{}', now());
"""


async def test_in_a_journey_it_is_known_what_was_sent_and_what_the_contact_did(shop: Connection) -> None:
    await shop.execute(GENERAL)
    facts = await journey_facts(shop, JourneyId("j-g"))
    assert facts.product_title == "Mug"
    assert facts.journey_sent == {"hello"}
    assert facts.journey_happened == {"clicked_message"}
    assert facts.event_properties == {"score": 7, "none": None}
    assert facts.conversation_last_entered == day(4, 10)
    await shop.execute(
        "insert into orders (store_id, order_id, contact_id, product_id, ordered_at, observed_at) "
        "values ('s', '9', 'c', 'q', '2026-05-03', now())"
    )
    assert (await journey_facts(shop, JourneyId("j-g"))).journey_happened == {"clicked_message", "ordered"}
    await shop.execute("update orders set product_id = 'p' where order_id = '9'")
    await shop.execute(
        "insert into consents (contact_id, channel, granted, source) values ('c', 'email', false, 'form')"
    )
    happened = (await journey_facts(shop, JourneyId("j-g"))).journey_happened
    assert happened == {"clicked_message", "ordered", "bought", "unsubscribed"}


async def test_before_entering_it_is_known_when_they_last_entered_and_on_which_event_they_would(
    shop: Connection,
) -> None:
    await shop.execute(GENERAL)
    subject = Subject(store_id=StoreId("s"), id="v")
    entering = EnteringContact(ContactId("c"), StoreId("s"), "k", "default", "p", subject, {"score": 8})
    facts = await entry_facts(shop, entering)
    assert (facts.conversation_last_entered, facts.variant_sku) == (day(5, 1), "MUG-S")
    assert (facts.journey_sent, facts.journey_happened) == (frozenset(), frozenset())
    assert evaluate(read_criteria({"event.properties.score": {"more_than": 7}}), facts, NOW)
    assert evaluate(read_criteria({"conversation.last_entered": {"within": "1 day"}}), facts, NOW)
    assert not evaluate(read_criteria({"event.properties.other": 1}), facts, NOW)
