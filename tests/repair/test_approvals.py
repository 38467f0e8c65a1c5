"""Messages that somebody has to approve: they leave only then, and only if they are still true."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.delivery.deliver import DeliverActivity
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import SendStep, Status
from schemas.ids import JourneyId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Held
from schemas.reasons import Reason
from schemas.responses.repair import Answer, Answered, HeldMessages
from starter.devstack.mailbox import Mailbox
from starter.ops.approvals import Approvals, NothingHeld, Which
from starter.ops.repair import By
from starter.versioning.publishing import publish
from tests.conversations.told import agrees, did, entered, talk, thread
from tests.delivery.counter import Counter, message
from tests.faults.crashes import CrashPoint, MortalLedger, Process
from tests.product import BY_HAND, Product, Shop, addressees, next_change, running_product, starter_document

ANN = By("ann", "read it")


def by_hand() -> ConversationDocument:
    """The starter, whose first message somebody has to approve, and nothing after it."""
    starter = starter_document()
    (thread,) = starter.threads
    steps = (SendStep(send="it-is-back", status=Status.MANUAL),)
    return starter.model_copy(update={"threads": (thread.model_copy(update={"steps": steps}),)})


@pytest.fixture
async def shop_by_hand(pool: Pool, client: Client, mailbox: Mailbox) -> AsyncGenerator[Product]:
    async with running_product(pool, client, mailbox, "by-hand", by_hand()) as product:
        await product.shop.sells("v")
        yield product


async def _held(product: Product, count: int) -> HeldMessages:
    """What waits for approval, once that are so many and each journey rests there."""
    while True:
        held = await Approvals(product.pool).held()
        resting = await product.pool.fetchval(
            "select count(*) from journeys where held_up_by = 'awaiting_approval' and ended_at is null"
        )
        if len(held.messages) == held.total == resting == count:
            return held
        await next_change(product.pool)


async def _answers(product: Product, answer: Answer, *keys: str) -> Answered:
    return await Approvals(product.pool).answer(answer, Which(keys=keys or None), ANN)


async def _called(product: Product, *names: str) -> list[JourneyId]:
    journeys = await product.shop.signs_up(*names)
    await product.shop.has("v", len(names))
    return journeys


async def test_a_message_leaves_only_when_it_was_approved(shop_by_hand: Product) -> None:
    (journey,) = await _called(shop_by_hand, "ada")
    held = await _held(shop_by_hand, 1)
    assert shop_by_hand.mailbox.mails == ()
    assert [(one.journey, one.message, one.step) for one in held.messages] == [(journey, "it-is-back", "it-is-back")]
    answered = await _answers(shop_by_hand, Answer.APPROVED, held.messages[0].key)
    assert answered.keys == (held.messages[0].key,)
    await shop_by_hand.mail_to("ada")
    ended = await shop_by_hand.until(journey, lambda report: report.ended_at is not None)
    assert ended.reason is None


async def test_what_is_sold_out_by_the_time_of_the_approval_is_not_sent(shop_by_hand: Product) -> None:
    (journey,) = await _called(shop_by_hand, "ada")
    held = await _held(shop_by_hand, 1)
    await shop_by_hand.shop.has("v", 0)
    await _answers(shop_by_hand, Answer.APPROVED, held.messages[0].key)
    await shop_by_hand.until(journey, lambda report: report.ahead == 0)
    assert shop_by_hand.mailbox.mails == ()


async def test_a_declined_message_is_never_sent_and_its_place_passes_to_the_next(shop_by_hand: Product) -> None:
    first, second = await shop_by_hand.shop.signs_up("first", "second")
    await shop_by_hand.shop.has("v", 1)
    held = await _held(shop_by_hand, 1)
    assert held.messages[0].journey == first
    await _answers(shop_by_hand, Answer.DECLINED, held.messages[0].key)
    ended = await shop_by_hand.until(first, lambda report: report.ended_at is not None)
    assert ended.reason is Reason.DECLINED
    assert (await _held(shop_by_hand, 1)).messages[0].journey == second
    await _answers(shop_by_hand, Answer.APPROVED)
    await shop_by_hand.mail_to("second")
    assert addressees(shop_by_hand.mailbox) == ["second"]


async def test_a_hundred_are_approved_in_one_go_and_each_is_written_to_once(shop_by_hand: Product) -> None:
    names = [f"n{number}" for number in range(100)]
    await _called(shop_by_hand, *names)
    await _held(shop_by_hand, 100)
    counted = await Approvals(shop_by_hand.pool).answer(Answer.APPROVED, Which(), None)
    assert (len(counted.keys), counted.done) == (100, False)
    assert shop_by_hand.mailbox.mails == ()
    assert len((await _answers(shop_by_hand, Answer.APPROVED)).keys) == 100
    await shop_by_hand.at_rest()
    assert sorted(addressees(shop_by_hand.mailbox)) == sorted(names)


async def test_approving_twice_and_what_is_not_held_does_no_harm(shop_by_hand: Product) -> None:
    await _called(shop_by_hand, "ada")
    key = (await _held(shop_by_hand, 1)).messages[0].key
    first = await _answers(shop_by_hand, Answer.APPROVED, key, "j-0/nothing/1")
    assert first.keys == (key,)
    assert [(other.key, other.why) for other in first.not_held] == [("j-0/nothing/1", "there is no such message")]
    assert (await _answers(shop_by_hand, Answer.APPROVED, key)).keys == ()
    await shop_by_hand.mail_to("ada")
    await shop_by_hand.at_rest()
    too_late = await _answers(shop_by_hand, Answer.DECLINED, key)
    assert (too_late.keys, too_late.not_held[0].why) == ((), "it is settled: sent")
    await shop_by_hand.at_rest()
    assert addressees(shop_by_hand.mailbox) == ["ada"]
    rows = await shop_by_hand.pool.fetch(f"select actor, action, details from audit {BY_HAND} order by id")
    assert [(row["actor"], row["action"], row["details"]["why"]) for row in rows] == [
        ("ann", "approve messages", "read it")
    ]


async def test_a_held_message_can_be_read_before_it_is_approved(shop_by_hand: Product) -> None:
    await _called(shop_by_hand, "ada")
    key = (await _held(shop_by_hand, 1)).messages[0].key
    shown = await Approvals(shop_by_hand.pool).preview(key)
    assert (shown.subject, "/products/blue-kettle?variant=v" in shown.text) == ("Blue kettle is back", True)
    await _answers(shop_by_hand, Answer.DECLINED, key)
    with pytest.raises(NothingHeld, match=r"ann declined it|it is settled: refused"):
        await Approvals(shop_by_hand.pool).preview(key)


async def test_without_an_alert_a_declined_message_is_left_out_and_the_next_one_follows(product: Product) -> None:
    steps = ({"send": "hello", "status": "manual"}, {"send": "again"})
    await publish(product.pool, talk("quiz", thread("custom.quiz", *steps)))
    await agrees(product.pool, "ann")
    journey = entered(await did(product.pool, "custom", "ann", name="quiz"))
    (held,) = (await _held(product, 1)).messages
    await _answers(product, Answer.DECLINED, held.key)
    assert await product.mail_to("ann") == "quiz: again"
    await product.until(journey, lambda report: report.ended_at is not None)
    settled = await product.pool.fetch("select step, outcome, declined_by from sends order by settled_at")
    assert [(row["step"], row["outcome"].get("reason"), row["declined_by"]) for row in settled] == [
        ("hello", "declined", "ann"),
        ("again", None, None),
    ]
    assert addressees(product.mailbox) == ["ann"]


async def test_an_approval_while_nothing_runs_is_carried_out_once_when_it_runs_again(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    async with running_product(pool, client, mailbox, "by-hand", by_hand()) as product:
        await product.shop.sells("v")
        await _called(product, "ada")
        key = (await _held(product, 1)).messages[0].key
    assert (await _answers(product, Answer.APPROVED, key)).keys == (key,)
    assert mailbox.mails == ()
    async with running_product(pool, client, mailbox, "by-hand", by_hand()) as again:
        await again.mail_to("ada")
        await again.at_rest()
    assert addressees(mailbox) == ["ada"]


@pytest.mark.parametrize("after", [False, True])
async def test_whatever_is_killed_after_an_approval_sends_it_at_most_once(
    pool: Pool, database_url: str, after: bool
) -> None:
    """A new process does again what a killed one was at; what cannot be known is not sent again."""
    shop = await Shop.opened(pool, by_hand())
    process = await Process.on(database_url, pool)
    counter = Counter(pool, shop)
    names = [f"n{number}" for number in range(12)]
    outcomes: list[str] = []
    for number, journey in enumerate(await counter.calls(*names, units=len(names)), start=1):
        asked = message(journey)
        request = asked.model_copy(update={"step": asked.step.model_copy(update={"manual": True})})
        assert await counter.deliver(request) == Held()
        await Approvals(pool).answer(Answer.APPROVED, Which(keys=(request.key,)), ANN)
        delivery = DeliverActivity(MortalLedger(process), counter.sender, "shop.example")

        async def deliver(delivery: DeliverActivity = delivery, request: Deliver = request) -> str:
            try:
                return (await delivery.deliver(request)).outcome.kind
            except ApplicationError:
                # It may be under way elsewhere, as far as anyone knows: until its lease has run out.
                await counter.loses_its_holder(request)
                return (await delivery.deliver(request)).outcome.kind

        outcomes.append(await process.survives(deliver, CrashPoint(number, after)))
        process.will_not_crash()
    assert process.crashes >= 3
    assert set(outcomes) <= {"sent", "unknown"}
    taken = [mail.message_id for mail in counter.sender.taken]
    assert len(taken) == len(set(taken)) >= outcomes.count("sent")
    await process.pool.close()


async def test_other_words_need_an_approval_of_their_own(pool: Pool) -> None:
    """A journey that moved between the yes and the message meets a version with another text."""
    words = by_hand()
    other = words.messages["it-is-back"].model_copy(update={"text": "Quite other words"})
    await publish(pool, words.model_copy(update={"messages": {**words.messages, "it-is-back": other}}))
    same = await publish(pool, words)
    renamed = await publish(pool, words.model_copy(update={"name": "Renamed"}))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    counter = Counter(pool, shop)
    (journey,) = await counter.calls("ada")
    asked = message(journey)
    request = asked.model_copy(update={"step": asked.step.model_copy(update={"manual": True})})
    assert await counter.deliver(request) == Held()
    await Approvals(pool).answer(Answer.APPROVED, Which(keys=(request.key,)), ANN)
    assert await counter.deliver(request.model_copy(update={"version": same.version_id})) == Held()
    await Approvals(pool).answer(Answer.APPROVED, Which(keys=(request.key,)), ANN)
    sent = await counter.deliver(request.model_copy(update={"version": renamed.version_id}))
    assert sent.kind == "sent"
    assert [mail.text.strip() == "Quite other words" for mail in counter.sender.taken] == [False]


async def test_a_held_message_leaves_without_approval_once_its_step_is_live(pool: Pool) -> None:
    shop = await Shop.opened(pool, by_hand())
    counter = Counter(pool, shop)
    (journey,) = await counter.calls("ada")
    asked = message(journey)
    manual = asked.model_copy(update={"step": asked.step.model_copy(update={"manual": True})})
    assert await counter.deliver(manual) == Held()
    assert (await counter.deliver(asked)).kind == "sent"
    assert len(counter.sender.taken) == 1
