"""The conversation document: what a marketer writes, as models. Reading it from YAML is starter/documents.

A document is one programme: the list it speaks for, the alerts that raise its events, the threads that answer
them, and the messages they send. It grows by new kinds of step, new alert types and new sections; a field that
is not known is an error, never ignored.
"""

from datetime import time
from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag

from schemas.alerts import AlertSection
from schemas.durations import Duration
from schemas.model import Model
from schemas.names import Code, EventName, Label


class Status(StrEnum):
    """Whether a send step sends."""

    LIVE = "live"
    DRAFT = "draft"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is not a time zone: write a name like 'Europe/Berlin', 'America/New_York' or 'UTC'"
        ) from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class QuietHours(Model):
    """Local hours of the list in which no message leaves. `from` after `until` spans midnight."""

    starts: time = Field(alias="from")
    ends: time = Field(alias="until")


class ListSection(Model):
    """The set of alerts this belongs to, with what its messages share."""

    code: Code = "default"
    name: Label = "Everyone"
    time_zone: TimeZone = "UTC"
    quiet_hours: QuietHours | None = None
    locations: Annotated[tuple[Label, ...], Field(min_length=1, max_length=1000)] | None = None
    """The storefront's ids of the locations whose stock counts; all when left out."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    """ISO 4217. Price drops are compared in this currency only; any one when left out."""
    sender: Label | None = None
    """The From address of this list's messages, `Name <address>`; the installation's when left out."""


class SendStep(Model):
    """Send a message, if it is still true."""

    send: Code
    id: Code | None = None
    status: Status = Status.LIVE


class WaitStep(Model):
    """Let time pass."""

    wait: Duration
    id: Code | None = None


class ExitStep(Model):
    """Leave the thread here. The text says why, for people."""

    exit: Label
    id: Code | None = None


STEP_KINDS = ("send", "wait", "exit")


def _kind_of_step(value: Any) -> str | None:
    if isinstance(value, SendStep | WaitStep | ExitStep):
        return next(kind for kind in STEP_KINDS if hasattr(value, kind))
    if isinstance(value, dict):
        kinds = [kind for kind in STEP_KINDS if kind in value]
        return kinds[0] if len(kinds) == 1 else None
    return None


StepSection = Annotated[
    Annotated[SendStep, Tag("send")] | Annotated[WaitStep, Tag("wait")] | Annotated[ExitStep, Tag("exit")],
    Discriminator(
        _kind_of_step,
        custom_error_type="step_kind",
        custom_error_message="a step says one thing to do: one of 'send', 'wait' or 'exit'",
    ),
]


class ThreadSection(Model):
    """One path: entered on an event, then its steps from top to bottom."""

    name: Label
    on: EventName
    steps: Annotated[tuple[StepSection, ...], Field(min_length=1, max_length=200)]


class MessageSection(Model):
    """A template for one channel (Jinja syntax). `html` is optional; `text` is not."""

    channel: Literal["email"]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=50_000)]
    html: Annotated[str, StringConstraints(min_length=1, max_length=200_000)] | None = None


class ConversationDocument(Model):
    """One conversation with its alerts and messages."""

    conversation: Code
    name: Label
    goal: Label | None = None
    list: ListSection = ListSection()
    alerts: Annotated[dict[Code, AlertSection], Field(min_length=1, max_length=20)]
    threads: Annotated[tuple[ThreadSection, ...], Field(min_length=1, max_length=50)]
    messages: Annotated[dict[Code, MessageSection], Field(min_length=1, max_length=200)]
