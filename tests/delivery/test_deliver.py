"""What deliver finds before a message leaves, and what becomes of the place in line (promises P2, P3 and P7)."""

from datetime import UTC, datetime, time

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.document.conversation import QuietHours
from schemas.ids import JourneyId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Held, Refused, Sent, Stopped
from schemas.reasons import Ending, Reason
from schemas.responses.repair import Answer as Answered
from starter.ops.approvals import Approvals, Which
from starter.ops.repair import By
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message, reminder
from tests.product import Shop, address, starter_document
from tests.simulated.sender import Answer


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


async def test_one_who_may_be_told_is_told_of_what_they_waited_for(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    assert isinstance(await counter.tells(journey), Sent)
    (mail,) = counter.sender.taken
    assert (mail.recipient, mail.subject) == (address("first"), "Blue kettle is back")
    assert "/products/blue-kettle?variant=v" in mail.text


async def test_one_without_a_place_is_not_told(counter: Counter) -> None:
    _, second = await counter.calls("first", "second")
    assert await counter.tells(second) == Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE)
    assert await counter.place(second) == ("waiting", [])
    assert counter.sender.taken == ()


async def test_sold_out_again_before_the_message_gives_the_place_back(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    await counter.shop.has("v", 0)
    assert await counter.tells(journey) == Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE)
    assert await counter.place(journey) == ("waiting", ["returned"])


async def test_a_claim_of_an_episode_that_is_over_does_not_tell_of_the_next(counter: Counter) -> None:
    """The units it was given for are gone; those of the new episode go to the first in line."""
    first, second = await counter.calls("first", "second")
    await counter.shop.has("v", 0)
    await counter.shop.has("v", 1)
    await counter.looks()
    assert await counter.place(second) == ("claimed", ["given"])
    assert await counter.tells(first) == Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE)
    assert await counter.place(first) == ("waiting", ["returned"])


async def test_sold_out_when_the_reminder_is_due_leaves_it_out(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    await counter.shop.has("v", 0)
    assert await counter.deliver(reminder(journey)) == Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.GO_ON)
    assert await counter.place(journey) == ("told", ["used"])


async def test_a_product_taken_off_sale_tells_nobody(counter: Counter) -> None:
    first, second = await counter.calls("first", "second", units=2)
    await counter.tells(first)
    await counter.shop.sells("v", units=2, on_sale=False)
    assert await counter.tells(second) == Refused(reason=Reason.INACTIVE, then=AfterRefusal.BACK_IN_LINE)
    assert await counter.place(second) == ("waiting", ["returned"])
    assert await counter.deliver(reminder(first)) == Refused(reason=Reason.INACTIVE, then=AfterRefusal.GO_ON)


@pytest.mark.parametrize("reason", [Reason.SUPPRESSED, Reason.NO_CONSENT])
async def test_one_who_may_not_be_written_to_makes_room_for_the_next(counter: Counter, reason: Reason) -> None:
    first, second = await counter.calls("first", "second")
    if reason is Reason.SUPPRESSED:
        await counter.suppresses("first")
    else:
        await counter.hears_no_from(first)
    assert await counter.tells(first) == Refused(reason=reason, then=AfterRefusal.LEAVE)
    assert await counter.place(first) == ("left", ["refused"])
    assert await counter.is_asked_to_look()
    await counter.looks()
    assert await counter.place(second) == ("claimed", ["given"])
    assert isinstance(await counter.tells(second), Sent)


@pytest.mark.parametrize("reason", [Reason.SUPPRESSED, Reason.NO_CONSENT])
async def test_one_who_may_no_longer_be_written_to_gets_no_reminder(counter: Counter, reason: Reason) -> None:
    """They were told: the place is used, and nobody is called for it."""
    first, second = await counter.calls("first", "second")
    await counter.tells(first)
    if reason is Reason.SUPPRESSED:
        await counter.suppresses("first")
    else:
        await counter.hears_no_from(first)
    assert await counter.deliver(reminder(first)) == Refused(reason=reason, then=AfterRefusal.LEAVE)
    assert await counter.place(first) == ("told", ["used"])
    assert await counter.place(second) == ("waiting", [])
    assert len(counter.sender.taken) == 1


async def test_a_draft_keeps_the_place_and_gives_it_up_at_the_end(counter: Counter) -> None:
    first, second = await counter.calls("first", "second")
    draft = await counter.deliver(message(first, draft=True))
    assert draft == Refused(reason=Reason.MESSAGE_DRAFT, then=AfterRefusal.GO_ON)
    assert await counter.place(first) == ("claimed", ["given"])
    await counter.waitlist.close(first, Ending.COMPLETED, Reason.MESSAGE_DRAFT)
    assert await counter.place(first) == ("left", ["lapsed"])
    await counter.looks()
    assert await counter.place(second) == ("claimed", ["given"])


async def test_a_draft_reminder_changes_nothing_for_one_who_was_told(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    draft = await counter.deliver(reminder(journey, draft=True))
    assert draft == Refused(reason=Reason.MESSAGE_DRAFT, then=AfterRefusal.GO_ON)
    assert await counter.place(journey) == ("told", ["used"])


async def test_an_address_the_provider_refuses_makes_room_for_the_next(counter: Counter) -> None:
    first, second = await counter.calls("first", "second")
    counter.sender.answer_next(Answer.REFUSE)
    assert await counter.tells(first) == Refused(reason=Reason.PROVIDER_REFUSED, then=AfterRefusal.LEAVE)
    assert await counter.place(first) == ("left", ["refused"])
    await counter.looks()
    assert isinstance(await counter.tells(second), Sent)


async def test_a_reminder_the_provider_refuses_is_left_out(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    counter.sender.answer_next(Answer.REFUSE)
    assert await counter.deliver(reminder(journey)) == Refused(reason=Reason.PROVIDER_REFUSED, then=AfterRefusal.GO_ON)
    assert await counter.place(journey) == ("told", ["used"])


async def test_a_message_that_cannot_be_rendered_stops_and_keeps_its_place_until_it_is_mended(pool: Pool) -> None:
    starter = starter_document()
    broken = starter.messages["it-is-back"].model_copy(update={"text": "{{ product.colour }}"})
    await publish(pool, starter.model_copy(update={"messages": {**starter.messages, "it-is-back": broken}}))
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await counter.shop.sells("v")
    first, _ = await counter.calls("first", "second")
    assert await counter.tells(first) == Stopped(reason=Reason.MESSAGE_BROKEN)
    assert await counter.place(first) == ("claimed", ["given"])
    assert counter.sender.taken == ()


async def test_a_message_that_a_move_left_behind_stops_like_a_broken_one_or_is_left_out_if_it_was_by_the_way(
    counter: Counter,
) -> None:
    (journey,) = await counter.calls("first")
    request = message(journey, "no-such-message")
    assert await counter.deliver(request) == Stopped(reason=Reason.MESSAGE_BROKEN)
    once = request.model_copy(update={"round": 0, "event": None})
    assert await counter.deliver(once) == Refused(reason=Reason.MESSAGE_BROKEN, then=AfterRefusal.GO_ON)


async def test_a_manual_message_is_held_until_it_is_approved_and_checked_anew(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    request = manual(journey)
    for _ in range(2):
        assert await counter.deliver(request) == Held()
    assert counter.sender.taken == ()
    await Approvals(counter.pool).answer(Answered.APPROVED, Which(), By("ann", "read it"))
    assert isinstance(await counter.deliver(request), Sent)
    assert isinstance(await counter.deliver(request), Sent)
    assert len(counter.sender.taken) == 1


async def test_a_held_message_that_is_not_true_any_more_is_refused_also_when_it_was_approved(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    assert await counter.deliver(manual(journey)) == Held()
    await Approvals(counter.pool).answer(Answered.APPROVED, Which(), By("ann", "read it"))
    await counter.shop.has("v", 0)
    refused = Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE)
    assert await counter.deliver(manual(journey)) == refused
    assert counter.sender.taken == ()


def manual(journey: JourneyId) -> Deliver:
    """The first message, as a step that somebody has to approve."""
    request = message(journey)
    return request.model_copy(update={"step": request.step.model_copy(update={"manual": True})})


async def test_one_who_stepped_out_of_line_is_not_told(counter: Counter) -> None:
    _, second = await counter.calls("first", "second")
    await counter.waitlist.leave_waitlist(second, Reason.WINDOW_ENDED)
    assert await counter.tells(second) == Refused(reason=Reason.WINDOW_ENDED, then=AfterRefusal.LEAVE)


async def test_quiet_hours_put_a_message_off_and_leave_everything_as_it_is(pool: Pool) -> None:
    starter = starter_document()
    always = QuietHours.model_validate({"from": time(0), "until": time(23, 59, 59)})
    quiet = starter.list.model_copy(update={"quiet_hours": always})
    await publish(pool, starter.model_copy(update={"list": quiet}))
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await counter.shop.sells("v")
    (journey,) = await counter.calls("first")
    outcome = await counter.tells(journey)
    assert isinstance(outcome, Deferred)
    assert outcome.until > datetime.now(UTC)
    assert outcome.reason is Reason.QUIET_HOURS
    assert await counter.place(journey) == ("claimed", ["given"])
    await pool.execute("update lists set quiet_from = null, quiet_until = null")
    assert isinstance(await counter.tells(journey), Sent)
