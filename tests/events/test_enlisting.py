"""What looking, carting and buying mean for alerts: who enters, at which trigger, and who does not, and why (P7)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.low_inventory import LowInventory
from schemas.document.alert_types.price_drop import PriceDrop
from schemas.document.alert_types.registry import AlertSection
from schemas.document.alert_types.vocabulary import Action, AlertType
from schemas.document.steps import Status
from schemas.ids import Level, StoreId, Subject
from starter.versioning.publishing import publish
from tests.events.told import ago, claimed, considered, conversation, event, line, only, order, tell
from tests.http.web import Web, product_message
from tests.storefronts.shop import SHOP

SMALL = Subject(store_id=StoreId(SHOP), id="31")
MONTH = timedelta(days=30)


def back(**terms: object) -> AlertSection:
    return BackInStock.model_validate({"type": AlertType.BACK_IN_STOCK, "action": Action.BROWSE} | terms)


def drop(by: str = "10%", action: Action = Action.BROWSE, **terms: object) -> AlertSection:
    return PriceDrop.model_validate({"type": AlertType.PRICE_DROP, "action": action, "drops_by": by} | terms)


def low(at: int = 3, action: Action = Action.CART, **terms: object) -> AlertSection:
    return LowInventory.model_validate({"type": AlertType.LOW_INVENTORY, "action": action, "low_at": at} | terms)


async def shop_with(web: Web, pool: Pool, units: int = 0, **alerts: AlertSection) -> None:
    """The mug with so many units, and these alerts in force."""
    await publish(pool, conversation(alerts))
    await web.webhook("products/update", product_message(units=units))


@pytest.mark.parametrize(
    ("units", "threshold", "stands"), [(0, 1, "entered"), (2, 1, "in_stock"), (2, 3, "entered"), (3, 3, "in_stock")]
)
async def test_who_looks_waits_for_its_return_only_if_it_is_away(
    web: Web, pool: Pool, units: int, threshold: int, stands: str
) -> None:
    await shop_with(web, pool, units, back=back(quantity_threshold=threshold))
    assert await considered(web, event()) == {"back": stands}
    assert await line(pool, "back") == (["ann"] if stands == "entered" else [])


async def test_what_is_never_away_has_nobody_waiting_for_it(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, back=back())
    uncounted = {"id": 31, "inventory_item_id": 41, "title": "Small", "inventory_management": None}
    await web.webhook("products/update", product_message(1, variants=[uncounted]))
    assert await considered(web, event()) == {"back": "in_stock"}


async def test_who_looks_again_keeps_their_place(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, back=back())
    first = await considered(web, event())
    await considered(web, event(who="ben"))
    again = await considered(web, event())
    assert (first, again) == ({"back": "entered"}, {"back": "there_already"})
    assert await line(pool, "back") == ["ann", "ben"]


async def test_a_view_feeds_the_alerts_by_browse_and_a_cart_those_by_cart(web: Web, pool: Pool) -> None:
    await publish(pool, conversation({"carted": drop("1.00", Action.CART)}, conversation_code="carts", code="carts"))
    await shop_with(web, pool, 5, browsed=drop(), low=low())
    assert await considered(web, event()) == {"browsed": "entered"}
    assert await considered(web, event("added_to_cart")) == {"carted": "entered", "low": "entered"}
    assert await considered(web, event("checkout_started", "ben")) == {"carted": "entered", "low": "entered"}
    assert await considered(web, event("custom", name="wished for", product="21")) == {}


async def test_the_drop_is_counted_from_the_price_at_entry(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, 5, drop=drop("10%"))
    await considered(web, event(who="ann"))
    assert (await only(pool, "select trigger_at from waiting"))["trigger_at"] == Decimal("17.9910")
    small = {"id": 31, "inventory_item_id": 41, "title": "Small", "price": "18.50", "inventory_quantity": 5}
    await web.webhook("products/update", product_message(1, variants=[small]))
    await considered(web, event(who="ben"))
    await Waitlist(pool).give_places(SMALL)
    assert await claimed(pool) == []
    await web.webhook("products/update", product_message(2, variants=[small | {"price": "17.99"}]))
    await Waitlist(pool).give_places(SMALL)
    assert await claimed(pool) == ["ann"], "for ben, who saw 18.50, it has not dropped by a tenth"


async def test_low_inventory_is_told_at_the_crossing_and_leaves_out_who_bought(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, 5, low=low(3, not_if_bought_within=MONTH))
    await tell(web, order("o-1", "buyer", happened_at=ago(days=10)))
    await tell(web, order("o-2", "regular", happened_at=ago(days=40)))
    stands = {who: await considered(web, event("added_to_cart", who)) for who in ("buyer", "regular", "ann")}
    assert stands == {"buyer": {"low": "purchased"}, "regular": {"low": "entered"}, "ann": {"low": "entered"}}
    await web.webhook("products/update", product_message(1, units=3))
    assert await considered(web, event("added_to_cart", "late")) == {"low": "entered"}
    await Waitlist(pool).give_places(SMALL)
    assert await claimed(pool) == ["regular", "ann"], "for who came when it was low already, it has not become low"


async def test_a_view_from_the_past_counts_from_then(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, back=back(relevancy_window=timedelta(days=60)))
    await considered(web, event(who="today"))
    assert await considered(web, event(who="early", happened_at=ago(days=3))) == {"back": "entered"}
    assert await considered(web, event(who="last-year", happened_at=ago(days=300))) == {"back": "window_ended"}
    assert await line(pool, "back") == ["early", "today"]
    ends_at = await pool.fetchval("select min(window_ends_at) from journeys")
    assert timedelta(days=57) <= ends_at - datetime.now(UTC) <= timedelta(days=58)
    assert await pool.fetchval("select count(*) from events") == 3


async def test_an_order_that_is_heard_of_before_the_view_it_followed_speaks_against_it(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, 5, drop=drop())
    (bought,) = await tell(web, order("o-1", happened_at=ago(hours=1)))
    assert bought["status"] == "accepted"
    assert await considered(web, event(happened_at=ago(hours=2))) == {"drop": "purchased"}
    assert await considered(web, event(happened_at=ago(minutes=5))) == {"drop": "entered"}


async def test_what_is_gone_for_good_is_not_waited_for(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, back=back())
    await web.webhook("products/delete", {"id": 21}, triggered_at="2026-02-01T12:00:00Z")
    assert await considered(web, event()) == {"back": "discontinued"}


async def test_without_a_variant_its_only_one_is_meant(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, back=back(), drop=drop(level=Level.PRODUCT))
    assert await considered(web, event(product="21")) == {"back": "entered", "drop": "inactive"}
    two = [{"id": number, "title": str(number), "price": "5.00", "inventory_quantity": 0} for number in (31, 32)]
    await web.webhook("products/update", product_message(1, variants=two))
    assert await considered(web, event(who="ben", product="21")) == {"back": "no_variant", "drop": "inactive"}
    assert await considered(web, event(who="cat", variant="32", product=None)) == {
        "back": "entered",
        "drop": "inactive",
    }


async def test_while_every_message_is_a_draft_nobody_enters(web: Web, pool: Pool) -> None:
    await publish(pool, conversation({"back": back()}, Status.DRAFT))
    await web.webhook("products/update", product_message())
    assert await considered(web, event()) == {"back": "message_draft"}


async def test_a_checkout_of_several_things_is_considered_for_each_once(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, 5, low=low())
    kettle = {"title": "Kettle", "variants": [{"variant": "k1", "quantity": 9}, {"variant": "k2", "quantity": 9}]}
    await web.keyed.put(f"/v1/stores/{SHOP}/products/kettle", json=kettle)
    items = [{"product": "kettle", "variant": "k1"}, {"variant": "31", "quantity": 2}, {"product": "gone"}]
    (outcome,) = await tell(web, event("checkout_started", items=[*items, items[0]]))
    entered = [(alert["product"], alert["variant"], alert["result"]) for alert in outcome["effect"]["alerts"]]
    assert entered == [("21", "31", "entered"), ("kettle", "k1", "entered")]
    assert outcome["effect"]["note"].startswith("The shop has no such product")
    row = await only(pool, "select product_id, quantity, jsonb_array_length(items) as items from events")
    assert tuple(row) == (None, 5, 4)


async def test_why_nobody_was_enlisted_is_on_record(web: Web, pool: Pool) -> None:
    await shop_with(web, pool, 2, back=back())
    await considered(web, event())
    outcome = (await only(pool, "select outcome from events"))["outcome"]
    assert outcome["alerts"][0] | {"why": ""} == {
        "alert": "back",
        "product": "21",
        "variant": "31",
        "result": "not_entered",
        "reason": "in_stock",
        "why": "",
    }


async def test_an_order_is_one_row_for_each_product(web: Web, pool: Pool) -> None:
    items = [{"product": "21", "variant": "31"}, {"product": "21", "variant": "31"}, {"product": "7", "quantity": 3}]
    await tell(web, order("o-1", items=items), order("o-1", product="21", variant="31", happened_at=ago(days=1)))
    rows = await pool.fetch("select product_id, variant_id, quantity, cancelled from orders order by product_id")
    assert [tuple(row) for row in rows] == [("21", "31", 2, False), ("7", "", 3, False)]
