"""Time-outs and retries of every activity, each with its reason, and how an activity is called.

Checks and records are local activities: they are quick, idempotent, and cost one event instead of six. deliver is
tried once locally; when the provider could not take the message it goes on as a regular activity, which may take
a day without holding a workflow task. The ledger makes both safe (P1).
"""

from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
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
    from schemas.journey.names import Activity
    from schemas.journey.shelf import GivePlaces, NotifyClaims, PlacesGiven
    from schemas.model import Model
    from schemas.priority import PriorityKey
    from schemas.responses.archive import ArchiveHistories, ArchiveReport
    from schemas.responses.operations import RunBulk
    from schemas.responses.reconciliation import Reconcile, Reconciliation
    from schemas.responses.retention import Retain, RetentionReport

Answer = TypeVar("Answer")

RECORD_LIMIT = timedelta(seconds=10)
"""One short transaction; longer means that PostgreSQL does not answer."""
RECORD_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30))
"""For ever: a journey must not fail because a record cannot be written yet."""

DELIVER_LIMIT = timedelta(minutes=45)
"""Longer than an attempt can take, so that none is given up before it has written down what the provider answered: its
turn (10 s), a provider at the most patient settings (10 minutes each until it accepts the recipient, asks for the
message and answers it), and the time to write (a minute)."""
DELIVER_HEARTBEAT = timedelta(seconds=30)
"""A worker that died is replaced after this; of the first, local attempt as soon as its workflow task is."""
DELIVER_ONCE = RetryPolicy(maximum_attempts=1)
DELIVER_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=2), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=5)
)
"""Any number of times: deliver itself gives up at the request's `give_up_at` and returns an outcome."""

DELIVER_PRIORITY = Priority(priority_key=PriorityKey.URGENT)
"""Every other activity has the priority of its workflow, and all have the workflow's fairness key."""

NOTIFY_LIMIT = timedelta(minutes=10)
"""A batch of 500 signals takes seconds; minutes mean a Temporal under stress."""
NOTIFY_HEARTBEAT = timedelta(seconds=30)
"""Heartbeats come with every batch of signals; a worker that died is replaced after this."""

RECONCILE_LIMIT = timedelta(hours=1)
"""A hundred thousand open journeys are listed and compared in minutes."""
RECONCILE_HEARTBEAT = timedelta(minutes=2)
RECONCILE_RETRIES = RetryPolicy(maximum_attempts=3)
"""The next scheduled run is never far."""

ARCHIVE_LIMIT = timedelta(hours=1)
"""Histories go at hundreds a second, and a run is bounded to 20,000."""
ARCHIVE_HEARTBEAT = timedelta(minutes=2)
"""A hundred histories, at worst each against the limits of a store that hardly answers."""
ARCHIVE_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=5), maximum_attempts=5
)
"""A store that restarts is back within minutes; what is away for longer, the next scheduled run finds."""


RETAIN_LIMIT = timedelta(hours=1)
"""A thousand rows in well under a second, and a run is bounded."""
RETAIN_HEARTBEAT = timedelta(minutes=3)
"""A heartbeat comes with every batch; counting a kind may take two minutes."""

BULK_LIMIT = timedelta(hours=6)
"""Half a million journeys at the rate one worker asks them; what is left then, the next attempt asks."""
BULK_HEARTBEAT = timedelta(seconds=30)
"""As with notify_claims: heartbeats come with every batch, and a worker that died is replaced after this."""

WEBHOOK_LIMIT = timedelta(seconds=30)
"""Finding the address, connecting, and one answer of a system that is slow."""
WEBHOOK_PATIENCE = timedelta(hours=24)
"""As long as an unreachable mail provider is retried."""
WEBHOOK_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=5), backoff_coefficient=3.0, maximum_interval=timedelta(hours=1)
)
"""Quickly at first, then hourly: a system that is down is not called thousands of times."""


async def deliver(request: Deliver) -> Delivered:
    """Try once as a local activity; if the provider could not take it, go on as a regular one, with retries."""
    try:
        return await workflow.execute_local_activity(
            Activity.DELIVER,
            request,
            result_type=Delivered,
            start_to_close_timeout=DELIVER_LIMIT,
            retry_policy=DELIVER_ONCE,
        )
    except (ActivityError, ApplicationError) as error:  # a local activity's failure comes as it is, not wrapped
        if is_cancelled_exception(error):
            raise
        return await workflow.execute_activity(
            Activity.DELIVER,
            request,
            result_type=Delivered,
            start_to_close_timeout=DELIVER_LIMIT,
            heartbeat_timeout=DELIVER_HEARTBEAT,
            retry_policy=DELIVER_RETRIES,
            priority=DELIVER_PRIORITY,
        )


async def leave_waitlist(request: LeaveWaitlist) -> LeftWaitlist:
    return await _at_once(Activity.LEAVE_WAITLIST, request, LeftWaitlist)


async def close(request: Close) -> None:
    await _at_once(Activity.CLOSE, request)


async def give_places(request: GivePlaces) -> PlacesGiven:
    return await _at_once(Activity.GIVE_PLACES, request, PlacesGiven)


async def decide(request: Decide) -> Decided:
    return await _at_once(Activity.DECIDE, request, Decided)


async def find_moment(request: FindMoment) -> Moment:
    return await _at_once(Activity.FIND_MOMENT, request, Moment)


async def change_contact(request: ChangeContact) -> None:
    await _at_once(Activity.CHANGE_CONTACT, request)


async def record_position(request: RecordPosition) -> None:
    await _at_once(Activity.RECORD_POSITION, request)


async def moved(request: Moved) -> None:
    await _at_once(Activity.MOVED, request)


async def _at_once(name: Activity, request: Model, answer: type[Answer] | None = None) -> Answer:
    """A check or a record: a short local activity, retried until it succeeds."""
    return await workflow.execute_local_activity(
        name, request, result_type=answer, start_to_close_timeout=RECORD_LIMIT, retry_policy=RECORD_RETRIES
    )


async def reconcile(request: Reconcile) -> Reconciliation:
    return await workflow.execute_activity(
        Activity.RECONCILE,
        request,
        result_type=Reconciliation,
        start_to_close_timeout=RECONCILE_LIMIT,
        heartbeat_timeout=RECONCILE_HEARTBEAT,
        retry_policy=RECONCILE_RETRIES,
    )


async def call_webhook(request: CallOut) -> CalledOut:
    """Call another system, with retries for at most a day; returns whether it took the call."""
    try:
        return await workflow.execute_activity(
            Activity.CALL_WEBHOOK,
            request,
            result_type=CalledOut,
            start_to_close_timeout=WEBHOOK_LIMIT,
            schedule_to_close_timeout=WEBHOOK_PATIENCE,
            retry_policy=WEBHOOK_RETRIES,
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        return CalledOut(taken=False, why="it did not take the call for a day")


async def notify_claims(request: NotifyClaims) -> None:
    await workflow.execute_activity(
        Activity.NOTIFY_CLAIMS,
        request,
        start_to_close_timeout=NOTIFY_LIMIT,
        heartbeat_timeout=NOTIFY_HEARTBEAT,
        retry_policy=RECORD_RETRIES,
    )


async def archive(request: ArchiveHistories) -> ArchiveReport:
    return await workflow.execute_activity(
        Activity.ARCHIVE,
        request,
        result_type=ArchiveReport,
        start_to_close_timeout=ARCHIVE_LIMIT,
        heartbeat_timeout=ARCHIVE_HEARTBEAT,
        retry_policy=ARCHIVE_RETRIES,
    )


async def retain(request: Retain) -> RetentionReport:
    return await workflow.execute_activity(
        Activity.RETAIN,
        request,
        result_type=RetentionReport,
        start_to_close_timeout=RETAIN_LIMIT,
        heartbeat_timeout=RETAIN_HEARTBEAT,
        retry_policy=RECONCILE_RETRIES,
    )


async def run_bulk(request: RunBulk) -> None:
    await workflow.execute_activity(
        Activity.RUN_BULK,
        request,
        start_to_close_timeout=BULK_LIMIT,
        heartbeat_timeout=BULK_HEARTBEAT,
        retry_policy=RECORD_RETRIES,
    )
