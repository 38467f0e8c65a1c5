"""The shapes that workflows have had: how each history came about, on real servers. A new one is added to `SHAPES`."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import MappingProxyType

from activities.temporal import Temporal
from activities.waitlist.claims import Waitlist
from schemas.document.alert_types.vocabulary import WhileWaiting
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import ExitStep, SendStep, Status
from schemas.ids import bulk_workflow_id, journey_workflow_id, shelf_workflow_id
from schemas.journey.signals import Move
from schemas.responses.operations import Choice
from schemas.responses.repair import Answer, Repair
from starter.documents import STARTER_CONVERSATION, load_document
from starter.ops.approvals import Approvals, Which
from starter.ops.repair import By, Repairs
from starter.runtime.schedules import ARCHIVING, RECONCILIATION, RETENTION
from starter.versioning.bulk import BulkOperations, Decision
from starter.versioning.publishing import publish
from tests.histories.conversation_shapes import (
    begun_with_what_was_heard,
    continued_in_a_rest,
    every_kind_of_step,
    two_events_in_one_task,
)
from tests.histories.stage import CONTACT, IDENTITY, Ran, SimulatedShop, ended, rests_at
from tests.product import next_change, starter_document, subject
from workflows.compiler.compile import compile_document


def told_only() -> ConversationDocument:
    """The starter without its wait and reminder."""
    starter = starter_document()
    (thread,) = starter.threads
    steps = (SendStep(send="it-is-back"), ExitStep(exit="They have been told"))
    return starter.model_copy(update={"threads": (thread.model_copy(update={"steps": steps}),)})


async def told_with_reminder(stage: SimulatedShop) -> Ran:
    return await _told(stage, starter_document(wait="1 second"))


async def told_without_follow_up(stage: SimulatedShop) -> Ran:
    return await _told(stage, told_only())


async def closed_with_the_last_message(stage: SimulatedShop) -> Ran:
    """As before, since the message that nothing follows brings the end on record with it."""
    return await _told(stage, told_only())


async def _told(stage: SimulatedShop, document: ConversationDocument) -> Ran:
    async with stage.sold_out(document) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.settled()
        await product.shop.has("v", 1)
        return await ended(product, journey)


async def sold_out_again_then_told(stage: SimulatedShop) -> Ran:
    """Called while units were there, they were gone when the message was checked; told when others came."""
    document = told_only()
    shop = await stage.shop(document)
    (journey,) = await shop.signs_up(CONTACT)
    await shop.has("v", 1)
    await Waitlist(stage.pool).give_places(subject("v"))
    await shop.has("v", 0)
    async with stage.at_work(document) as product:
        await product.until(journey, lambda report: report.ahead == 0)
        await product.settled()
        await shop.has("v", 1)
        return await ended(product, journey)


async def window_ended(stage: SimulatedShop) -> Ran:
    document = starter_document()
    shop = await stage.shop(document)
    (journey,) = await shop.signs_up(CONTACT)
    await stage.pool.execute("update journeys set window_ends_at = now() + interval '2 seconds'")
    async with stage.at_work(document) as product:
        return await ended(product, journey)


async def cancelled_in_line(stage: SimulatedShop) -> Ran:
    async with stage.sold_out(starter_document()) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.settled()
        await product.journeys.cancel(journey, "test")
        return await ended(product, journey)


async def cancelled_after_told(stage: SimulatedShop) -> Ran:
    async with stage.sold_out(starter_document()) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.shop.has("v", 1)
        await product.mail_to(CONTACT)
        await product.settled()
        await product.journeys.cancel(journey, "test")
        return await ended(product, journey)


async def held_up_by_the_provider(stage: SimulatedShop) -> Ran:
    """The provider was down, so the message went on as a regular activity."""
    await stage.mailbox.stop()
    async with stage.sold_out(told_only()) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.shop.has("v", 1)
        while await stage.pool.fetchval("select coalesce(max(attempts), 0) from sends") < 2:
            await next_change(stage.pool)
        await stage.mailbox.start()
        return await ended(product, journey)


def every_event() -> ConversationDocument:
    """The starter that answers every event of its alert, with its days as seconds."""
    file = STARTER_CONVERSATION.parent / "back-in-stock-with-reminders.yaml"
    text = file.read_text(encoding="utf-8").replace("after: 2 days", "after: 1 second")
    return load_document(text, file.name)


async def confirmed_told_and_reminded(stage: SimulatedShop) -> Ran:
    """A subscription's confirmation, the alert, and two reminders."""
    return await _told(stage, every_event())


async def discontinued(stage: SimulatedShop) -> Ran:
    async with stage.sold_out(every_event()) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.mail_to(CONTACT)
        await product.shop.discontinues()
        return await ended(product, journey)


async def spoken_to_in_line(stage: SimulatedShop) -> Ran:
    """A message said once to those in line; the journey stood in line after it, and was told."""
    async with stage.sold_out(told_only()) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.settled()
        await stage.pool.execute(
            "insert into outbox (kind, journey_id, message) values ('broadcast', $1, 'still-here')", journey
        )
        await product.mail_to(CONTACT)
        await product.shop.has("v", 1)
        return await ended(product, journey)


async def told_that_it_is_not_back(stage: SimulatedShop) -> Ran:
    """A word to who still waited; the journey stood in line after it, and was told."""
    document = told_only()
    said = (WhileWaiting(after=timedelta(seconds=1), send="still-here"),)
    alert = document.alerts["back-in-stock"].model_copy(update={"while_waiting": said})
    async with stage.sold_out(document.model_copy(update={"alerts": {"back-in-stock": alert}})) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.mail_to(CONTACT)
        await product.shop.has("v", 1)
        return await ended(product, journey)


async def cancelled_in_temporal(stage: SimulatedShop) -> Ran:
    """Cancelled with Temporal's own tools while it stood in line."""
    async with stage.sold_out(told_only()) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.settled()
        handle = product.client.get_workflow_handle(journey_workflow_id(journey))
        await handle.cancel()
        await product.until(journey, lambda report: report.ended_at is not None)
        return Ran(handle.id, None)


async def reconciled(stage: SimulatedShop) -> Ran:
    async with stage.sold_out(told_only()) as product:
        await product.shop.signs_up(CONTACT)
        await product.settled()
        queue = product.settings.temporal_task_queue
        await RECONCILIATION.run_now(product.client, queue)
        return Ran(f"{RECONCILIATION.schedule_id(queue)}/by-hand", None)


async def archived(stage: SimulatedShop) -> Ran:
    """One journey had ended, and its history was put into the archive."""
    async with stage.sold_out(told_only()) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.shop.has("v", 1)
        await ended(product, journey)
        queue = product.settings.temporal_task_queue
        await ARCHIVING.run_now(product.client, queue, timedelta(0))
        return Ran(f"{ARCHIVING.schedule_id(queue)}/by-hand", None)


async def retained(stage: SimulatedShop) -> Ran:
    """What is older than the settings say was forgotten: nothing."""
    async with stage.at_work(told_only()) as product:
        queue = product.settings.temporal_task_queue
        await RETENTION.run_now(product.client, queue)
        return Ran(f"{RETENTION.schedule_id(queue)}/by-hand", None)


async def moved_and_skipped(stage: SimulatedShop) -> Ran:
    """Moved to another version during a wait, which was then passed over by hand."""
    document = starter_document()
    async with stage.sold_out(document) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.shop.has("v", 1)
        while await rests_at(stage, journey) != "pause":
            await next_change(stage.pool)
        renamed = document.model_copy(update={"name": "Another"})
        program = compile_document(renamed, (await publish(stage.pool, renamed)).version_id)
        starts = await Waitlist(stage.pool).starts([journey])
        temporal = Temporal(stage.client, product.settings.temporal_task_queue)
        await temporal.intervene(starts[journey], Move(program=program, operation_id=0))
        await Repairs(stage.pool, stage.client, product.archive).repair(
            journey, Repair.SKIP, By(IDENTITY, "to record it")
        )
        return await ended(product, journey)


async def carried_out(stage: SimulatedShop) -> Ran:
    """An operation: everyone in line was asked to move."""
    document = told_only()
    shop = await stage.shop(document)
    await shop.signs_up(CONTACT)
    async with stage.at_work(document) as product:
        await product.settled()
        renamed = document.model_copy(update={"name": "Another"})
        published = await publish(stage.pool, renamed, Decision(Choice.MOVE, IDENTITY))
        assert published.operation is not None
        while (await BulkOperations(stage.pool).show(published.operation)).left_over:
            await next_change(stage.pool)
        handle = product.client.get_workflow_handle(bulk_workflow_id(published.operation))
        await handle.result()
        return Ran(handle.id, None)


async def approved_by_hand(stage: SimulatedShop) -> Ran:
    """A manual message that was held, and approved."""
    told = told_only()
    (thread,) = told.threads
    steps = (SendStep(send="it-is-back", status=Status.MANUAL), ExitStep(exit="They have been told"))
    async with stage.sold_out(
        told.model_copy(update={"threads": (thread.model_copy(update={"steps": steps}),)})
    ) as product:
        (journey,) = await product.shop.signs_up(CONTACT)
        await product.shop.has("v", 1)
        while await rests_at(stage, journey) != "it-is-back":
            await next_change(stage.pool)
        await Approvals(stage.pool).answer(Answer.APPROVED, Which(), By(IDENTITY, "to record it"))
        return await ended(product, journey)


async def shelf(stage: SimulatedShop) -> Ran:
    """Called two, and looked again in vain."""
    document = told_only()
    shop = await stage.shop(document)
    await shop.signs_up(CONTACT, "second", "third")
    await shop.has("v", 2)
    async with stage.at_work(document) as product:
        await product.settled()
        return Ran(shelf_workflow_id(subject("v")), None)


SHAPES = MappingProxyType[str, Callable[[SimulatedShop], Awaitable[Ran]]](
    {
        shape.__name__: shape
        for shape in (
            told_with_reminder,
            told_without_follow_up,
            sold_out_again_then_told,
            window_ended,
            cancelled_in_line,
            cancelled_after_told,
            held_up_by_the_provider,
            confirmed_told_and_reminded,
            discontinued,
            spoken_to_in_line,
            told_that_it_is_not_back,
            cancelled_in_temporal,
            reconciled,
            archived,
            retained,
            every_kind_of_step,
            two_events_in_one_task,
            continued_in_a_rest,
            begun_with_what_was_heard,
            moved_and_skipped,
            approved_by_hand,
            carried_out,
            shelf,
            closed_with_the_last_message,
        )
    }
)
"""Every shape and how it comes about; each returns its workflow."""
