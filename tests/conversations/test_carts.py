"""A journey for each cart, about what is in it now: changed, swapped, emptied and deleted checkouts are no new ones."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.delivery.send_context import SendContexts
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.incoming.events import EntryResult, EventStatus
from schemas.incoming.facts import CheckoutFact, ItemFact
from schemas.journey.activities import Deliver
from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.conversations.told import ago, agrees, did, door, ending, entered, orders, talk, thread
from tests.product import STORE, Shop, address
from tests.story.documents import cheaper, programme

CART = talk("cart", thread("checkout_started"), goal_on=["bought"])


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    await publish(pool, CART)
    shop = Shop(pool, Intake(pool))
    await shop.sells("v", "w", units=3)
    return shop


async def _tells(pool: Pool, *products: str, checkout: str | None = "1", cart: str = "c", minutes: float = 0) -> None:
    """The storefront tells of ann's checkout as it was so many minutes from now on."""
    fact = CheckoutFact(
        checkout_id=checkout,
        cart_id=cart,
        email=address("ann") if checkout else None,
        items=tuple(ItemFact(product_id=product, variant_id=None, quantity=1) for product in products),
        observed_at=datetime.now(UTC) + timedelta(minutes=minutes - 30),
    )
    await Intake(pool).observe(STORE, "shopify", [fact])


async def _journeys(pool: Pool) -> list[JourneyId]:
    return [row["id"] for row in await pool.fetch("select id from journeys order by entered_at, id")]


async def _message(pool: Pool, journey: JourneyId) -> tuple[list[str], bool, bool]:
    """What a message would show of the cart now, whether it was emptied, and whether it counts as bought."""
    request = Deliver(
        journey_id=journey,
        event=None,
        version=VersionId("cart@1"),
        step=Send(id=StepId("hello"), message="hello"),
        round=1,
        give_up_at=datetime(2100, 1, 1, tzinfo=UTC),
    )
    context = await SendContexts(pool).look_up(request)
    return [item.title for item in context.context.items], context.facts.emptied, context.facts.bought


async def test_a_second_cart_of_another_thing_is_a_journey_of_its_own_and_of_the_same_thing_is_not(
    shop: Shop, pool: Pool
) -> None:
    first = entered(await did(pool, "checkout_started", product="p"))
    second = entered(await did(pool, "checkout_started", product="q"))
    assert first != second
    again = door(await did(pool, "checkout_started", items=[{"product": "q"}, {"product": "r"}]))
    assert (again.result, again.journey) == (EntryResult.THERE_ALREADY, second)


async def test_a_checkout_that_changes_is_one_event_and_enters_once(shop: Shop, pool: Pool) -> None:
    await _tells(pool, "p")
    await _tells(pool, "p", "q", minutes=1)
    await shop.ended()
    await _tells(pool, "q", minutes=2)
    await _tells(pool, "r", minutes=3)
    assert len(await _journeys(pool)) == 1
    assert await pool.fetchval("select count(*) from events") == 1


async def test_a_message_shows_what_is_in_the_cart_now_and_a_late_message_changes_nothing(
    shop: Shop, pool: Pool
) -> None:
    await _tells(pool, "other")
    (journey,) = await _journeys(pool)
    assert await _message(pool, journey) == ([], False, False)
    await _tells(pool, "p", minutes=5)
    assert await _message(pool, journey) == (["Blue kettle"], False, False)
    await _tells(pool, "other", minutes=4)
    assert (await _message(pool, journey))[0] == ["Blue kettle"]
    assert await pool.fetchval("select product_id from journeys") == "p"


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "emptied"])
async def test_a_cart_that_is_empty_or_gone_is_not_spoken_of(shop: Shop, pool: Pool, deleted: bool) -> None:
    await _tells(pool, "p")
    await _tells(pool, checkout=None if deleted else "1", minutes=1)
    (journey,) = await _journeys(pool)
    assert (await _message(pool, journey))[1]


async def test_an_order_of_something_else_ends_no_cart_and_one_of_its_things_does(shop: Shop, pool: Pool) -> None:
    await _tells(pool, "p", "q")
    (journey,) = await _journeys(pool)
    await orders(pool, product="r")
    assert await ending(pool) == {}
    assert not (await _message(pool, journey))[2]
    await orders(pool, product="q")
    assert await ending(pool) == {journey: Reason.GOAL_REACHED}
    assert (await _message(pool, journey))[2]


async def test_a_checkout_told_by_the_api_is_changed_by_its_id(shop: Shop, pool: Pool) -> None:
    journey = entered(await did(pool, "checkout_started", checkout="7", product="p", happened_at=ago(minutes=3)))
    same = await did(pool, "checkout_started", checkout="7", product="p", happened_at=ago(minutes=2))
    assert same.status is EventStatus.REPEATED
    emptied = await did(pool, "checkout_started", checkout="7", happened_at=ago(minutes=1))
    late = await did(pool, "checkout_started", checkout="7", product="p", happened_at=ago(minutes=2))
    assert late.status is EventStatus.REPEATED
    assert (emptied.status, emptied.effect.conversations) == (EventStatus.ACCEPTED, ())
    assert (await _message(pool, journey))[1]
    assert await _journeys(pool) == [journey]


async def test_what_leaves_the_cart_leaves_the_reminder_and_the_alerts_that_the_cart_feeds(
    shop: Shop, pool: Pool
) -> None:
    await publish(pool, programme("carted", cheaper("5%", action="cart")))
    await agrees(pool, "ann")
    await shop.asks("100.00", "v", "w")
    out = await did(
        pool, "checkout_started", items=[{"product": "p", "variant": "v"}, {"product": "p", "variant": "w"}]
    )
    lines = {alert.variant: alert.journey for alert in out.effect.alerts}
    journey = entered(out)
    await did(pool, "removed_from_cart", product="p", variant="v")
    assert await _message(pool, journey) == (["Blue kettle (w)"], False, False)
    assert await ending(pool) == {lines["v"]: Reason.NOT_IN_CART}
    await did(pool, "removed_from_cart", product="p")
    assert (await _message(pool, journey))[1]
    assert await ending(pool) == {lines["v"]: Reason.NOT_IN_CART, lines["w"]: Reason.NOT_IN_CART}
