"""What journeys under way hear of: only what their version waits for, and only what concerns them."""

from datetime import UTC, datetime

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.journey.signals import ContactEvent
from schemas.reasons import Reason
from starter.shops.consents import Consents
from starter.versioning.publishing import publish
from tests.conversations.told import ago, agrees, calls, did, ending, entered, heard, orders, shows_order, talk, thread
from tests.product import Shop, address

PATIENT = thread("custom.quiz", {"wait_for": ["clicked_message", "bought"], "within": "2 days"}, {"send": "hello"})


async def test_a_journey_hears_what_its_version_waits_for_and_nothing_else(pool: Pool) -> None:
    await publish(pool, talk("quiz", PATIENT))
    journey = entered(await did(pool, "custom", name="quiz"))
    await did(pool, "opened_message")
    await did(pool, "custom", name="quiz")
    await did(pool, "clicked_message", "ben")
    await did(pool, "clicked_message", store="other.example")
    assert await heard(pool) == []
    clicked = await did(pool, "clicked_message")
    (call,) = await calls(pool, "contact_event")
    told = ContactEvent.model_validate(call["payload"])
    assert (call["journey_id"], told.event_id, told.event) == (journey, clicked.id, "clicked_message")
    assert told.at == await pool.fetchval("select happened_at from events where id = $1", clicked.id)
    await publish(pool, talk("quiz", thread("custom.quiz")))
    await did(pool, "clicked_message")
    assert await heard(pool) == ["clicked_message"] * 2, "it lives by its own version"


async def test_a_clock_that_is_ahead_makes_no_old_news_of_what_is_done_next(pool: Pool) -> None:
    """Neither of what is heard, nor of what ends a journey that was entered by such a clock."""
    await publish(pool, talk("quiz", PATIENT, goal_on=["custom.stop"]))
    ahead = ago(minutes=-3)
    journey = entered(await did(pool, "custom", name="quiz", happened_at=ahead))
    await did(pool, "clicked_message", happened_at=ahead)
    await did(pool, "clicked_message")
    first, second = [ContactEvent.model_validate(call["payload"]).at for call in await calls(pool, "contact_event")]
    assert first is not None
    assert second is not None
    assert first <= second <= datetime.now(UTC)
    await did(pool, "custom", name="stop")
    assert await ending(pool) == {journey: Reason.GOAL_REACHED}


async def test_a_journey_that_has_ended_or_had_not_begun_hears_nothing(pool: Pool) -> None:
    await publish(pool, talk("quiz", PATIENT))
    entered(await did(pool, "custom", name="quiz"))
    await did(pool, "clicked_message", happened_at=ago(minutes=1))
    await Shop(pool, Intake(pool)).ended()
    await did(pool, "clicked_message")
    assert await heard(pool) == []


async def test_a_click_counts_for_the_journey_whose_message_it_was(pool: Pool) -> None:
    await publish(pool, talk("quiz", PATIENT))
    await publish(pool, talk("other", PATIENT | {"on": "custom.other"}))
    quiz = entered(await did(pool, "custom", name="quiz"))
    other = entered(await did(pool, "custom", name="other"))
    await did(pool, "clicked_message", message=f"<{other}.hello.1@shop.example>")
    assert [call["journey_id"] for call in await calls(pool, "contact_event")] == [other]
    await did(pool, "clicked_message", message="<from-elsewhere@shop.example>")
    assert sorted(call["journey_id"] for call in await calls(pool, "contact_event")) == sorted([quiz, other, other])


async def test_bought_is_an_order_of_one_of_the_things_a_journey_is_about_and_of_no_thing_any(pool: Pool) -> None:
    await Shop(pool, Intake(pool)).sells("v")
    await publish(pool, talk("cart", thread("checkout_started"), goal_on=["bought"]))
    about = entered(await did(pool, "checkout_started", product="p", variant="v"))
    of_many = entered(await did(pool, "checkout_started", "ben", items=[{"product": "p"}, {"product": "q"}]))
    await orders(pool, product="q")
    assert await ending(pool) == {}
    await orders(pool, "ben", product="r")
    assert await ending(pool) == {}
    await orders(pool, "ben", product="q")
    assert await ending(pool) == {of_many: Reason.GOAL_REACHED}
    await orders(pool)
    assert await ending(pool) == {of_many: Reason.GOAL_REACHED, about: Reason.GOAL_REACHED}
    assert {row["leaving"] for row in await pool.fetch("select leaving from journeys")} == {Reason.GOAL_REACHED}
    await orders(pool)
    assert len(await calls(pool, "leave")) == 2, "asked once"


async def test_an_order_is_heard_once_however_often_a_shop_shows_it_and_what_is_added_to_it_is_bought_then(
    pool: Pool,
) -> None:
    waits = {"wait_for": ["ordered", "bought"], "within": "2 days"}
    await publish(pool, talk("quiz", thread("custom.quiz", waits, {"send": "hello"})))
    entered(await did(pool, "custom", name="quiz"))

    async def shows(*products: str, cancelled: bool = False) -> list[str]:
        await shows_order(pool, *products, ordered_at=first, cancelled=cancelled)
        said = await heard(pool)
        await pool.execute("delete from outbox where kind = 'contact_event'")
        return said

    first = datetime.now(UTC)
    assert await shows("p") == ["ordered", "bought"]
    assert await shows("p") == []
    assert await shows("p", "q") == ["bought"]
    assert await shows("p", "q", cancelled=True) == []


@pytest.mark.parametrize("said", [1, 2])
async def test_a_consent_taken_back_ends_the_conversation_by_its_own_rule(pool: Pool, said: int) -> None:
    await publish(pool, talk("quiz", PATIENT, exit_on=["unsubscribed", "custom.stop"]))
    await agrees(pool, "ann", "ben")
    ann, ben = [entered(await did(pool, "custom", who, name="quiz")) for who in ("ann", "ben")]
    for _ in range(said):
        await Consents(pool).record(address("ann"), "account page", granted=False, by="test")
    assert await ending(pool) == {ann: Reason.EXIT_RULE}
    await did(pool, "custom", "ben", name="stop")
    assert await ending(pool) == {ann: Reason.EXIT_RULE, ben: Reason.EXIT_RULE}
    assert len(await calls(pool, "leave")) == 2
