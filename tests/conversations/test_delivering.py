"""What a conversation without an alert would say is looked at again before each message, in a real PostgreSQL."""

from typing import Any

import pytest

from activities.delivery.ledger import Ledger
from activities.delivery.verdict import Go, judge
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.rendering.facts import ItemPart
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Refused, Sent
from schemas.reasons import Ending, Reason
from schemas.responses.journeys import JourneyStatus
from starter.ops.pausing import Pausable, Pausing
from starter.reporting.reports import Period, Reports
from starter.support.journeys import JourneyFilter, Journeys
from starter.versioning.publishing import publish
from tests.conversations.told import ago, agrees, did, entered, orders, talk, thread
from tests.product import Shop

BOUGHT = Refused(reason=Reason.PURCHASED, then=AfterRefusal.LEAVE)


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    """It sells two variants of `p`, and recalls carts; ann may be written to."""
    shop = Shop(pool, Intake(pool))
    await shop.sells("v", "w", units=2, price="19.90")
    await publish(pool, talk("cart", thread("checkout_started"), thread("ordered"), thread("custom.quiz")))
    await agrees(pool, "ann")
    return shop


def hello(journey: JourneyId) -> Deliver:
    step = Send(id=StepId("hello"), message="hello")
    return Deliver(
        journey_id=journey, event=None, version=VersionId("cart@1"), step=step, round=1, give_up_at=ago(days=-1)
    )


async def verdict(pool: Pool, journey: JourneyId) -> Go | Deferred | Refused:
    return judge((await Ledger(pool).look_up(hello(journey))).facts, ago())


async def test_a_product_that_is_sold_out_or_off_sale_is_not_spoken_of(pool: Pool, shop: Shop) -> None:
    of_variant = entered(await did(pool, "checkout_started", product="p", variant="v"))
    await agrees(pool, "ben")
    of_product = entered(await did(pool, "checkout_started", "ben", product="p"))
    assert (await verdict(pool, of_variant), await verdict(pool, of_product)) == (Go(), Go())
    await shop.sells("v", units=0)
    sold_out = Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.GO_ON)
    assert (await verdict(pool, of_variant), await verdict(pool, of_product)) == (sold_out, Go())
    await shop.unpublishes()
    off_sale = Refused(reason=Reason.INACTIVE, then=AfterRefusal.GO_ON)
    assert (await verdict(pool, of_variant), await verdict(pool, of_product)) == (off_sale, off_sale)


@pytest.mark.parametrize(
    ("about", "bought", "found"),
    [
        ({"product": "p", "variant": "v"}, "p", BOUGHT),
        ({"product": "p", "variant": "v"}, "q", Go()),
        ({"product": "unknown"}, "unknown", BOUGHT),
        ({"items": [{"product": "q"}, {"variant": "w"}]}, "p", BOUGHT),
        ({"items": [{"product": "q"}, {"variant": "w"}]}, "q", BOUGHT),
        ({"items": [{"product": "q"}, {"variant": "w"}]}, "r", Go()),
    ],
)
async def test_who_bought_anything_of_the_cart_is_not_reminded_of_it(
    pool: Pool, shop: Shop, about: dict[str, Any], bought: str, found: Go | Refused
) -> None:
    journey = entered(await did(pool, "checkout_started", **about))
    await orders(pool, product=bought, happened_at=ago(minutes=5))
    assert await verdict(pool, journey) == Go(), "before they entered"
    await orders(pool, product=bought)
    assert await verdict(pool, journey) == found


async def test_who_entered_because_they_bought_may_be_thanked(pool: Pool, shop: Shop) -> None:
    assert await verdict(pool, entered(await orders(pool))) == Go()


async def test_who_asked_to_be_left_alone_and_who_waits_for_a_pause_to_end_is_not_written_to(
    pool: Pool, shop: Shop
) -> None:
    journey = entered(await did(pool, "custom", name="quiz"))
    await Pausing(pool).pause(Pausable("conversation", "cart"), "ops")
    paused = await verdict(pool, journey)
    assert isinstance(paused, Deferred)
    assert paused.reason is Reason.CONVERSATION_PAUSED
    await pool.execute("update journeys set held_up_by = 'conversation_paused'")
    shown = await Pausing(pool).would_resume(Pausable("conversation", "cart"))
    assert (shown.told_now, shown.held_up, shown.going_on) == (0, 1, 0)
    await shop.opts_out("ann")
    assert await verdict(pool, journey) == Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.LEAVE)


async def test_a_message_can_tell_what_was_in_the_cart_as_far_as_the_shop_has_told_of_it(
    pool: Pool, shop: Shop
) -> None:
    items = [{"product": "p"}, {"product": "unknown"}, {"variant": "w", "quantity": 3}]
    known: dict[str, Any] = {"items": items, "properties": {"coupon": "X"}, "attributes": {"first_name": "Ann"}}
    journey = entered(await did(pool, "checkout_started", "ann", **known))
    context = (await Ledger(pool).look_up(hello(journey))).context
    front = context.shop.url
    price = context.items[0].price
    assert str(price) == "19.90"
    assert context.items == (
        ItemPart("Blue kettle", f"{front}/products/blue-kettle", 1, price=price),
        ItemPart("Blue kettle (w)", f"{front}/products/blue-kettle?variant=w", 3, price=price),
    )
    assert (context.product.title, context.product.url) == ("", front)
    assert (context.event, context.attributes) == ({"coupon": "X"}, {"first_name": "Ann"})


async def test_the_first_message_tells_and_is_counted(pool: Pool, shop: Shop) -> None:
    journey = entered(await did(pool, "checkout_started", product="p", variant="v"))
    ben = entered(await did(pool, "custom", "ben", name="quiz"))
    reported = await Journeys(pool).page(JourneyFilter(status=JourneyStatus.WAITING))
    assert {each.conversation for each in reported.journeys} == {"cart"}
    assert len(reported.journeys) == 2
    ledger = Ledger(pool)
    lease = ledger.lease()
    assert await ledger.open(hello(journey), lease)
    await ledger.settle(hello(journey), Sent(message_id="m", at=ago()), lease)
    (told,) = (await Journeys(pool).page(JourneyFilter(status=JourneyStatus.TOLD))).journeys
    assert (told.journey_id, told.variant_id, told.alert) == (journey, "v", None)
    await orders(pool)
    await shop.ended(ben, ending=Ending.EXITED, reason=Reason.NO_CONSENT)
    report = await Reports(pool).list_figures("cart", Period())
    (figures,) = report.conversations
    assert (figures.conversation, figures.in_flight, figures.entered, figures.told, figures.bought_after) == (
        "cart",
        1,
        2,
        1,
        1,
    )
    assert figures.left == {Reason.NO_CONSENT: 1}
