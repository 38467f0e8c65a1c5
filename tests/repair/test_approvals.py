"""Messages that somebody has to approve: they leave only then, and only if they are still true."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.conversation import ConversationDocument
from schemas.ids import JourneyId
from schemas.reasons import Reason
from schemas.repair import Answer, Answered, HeldMessages
from schemas.steps import SendStep, Status
from starter.approvals import Approvals, Which
from starter.devstack.mailbox import Mailbox
from starter.repair import By
from tests.product import Product, addressees, next_change, running_product, starter_document

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
        if held.total == resting == count:
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


async def test_thirty_are_approved_in_one_go_and_each_is_written_to_once(shop_by_hand: Product) -> None:
    names = [f"n{number}" for number in range(30)]
    await _called(shop_by_hand, *names)
    await _held(shop_by_hand, 30)
    counted = await Approvals(shop_by_hand.pool).answer(Answer.APPROVED, Which(), None)
    assert (len(counted.keys), counted.done) == (30, False)
    assert shop_by_hand.mailbox.mails == ()
    assert len((await _answers(shop_by_hand, Answer.APPROVED)).keys) == 30
    await shop_by_hand.at_rest()
    assert sorted(addressees(shop_by_hand.mailbox)) == sorted(names)


async def test_approving_twice_and_what_is_not_held_does_no_harm(shop_by_hand: Product) -> None:
    await _called(shop_by_hand, "ada")
    key = (await _held(shop_by_hand, 1)).messages[0].key
    assert (await _answers(shop_by_hand, Answer.APPROVED, key, "j-0/nothing/1")).keys == (key,)
    assert (await _answers(shop_by_hand, Answer.APPROVED, key)).keys == ()
    assert (await _answers(shop_by_hand, Answer.DECLINED, key)).keys == ()
    await shop_by_hand.mail_to("ada")
    await shop_by_hand.at_rest()
    assert addressees(shop_by_hand.mailbox) == ["ada"]
    rows = await shop_by_hand.pool.fetch("select actor, action, details from audit order by id")
    assert [(row["actor"], row["action"], row["details"]["why"]) for row in rows] == [
        ("ann", "approve messages", "read it")
    ]
