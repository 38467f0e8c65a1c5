"""A published version in the form a journey carries: flat steps by id, each naming what comes next.

It travels in the workflow's start input, so a history is self-contained (P5, P6) and small (≤ 4 KiB for the
starter conversations). Message texts and criteria stay in PostgreSQL; steps refer to them by id.
"""

from datetime import timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Step
from schemas.ids import AlertId, StepId, VersionId
from schemas.model import Wire

SEMANTICS = 1
"""The version of the interpreter's rules that programs are compiled for today. A journey is interpreted by the rules of
its program's `semantics`, so that older histories replay unchanged (P6)."""


class ThreadStart(Wire):
    """How a thread is entered: the event it is entered on, and its first step.

    Attributes:
        asks: it has criteria, which are in the version's `CompiledCriteria` under `thread_criteria_id(event)`.
    """

    event: str
    first: StepId
    asks: bool = False


def thread_criteria_id(event: str) -> str:
    """The key of the compiled criteria that decide which of the threads on this event is entered."""
    return f"on {event}"


class StillWaiting(Wire):
    """What is said to who still waits in line, so long `after` they entered, and so often."""

    after: timedelta
    message: str
    times: int = 1


class Terms(Wire):
    """The settings of an alert that its journeys need.

    Attributes:
        reminder_after: how long after the alert's thread, and after each reminder, the follow-up event is raised.
        reminders: how many; 0 for none.
        while_waiting: what is said in line, before the alert.
    """

    reminder_after: timedelta = timedelta(0)
    reminders: int = 0
    while_waiting: tuple[StillWaiting, ...] = ()


class Program(Wire):
    """One version of one conversation, compiled.

    Attributes:
        semantics: the version of the interpreter's rules; see `SEMANTICS`.
        threads: in the order of the document; the first whose event matches and whose criteria hold is entered.
        awaited: the events any step waits for.
        goal_on, exit_on: the events that end the journey, at whichever step it is.
        question: the message that asks whoever signs up whether it was them; None: nobody is asked.
    """

    version: VersionId
    conversation: str
    semantics: int = 1
    threads: tuple[ThreadStart, ...]
    terms: dict[str, Terms] = Field(default_factory=dict[str, Terms])
    """By alert code; an alert that is not here has no follow-ups."""
    awaited: tuple[str, ...] = ()
    goal_on: tuple[str, ...] = ()
    exit_on: tuple[str, ...] = ()
    question: str | None = None
    steps: dict[StepId, Step]

    def threads_on(self, event: str) -> tuple[ThreadStart, ...]:
        """The threads that may be entered on this event, in order."""
        return tuple(thread for thread in self.threads if thread.event == event)

    def shares_rest(self, other: "Program", place: str, alert_id: AlertId | None) -> bool:
        """Whether a journey that rests at `place` in this version could rest on there in the other one.

        A step is the same if it has the same id and is of the same kind. Places that are no steps, such as the waiting
        list, are in every version that has a thread on the alert that the journey waits for.
        """
        step = other.steps.get(StepId(place))
        if step is not None:
            return type(step) is type(self.steps.get(StepId(place)))
        return place not in self.steps and bool(other.threads_on(f"{alert_id}.{AlertEvent.ALERT}"))


MOST_SHARED = 256
"""Programs that are kept to be shared: more versions than a worker meets at one time."""


@lru_cache(MOST_SHARED)
def _first_read(as_read: "_ByContent") -> Program:
    return as_read.program


class _ByContent:
    """A program as the key of a cache: hashed by its version, compared by all that it says."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def __hash__(self) -> int:
        return hash(self.program.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByContent) and self.program == other.program


def _shared(program: Program) -> Program:
    return _first_read(_ByContent(program))


SharedProgram = Annotated[Program, AfterValidator(_shared)]
"""A program that all journeys of one version in one process share: thousands of them lie in a worker's memory."""
