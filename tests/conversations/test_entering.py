"""Entering conversations without an alert: who does, who does not and why; Temporal is not needed for it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.incoming.events import EntryResult, EventStatus, TriggeredEntry
from schemas.incoming.facts import CheckoutFact, ItemFact, OrderFact
from schemas.reasons import Reason
from starter.ops.pausing import Pausable, Pausing
from starter.shops.consents import Consents
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.conversations.told import ago, calls, did, door, entered, orders, talk, thread
from tests.product import STORE, Shop, address, starter_document

ON_JOINING = talk("club", thread("joined_list"))


async def test_an_event_enters_its_contact_once_however_often_it_is_told(pool: Pool) -> None:
    await publish(pool, ON_JOINING)
    first = await did(pool, "joined_list", list="club", id="form-1")
    again = await did(pool, "joined_list", list="club", id="form-1")
    assert (again.status, again.effect) == (EventStatus.REPEATED, first.effect)
    row = await pool.fetchrow("select * from journeys")
    assert row is not None
    assert row["id"] == entered(first)
    assert (row["conversation"], row["version_id"], row["entered_on"], row["event_id"]) == (
        "club",
        "club@1",
        "joined_list",
        "form-1",
    )
    assert (row["alert_id"], row["subject"], row["product_id"], row["window_ends_at"]) == (None, None, None, None)
    assert [call["journey_id"] for call in await calls(pool, "start_journey")] == [row["id"]]


async def test_who_is_in_a_conversation_is_not_entered_again_until_they_have_left(pool: Pool) -> None:
    await publish(pool, talk("quiz", thread("custom.quiz")))
    journey = entered(await did(pool, "custom", name="quiz"))
    there = door(await did(pool, "custom", name="quiz"))
    assert (there.result, there.journey) == (EntryResult.THERE_ALREADY, journey)
    await Shop(pool, Intake(pool)).ended()
    assert entered(await did(pool, "custom", name="quiz")) != journey


async def test_many_events_at_once_enter_a_contact_once(pool: Pool) -> None:
    await publish(pool, talk("quiz", thread("custom.quiz")))
    known = await did(pool, "custom", name="other")
    by_id = (did(pool, "custom", name="quiz", email=None, contact=known.contact) for _ in range(6))
    told = (*by_id, *(did(pool, "custom", name="quiz") for _ in range(6)))
    entry_triggers = [door(outcome) for outcome in await asyncio.gather(*told)]
    assert sorted(each.result for each in entry_triggers) == ["entered"] + ["there_already"] * 11
    assert len({each.journey for each in entry_triggers}) == 1
    assert len(await calls(pool, "start_journey")) == 1


async def test_every_conversation_with_a_thread_on_it_is_considered_and_a_retired_thread_is_not(pool: Pool) -> None:
    await publish(pool, talk("one", thread("custom.a"), thread("custom.b")))
    await publish(pool, talk("two", thread("custom.b", when={"orders.count": {"at_least": 1}})))
    outcome = await did(pool, "custom", name="b")
    assert [(each.conversation, each.result) for each in outcome.effect.conversations] == [
        ("one", "entered"),
        ("two", "not_entered"),
    ]
    await publish(pool, talk("one", thread("custom.a")))
    assert [each.conversation for each in (await did(pool, "custom", "ben", name="b")).effect.conversations] == ["two"]
    assert entered(await did(pool, "custom", "ben", name="a"))


async def test_the_first_thread_whose_criteria_hold_decides_and_who_fits_none_is_told_why(pool: Pool) -> None:
    big = thread("custom.quiz", when={"event.properties.score": {"at_least": 10}})
    known = thread("custom.quiz", when={"contact.attributes.vip": True})
    await publish(pool, talk("quiz", big, known))
    small = door(await did(pool, "custom", name="quiz", properties={"score": 9}))
    assert small == TriggeredEntry(
        conversation="quiz",
        result=EntryResult.NOT_ENTERED,
        reason=Reason.FILTERED,
        why=Reason.FILTERED.sentence,
    )
    (why,) = (await Why(pool).contact(address("ann"), About())).entries
    assert (why.conversation, why.reason, why.alert, why.journey_id) == ("quiz", Reason.FILTERED, None, None)
    assert entered(await did(pool, "custom", name="quiz", properties={"score": 9}, attributes={"vip": True}))
    assert entered(await did(pool, "custom", "ben", name="quiz", properties={"score": 10}))


async def test_who_was_in_it_within_the_week_does_not_enter_again(pool: Pool) -> None:
    once_a_week = {"conversation.last_entered": {"not_within": "7 days"}}
    await publish(pool, talk("quiz", thread("custom.quiz", when=once_a_week)))
    assert entered(await did(pool, "custom", name="quiz"))
    await Shop(pool, Intake(pool)).ended()
    assert door(await did(pool, "custom", name="quiz")).reason is Reason.FILTERED
    await pool.execute("update journeys set entered_at = entered_at - interval '8 days'")
    assert entered(await did(pool, "custom", name="quiz"))


async def test_nobody_enters_while_every_message_is_a_draft_or_while_it_is_paused(pool: Pool) -> None:
    await publish(pool, talk("quiz", thread("custom.quiz", {"send": "hello", "status": "draft"})))
    assert door(await did(pool, "custom", name="quiz")).reason is Reason.MESSAGE_DRAFT
    await publish(pool, talk("quiz", thread("custom.quiz", {"send": "hello", "status": "manual"})))
    await Pausing(pool).pause(Pausable("conversation", "quiz"), "ops")
    assert door(await did(pool, "custom", name="quiz")).reason is Reason.CONVERSATION_PAUSED
    await Pausing(pool).resume(Pausable("conversation", "quiz"), "ops")
    assert entered(await did(pool, "custom", name="quiz"))


async def test_what_was_told_more_than_a_day_late_enters_nobody(pool: Pool) -> None:
    await publish(pool, ON_JOINING)
    late = await did(pool, "joined_list", list="club", happened_at=ago(hours=25))
    assert door(late).reason is Reason.TOO_LATE
    assert entered(await did(pool, "joined_list", "ben", list="club", happened_at=ago(hours=23)))


async def test_who_is_on_the_list_already_is_not_welcomed_again(pool: Pool) -> None:
    await publish(pool, ON_JOINING)
    await did(pool, "joined_list", list="club", happened_at=ago(days=400))
    assert (await did(pool, "joined_list", list="club")).effect.conversations == ()


async def test_who_bought_meanwhile_is_not_reminded_of_the_cart(pool: Pool) -> None:
    """The order came before the news of the checkout did."""
    await Shop(pool, Intake(pool)).sells("v")
    await publish(pool, talk("cart", thread("checkout_started"), goal_on=["bought"]))
    await orders(pool)
    late = await did(pool, "checkout_started", product="p", variant="v", happened_at=ago(minutes=5))
    assert door(late).reason is Reason.PURCHASED
    other = await did(pool, "checkout_started", items=[{"product": "p"}, {"product": "q"}], happened_at=ago(minutes=5))
    assert door(other).reason is Reason.PURCHASED
    assert entered(await did(pool, "checkout_started", product="p", variant="v"))


@pytest.mark.parametrize(("rule", "reason"), [("goal_on", Reason.GOAL_REACHED), ("exit_on", Reason.EXIT_RULE)])
async def test_what_ends_it_keeps_them_out_also_when_it_was_told_before_the_door(
    pool: Pool, rule: str, reason: Reason
) -> None:
    await publish(pool, talk("quiz", thread("custom.quiz"), **{rule: ["custom.solved"]}))
    await did(pool, "custom", name="solved", happened_at=ago(minutes=1))
    late = await did(pool, "custom", name="quiz", happened_at=ago(minutes=5))
    assert door(late).reason is reason
    assert entered(await did(pool, "custom", name="quiz"))


async def test_a_no_that_was_said_before_the_door_was_told_keeps_them_out(pool: Pool) -> None:
    await publish(pool, talk("quiz", thread("custom.quiz"), exit_on=["unsubscribed"]))
    await Consents(pool).record(address("ann"), "form", granted=True, by="test")
    await Consents(pool).record(address("ann"), "form", granted=False, by="test")
    late = await did(pool, "custom", name="quiz", happened_at=ago(minutes=5))
    assert door(late).reason is Reason.EXIT_RULE


async def test_a_click_in_a_mail_of_another_journey_keeps_nobody_out(pool: Pool) -> None:
    await publish(pool, talk("quiz", thread("custom.quiz"), exit_on=["clicked_message"]))
    await did(pool, "clicked_message", message="j-1.hello.1@shop.example")
    assert entered(await did(pool, "custom", name="quiz", happened_at=ago(minutes=5)))
    await did(pool, "clicked_message", "ben", message="campaign-1")
    late = await did(pool, "custom", "ben", name="quiz", happened_at=ago(minutes=5))
    assert door(late).reason is Reason.EXIT_RULE


@pytest.mark.parametrize(
    ("about", "subject"),
    [
        ({"product": "p", "variant": "v"}, "variant/v"),
        ({"variant": "v"}, "variant/v"),
        ({"product": "p"}, "product/p"),
        ({"items": [{"variant": "v"}, {"product": "p", "variant": "w", "quantity": 2}]}, "product/p"),
        ({"items": [{"product": "p"}, {"product": "unknown"}]}, None),
        ({"product": "unknown"}, None),
        ({"product": "p", "variant": "unknown"}, None),
    ],
)
async def test_a_journey_is_about_the_one_product_that_its_event_is_about(
    pool: Pool, about: dict[str, Any], subject: str | None
) -> None:
    await Shop(pool, Intake(pool)).sells("v", "w")
    await publish(pool, talk("cart", thread("checkout_started")))
    await did(pool, "checkout_started", **about)
    row = await pool.fetchrow("select subject, product_id from journeys")
    assert row is not None
    assert tuple(row) == (subject, "p" if subject else None)


async def test_a_storefronts_checkouts_and_orders_enter_too_and_an_order_once(pool: Pool) -> None:
    await publish(pool, talk("cart", thread("checkout_started")))
    await publish(pool, talk("thanks", thread("ordered")))
    intake = Intake(pool)
    items = (ItemFact(product_id="p", variant_id=None, quantity=1),)
    now = datetime.now(UTC)
    checkout = CheckoutFact(checkout_id="1", email=address("ann"), items=items, observed_at=now)
    order = OrderFact(order_id="1", email=address("ben"), items=items, ordered_at=now, cancelled=False, observed_at=now)
    await intake.observe(STORE, "shopify", [checkout, order])
    await Shop(pool, Intake(pool)).ended()
    later = order.model_copy(update={"observed_at": datetime.now(UTC)})
    await intake.observe(STORE, "shopify", [later, later.model_copy(update={"cancelled": True})])
    rows = await pool.fetch("select conversation, entered_on, event_id from journeys order by conversation")
    assert [tuple(row)[:2] for row in rows] == [("cart", "checkout_started"), ("thanks", "ordered")]
    assert rows[1]["event_id"] == "order/1"


async def test_what_one_person_does_at_once_in_any_mixture_is_all_taken(pool: Pool) -> None:
    """No two transactions wait for one another."""
    await Shop(pool, Intake(pool)).sells("v", "w", units=1)
    await publish(pool, starter_document())
    await publish(pool, talk("cart", thread("checkout_started"), goal_on=["bought"]))
    await publish(pool, talk("browse", thread("viewed_product"), thread("custom.quiz"), exit_on=["unsubscribed"]))
    known = (await did(pool, "custom", name="first")).contact
    assert known is not None
    by_id: dict[str, Any] = {"email": None, "contact": known}
    consents = Consents(pool)
    for number in range(6):
        told = [
            did(pool, "checkout_started", product="p", variant="v", attributes={"n": number}),
            did(pool, "checkout_started", items=[{"product": "p", "variant": "w"}, {"product": "p"}], **by_id),
            did(pool, "viewed_product", product="p", variant="w", attributes={"v": number}, **by_id),
            did(pool, "custom", name="quiz", attributes={"m": number}),
            orders(pool),
            orders(pool, product="q", attributes={"o": number}, **by_id),
        ]
        words = [consents.record(address("ann"), "form", granted=bool(granted), by="test") for granted in (0, 1, 0)]
        outcomes, _ = await asyncio.gather(asyncio.gather(*told), asyncio.gather(*words))
        assert {outcome.status for outcome in outcomes} == {EventStatus.ACCEPTED}
        await pool.execute("update journeys set ended_at = now(), ending = 'completed' where alert_id is null")
    for kind in ("start_journey", "leave"):
        journeys = [call["journey_id"] for call in await calls(pool, kind)]
        assert len(journeys) == len(set(journeys)), "asked once"
