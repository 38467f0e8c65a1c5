"""The conversation document: what a marketer writes, as models. Reading it from YAML is starter/documents.

A document is one programme: the list it speaks for, the alerts that raise its events, the threads that answer
them, and the messages they send. It grows by new kinds of step, new alert types and new sections; a field that
is not known is an error, never ignored.
"""

from datetime import time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from schemas.alert_types.registry import AlertSection
from schemas.channels import Channel
from schemas.criteria import Criteria
from schemas.model import Model
from schemas.names import Code, EventName, HeardEvent, Label
from schemas.scenarios import MOST_SCENARIOS, ScenarioSection
from schemas.steps import MOST_STEPS, StepSection


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


class ThreadSection(Model):
    """One path: entered on an event when its criteria hold, then its steps from top to bottom.

    Attributes:
        on: None: other threads lead here, by `go_to`.
        when: of several threads on one event, the first whose criteria hold is entered; without criteria, always.
    """

    name: Label
    on: EventName | None = None
    when: Criteria | None = None
    steps: Annotated[tuple[StepSection, ...], Field(min_length=1, max_length=MOST_STEPS)]


class MessageSection(Model):
    """A template for one channel (Jinja syntax). `html` is optional; `text` is not."""

    channel: Literal[Channel.EMAIL]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=50_000)]
    html: Annotated[str, StringConstraints(min_length=1, max_length=200_000)] | None = None


class ConversationDocument(Model):
    """One conversation with its alerts, if it has any, and its messages.

    Attributes:
        goal: in words, for people.
        goal_on: events that reach the goal: the journey ends at once, wherever it stands.
        exit_on: events that end it short of its goal.
        scenarios: its own tests.
    """

    conversation: Code
    name: Label
    goal: Label | None = None
    goal_on: Annotated[tuple[HeardEvent, ...], Field(max_length=10)] = ()
    exit_on: Annotated[tuple[HeardEvent, ...], Field(max_length=10)] = ()
    list: ListSection = ListSection()
    alerts: Annotated[dict[Code, AlertSection], Field(max_length=20)] = Field(default_factory=dict[str, Any])
    threads: Annotated[tuple[ThreadSection, ...], Field(min_length=1, max_length=50)]
    messages: Annotated[dict[Code, MessageSection], Field(min_length=1, max_length=200)]
    scenarios: Annotated[tuple[ScenarioSection, ...], Field(max_length=MOST_SCENARIOS)] = ()
