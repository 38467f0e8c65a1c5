"""The shapes of journeys through conversations without an alert: how each history came about, on real servers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.intake.events import Events
from activities.temporal import SEARCH_ATTRIBUTES
from schemas.ids import JourneyId, journey_workflow_id
from schemas.incoming.events import Event, EventKind
from schemas.journey.names import Signal
from schemas.journey.signals import ContactEvent
from schemas.settings import Settings
from starter.devstack.temporal_cli import find_temporal
from starter.documents import load_document
from starter.shops.consents import Consents
from tests.conformance.shops import RealShop
from tests.histories.stage import CONTACT, IDENTITY, Ran, SimulatedShop, ended, rests_at
from tests.history import settled_history
from tests.product import STORE, Product, next_change

WALK = """
conversation: walk
name: Every kind of step
list: {code: default, name: Everyone}
threads:
  - name: Begin
    on: custom.begin
    when: {orders.count: {at_most: 0}}
    steps:
      - set_attribute: mood
        to: good
      - add_tag: seen
      - add_to_list: default
      - wait: 1 second
      - wait_until: 2026-01-05 09:00
      - decide:
          - name: Bought before
            when: {orders.count: {at_least: 1}}
            steps: [{exit: They know us, id: known}]
        otherwise:
          - split:
              - name: A
                steps: [{send: hello}]
              - name: B
                steps: [{send: hello, id: hello-b}]
      - wait_for: [custom.waved]
        within: 2 days
        happened: [{call_webhook: "HOOK", id: tell-the-shop}]
      - go_to: End
  - name: End
    steps:
      - exit: That is all
messages:
  hello: {channel: email, subject: Hello, text: Hello}
"""


async def every_kind_of_step(stage: SimulatedShop) -> Ran:
    """A conversation without an alert, walked through every kind of step."""
    async with RealShop() as system:
        document = load_document(WALK.replace("HOOK", system.url), "walk.yaml")
        async with stage.at_work(document) as product:
            address = f"{CONTACT}@example.com"
            began = Event(id="begin", store=STORE, kind=EventKind.CUSTOM, name="begin", email=address)
            await Events(stage.pool).take(began.model_copy(update={"id": "before", "name": "other"}))
            await Consents(stage.pool).record(address, "test", granted=True, by="test")
            outcome = await Events(stage.pool).take(began)
            journey = outcome.effect.conversations[0].journey
            assert journey is not None, outcome
            while await rests_at(stage, journey) != "wait-for-custom-waved":
                await next_change(stage.pool)
            await Events(stage.pool).take(began.model_copy(update={"id": "wave", "name": "waved"}))
            return await ended(product, journey)


TWO_WAITS = """
conversation: two-waits
name: One after the other
list: {code: default, name: Everyone}
threads:
  - name: Begin
    on: custom.begin
    steps:
      - wait_for: [custom.one]
        within: 2 days
      - wait_for: [custom.two]
        within: 2 days
      - exit: That is all
messages:
  unused: {channel: email, subject: Hello, text: Hello}
"""


async def _waits_for_one(stage: SimulatedShop, product: Product) -> JourneyId:
    """A journey that rests at the first of two waits."""
    began = Event(id="begin", store=STORE, kind=EventKind.CUSTOM, name="begin", email=f"{CONTACT}@example.com")
    journey = (await Events(stage.pool).take(began)).effect.conversations[0].journey
    assert journey is not None
    while await rests_at(stage, journey) != "wait-for-custom-one":
        await next_change(stage.pool)
    return journey


def _event(event: str, seconds_later: int) -> ContactEvent:
    return ContactEvent(event_id=event, event=event, at=datetime.now(UTC) + timedelta(seconds=seconds_later))


async def two_events_in_one_task(stage: SimulatedShop) -> Ran:
    """Nothing was at work when two events were told, the later one first: each ended the wait that it belongs to."""
    document = load_document(TWO_WAITS, "two-waits.yaml")
    async with stage.at_work(document, "events") as product:
        journey = await _waits_for_one(stage, product)
        handle = product.client.get_workflow_handle(journey_workflow_id(journey))
    await handle.signal(Signal.CONTACT_EVENT, _event("custom.two", 60))
    await handle.signal(Signal.CONTACT_EVENT, _event("custom.one", 0))
    async with stage.at_work(document, "events") as product:
        return await ended(product, journey)


async def continued_in_a_rest(stage: SimulatedShop) -> Ran:
    """The run that a long history ended in the middle of a wait, with an event that the next wait was for."""
    before, _ = await _continued(stage)
    return before


async def begun_with_what_was_heard(stage: SimulatedShop) -> Ran:
    """The run after one like that: the event of the first wait came in it, and that of the second was brought along."""
    _, after = await _continued(stage)
    return after


@asynccontextmanager
async def _finding_histories_long(stage: SimulatedShop) -> AsyncGenerator[SimulatedShop]:
    """The stage, with a server that suggests a new history after a few events; by default it does after thousands."""
    # The SDK leaves the type of a search attribute's values open.
    environment = await WorkflowEnvironment.start_local(  # pyright: ignore[reportUnknownMemberType]
        dev_server_existing_path=str(await find_temporal(Settings(), print)),
        dev_server_extra_args=["--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=8"],
        search_attributes=SEARCH_ATTRIBUTES,
        data_converter=pydantic_data_converter,
        identity=IDENTITY,
    )
    async with environment:
        yield replace(stage, client=environment.client)


async def _continued(stage: SimulatedShop) -> tuple[Ran, Ran]:
    document = load_document(TWO_WAITS, "two-waits.yaml")
    async with _finding_histories_long(stage) as long, long.at_work(document) as product:
        journey = await _waits_for_one(long, product)
        latest = product.client.get_workflow_handle(journey_workflow_id(journey))
        run_id = await _run_of(latest)
        await latest.signal(Signal.CONTACT_EVENT, _event("custom.two", 60))
        while await _run_of(latest) == run_id:
            await latest.signal(Signal.CONTACT_EVENT, _event("custom.other", 0))
        before = await settled_history(product.client, latest.id, run_id)
        await latest.signal(Signal.CONTACT_EVENT, _event("custom.one", 0))
        after = await ended(product, journey)
        return Ran(latest.id, None, before), replace(after, history=await settled_history(product.client, latest.id))


async def _run_of(journey: WorkflowHandle[Any, Any]) -> str | None:
    return (await journey.describe()).run_id
