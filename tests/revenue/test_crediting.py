"""Orders' money comes with the orders, is credited in their own transaction, and once."""

import asyncio
from decimal import Decimal
from itertools import permutations

import asyncpg
import pytest

from activities.intake.events import Events
from activities.postgres.pool import Pool
from schemas.attribution import Attribution, AttributionModel
from schemas.document.conversation import ListSection
from schemas.incoming.events import Event
from schemas.settings import Settings
from starter.versioning.publishing import publish
from tests.events.told import event, only, order, tell
from tests.http.web import Web, at, payload
from tests.product import starter_document
from tests.revenue.told import credits, did, enters, ordered, sent
from tests.storefronts.shop import SHOP

MONEY = "select currency, total, refunded, net from order_totals"


async def test_an_order_after_a_click_is_credited_to_the_message_with_the_windows_it_went_by(
    web: Web, pool: Pool
) -> None:
    (journey,) = await enters(web, pool, "ann")
    key = await sent(pool, journey, 3)
    await did(web, "clicked_message", key, 2)
    await ordered(web, "51", "99.50")
    assert await credits(pool) == {"51": (key, "clicked")}
    assert await pool.fetchval("select model from credits") == AttributionModel().model_dump(mode="json")


async def test_the_last_touch_is_credited_and_one_order_has_one_credit(web: Web, pool: Pool) -> None:
    (journey,) = await enters(web, pool, "ann")
    first, second = await sent(pool, journey, 4), await sent(pool, journey, 3, "still-here", 2)
    await did(web, "clicked_message", first, 2)
    await did(web, "opened_message", second, 1)
    await ordered(web, "51", "99.50")
    await did(web, "clicked_message", first, 0)
    await ordered(web, "51", "99.50")
    assert await credits(pool) == {"51": (second, "opened")}


async def test_an_order_before_the_message_or_its_click_is_never_credited(web: Web, pool: Pool) -> None:
    (journey,) = await enters(web, pool, "ann")
    key = await sent(pool, journey, 3)
    await did(web, "clicked_message", key, 2)
    await ordered(web, "51", "10.00", days_ago=2.5)
    await ordered(web, "52", "10.00", days_ago=3.5)
    assert await credits(pool) == {}
    with pytest.raises(asyncpg.CheckViolationError, match="no_order_is_credited_to_a_later_message"):
        await pool.execute(
            """
            insert into credits (store_id, order_id, send_key, touch, sent_at, touched_at, ordered_at, model)
            select t.store_id, t.order_id, s.key, 'clicked', s.settled_at, s.settled_at, t.ordered_at, '{}'
            from order_totals t, sends s where t.order_id = '52'"""
        )


async def test_what_another_contact_or_another_shop_did_earns_nothing(web: Web, pool: Pool) -> None:
    (journey,) = await enters(web, pool, "ann")
    key = await sent(pool, journey, 3)
    await did(web, "clicked_message", key, 2)
    await ordered(web, "51", "10.00", who="ben")
    await tell(web, order("52", store="other.example", money={"currency": "EUR", "total": "10"}))
    assert await credits(pool) == {}


async def test_a_click_that_is_told_late_counts_when_the_order_is_told_again(web: Web, pool: Pool) -> None:
    (journey,) = await enters(web, pool, "ann")
    key = await sent(pool, journey, 3)
    await ordered(web, "51", "10.00", days_ago=0.5)
    assert await credits(pool) == {}
    await did(web, "clicked_message", key, 1)
    await ordered(web, "51", "10.00", days_ago=0.4)
    assert await credits(pool) == {"51": (key, "clicked")}
    assert await pool.fetchval("select ordered_at < now() - interval '11 hours' from credits")


async def test_a_lists_windows_hold_for_its_messages_and_rewrite_no_credit(web: Web, pool: Pool) -> None:
    (journey,) = await enters(web, pool, "ann")
    key = await sent(pool, journey, 9)
    await did(web, "clicked_message", key, 8)
    await ordered(web, "51", "10.00")
    assert await credits(pool) == {}
    longer = Attribution(email_click_days=30)
    document = starter_document()
    await publish(pool, document.model_copy(update={"list": ListSection(attribution=longer)}))
    await ordered(web, "52", "10.00")
    assert await credits(pool) == {"52": (key, "clicked")}
    await publish(pool, document)
    await ordered(web, "52", "10.00")
    model = longer.over(AttributionModel()).model_dump(mode="json")
    assert model["email_click_days"] == 30
    assert await pool.fetchval("select model from credits") == model
    with pytest.raises(asyncpg.RaiseError, match="never changed"):
        await pool.execute("update credits set model = '{}'")


async def test_the_installations_windows_hold_where_the_list_says_nothing_else_and_rewrite_no_credit(
    web: Web, pool: Pool
) -> None:
    (journey,) = await enters(web, pool, "ann")
    key = await sent(pool, journey, 9)
    await did(web, "clicked_message", key, 8)
    usual, longer = Settings(), Settings(attribution_email_click_days=30, attribution_delivered_days=10)

    async def tells_order(number: str, settings: Settings) -> None:
        told = order(number, who="ann", money={"currency": "EUR", "total": "10"})
        await Events(pool, settings.attribution).take(Event.model_validate(told))

    await tells_order("51", usual)
    assert await credits(pool) == {}
    await tells_order("52", longer)
    assert await credits(pool) == {"52": (key, "clicked")}
    await tells_order("52", usual)
    assert await pool.fetchval("select model from credits") == longer.attribution.model_dump(mode="json")
    document = starter_document()
    own = ListSection(attribution=Attribution(email_click_days=0))
    await publish(pool, document.model_copy(update={"list": own}))
    await tells_order("53", longer)
    assert (await credits(pool))["53"] == (key, "delivered"), "what the list does not say is the installation's"


@pytest.mark.parametrize("arrival", list(permutations(range(3))))
async def test_in_any_order_of_arrival_the_newest_word_on_the_money_stands(
    web: Web, pool: Pool, arrival: tuple[int, ...]
) -> None:
    told = [
        order("51", happened_at=at(minutes), money={"currency": "EUR", "total": "100", "refunded": refunded})
        for minutes, refunded in ((0, "0"), (5, "20.5"), (9, "30"))
    ]
    for number in arrival:
        await tell(web, told[number])
    row = await only(pool, "select total, refunded, net from order_totals")
    assert tuple(row) == (Decimal(100), Decimal(30), Decimal(70))


async def test_a_cancelled_order_earned_nothing_however_it_is_told(web: Web, pool: Pool) -> None:
    await ordered(web, "51", "100", days_ago=1)
    await tell(web, order("52", happened_at=at(0), money={"currency": "EUR", "total": "100"}))
    assert (await web.keyed.delete(f"/v1/stores/{SHOP}/orders/51")).status_code == 204
    lines = [{"product_id": 21, "variant_id": 31, "quantity": 1}]
    message = {"id": 52, "email": "ann@example.com", "created_at": at(0), "line_items": lines}
    await web.webhook("orders/cancelled", message | {"updated_at": at(5), "cancelled_at": at(5)})
    assert [tuple(row) for row in await pool.fetch("select total, net from order_totals")] == [(100, 0), (100, 0)]


async def test_shopifys_orders_tell_what_they_came_to_and_what_was_given_back(web: Web, pool: Pool) -> None:
    await web.webhook("orders/create", payload("orders_create"))
    assert tuple(await only(pool, MONEY)) == ("USD", Decimal(398), 0, 0), "it is cancelled"
    await pool.execute("delete from order_totals")
    lines = [{"product_id": 21, "variant_id": 31, "quantity": 1}]
    message: dict[str, object] = {
        "id": 53,
        "email": "ann@example.com",
        "created_at": at(0),
        "line_items": lines,
        "currency": "JPY",
    }
    told = {"total_price": "5000", "current_total_price": "5000"}
    await web.webhook("orders/create", message | told | {"updated_at": at(0)})
    await web.webhook("orders/updated", message | told | {"current_total_price": "3500", "updated_at": at(1)})
    assert tuple(await only(pool, MONEY)) == ("JPY", Decimal(5000), Decimal(1500), Decimal(3500))


@pytest.mark.parametrize(
    "odd", [{"total_price": "free"}, {"total_price": None}, {"currency": "euro"}, {"total_price": [1]}]
)
async def test_an_order_whose_money_cannot_be_read_counts_as_bought_all_the_same(
    web: Web, pool: Pool, odd: dict[str, object]
) -> None:
    lines = [{"product_id": 21, "variant_id": 31, "quantity": 1}]
    message = {"id": 54, "email": "ann@example.com", "created_at": at(0), "updated_at": at(0), "line_items": lines}
    answer = await web.webhook("orders/create", message | {"currency": "EUR", "total_price": "5.00"} | odd)
    assert answer.json() == {"receipt": "applied"}
    assert await pool.fetchval("select count(*) from orders") == 1
    assert await pool.fetchval("select count(*) from order_totals") == 0


@pytest.mark.parametrize(
    "money",
    [
        {"total": "10"},
        {"currency": "EUR"},
        {"currency": "eur", "total": "10"},
        {"currency": "EUR", "total": "-1"},
        {"currency": "EUR", "total": "10", "refunded": "11"},
    ],
)
async def test_money_that_makes_no_sense_is_refused_with_its_field(web: Web, money: dict[str, str]) -> None:
    answer = await web.keyed.post("/v1/events", json=order("51", money=money))
    assert answer.status_code == 422
    assert "money" in answer.text
    other = await web.keyed.post("/v1/events", json=event("custom", name="a", money={"currency": "EUR", "total": "1"}))
    assert other.status_code == 422


async def test_an_order_told_many_times_at_once_is_credited_once(web: Web, pool: Pool) -> None:
    (journey,) = await enters(web, pool, "ann")
    await did(web, "clicked_message", await sent(pool, journey, 3), 2)
    await asyncio.gather(*(ordered(web, "51", "10.00") for _ in range(8)))
    assert await pool.fetchval("select count(*) from credits") == 1


async def test_who_is_erased_leaves_the_sums_and_neither_order_nor_name(web: Web, pool: Pool) -> None:
    (journey,) = await enters(web, pool, "ann")
    key = await sent(pool, journey, 3)
    await did(web, "clicked_message", key, 2)
    await ordered(web, "order-51", "10.00")
    exported = await web.services.people.export("ann@example.com", "test")
    (total,) = exported.order_totals
    assert total["order_id"] == "order-51"
    assert isinstance(total["credited_to"], dict)
    assert total["credited_to"]["send_key"] == key
    await web.services.people.erase("ann@example.com", "test")
    row = await only(pool, "select order_id, net, touch from order_totals join credits using (store_id, order_id)")
    assert row["order_id"].startswith("forgotten/")
    assert (row["net"], row["touch"]) == (Decimal(10), "clicked")
