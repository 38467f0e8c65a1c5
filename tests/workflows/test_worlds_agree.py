"""Three worlds, one journey: the rehearsal tells what the workflow does, with the same happenings and answers; and its
record, lived once more on the version that it was lived by, is the same life.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from schemas.document.steps import Wait
from schemas.ids import StepId
from schemas.journey.activities import (
    CalledOut,
    CallOut,
    ChangeContact,
    Close,
    Decide,
    Decided,
    Deliver,
    Delivered,
    FindMoment,
    LeaveWaitlist,
    LeftWaitlist,
    Moment,
    Moved,
    RecordPosition,
)
from schemas.journey.names import Activity, Signal, Workflow
from schemas.journey.outcome import Deferred
from schemas.journey.path import JourneyPath
from schemas.journey.program import ThreadStart
from schemas.journey.signals import Broadcast, ContactEvent, Intervene, Leave, Move, PlaceGiven, Skip, Wake
from schemas.model import Wire
from schemas.time.moments import next_moment
from tests.interpreter.journeys import DAWN, ENDINGS, Answers, Life, lives, told_once
from tests.interpreter.talks import talks
from tests.rehearsing.test_record import lived_again
from worker import sandbox
from workflows.interpreter.walk import PROVIDER_PATIENCE
from workflows.journey import JourneyWorkflow
from workflows.worlds.rehearsal import Happening, rehearse

QUEUE = "worlds"
SIGNALS: dict[type[Wire], Signal] = {
    PlaceGiven: Signal.PLACE_GIVEN,
    Leave: Signal.LEAVE,
    Broadcast: Signal.BROADCAST,
    ContactEvent: Signal.CONTACT_EVENT,
}
_numbers = count(1)


def _apart(life: Life) -> Life:
    """Happenings a little beside each other and the quarters of an hour at which all else ends: no ties to win."""
    happenings = (
        replace(happening, at=happening.at + timedelta(minutes=1 + number))
        for number, happening in enumerate(sorted(life.happenings))
    )
    return replace(life, happenings=tuple(happenings), hearing=timedelta(0))


@dataclass
class Answering:
    """The activities, answering as the life says; its clock begins at `DAWN`, the server's at `began`."""

    life: Life
    began: datetime

    @activity.defn(name=Activity.DELIVER)
    async def deliver(self, request: Deliver) -> Delivered:
        outcome = self.life.answers(request, self.told(request.give_up_at - PROVIDER_PATIENCE))
        if isinstance(outcome, Deferred):
            outcome = outcome.model_copy(update={"until": self.real(outcome.until)})
        return Delivered(outcome=outcome)

    @activity.defn(name=Activity.DECIDE)
    async def decide(self, request: Decide) -> Decided:
        return Decided(choice=self.life.answers.decide(request.criteria_id, self.told(request.at)))

    @activity.defn(name=Activity.FIND_MOMENT)
    async def find_moment(self, request: FindMoment) -> Moment:
        zone = self.life.answers.time_zone()
        return Moment(at=self.real(next_moment(request.until, self.told(request.after), zone)))

    @activity.defn(name=Activity.CHANGE_CONTACT)
    async def change_contact(self, request: ChangeContact) -> None:
        pass

    @activity.defn(name=Activity.CALL_WEBHOOK)
    async def call_webhook(self, request: CallOut) -> CalledOut:
        return CalledOut(taken=self.life.answers.call_webhook(request.step, DAWN))

    @activity.defn(name=Activity.RECORD_POSITION)
    async def record_position(self, request: RecordPosition) -> None:
        pass

    @activity.defn(name=Activity.MOVED)
    async def moved(self, request: Moved) -> None:
        pass

    @activity.defn(name=Activity.LEAVE_WAITLIST)
    async def leave_waitlist(self, request: LeaveWaitlist) -> LeftWaitlist:
        return LeftWaitlist(claim_id=None)

    @activity.defn(name=Activity.CLOSE)
    async def close(self, request: Close) -> None:
        pass

    @property
    def all(self) -> list[Callable[..., Any]]:
        asked = (self.deliver, self.decide, self.find_moment, self.change_contact, self.call_webhook)
        return [*asked, self.record_position, self.moved, self.leave_waitlist, self.close]

    def real(self, moment: datetime) -> datetime:
        return self.began + (moment - DAWN)

    def told(self, moment: datetime) -> datetime:
        """On the life's clock, to the minute: the server's clock also runs while it works."""
        return DAWN + timedelta(minutes=(moment - self.began) // timedelta(minutes=1))


async def _lived(environment: WorkflowEnvironment, life: Life) -> JourneyPath:
    """The path of a workflow to which all this happens."""
    began = await environment.get_current_time()
    answering = Answering(life, began)
    window = life.start.window_ends_at
    start = life.start.model_copy(
        update={"entered_at": began, "window_ends_at": answering.real(window) if window else None}
    )
    client: Client = environment.client
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[JourneyWorkflow],
        activities=answering.all,
        workflow_runner=sandbox(),
    ):
        handle = await client.start_workflow(Workflow.JOURNEY, start, id=f"world-{next(_numbers)}", task_queue=QUEUE)
        for happening in life.happenings:
            await environment.sleep(answering.real(happening.at) - await environment.get_current_time())
            await _signal(client, handle.id, happening)
        await environment.sleep(timedelta(days=200))
        path = await handle.query("path", result_type=JourneyPath)
    entries = tuple(
        entry.model_copy(
            update={
                "entered_at": answering.told(entry.entered_at),
                "left_at": answering.told(entry.left_at) if entry.left_at else None,
                "outcome": entry.outcome.model_copy(update={"until": answering.told(entry.outcome.until)})
                if isinstance(entry.outcome, Deferred)
                else entry.outcome,
            }
        )
        for entry in path.entries
    )
    return path.model_copy(update={"entries": entries})


async def _signal(client: Client, workflow_id: str, happening: Happening) -> None:
    handle = client.get_workflow_handle(workflow_id)
    try:
        match happening.signal:
            case Wake() | Skip() | Move() as intervention:
                await handle.signal(Signal.INTERVENE, Intervene(intervention=intervention))
            case signal:
                await handle.signal(SIGNALS[type(signal)], signal)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:  # it has ended
            raise


def _moves(life: Life) -> bool:
    return any(isinstance(happening.signal, Move) for happening in life.happenings)


def _back_in_line_once() -> Life:
    """Called, sold out again, told of the same claim once more, and called anew nine days later."""
    sent, *_, back_in_line, _ = ENDINGS
    claims = (
        Happening(DAWN + timedelta(days=days), PlaceGiven(claim_id=claim)) for days, claim in ((1, 1), (2, 1), (10, 2))
    )
    return replace(told_once(), happenings=tuple(claims), answers=Answers((), (sent, back_in_line)))


def _called_and_spoken_to_while_they_entered() -> Life:
    """Words, and then a place, for one who still waits in the thread of their sign-up."""
    life = told_once()
    first = StepId("subscription-0")
    entry = ThreadStart(event="back.subscription", first=first)
    program = life.start.program
    entering = program.model_copy(
        update={
            "entries": (entry, *program.threads),
            "steps": {first: Wait(id=first, length=timedelta(hours=1)), **program.steps},
        }
    )
    happenings = (Happening(DAWN, Broadcast(message="news")), Happening(DAWN, PlaceGiven(claim_id=1)))
    return replace(life, start=life.start.model_copy(update={"program": entering}), happenings=happenings)


def test_a_rehearsal_tells_what_a_workflow_does_and_a_record_what_both_did(test_server: str) -> None:
    # A loop of its own: Hypothesis is not asynchronous, and the run's loop stands still meanwhile.
    loop = asyncio.new_event_loop()

    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return loop.run_until_complete(work)

    environment: WorkflowEnvironment = do(
        WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=test_server, data_converter=pydantic_data_converter
        )
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.one_of(lives(), talks(), talks()))
    @example(_back_in_line_once())
    @example(_called_and_spoken_to_while_they_entered())
    def agree(life: Life) -> None:
        life = _apart(life)
        _, rehearsed = rehearse(life.start, life.world())
        assert do(_lived(environment, life)) == rehearsed
        if not _moves(life):
            # One that was moved was lived by two versions.
            assert do(lived_again(life.start, rehearsed, life.start.program)) == (rehearsed, [])

    try:
        agree()
    finally:
        do(environment.shutdown())
        loop.close()
