"""When a recorded life would be left early on another version: by that version's goal and exits, or as it was. Pure."""

from dataclasses import dataclass
from datetime import datetime

from schemas.journey.path import PathEntry, Why
from schemas.journey.program import Program
from schemas.journey.signals import Leave
from schemas.reasons import Reason
from workflows.worlds.recorded_run import Recorded

BY_RULE = (Reason.GOAL_REACHED, Reason.EXIT_RULE)


@dataclass(frozen=True, slots=True)
class Departure:
    """When the journey is asked to leave, and why.

    Attributes:
        stay: the stay of the old life that ended so; None: the old life was not left then.
    """

    at: datetime
    leave: Leave
    stay: PathEntry | None = None


def departures(recorded: Recorded, tried: Program) -> list[Departure]:
    """How this life is asked to leave if it is lived on the tried version, in order: a farewell may follow the first.

    An event that ended the old life by a rule that both have is told when it was. One that only the tried version ends
    on is told when it could be. Where only the old version had the rule, nobody is asked to leave.
    """
    found: list[Departure] = []
    for was in (*_as_they_were(recorded), None):
        goes = _next(recorded, tried, was)
        if goes is not None:
            found.append(goes)
        if goes is None or goes.stay is None:
            break
    return found


def _next(recorded: Recorded, tried: Program, was: Departure | None) -> Departure | None:
    """What comes first: the departure that there was, or one by a rule of the tried version."""
    by_rule = was is not None and was.leave.reason in BY_RULE
    # An order is told of as two events: if either reaches the goal, it does.
    for done in sorted(recorded.events, key=lambda done: (done.at, done.event not in tried.goal_on)):
        if was is not None and not by_rule and was.at <= done.at:
            break
        if done.event not in tried.goal_on and done.event not in tried.exit_on:
            continue
        leave = Leave(reason=Reason.GOAL_REACHED if done.event in tried.goal_on else Reason.EXIT_RULE)
        if done.event not in recorded.ends:
            return Departure(done.at, leave)
        # It ended the old life too: a moment later, or not at all where that was over already.
        if was is not None and by_rule and done.at <= was.at:
            return Departure(was.at, leave, was.stay)
    known = any(done.event in recorded.ends and was is not None and done.at <= was.at for done in recorded.events)
    return None if by_rule and known else was


def _as_they_were(recorded: Recorded) -> list[Departure]:
    """Whoever was told a farewell after it left because the product was discontinued; else the path ends there."""
    entries = recorded.path.entries
    return [
        Departure(
            stay.left_at,
            Leave(reason=(recorded.path.reason or Reason.CANCELLED) if stay is entries[-1] else Reason.DISCONTINUED),
            stay,
        )
        for stay in entries
        if stay.why is Why.LEFT and stay.left_at is not None
    ]
