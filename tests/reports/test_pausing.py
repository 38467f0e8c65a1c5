"""A pause keeps everyone in their place, and what a resume shows is what the shelf then does."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.delivery.deliver import DeliverActivity
from activities.delivery.ledger import Ledger
from activities.postgres.pool import Pool
from schemas.document.alert_types.vocabulary import Action, AlertEvent
from schemas.document.conversation import ThreadSection
from schemas.document.steps import Send, SendStep
from schemas.ids import StepId
from schemas.journey.outcome import Deferred, Sent
from schemas.reasons import Reason
from starter.ops.pausing import MoreThanShown, NothingToPause, Pausable, Pausing
from starter.versioning.publishing import publish
from tests.allocation.rules import broken_rules
from tests.delivery.counter import message
from tests.product import BY_HAND, starter_document
from tests.reports.shop import BACK, PROGRAMME, Counter
from tests.simulated.sender import SimulatedSender

ACTOR = "test"
WATCHES = Pausable("conversation", "watches")


@pytest.mark.parametrize("what", [BACK, PROGRAMME])
async def test_stock_that_comes_in_a_pause_tells_nobody_and_resume_tells_as_many_as_it_showed(
    counter: Counter, pool: Pool, what: Pausable
) -> None:
    pausing = Pausing(pool)
    await counter.shop.signs_up("first", "second")
    assert (await pausing.pause(what, ACTOR)).changed
    await counter.shop.signs_up("third")
    await counter.shop.has("v", 2)
    assert await counter.looks() == 0
    shown = await pausing.would_resume(what)
    assert (shown.told_now, shown.held_up, shown.going_on, shown.resumed) == (2, 0, 0, False)
    assert [(each.subject, each.places, each.told_now) for each in shown.subjects] == [("variant/v", 2, 2)]
    assert await counter.looks() == 0
    resumed = await pausing.resume(what, ACTOR, at_most=2)
    assert resumed.resumed
    assert await counter.looks() == 2
    assert (await counter.why("third")).standing is not None


async def test_a_pause_of_the_other_stays_and_nothing_moves_until_both_are_lifted(counter: Counter, pool: Pool) -> None:
    pausing = Pausing(pool)
    await counter.shop.signs_up("first")
    await pausing.pause(BACK, ACTOR)
    await pausing.pause(PROGRAMME, ACTOR)
    await counter.shop.has("v", 5)
    alone = await pausing.resume(BACK, ACTOR)
    assert (alone.told_now, alone.also_paused) == (0, True)
    assert await counter.looks() == 0
    assert (await pausing.resume(PROGRAMME, ACTOR)).told_now == 1
    assert await counter.looks() == 1


async def test_only_those_whose_price_holds_are_counted(counter: Counter, pool: Pool) -> None:
    pausing = Pausing(pool)
    await counter.prices("100.00", 5)
    await counter.shows_interest(Action.BROWSE, "early", "early too")
    await counter.prices("90.00", 5)
    await pool.execute("delete from outbox")
    await counter.shows_interest(Action.BROWSE, "late")
    await counter.shows_interest(Action.CART, "carted")
    await pausing.pause(WATCHES, ACTOR)
    await counter.prices("89.00", 3)
    shown = await pausing.would_resume(WATCHES)
    assert {(each.alert, each.places, each.told_now) for each in shown.subjects} == {
        ("cheaper", None, 2),
        ("nearly-gone", None, 1),
    }
    assert (await pausing.resume(WATCHES, ACTOR)).told_now == await counter.looks() == 3


async def test_those_called_forward_before_the_pause_are_counted_as_held_up(counter: Counter, pool: Pool) -> None:
    pausing = Pausing(pool)
    first, _ = await counter.shop.signs_up("first", "second")
    await counter.shop.has("v", 2)
    assert await counter.looks() == 2
    await Ledger(pool).settle(message(first), Sent(message_id="m", at=(await pool.fetchval("select now()"))))
    await pausing.pause(BACK, ACTOR)
    shown = await pausing.would_resume(BACK)
    assert (shown.told_now, shown.held_up, shown.going_on, shown.at_most) == (0, 1, 1, 2)


async def test_confirmations_held_up_by_the_pause_are_counted_too(pool: Pool) -> None:
    document = starter_document()
    steps = (SendStep(id="thanks", send="it-is-back"),)
    thread = ThreadSection(name="Thank you", on="back-in-stock.subscription", steps=steps)
    await publish(pool, document.model_copy(update={"threads": (*document.threads, thread)}))
    counter, pausing = Counter.over(pool), Pausing(pool)
    await counter.shop.sells("v")
    await pausing.pause(PROGRAMME, ACTOR)
    first, _ = await counter.shop.signs_up("first", "second")
    thanks = message(first).model_copy(
        update={"event": AlertEvent.SUBSCRIPTION, "step": Send(id=StepId("thanks"), message="it-is-back")}
    )
    put_off = (await DeliverActivity(Ledger(pool), SimulatedSender(), "shop.example").deliver(thanks)).outcome
    assert isinstance(put_off, Deferred)
    assert put_off.reason is Reason.CONVERSATION_PAUSED
    shown = await pausing.would_resume(PROGRAMME)
    assert (shown.told_now, shown.held_up) == (0, 2), "also who has been looked at"


async def test_a_yes_to_fewer_than_it_has_become_changes_nothing(counter: Counter, pool: Pool) -> None:
    pausing = Pausing(pool)
    await counter.shop.signs_up("first", "second")
    await pausing.pause(BACK, ACTOR)
    await counter.shop.has("v", 1)
    shown = await pausing.would_resume(BACK)
    await counter.shop.has("v", 2)
    with pytest.raises(MoreThanShown):
        await pausing.resume(BACK, ACTOR, at_most=shown.at_most)
    assert (await pausing.would_resume(BACK)).paused_at is not None
    assert await counter.looks() == 0


async def test_each_pause_and_resume_is_in_the_audit_once(counter: Counter, pool: Pool) -> None:
    pausing = Pausing(pool)
    await pausing.pause(BACK, "Ada")
    assert not (await pausing.pause(BACK, "Bob")).changed
    await pausing.resume(BACK, "Cy")
    assert not (await pausing.resume(BACK, "Dee")).resumed
    rows = await pool.fetch(f"select actor, action, details from audit {BY_HAND} order by id")
    assert [(row["actor"], row["action"]) for row in rows] == [("Ada", "pause alert"), ("Cy", "resume alert")]
    assert rows[1]["details"] == {"alert": "back-in-stock", "told_now": 0, "held_up": 0, "going_on": 0}


async def test_publishing_again_does_not_end_a_pause(counter: Counter, pool: Pool) -> None:
    await Pausing(pool).pause(BACK, ACTOR)
    await publish(pool, starter_document(wait="3 days"))
    states = {state.alert: state for state in (await Pausing(pool).alerts()).alerts}
    assert states["back-in-stock"].paused_at is not None
    assert states["cheaper"].paused_at is None


async def test_what_does_not_exist_cannot_be_paused(pool: Pool) -> None:
    for what in (Pausable("alert", "none"), Pausable("conversation", "none")):
        with pytest.raises(NothingToPause, match="none"):
            await Pausing(pool).pause(what, ACTOR)
        with pytest.raises(NothingToPause):
            await Pausing(pool).resume(what, ACTOR)


async def test_who_enters_while_the_pause_ends_is_not_forgotten(counter: Counter, pool: Pool) -> None:
    pausing = Pausing(pool)
    await counter.shop.has("v", 50)
    for round_ in range(10):
        await pausing.pause(PROGRAMME, ACTOR)
        await asyncio.gather(
            *(counter.shop.signs_up(f"shopper {round_} {number}") for number in range(3)),
            pausing.resume(PROGRAMME, ACTOR),
        )
        assert await broken_rules(pool) == []
        await counter.looks()
        waiting = await pool.fetchval("select count(*) from waiting where state = 'waiting'")
        assert waiting == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["sign up", "stock", "pause", "resume", "look"]), st.integers(0, 6)), max_size=14
    )
)
async def test_whatever_happened_the_shown_count_is_what_the_shelf_does(
    counter: Counter, pool: Pool, moves: list[tuple[str, int]]
) -> None:
    pausing = Pausing(pool)
    for move, number in moves:
        match move:
            case "sign up":
                await counter.shop.signs_up(*(f"shopper{n}" for n in range(number)))
            case "stock":
                await counter.shop.has("v", number)
            case "pause":
                await pausing.pause(BACK, ACTOR)
            case "resume":
                await pausing.resume(BACK, ACTOR)
            case _:
                await counter.looks()
    await pausing.resume(BACK, ACTOR)
    await counter.looks()
    await pausing.pause(BACK, ACTOR)
    await counter.shop.has("v", 3)
    await counter.shop.has("v", 5)
    assert await counter.looks() == 0
    shown = await pausing.resume(BACK, ACTOR)
    assert shown.told_now == await counter.looks()
