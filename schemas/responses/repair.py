"""Journeys that are stopped and messages that are held, and what a repair or an approval does."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.ids import JourneyId, VersionId
from schemas.model import Model
from schemas.names import Label
from schemas.reasons import Reason


class HeldMessage(Model):
    """A message that waits for somebody's approval.

    Attributes:
        key: names it when it is approved or declined.
        version: the one whose text is held, and would be approved.
    """

    key: str
    journey: JourneyId
    conversation: str
    version: VersionId
    step: str
    message: str
    since: AwareDatetime


class HeldMessages(Model):
    """Those that wait, the longest first; `more`: there are others."""

    messages: tuple[HeldMessage, ...]
    total: int
    more: bool


class MessagePreview(Model):
    """A held message as its contact would read it now."""

    key: str
    journey: JourneyId
    version: VersionId
    message: str
    subject: str | None
    text: str
    html: str | None


class Answer(StrEnum):
    """The decision on a held message."""

    APPROVED = "approved"
    DECLINED = "declined"


class NotHeld(Model):
    """A message that was named, and does not wait for approval; `why` is for people."""

    key: str
    why: str


class Answered(Model):
    """What became of the held messages that were decided on.

    Attributes:
        keys: those that were decided on just now.
        not_held: of those named by their keys, the ones that were not held, with why.
        done: false: it was only counted.
    """

    answer: Answer
    keys: tuple[str, ...]
    not_held: tuple[NotHeld, ...] = ()
    done: bool = True


class Repair(StrEnum):
    """What can be done for one journey."""

    RETRY = "retry"
    """Try the step again now."""
    SKIP = "skip"
    """Go on with the step after it."""
    FINISH = "finish"
    """Leave out the rest of the thread."""


class RepairPlan(Model):
    """One repair, before or after it was done; `sentence` is for people."""

    journey: JourneyId
    repair: Repair
    step: str
    since: AwareDatetime
    cause: Reason | None
    sentence: str
    done: bool


class StoppedGroup(Model):
    """Journeys that are stopped at one step of one version by the same cause."""

    cause: Reason
    why: str
    conversation: str
    version: VersionId
    step: str
    journeys: int
    since: AwareDatetime
    example: JourneyId


class FailingTask(Model):
    """A workflow whose tasks fail again and again; `cause`: as Temporal calls it."""

    workflow: str
    cause: str


class Stuck(Model):
    """Everything that waits for an operator.

    Attributes:
        groups: stopped, and waiting for approval; at most 500, the oldest first.
        calls_parked: calls to Temporal that it refuses again and again (`shelftalk doctor` tells more).
        messages_unknown: of which nobody knows whether they left; they are never sent again (P1).
        failing_tasks: workflows that Temporal reports, at most 100; None: it could not be asked.
    """

    groups: tuple[StoppedGroup, ...]
    calls_parked: int
    messages_unknown: int
    failing_tasks: tuple[FailingTask, ...] | None = None


class StoppedSender(Model):
    """A sender by which nothing leaves.

    Attributes:
        sender: as its list names it; empty: the installation's own. None: every sender of the channel.
        why: what the provider said.
    """

    channel: str
    sender: str | None
    why: str
    stopped_at: AwareDatetime


class StoppedSenders(Model):
    """All of them, the longest stopped first."""

    senders: tuple[StoppedSender, ...]


class Resumed(Model):
    """Journeys that were stopped by one cause, and try again; `done` false: only counted.

    Attributes:
        senders: that were stopped, and are asked again; of the cause `sender_at_fault` only.
    """

    cause: Reason
    journeys: int
    done: bool
    senders: int = 0


Why = Annotated[Label, Field(description="Kept in the audit.")]
