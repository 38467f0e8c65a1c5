"""What a worker's metrics have of messages: how many ended how, and why."""

from temporalio import activity
from temporalio.common import MetricCounter

from schemas.journey.outcome import Outcome

OUTCOMES = "shelftalk_messages"


def count(outcome: Outcome) -> None:
    """Count the outcome of one message, by kind and reason. Outside of a worker nothing is counted."""
    if activity.in_activity():
        _counter().add(1, {"outcome": outcome.kind, "reason": getattr(outcome, "reason", "")})


def _counter() -> MetricCounter:
    return activity.metric_meter().create_counter(
        OUTCOMES, "Messages whose delivery was decided, by outcome and reason; put off: each time."
    )
