"""Move: those under way live by the new version from a rest that both have, and nothing is said twice."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.journeys.positions import Positions
from activities.postgres.pool import Pool
from activities.temporal import Temporal
from activities.waitlist.claims import Waitlist
from schemas.document.conversation import ConversationDocument
from schemas.ids import VersionId, journey_workflow_id
from schemas.journey.activities import Moved
from schemas.journey.outcome import Refused
from schemas.journey.program import Program
from schemas.journey.signals import Move
from schemas.reasons import Reason
from schemas.responses.operations import Choice
from starter.devstack.mailbox import Mailbox
from starter.ops.pausing import Pausable, Pausing
from starter.versioning.bulk import BulkOperations
from starter.versioning.publishing import publish
from tests.conversations.test_story import has_ended, rests_at
from tests.conversations.told import agrees, did, entered
from tests.in_flight.decided import decide, operation, path_of, quiz, settled, subjects, under_way, version_of, waits
from tests.product import PATIENCE, Product, Shop, running_product, starter_document
from tests.story.conftest import in_time
from tests.workflows.conftest import hours, test_server

__all__ = ["hours", "in_time", "test_server"]
"""Fixtures that are shared with tests/story and tests/workflows."""

InTime = Callable[[ConversationDocument], AbstractAsyncContextManager[Product]]


def reworded(subject: str) -> ConversationDocument:
    """The starter, with another subject of its first mail."""
    document = starter_document()
    code = next(iter(document.messages))
    changed = document.messages[code].model_copy(update={"subject": subject})
    return document.model_copy(update={"messages": document.messages | {code: changed}})


async def test_who_stands_in_line_is_told_in_the_words_of_the_new_version_at_the_old_place(product: Product) -> None:
    await product.shop.sells("v")
    ann, ben = await product.shop.signs_up("ann", "ben")
    await product.settled()
    report = await settled(product.pool, await operation(product.pool, reworded("Look, it is here"), Choice.MOVE))
    assert (report.total, report.asked, report.done, report.ended, report.left_over) == (2, 2, 2, 0, 0)
    assert [await version_of(product.pool, each) for each in (ann, ben)] == ["back-in-stock@2"] * 2
    await product.shop.has("v", 1)
    assert await product.mail_to("ann") == "Look, it is here"
    first = (await path_of(product, ann)).entries[0]
    assert (first.step, first.moved_to) == ("waiting-list", "back-in-stock@2")
    assert subjects(product) == ["Look, it is here"]


async def test_who_rests_in_a_wait_goes_on_behind_it_as_the_new_version_says(product: Product) -> None:
    ann = await under_way(product, quiz({"send": "hello"}, waits("go", {"send": "old"})), "wait-go")
    changed = quiz({"send": "hello"}, waits("go", {"send": "new"}))
    await settled(product.pool, await operation(product.pool, changed, Choice.MOVE))
    await did(product.pool, "custom", name="go")
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: hello", "quiz: new"]
    assert [(each.step, each.moved_to) for each in (await path_of(product, ann)).entries] == [
        ("hello", None),
        ("wait-go", "quiz@2"),
        ("new", None),
    ]


async def test_who_waits_for_another_event_in_the_new_version_hears_that(product: Product) -> None:
    ann = await under_way(
        product, quiz({"wait_for": ["custom.go"], "within": "30 days", "id": "w"}, {"send": "old"}), "w"
    )
    changed = quiz({"wait_for": ["custom.run"], "within": "30 days", "id": "w"}, {"send": "new"})
    await settled(product.pool, await operation(product.pool, changed, Choice.MOVE))
    await did(product.pool, "custom", name="run")
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: new"]


async def test_whose_step_is_missing_moves_at_the_next_rest_that_both_have(product: Product) -> None:
    ann = await under_way(product, quiz(waits("one"), waits("two", {"send": "old"})), "wait-one")
    number = await operation(product.pool, quiz(waits("two", {"send": "new"})), Choice.MOVE)
    report = await settled(product.pool, number, left_over=1)
    assert (report.asked, report.done, report.left_over) == (1, 0, 1)
    assert await version_of(product.pool, ann) == "quiz@1"
    await did(product.pool, "custom", name="one")
    assert (await settled(product.pool, number)).done == 1
    await did(product.pool, "custom", name="two")
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: new"]
    assert [(each.step, each.moved_to) for each in (await path_of(product, ann)).entries] == [
        ("wait-one", None),
        ("wait-two", "quiz@2"),
        ("new", None),
    ]


async def test_who_comes_to_no_rest_that_both_have_lives_by_the_old_version_to_the_end(product: Product) -> None:
    ann = await under_way(product, quiz(waits("one", {"send": "old"})), "wait-one")
    number = await operation(product.pool, quiz(waits("two", {"send": "new"})), Choice.MOVE)
    await settled(product.pool, number, left_over=1)
    await did(product.pool, "custom", name="one")
    await product.until(ann, has_ended)
    report = await BulkOperations(product.pool).show(number)
    assert (report.done, report.ended, report.left_over) == (0, 1, 0)
    assert subjects(product) == ["quiz: old"]


async def test_a_message_that_is_put_off_leaves_in_the_words_of_the_new_version(
    in_time: InTime, hours: WorkflowEnvironment
) -> None:
    async with in_time(quiz({"send": "hello", "id": "first"})) as product:
        await agrees(product.pool, "ann")
        pausing = Pausing(product.pool)
        ann = entered(await did(product.pool, "custom", name="quiz"))
        await pausing.pause(Pausable("conversation", "quiz"), "test")
        if not product.mailbox.mails:
            assert (await product.held_up(ann)).reason is Reason.CONVERSATION_PAUSED
        changed = quiz({"send": "hello", "id": "first"})
        hello = changed.messages["hello"].model_copy(update={"subject": "quiz: hello again"})
        changed = changed.model_copy(update={"messages": {"hello": hello}})
        await settled(product.pool, await operation(product.pool, changed, Choice.MOVE))
        await pausing.resume(Pausable("conversation", "quiz"), "test")
        await hours.sleep(timedelta(minutes=16))
        await product.until(ann, has_ended)
        assert subjects(product) == ["quiz: hello again"]


async def test_moving_never_repeats_a_message_that_was_sent(product: Product) -> None:
    ann = await under_way(product, quiz({"send": "hello", "id": "first"}, waits("go", {"send": "bye"})), "wait-go")
    changed = quiz(waits("go", {"send": "hello", "id": "second"}, {"send": "bye"}))
    await settled(product.pool, await operation(product.pool, changed, Choice.MOVE))
    await did(product.pool, "custom", name="go")
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: hello", "quiz: bye"]
    refused = next(each.outcome for each in (await path_of(product, ann)).entries if each.step == "second")
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.ALREADY_SAID


async def test_to_be_asked_twice_changes_nothing(product: Product) -> None:
    ann = await under_way(product, quiz(waits("go", {"send": "old"})), "wait-go")
    number = await operation(product.pool, quiz(waits("go", {"send": "new"})), Choice.MOVE)
    await settled(product.pool, number)
    temporal, waitlist = Temporal(product.client, product.settings.temporal_task_queue), Waitlist(product.pool)
    (start,) = (await waitlist.starts([ann])).values()
    program = await product.pool.fetchval("select program from versions where id = 'quiz@2'")
    again = Move(program=Program.model_validate(program), operation_id=number)
    assert await temporal.intervene(start, again)
    await did(product.pool, "custom", name="go")
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: new"]
    assert (await BulkOperations(product.pool).show(number)).done == 1
    assert [each.moved_to for each in (await path_of(product, ann)).entries] == ["quiz@2", None]


async def test_the_latest_of_two_moves_holds(product: Product) -> None:
    ann = await under_way(product, quiz(waits("one"), waits("two", {"send": "first"})), "wait-one")
    older = await operation(product.pool, quiz(waits("two", {"send": "second"})), Choice.MOVE)
    await settled(product.pool, older, left_over=1)
    newer = await operation(product.pool, quiz(waits("one"), waits("two", {"send": "third"})), Choice.MOVE)
    assert (await settled(product.pool, newer)).done == 1
    report = await BulkOperations(product.pool).show(older)
    assert (report.done, report.superseded, report.left_over) == (0, 1, 0)
    await did(product.pool, "custom", name="one")
    await rests_at(product, ann, "wait-two")
    await did(product.pool, "custom", name="two")
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: third"]


async def test_to_publish_the_old_version_again_calls_back_those_on_their_way_to_another(product: Product) -> None:
    first = quiz(waits("one"), waits("two", {"send": "first"}))
    ann = await under_way(product, first, "wait-one")
    away = await operation(product.pool, quiz(waits("two", {"send": "second"})), Choice.MOVE)
    await settled(product.pool, away, left_over=1)
    back = await operation(product.pool, first, Choice.MOVE)
    assert (await settled(product.pool, back)).done == 1
    await did(product.pool, "custom", name="one")
    await rests_at(product, ann, "wait-two")
    await did(product.pool, "custom", name="two")
    await product.until(ann, has_ended)
    assert subjects(product) == ["quiz: first"]


async def test_who_has_not_begun_yet_begins_by_the_old_version_and_moves_at_the_first_rest(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    shop = await Shop.opened(pool)
    ann, ben = await shop.signs_up("ann", "ben")
    # What is left is a journey that the operation has to start.
    await pool.execute("delete from outbox where journey_id = $1", ann)
    changed = reworded("Look, it is here")
    number = await operation(pool, changed, Choice.MOVE)
    async with running_product(pool, client, mailbox, "not-begun", changed) as product:
        report = await settled(pool, number)
        assert (report.total, report.done) == (2, 2)
        assert (await path_of(product, ann)).entries[0].moved_to == "back-in-stock@2"
        await shop.has("v", 2)
        await mailbox.wait_for_count(2, PATIENCE)
        await product.until(ben, lambda shown: shown.told_at is not None)
    assert subjects(product) == ["Look, it is here"] * 2


async def test_who_stays_keeps_their_version(product: Product) -> None:
    """P5."""
    await publish(product.pool, quiz(waits("go", {"send": "old"})))
    await agrees(product.pool, "ann", "ben")
    ann = entered(await did(product.pool, "custom", name="quiz"))
    await rests_at(product, ann, "wait-go")
    await decide(product.pool, quiz(waits("go", {"send": "new"})), Choice.STAY)
    ben = entered(await did(product.pool, "custom", "ben", name="quiz"))
    await rests_at(product, ben, "wait-go")
    for name, journey in (("ann", ann), ("ben", ben)):
        await did(product.pool, "custom", name, name="go")
        await product.until(journey, has_ended)
    assert subjects(product) == ["quiz: old", "quiz: new"]
    assert await product.pool.fetchval("select count(*) from operations") == 0
    details = await product.pool.fetchval("select details from audit where details ? 'in_flight'")
    assert details == {
        "conversation": "quiz",
        "version": "quiz@2",
        "in_flight": "stay",
        "operation": None,
        "note": "test",
    }
    assert await product.client.get_workflow_handle(journey_workflow_id(ann)).result() is None


async def test_a_move_that_is_recorded_late_does_not_undo_a_later_one(pool: Pool) -> None:
    """Each is recorded by an activity of its own, and the first one's may have to be tried again."""
    shop = await Shop.opened(pool)
    (journey,) = await shop.signs_up("ann")
    # No worker is there to record them by itself.
    first = await operation(pool, reworded("Look, it is here"), Choice.MOVE)
    second = await operation(pool, reworded("Look, here it is"), Choice.MOVE)
    positions = Positions(pool)
    for number, version in ((second, "back-in-stock@3"), (first, "back-in-stock@2")):
        await positions.moved(Moved(journey_id=journey, version=VersionId(version), operation_id=number))
        assert await version_of(pool, journey) == "back-in-stock@3"
