"""A contact's path through a conversation: every step with when it was entered and left, why, and its result."""

from enum import StrEnum
from typing import Literal, assert_never

from pydantic import AwareDatetime

from schemas.document.steps import StepKind
from schemas.ids import JourneyId, VersionId
from schemas.journey.outcome import Outcome
from schemas.model import Wire
from schemas.reasons import Ending, Reason

PathKind = Literal["waiting", StepKind]


class Why(StrEnum):
    """Why a step was left."""

    PLACE_GIVEN = "place_given"
    TIME_PASSED = "time_passed"
    WINDOW_ENDED = "window_ended"
    DISCONTINUED = "discontinued"
    BROADCAST = "broadcast"
    """A broadcast to the waiting list was to be sent; after it the journey waits in line again."""
    STILL_WAITING = "still_waiting"
    """It was time to say that it is still not back; after it the journey waits in line on."""
    ANSWERED = "answered"
    """A send step got its outcome."""
    EXIT = "exit"
    HAPPENED = "happened"
    """An event that was waited for happened."""
    DECIDED = "decided"
    """The branch is in the entry."""
    DONE = "done"
    """What the step does was done."""
    FAILED = "failed"
    """It could not be done; the journey went on."""
    SKIPPED = "skipped"
    """An operator skipped this step, or ended the thread."""
    LEFT = "left"
    """The journey was to leave while it rested here."""


PASSING: frozenset[PathKind] = frozenset({"go_to", "exit"})
"""Kinds of steps that only say where it goes on; nobody is ever at one."""


class PathEntry(Wire):
    """One stay at one step, in the contact's journey's own time.

    Attributes:
        step: the step's id; `waiting-list` while the journey waits in line.
        left_at, why: None while the journey is still there.
        message: the message a send step names.
        outcome: the result of deliver; for a deferred message the last one.
        branch: the branch that a decide or split step took.
        event: the one that ended the wait for it.
        moved_to: the version the journey was moved to while it rested here.
    """

    step: str
    kind: PathKind
    entered_at: AwareDatetime
    left_at: AwareDatetime | None = None
    why: Why | None = None
    message: str | None = None
    outcome: Outcome | None = None
    branch: str | None = None
    event: str | None = None
    moved_to: VersionId | None = None


class EnteredStep(Wire):
    """A stay that began: `number` is its place in the whole path, from 0, and `at` when it was entered."""

    number: int
    step: str
    at: AwareDatetime


class LeftOut(Wire):
    """What is left out of a very long path: the number of `stays`, which came `after` so many that are kept.

    Attributes:
        told: a message was sent in one of them.
    """

    stays: int = 0
    after: int = 0
    told: bool = False


class JourneyPath(Wire):
    """The whole path; the workflow's query and a replay of its history give the same."""

    journey_id: JourneyId
    version: str
    entries: tuple[PathEntry, ...]
    left_out: LeftOut = LeftOut()
    ending: Ending | None = None
    reason: Reason | None = None

    @property
    def stays(self) -> int:
        """How many stays it has, with those that are left out."""
        return len(self.entries) + self.left_out.stays

    def entered_since(self, told: int) -> tuple[EnteredStep, ...]:
        """The stays after the first `told`, without those that are left out, and without what is no place to be at."""
        found: list[EnteredStep] = []
        for index in range(len(self.entries) - 1, -1, -1):
            entry = self.entries[index]
            number = index + (self.left_out.stays if index >= self.left_out.after else 0)
            if number < told:
                break
            if entry.kind not in PASSING:
                found.append(EnteredStep(number=number, step=entry.step, at=entry.entered_at))
        return tuple(reversed(found))


def describe_exit(entry: PathEntry) -> str:
    """Why a step was left, in words."""
    match entry.why:
        case None:
            return ""
        case Why.PLACE_GIVEN:
            return "called forward"
        case Why.TIME_PASSED:
            return "the time had passed"
        case Why.WINDOW_ENDED:
            return "the window ended"
        case Why.DISCONTINUED:
            return "discontinued"
        case Why.BROADCAST:
            return "a message to all in line"
        case Why.STILL_WAITING:
            return "a word to who still waits"
        case Why.ANSWERED:
            return "answered"
        case Why.EXIT:
            return "exit"
        case Why.HAPPENED:
            return f"heard of {entry.event}"
        case Why.DECIDED:
            return entry.branch or "otherwise"
        case Why.DONE:
            return "done"
        case Why.FAILED:
            return "it could not be done"
        case Why.SKIPPED:
            return "skipped by hand"
        case Why.LEFT:
            return "asked to leave"
        case _:
            assert_never(entry.why)
