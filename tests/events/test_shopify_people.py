"""Shopify's orders and checkouts over HTTP: what was bought, in any order of arrival, and who went to check out."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from activities.postgres.pool import Pool
from schemas.document.alert_types.low_inventory import LowInventory
from schemas.document.alert_types.vocabulary import Action, AlertType
from starter.versioning.publishing import publish
from tests.events.told import considered, conversation, event, line, only, order, tell
from tests.http.web import SHOP, Web, at, payload, product_message

CARTED = {"low": LowInventory(type=AlertType.LOW_INVENTORY, action=Action.CART, low_at=3)}


def message(minutes: float = 0, **changes: object) -> dict[str, object]:
    """An order of one mug, as it was so many minutes past noon."""
    lines = [{"product_id": 21, "variant_id": 31, "quantity": 1}]
    base = {"id": 51, "email": "Ann@example.com", "created_at": at(0), "updated_at": at(minutes), "line_items": lines}
    return base | changes


async def test_shopifys_own_order_is_on_record_with_its_contact(web: Web, pool: Pool) -> None:
    await web.webhook("orders/create", payload("orders_create"))
    row = await only(pool, "select o.*, c.email from orders o join contacts c on c.id = o.contact_id")
    assert (row["order_id"], row["email"]) == ("820982911946154508", "jon@example.com")
    assert (row["product_id"], row["variant_id"], row["quantity"]) == ("632910392", "808950810", 2)
    assert (row["ordered_at"], row["cancelled"]) == (datetime(2022, 1, 1, tzinfo=UTC), True)
    assert await pool.fetchval("select count(*) from consents") == 0


@pytest.mark.parametrize("arrival", list(permutations(range(3))))
async def test_in_any_order_of_arrival_a_cancelled_order_is_cancelled(
    web: Web, pool: Pool, arrival: tuple[int, ...]
) -> None:
    told = [
        ("orders/create", message(0)),
        ("orders/paid", message(1)),
        ("orders/cancelled", message(1, cancelled_at=at(1))),
    ]
    for number in arrival:
        assert (await web.webhook(*told[number])).json() == {"receipt": "applied"}
    assert (await only(pool, "select cancelled from orders"))["cancelled"]


async def test_an_item_that_was_given_back_is_not_bought_any_more(web: Web, pool: Pool) -> None:
    await web.webhook("orders/create", message(0))
    back = [{"product_id": 21, "variant_id": 31, "quantity": 1, "current_quantity": 0}]
    await web.webhook("orders/updated", message(1, line_items=back))
    row = await only(pool, "select quantity, cancelled from orders")
    assert tuple(row) == (0, True)


async def test_an_order_told_by_webhook_and_by_event_is_one(web: Web, pool: Pool) -> None:
    await web.webhook("orders/create", message())
    await tell(web, order("51", happened_at=at(0)))
    assert await pool.fetchval("select count(*) from orders") == 1


@pytest.mark.parametrize("changes", [{"email": None}, {"line_items": []}])
async def test_an_order_of_nobody_or_of_nothing_leaves_no_trace(
    web: Web, pool: Pool, changes: dict[str, object]
) -> None:
    assert (await web.webhook("orders/create", message(0, **changes))).json() == {"receipt": "applied"}
    assert await pool.fetchval("select (select count(*) from orders) + (select count(*) from contacts)") == 0


async def test_who_ordered_is_left_out_and_who_cancelled_is_not(web: Web, pool: Pool) -> None:
    await publish(pool, conversation(CARTED))
    await web.webhook("products/update", product_message(units=5))
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await web.webhook("orders/create", message(0, created_at=tomorrow))
    await web.webhook("orders/create", message(0, id=52, email="ben@example.com", created_at=tomorrow))
    await web.webhook("orders/cancelled", message(1, id=52, email="ben@example.com", cancelled_at=at(1)))
    earlier = at(1)
    assert await considered(web, event("added_to_cart", "ann", happened_at=earlier)) == {"low": "window_ended"}
    hour = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert await considered(web, event("added_to_cart", "ann", happened_at=hour)) == {"low": "purchased"}
    assert await considered(web, event("added_to_cart", "ben", happened_at=hour)) == {"low": "entered"}


async def test_a_checkout_enters_as_a_cart_does_and_a_change_of_it_is_the_same_event(web: Web, pool: Pool) -> None:
    await publish(pool, conversation(CARTED))
    await web.webhook("products/update", product_message(units=5))
    now = datetime.now(UTC)
    for minutes in (2, 1, 1):
        changed = (now - timedelta(minutes=minutes)).isoformat()
        await web.webhook("checkouts/update", message(token="t-1", cart_token="c-1", updated_at=changed))
    assert await line(pool, "low") == ["ann"]
    standings = [row["outcome"]["alerts"][0]["result"] for row in await pool.fetch("select outcome from events")]
    assert standings == ["entered"]
    await web.webhook("checkouts/delete", {"id": 1, "cart_token": "c-1", "updated_at": now.isoformat()})
    assert await pool.fetchval("select items from events") == []
    assert await pool.fetchval("select reason from outbox where kind = 'leave'") == "not_in_cart"


async def test_shopifys_own_checkout_is_long_over_and_recorded_only(web: Web, pool: Pool) -> None:
    await publish(pool, conversation(CARTED))
    assert (await web.webhook("checkouts/create", payload("checkouts_create"))).json() == {"receipt": "applied"}
    row = await only(pool, "select kind, happened_at, outcome from events")
    assert (row["kind"], row["happened_at"]) == ("checkout_started", datetime(2022, 1, 1, tzinfo=UTC))
    assert row["outcome"]["note"].startswith("The shop has no such product")


async def test_a_checkout_no_event_can_hold_is_still_taken(web: Web, pool: Pool) -> None:
    many = [{"product_id": number, "quantity": 2**31 - 1} for number in range(1, 700)]
    answer = await web.webhook("checkouts/create", message(line_items=many))
    assert answer.json() == {"receipt": "applied"}
    ancient = await web.webhook("checkouts/create", message(updated_at="1971-01-01T00:00:00Z"))
    assert ancient.json() == {"receipt": "applied"}
    assert await pool.fetchval("select count(*) from events") == 1


async def test_the_newest_word_on_a_shops_currency_counts_whoever_says_it(web: Web) -> None:
    async def named(currency: str | None = None) -> str:
        store = {"name": "Example Shop", "url": "https://shop.example", "currency": currency}
        answer = await web.keyed.put(f"/v1/stores/{SHOP}", json=store)
        return answer.json()["currency"]

    await web.webhook("shop/update", {"currency": "EUR", "updated_at": at(0)})
    assert await named() == "EUR"
    await web.webhook("orders/updated", message(5, created_at=at(-5), currency="USD"))
    assert await named() == "EUR", "the order was made before"
    await web.webhook("orders/create", message(5, id=52, email=None, created_at=at(5), currency="USD"))
    assert await named() == "USD"
    assert await named("CHF") == "CHF"
    await web.webhook("shop/update", {"currency": "EUR", "updated_at": at(6)})
    assert await named() == "CHF", "it is an old message"
    await web.webhook("shop/update", {"currency": "EUR", "updated_at": datetime.now(UTC).isoformat()})
    assert await named() == "EUR"
