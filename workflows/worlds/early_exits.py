"""When a recorded journey is asked to leave on another version: by its goal and exit rules, or as recorded. Pure."""

from dataclasses import dataclass
from datetime import datetime

from schemas.journey.path import PathEntry, Why
from schemas.journey.program import Program
from schemas.journey.signals import Leave
from schemas.reasons import Reason
from workflows.worlds.recorded_run import Recorded

BY_RULE = (Reason.GOAL_REACHED, Reason.EXIT_RULE)


@dataclass(frozen=True, slots=True)
class EarlyExit:
    """When the journey is asked to leave, and why.

    Attributes:
        stay: the recorded stay that ended by it; None: the recorded run was not left then.
    """

    at: datetime
    leave: Leave
    stay: PathEntry | None = None


def early_exits(recorded: Recorded, tried: Program) -> list[EarlyExit]:
    """When this journey is asked to leave on the tried version, in order: a farewell may come between two of them.

    An event that ended the recorded run by a rule that both versions have counts when it did. One by a rule of the
    tried version only counts when it became known. By a rule of the recorded version only, nobody is asked to leave.
    """
    found: list[EarlyExit] = []
    for was in (*_as_recorded(recorded), None):
        first = _next(recorded, tried, was)
        if first is not None:
            found.append(first)
        if first is None or first.stay is None:
            break
    return found


def _next(recorded: Recorded, tried: Program, was: EarlyExit | None) -> EarlyExit | None:
    """What comes first: the recorded exit `was`, or one by a rule of the tried version."""
    by_rule = was is not None and was.leave.reason in BY_RULE
    # An order is two events: if either of them reaches the goal, the goal is reached.
    for event in sorted(recorded.events, key=lambda event: (event.at, event.event not in tried.goal_on)):
        if was is not None and not by_rule and was.at <= event.at:
            break
        if event.event not in tried.goal_on and event.event not in tried.exit_on:
            continue
        leave = Leave(reason=Reason.GOAL_REACHED if event.event in tried.goal_on else Reason.EXIT_RULE)
        if event.event not in recorded.ends:
            return EarlyExit(event.at, leave)
        # It ended the recorded run too: a moment later, or not at all where that was over already.
        if was is not None and by_rule and event.at <= was.at:
            return EarlyExit(was.at, leave, was.stay)
    known = any(event.event in recorded.ends and was is not None and event.at <= was.at for event in recorded.events)
    return None if by_rule and known else was


def _as_recorded(recorded: Recorded) -> list[EarlyExit]:
    """The exits of the recorded run: one at its end, and before a farewell one because of a discontinued product."""
    entries = recorded.path.entries
    return [
        EarlyExit(
            stay.left_at,
            Leave(reason=(recorded.path.reason or Reason.CANCELLED) if stay is entries[-1] else Reason.DISCONTINUED),
            stay,
        )
        for stay in entries
        if stay.why is Why.LEFT and stay.left_at is not None
    ]
