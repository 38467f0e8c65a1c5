"""What is held up is mended by hand: tried again, passed over, finished. Nothing is ever sent twice."""

from datetime import timedelta

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.temporal import Temporal
from activities.waitlist.store import Waitlist
from schemas.conversation import ConversationDocument
from schemas.ids import JourneyId
from schemas.journey import Move, Signal
from schemas.path import Why
from schemas.reasons import Reason
from schemas.repair import Repair
from schemas.steps import ExitStep, SendStep, WaitStep
from starter.devstack.mailbox import Mailbox
from starter.journeys import NoSuchJourney
from starter.publishing import publish
from starter.repair import By, NotRepairable, Repairs
from starter.replay import replay_path
from tests.product import Product, addressees, next_change, running_product, starter_document
from workflows.interpreter.compiler import compile_document

BEN = By("ben", "the template was mended")


def told_then_reminded(text: str | None = None) -> ConversationDocument:
    """Told, and reminded after two days; `text`: of the first message, another one than the starter's."""
    starter = starter_document()
    (thread,) = starter.threads
    messages = dict(starter.messages)
    if text is not None:
        messages["it-is-back"] = messages["it-is-back"].model_copy(update={"text": text, "html": None})
    steps = (
        SendStep(send="it-is-back"),
        WaitStep(wait=timedelta(days=2)),
        SendStep(send="still-here"),
        ExitStep(exit="x"),
    )
    return starter.model_copy(update={"threads": (thread.model_copy(update={"steps": steps}),), "messages": messages})


def _repairs(product: Product) -> Repairs:
    return Repairs(product.pool, product.client, product.archive)


async def _rests(product: Product, journey: JourneyId, step: str) -> None:
    """The journey rests at this step, and nothing is on its way."""
    while await product.pool.fetchval("select at_step from journeys where id = $1", journey) != step:
        await next_change(product.pool)


async def _told(product: Product, name: str) -> JourneyId:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up(name)
    await product.shop.has("v", 1)
    await product.mail_to(name)
    await _rests(product, journey, "wait-2-days")
    return journey


async def _why_left(product: Product, journey: JourneyId, step: str) -> Why | None:
    path = await replay_path(product.client, product.archive, journey)
    return next(entry.why for entry in path.entries if entry.step == step)


async def test_a_wait_is_passed_over_and_the_next_message_leaves_at_once(product: Product) -> None:
    journey = await _told(product, "ada")
    plan = await _repairs(product).repair(journey, Repair.SKIP, None)
    assert not plan.done
    assert f"{journey} rests at 'wait-2-days'" in plan.sentence
    assert await product.pool.fetchval("select count(*) from audit") == 0
    assert (await _repairs(product).repair(journey, Repair.SKIP, BEN)).done
    ended = await product.until(journey, lambda report: report.ended_at is not None)
    assert ended.reason is None
    assert addressees(product.mailbox) == ["ada", "ada"]
    assert await _why_left(product, journey, "wait-2-days") is Why.SKIPPED
    row = await product.pool.fetchrow("select actor, action, details from audit")
    assert row is not None
    assert (row["actor"], row["action"], row["details"]["why"]) == ("ben", "skip step", BEN.why)


async def test_the_rest_of_a_thread_is_left_out(product: Product) -> None:
    journey = await _told(product, "ada")
    await _repairs(product).repair(journey, Repair.FINISH, BEN)
    ended = await product.until(journey, lambda report: report.ended_at is not None)
    assert ended.ending == "completed"
    assert addressees(product.mailbox) == ["ada"]


async def test_a_broken_template_stops_all_and_a_mended_version_lets_them_go_on_once(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    broken = told_then_reminded("{{ product.colour }}")
    async with running_product(pool, client, mailbox, "broken", broken) as product:
        await product.shop.sells("v")
        journeys = await product.shop.signs_up("ada", "ben")
        await product.shop.has("v", 2)
        for journey in journeys:
            await _rests(product, journey, "it-is-back")
        (group,) = (await _repairs(product).stuck()).groups
        assert (group.cause, group.step, group.journeys) == (Reason.MESSAGE_BROKEN, "it-is-back", 2)

        mended = told_then_reminded("It is back.")
        published = await publish(pool, mended)
        program = compile_document(mended, published.version_id)
        temporal = Temporal(client, product.settings.temporal_task_queue)
        for start in (await Waitlist(pool).starts(journeys)).values():
            await temporal.signal(start, Signal.MOVE, Move(program=program, operation_id=0))
        counted = await _repairs(product).resume(Reason.MESSAGE_BROKEN, None, None, None)
        assert (counted.journeys, counted.done) == (2, False)
        resumed = await _repairs(product).resume(Reason.MESSAGE_BROKEN, "back-in-stock", "it-is-back", BEN)
        assert resumed.journeys == 2
        for journey in journeys:
            await _rests(product, journey, "wait-2-days")
        assert sorted(addressees(mailbox)) == ["ada", "ben"]
        assert (await _repairs(product).stuck()).groups == ()
        assert await pool.fetchval("select count(*) from journeys where version_id = $1", published.version_id) == 2


async def test_who_stands_in_line_or_has_ended_is_no_case_for_repair(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("ada")
    with pytest.raises(NotRepairable, match="stands in line"):
        await _repairs(product).repair(journey, Repair.RETRY, BEN)
    await product.settled()
    await product.journeys.cancel(journey)
    await product.until(journey, lambda report: report.ended_at is not None)
    with pytest.raises(NotRepairable, match="has ended"):
        await _repairs(product).repair(journey, Repair.RETRY, BEN)
    with pytest.raises(NoSuchJourney):
        await _repairs(product).repair(JourneyId("j-0"), Repair.RETRY, BEN)


async def test_only_what_stops_somebody_can_be_a_cause(product: Product) -> None:
    with pytest.raises(NotRepairable, match="stops nobody"):
        await _repairs(product).resume(Reason.QUIET_HOURS, None, None, BEN)
