"""A published version in the form a journey carries: flat steps by id, each naming what comes next.

It travels in the workflow's start input, so a history is self-contained (P5, P6) and small (≤ 4 KiB for the
starter conversations). Message texts stay in PostgreSQL; a step names its message.
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from schemas.ids import StepId, VersionId
from schemas.model import Wire


class Send(Wire):
    """Check, then send `message`; a draft is never sent."""

    kind: Literal["send"] = "send"
    id: StepId
    message: str
    draft: bool = False
    next: StepId | None = None


class Wait(Wire):
    """Rest for `length`."""

    kind: Literal["wait"] = "wait"
    id: StepId
    length: timedelta
    next: StepId | None = None


class Exit(Wire):
    """Leave the thread."""

    kind: Literal["exit"] = "exit"
    id: StepId
    why: str


Step = Annotated[Send | Wait | Exit, Field(discriminator="kind")]


class Entry(Wire):
    """A thread's door: the event it is entered on and its first step."""

    event: str
    first: StepId


class Terms(Wire):
    """What of an alert a journey needs to live by.

    Attributes:
        reminder_after: how long after the alert's thread, and after each reminder, the follow-up event is raised.
        reminders: how many; 0 for none.
    """

    reminder_after: timedelta = timedelta(0)
    reminders: int = 0


class Program(Wire):
    """One version of one conversation, compiled.

    Attributes:
        entries: in the order of the document; the first whose event matches is entered.
    """

    version: VersionId
    conversation: str
    entries: tuple[Entry, ...]
    terms: dict[str, Terms] = Field(default_factory=dict[str, Terms])
    """By alert code; an alert that is not here has no follow-ups."""
    steps: dict[StepId, Step]
