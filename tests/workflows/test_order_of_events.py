"""What a journey hears counts in the order in which it was done, however the signals come."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId, journey_workflow_id
from schemas.journey.names import Signal
from schemas.journey.path import JourneyPath, Why
from schemas.journey.signals import ContactEvent
from starter.devstack.mailbox import Mailbox
from starter.documents import load_document
from tests.conversations.told import agrees, did, entered
from tests.product import PATIENCE, next_change, running_product

TWO_WAITS = """
conversation: two-waits
name: Waits for one thing, then for another
threads:
  - name: Begin
    on: custom.begin
    steps:
      - wait_for: [custom.first, ordered]
        within: 1 day
        id: for-the-first
      - wait_for: [custom.second, bought]
        within: 1 day
        id: for-the-second
      - exit: Done
messages: {unsaid: {channel: email, subject: s, text: t}}
"""
DONE_AT = datetime(2026, 3, 1, tzinfo=UTC)


def two_waits() -> ConversationDocument:
    return load_document(TWO_WAITS, "two-waits.yaml")


def _event(event: str, minutes: int) -> ContactEvent:
    return ContactEvent(event_id=event, event=event, at=DONE_AT + timedelta(minutes=minutes))


async def _path_once_it_rests(client: Client, journey: JourneyId, step: str) -> JourneyPath:
    handle = client.get_workflow_handle(journey_workflow_id(journey))
    async with asyncio.timeout(PATIENCE):
        while True:
            path = await handle.query("path", result_type=JourneyPath)
            if path.ending is not None or (path.entries and path.entries[-1].step == step):
                return path


@pytest.mark.parametrize("second_overtakes", [False, True])
async def test_what_was_done_after_it_is_news_to_the_next_step_though_both_come_at_once(
    pool: Pool, client: Client, mailbox: Mailbox, second_overtakes: bool
) -> None:
    async with running_product(pool, client, mailbox, "first-shift", two_waits()):
        await agrees(pool, "ann")
        journey = entered(await did(pool, "custom", "ann", name="begin"))
        while await pool.fetchval("select at_step from journeys where id = $1", journey) != "for-the-first":
            await next_change(pool)
    # Nobody is at work now, so the worker that comes finds both in one task.
    signals = [_event("custom.first", 1), _event("custom.second", 2)]
    for signal in reversed(signals) if second_overtakes else signals:
        await client.get_workflow_handle(journey_workflow_id(journey)).signal(Signal.CONTACT_EVENT, signal)
    async with running_product(pool, client, mailbox, "first-shift", two_waits()):
        path = await _path_once_it_rests(client, journey, "exit")
    assert [(entry.step, entry.why) for entry in path.entries] == [
        ("for-the-first", Why.HAPPENED),
        ("for-the-second", Why.HAPPENED),
        ("exit", Why.EXIT),
    ]


async def test_one_order_is_one_deed_and_no_news_to_the_next_step_by_its_other_name(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    async with running_product(pool, client, mailbox, "one-order", two_waits()):
        await agrees(pool, "ann")
        journey = entered(await did(pool, "custom", "ann", name="begin"))
        while await pool.fetchval("select at_step from journeys where id = $1", journey) != "for-the-first":
            await next_change(pool)
        handle = client.get_workflow_handle(journey_workflow_id(journey))
        for event in ("ordered", "bought"):
            await handle.signal(Signal.CONTACT_EVENT, _event(event, 1))
        path = await _path_once_it_rests(client, journey, "for-the-second")
    assert [(entry.step, entry.why) for entry in path.entries] == [
        ("for-the-first", Why.HAPPENED),
        ("for-the-second", None),
    ]
