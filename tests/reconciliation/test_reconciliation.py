"""The reconciliation proves itself on states that were broken on purpose."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.delivery.ledger import Ledger
from activities.waitlist.claims import Waitlist
from schemas.ids import JourneyId
from schemas.journey.outcome import Sent
from schemas.reasons import Ending, Reason
from schemas.responses.reconciliation import Reconciliation
from starter.runtime.schedules import RECONCILIATION, last_reconciliation
from starter.versioning.publishing import publish
from tests.conversations.told import did, entered, talk, thread
from tests.delivery.counter import message
from tests.product import Product, addressees, subject

LOSE_CALLS = """
create function lose() returns trigger language plpgsql as 'begin return null; end';
create trigger lose_calls before insert on outbox for each row execute function lose();
"""
"""What a careless repair of the outbox would do: what it should have been told is gone."""
AT_ONCE = timedelta(0)
"""Broken states here are young."""


async def reconciled(product: Product) -> Reconciliation:
    return await RECONCILIATION.run_now(product.client, product.settings.temporal_task_queue, AT_ONCE)


async def test_it_finds_nothing_where_nothing_is_wrong(product: Product) -> None:
    await product.shop.sells("v")
    await product.shop.signs_up("first", "second")
    await product.shop.has("v", 1)
    await product.mail_to("first")
    await product.settled()
    report = await reconciled(product)
    assert (report.checked, report.repairs) == (2, 0)
    last = await last_reconciliation(product.pool)
    assert last is not None
    assert last.report == report


async def test_a_journey_whose_workflow_was_never_started_is_started(product: Product) -> None:
    await product.shop.sells("v")
    await product.pool.execute(LOSE_CALLS)
    [journey] = await product.shop.signs_up("first")
    await product.pool.execute("drop trigger lose_calls on outbox")
    assert (await reconciled(product)).started == 1
    await product.shop.has("v", 1)
    await product.mail_to("first")
    assert (await product.journeys.show(journey)).journey_id == journey


async def test_a_workflow_that_was_terminated_passes_its_place_on(product: Product) -> None:
    await product.shop.sells("v")
    first, second = await product.shop.signs_up("first", "second")
    await product.settled()
    await product.client.get_workflow_handle(f"journey/{first}").terminate()
    report = await reconciled(product)
    assert report.closed == 1
    assert (await product.journeys.show(first)).reason == "cancelled"
    await product.shop.has("v", 1)
    await product.until(second, lambda journey: journey.told_at is not None)
    assert addressees(product.mailbox) == ["second"]


async def test_a_workflow_cancelled_with_temporals_own_tools_passes_its_place_on_by_itself(product: Product) -> None:
    await product.shop.sells("v")
    first, second = await product.shop.signs_up("first", "second")
    await product.settled()
    await product.client.get_workflow_handle(f"journey/{first}").cancel()
    ended = await product.until(first, lambda journey: journey.ended_at is not None)
    assert (ended.ending, ended.reason) == ("exited", "cancelled")
    await product.shop.has("v", 1)
    await product.until(second, lambda journey: journey.told_at is not None)
    assert addressees(product.mailbox) == ["second"]


async def test_a_workflow_whose_journey_has_ended_is_asked_to_leave(product: Product) -> None:
    await product.shop.sells("v")
    [journey] = await product.shop.signs_up("first")
    await product.settled()
    await product.shop.ended(journey, ending=Ending.EXITED, reason=Reason.CANCELLED)
    assert (await reconciled(product)).dismissed == 1
    await product.client.get_workflow_handle(f"journey/{journey}").result()


async def test_stock_that_nobody_looked_at_is_looked_at(product: Product) -> None:
    await product.shop.sells("v")
    await product.shop.signs_up("first")
    await product.settled()
    await product.pool.execute(LOSE_CALLS)
    await product.shop.has("v", 1)
    await product.pool.execute("drop trigger lose_calls on outbox")
    assert (await reconciled(product)).looks == 1
    await product.mail_to("first")


@pytest.mark.usefixtures("scheduling_temporal")
async def test_the_schedule_is_made_once_and_left_as_an_operator_changed_it(product: Product) -> None:
    queue = product.settings.temporal_task_queue
    await RECONCILIATION.ensure_schedule(product.client, queue)
    handle = product.client.get_schedule_handle(RECONCILIATION.schedule_id(queue))
    await handle.pause(note="by an operator")
    await RECONCILIATION.ensure_schedule(product.client, queue)
    assert (await handle.describe()).schedule.state.paused
    await handle.delete()


async def test_a_told_journey_that_temporal_lost_is_closed_and_not_put_in_line_again(product: Product) -> None:
    journey = await notified_without_workflow(product)
    told = Sent(message_id="m@shop.example", at=datetime.now(UTC))
    await Ledger(product.pool).settle(message(journey), told)
    assert (await reconciled(product)).closed == 1
    report = await product.journeys.show(journey)
    assert (report.ending, report.reason) == ("completed", None)


async def test_a_journey_that_was_notified_and_then_lost_is_started_and_notified_again(product: Product) -> None:
    await notified_without_workflow(product)
    assert (await reconciled(product)).started == 1
    await product.mail_to("first")


async def notified_without_workflow(product: Product) -> JourneyId:
    """Called forward, but Temporal knows nothing of it, as after the loss of its database."""
    await product.shop.sells("v")
    await product.pool.execute(LOSE_CALLS)
    [journey] = await product.shop.signs_up("first")
    await product.shop.has("v", 1)
    await Waitlist(product.pool).give_places(subject("v"))
    await product.pool.execute("update claims set notified_at = now()")
    await product.pool.execute("drop trigger lose_calls on outbox")
    return journey


async def test_a_journey_without_an_alert_is_started_or_closed_like_any_other(product: Product) -> None:
    await publish(product.pool, talk("quiz", thread("custom.quiz", {"wait": "1 day"}, {"send": "hello"})))
    await product.pool.execute(LOSE_CALLS)
    lost = entered(await did(product.pool, "custom", name="quiz"))
    await product.pool.execute("drop trigger lose_calls on outbox")
    assert (await reconciled(product)).started == 1
    gone = entered(await did(product.pool, "custom", "ben", name="quiz"))
    await product.settled()
    await product.client.get_workflow_handle(f"journey/{gone}").terminate()
    report = await reconciled(product)
    assert (report.checked, report.repairs, report.closed) == (2, 1, 1)
    assert (await product.journeys.show(gone)).reason == "cancelled"
    assert (await product.journeys.show(lost)).ended_at is None
