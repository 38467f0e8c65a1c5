"""No message is sent twice by us, whoever asks how often; what cannot be known is never sent again (promise P1)."""

import asyncio
from datetime import UTC, datetime

import pytest
from temporalio.exceptions import ApplicationError

from activities.delivery.ledger import Ledger
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.journey.outcome import AfterRefusal, Refused, Sent, Unknown
from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message, reminder
from tests.product import Shop, starter_document
from tests.simulated.sender import Answer

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
SOLD_OUT = Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE)


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


async def test_a_message_is_sent_once_however_often_it_is_asked_for(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    outcomes = [await counter.tells(journey) for _ in range(5)]
    assert isinstance(outcomes[0], Sent)
    assert outcomes == outcomes[:1] * 5
    assert [mail.message_id for mail in counter.sender.taken] == [outcomes[0].message_id]
    assert await counter.place(journey) == ("told", ["used"])


async def test_attempts_that_race_each_other_send_once(counter: Counter) -> None:
    journeys = await counter.calls(*(f"c{number}" for number in range(5)), units=5)
    asked = [journey for journey in journeys for _ in range(8)]
    answers = await asyncio.gather(*(counter.tells(journey) for journey in asked), return_exceptions=True)
    assert len(counter.sender.taken) == 5
    for answer in answers:
        assert isinstance(answer, Sent) or (isinstance(answer, ApplicationError) and answer.type == "InProgress")
    for journey in journeys:
        assert isinstance(await counter.tells(journey), Sent)
    assert len(counter.sender.taken) == 5


async def test_what_the_provider_did_not_take_is_tried_again_and_sent_once(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    counter.sender.answer_next(Answer.TRY_LATER, Answer.TRY_LATER)
    for attempt in (1, 2):
        with pytest.raises(ApplicationError, match="did not take it"):
            await counter.tells(journey)
        assert await counter.entry(message(journey)) == ("ready", attempt)
        assert await counter.place(journey) == ("claimed", ["given"])
    assert isinstance(await counter.tells(journey), Sent)
    assert len(counter.sender.taken) == 1


async def test_what_left_is_on_record_by_its_own_name_though_the_step_had_another_message_when_it_was_put_off(
    counter: Counter, pool: Pool
) -> None:
    first, second = await counter.calls("first", "second", units=2)
    for journey in (first, second):
        was = message(journey)
        put_off = was.model_copy(update={"step": was.step.model_copy(update={"message": "still-here"})})
        await Ledger(pool).note(put_off)
    assert isinstance(await counter.deliver(message(first)), Sent)
    refused = Refused(reason=Reason.SKIPPED, then=AfterRefusal.GO_ON)
    assert await Ledger(pool).settle(message(second), refused) == refused
    assert await pool.fetch("select message, state from sends order by state") == [
        ("it-is-back", "refused"),
        ("it-is-back", "sent"),
    ]


@pytest.mark.parametrize("outcome", [Sent(message_id="m@shop.example", at=NOW), Unknown()])
async def test_a_journey_is_over_with_the_last_message_that_told_its_contact_and_only_with_that(
    counter: Counter, outcome: Sent | Unknown
) -> None:
    last, followed, refused = await counter.calls("last", "followed", "refused", units=3)
    for journey, sent in ((last, outcome), (followed, outcome), (refused, SOLD_OUT)):
        request = message(journey).model_copy(update={"last": journey != followed})
        assert await counter.ledger.settle(request, sent) == sent
    assert await counter.pool.fetch("select id, ending from journeys order by id") == [
        (last, "completed"),
        (followed, None),
        (refused, None),
    ]


async def test_a_message_that_is_on_record_says_whether_its_journey_is_over(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    request = message(journey)
    assert not (await counter.delivery.deliver(request)).closed
    again = request.model_copy(update={"last": True})
    assert not (await counter.delivery.deliver(again)).closed, "it was not the last when it was sent"


async def test_the_last_message_says_so_as_often_as_it_is_asked_for(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    last = message(journey).model_copy(update={"last": True})
    answers = [await counter.delivery.deliver(last) for _ in range(3)]
    assert [answer.closed for answer in answers] == [True] * 3
    assert len(counter.sender.taken) == 1


async def test_a_provider_that_was_away_too_long_sends_its_contact_back_in_line(counter: Counter) -> None:
    first, _ = await counter.calls("first", "second")
    counter.sender.answer_next(Answer.TRY_LATER)
    outcome = await counter.deliver(message(first, patience_over=True))
    assert outcome == Refused(reason=Reason.PROVIDER_UNAVAILABLE, then=AfterRefusal.BACK_IN_LINE)
    assert await counter.place(first) == ("waiting", ["returned"])
    await counter.looks()
    assert await counter.place(first) == ("claimed", ["returned", "given"]), "at the old place, before the second"


async def test_a_reminder_that_could_not_leave_for_too_long_is_left_out(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    counter.sender.answer_next(Answer.TRY_LATER)
    outcome = await counter.deliver(reminder(journey, patience_over=True))
    assert outcome == Refused(reason=Reason.PROVIDER_UNAVAILABLE, then=AfterRefusal.GO_ON)
    assert await counter.place(journey) == ("told", ["used"])


@pytest.mark.parametrize("answer", [Answer.LOSE, Answer.TAKE_AND_LOSE_ANSWER])
async def test_what_cannot_be_known_counts_as_told_and_is_never_sent_again(counter: Counter, answer: Answer) -> None:
    (journey,) = await counter.calls("first")
    counter.sender.answer_next(answer)
    assert await counter.tells(journey) == Unknown()
    assert await counter.tells(journey) == Unknown()
    assert len(counter.sender.taken) == (answer is Answer.TAKE_AND_LOSE_ANSWER)
    assert await counter.place(journey) == ("told", ["used"])
    assert not await counter.is_asked_to_look()


async def test_while_another_attempt_may_be_sending_nobody_else_does(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    assert await counter.ledger.open(message(journey), counter.ledger.lease())
    assert not await counter.ledger.open(message(journey), counter.ledger.lease())
    with pytest.raises(ApplicationError, match="may still be sending"):
        await counter.tells(journey)
    assert counter.sender.taken == ()


async def test_an_attempt_that_never_came_back_is_unknown_and_not_sent_again(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    await counter.ledger.open(message(journey), counter.ledger.lease())
    await counter.loses_its_holder(message(journey))
    assert await counter.tells(journey) == Unknown()
    assert await counter.tells(journey) == Unknown()
    assert counter.sender.taken == ()
    assert await counter.place(journey) == ("told", ["used"])


async def test_one_who_comes_back_after_all_answers_what_is_on_record(counter: Counter) -> None:
    """The lease had run out, so it was recorded as unknown; a record is not changed."""
    (journey,) = await counter.calls("first")
    counter.sender.open.clear()
    slow = asyncio.create_task(counter.tells(journey))
    await counter.sender.somebody_waits.wait()
    await counter.loses_its_holder(message(journey))
    assert await counter.tells(journey) == Unknown()
    counter.sender.open.set()
    assert await slow == Unknown()
    assert await counter.tells(journey) == Unknown()
    assert len(counter.sender.taken) == 1


async def test_a_verdict_of_before_does_not_overrule_an_attempt_that_is_sending(counter: Counter) -> None:
    """Else the place would pass on, and the contact be told of it all the same."""
    (journey,) = await counter.calls("first")
    counter.sender.open.clear()
    sending = asyncio.create_task(counter.tells(journey))
    await counter.sender.somebody_waits.wait()
    assert await counter.ledger.settle(message(journey), SOLD_OUT) is None
    counter.sender.open.set()
    sent = await sending
    assert isinstance(sent, Sent)
    assert await counter.ledger.settle(message(journey), SOLD_OUT) == sent
    assert await counter.place(journey) == ("told", ["used"])


async def test_an_attempt_called_off_before_anything_was_handed_over_may_be_made_again(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    counter.sender.open.clear()
    attempt = asyncio.create_task(counter.tells(journey))
    await counter.sender.somebody_waits.wait()
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert await counter.entry(message(journey)) == ("ready", 1)
    counter.sender.open.set()
    assert isinstance(await counter.tells(journey), Sent)
    assert len(counter.sender.taken) == 1


async def test_back_in_line_the_next_round_has_a_message_of_its_own(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    await counter.shop.has("v", 0)
    assert await counter.tells(journey) == SOLD_OUT
    await counter.shop.has("v", 1)
    await counter.looks()
    assert await counter.tells(journey) == SOLD_OUT, "the first round is on record"
    sent = await counter.deliver(message(journey, round_=2))
    assert isinstance(sent, Sent)
    assert sent.message_id == f"{journey}.it-is-back.2@shop.example"
    assert await counter.place(journey) == ("told", ["returned", "used"])
