"""Scenarios: what a contact is, what happens to them, and what is expected of the conversation then.

A document carries them as tests for marketers. They are rehearsed on a virtual clock; nothing of them reaches anybody.
Moments are wall-clock times of the list; lengths of time count from the contact's entering.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from schemas.durations import Duration
from schemas.model import Model
from schemas.names import Code, EventName, HeardEvent, Label
from schemas.reasons import Reason
from schemas.steps import AttributeName, Plain, TagName

MOST_SCENARIOS = 50
MOST_HAPPENINGS = 50
MOST_EXPECTATIONS = 50
MOST_NAMES = 50
"""Tags, lists, collections and attributes of one contact or product."""
ENTERS = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - a wall-clock time, of whichever zone the list has
"""A Monday, 09:00: when a scenario says nothing else. Fixed, so that its result is the same every day."""

_MOMENT = re.compile(r"(2[01]\d\d-\d\d-\d\d)[ T](\d\d:\d\d)")


def parse_moment(text: object) -> datetime:
    """Read '2026-03-02 09:00', a wall-clock time.

    Raises:
        ValueError: it is not one.
    """
    if isinstance(text, datetime):
        return text
    match = _MOMENT.fullmatch(text.strip()) if isinstance(text, str) else None
    try:
        if match is not None:
            return datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not a date and time: write it like '2026-03-02 09:00'")


def format_moment(moment: datetime) -> str:
    """The inverse of `parse_moment`."""
    return f"{moment:%Y-%m-%d %H:%M}"


Moment = Annotated[
    datetime,
    BeforeValidator(parse_moment),
    PlainSerializer(format_moment, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^2[01]\d\d-\d\d-\d\d[ T]\d\d:\d\d$",
            "examples": [format_moment(ENTERS)],
        }
    ),
]
"""A wall-clock time by the list's clock: naive."""

Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Price = Annotated[Decimal, Field(ge=0, le=1_000_000_000), WithJsonSchema({"type": ["number", "string"]})]
"""In the shop's currency."""
YesNo = Annotated[bool, Field(strict=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class Ordered(StrEnum):
    """What they ordered."""

    THIS = "this"
    """The product that the journey is about."""
    ANOTHER = "another"


def _ordered(value: object) -> object:
    """`ordered: true` is how most people say it."""
    return Ordered.THIS if value is True else value


def _only_yes(value: bool) -> bool:
    if not value:
        raise ValueError("what is gone for good does not come back: write true, or remove this")
    return value


class OrdersSection(Model):
    """What the contact had ordered before they entered."""

    count: Count = 0
    last: Moment | None = None
    bought_this: Moment | None = None


class EngagementSection(Model):
    """What the contact had done with messages before they entered."""

    last_open: Moment | None = None
    last_click: Moment | None = None
    last_message: Moment | None = None


class ProfileSection(Model):
    """Who enters.

    Attributes:
        id: whose chance it is: another contact may go another way of a split.
        consent: they agreed to be written to.
        time_zone: of the contact; the list's when left out.
        last_entered: when they entered this conversation, or its alert, the last time before this.
    """

    id: Code = "somebody"
    attributes: Annotated[dict[AttributeName, Plain], Field(max_length=MOST_NAMES)] = Field(
        default_factory=dict[str, bool | int | str]
    )
    tags: Annotated[tuple[TagName, ...], Field(max_length=MOST_NAMES)] = ()
    lists: Annotated[tuple[Code, ...], Field(max_length=MOST_NAMES)] = ()
    consent: YesNo = True
    orders: OrdersSection = OrdersSection()
    engagement: EngagementSection = EngagementSection()
    time_zone: Text | None = None
    last_entered: Moment | None = None


class ProductSection(Model):
    """What it is about, as it is when the contact enters.

    Attributes:
        units: for sale; None: as many as the alert's type needs for something to wait for.
        variant: its title.
        counted: whether its units are counted.
    """

    title: Text = "Blue kettle"
    vendor: Text | None = None
    tags: Annotated[tuple[Text, ...], Field(max_length=MOST_NAMES)] = ()
    collections: Annotated[tuple[Text, ...], Field(max_length=MOST_NAMES)] = ()
    price: Price = Decimal("40.00")
    units: Count | None = None
    counted: YesNo = True
    on_sale: YesNo = True
    variant: Text | None = None
    sku: Text | None = None


class _OneThing(Model):
    """A section that says one of several things, beside when it is."""

    after: Duration | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if self.after is not None and self.at is not None:
            raise ValueError("'after' and 'at' are two ways to say when: keep one of them")
        return self

    def _said(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]


HAPPENINGS = (
    "stock",
    "price",
    "on_sale",
    "ordered",
    "event",
    "consent",
    "paused",
    "provider",
    "discontinued",
    "approves",
    "declines",
    "webhook",
)
"""What may happen, by the field that says it."""


class HappeningSection(_OneThing):
    """One thing that happens: `after` entering, or `at` a moment; at once, when neither is said.

    Attributes:
        stock: there are this many units now.
        ordered: they order the product, or another one.
        event: they do something else that conversations hear of.
        consent: they agree to be written to, or take it back.
        paused: somebody pauses the conversation, or resumes it.
        provider: the mail provider cannot be reached, or can again.
        discontinued: the product is gone for good.
        approves, declines: somebody looks at a message with `status: manual`.
        webhook: the other system does not take calls, or does again.
    """

    stock: Count | None = None
    price: Price | None = None
    on_sale: YesNo | None = None
    ordered: (
        Annotated[
            Ordered, BeforeValidator(_ordered), WithJsonSchema({"enum": [True, *(each.value for each in Ordered)]})
        ]
        | None
    ) = None
    event: HeardEvent | None = None
    consent: YesNo | None = None
    paused: YesNo | None = None
    provider: Literal["down", "up"] | None = None
    discontinued: Annotated[YesNo, AfterValidator(_only_yes)] | None = None
    approves: Code | None = None
    declines: Code | None = None
    webhook: Literal["fails", "answers"] | None = None

    @model_validator(mode="after")
    def _one_happening(self) -> Self:
        if len(self._said(HAPPENINGS)) != 1:
            raise ValueError(f"one thing happens at a time: say one of {', '.join(HAPPENINGS)}, in an entry of its own")
        return self

    @property
    def kind(self) -> str:
        """The field that says what happens."""
        return self._said(HAPPENINGS)[0]


class Ends(StrEnum):
    """How a rehearsed journey ended."""

    COMPLETED = "completed"
    EXPIRED = "expired"
    EXITED = "exited"
    DISCONTINUED = "discontinued"
    NEVER = "never"
    """It rests until somebody does something, and in the scenario nobody does; or it goes round and round."""


EXPECTATIONS = ("sends", "refused", "held", "ends", "branch", "path", "not_entered")
"""What may be expected, by the field that says it."""


class ExpectSection(_OneThing):
    """One thing that is expected; `after` entering or `at` a moment, to the minute, if that matters.

    What is sent is to be told in full and in order: a message that is sent and not told is a difference.

    Attributes:
        sends: the next message that is sent.
        refused: a message that is not sent, for this `reason`.
        held: a message that waits for somebody's approval at the end.
        ends: how the journey ends, for this `reason`.
        branch: the id of a step that divides; they leave it by the way of this name, which `takes` says.
        path: the ids of steps that they come by, in this order; others may lie between.
        not_entered: they are not entered at all, for this reason.
    """

    sends: Code | None = None
    refused: Code | None = None
    held: Code | None = None
    ends: Ends | None = None
    branch: Text | None = None
    path: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MOST_NAMES)] | None = None
    not_entered: Reason | None = None
    takes: Text | None = None
    reason: Reason | None = None

    @model_validator(mode="after")
    def _one_expectation(self) -> Self:
        if len(said := self._said(EXPECTATIONS)) != 1:
            raise ValueError(
                f"one thing is expected at a time: say one of {', '.join(EXPECTATIONS)}, in an entry of its own"
            )
        if (self.takes is None) is (said[0] == "branch"):
            raise ValueError(
                "'branch', the id of a step, and 'takes', the name of a way on, go together: write both, or neither"
            )
        if self.reason is not None and said[0] not in ("refused", "ends"):
            raise ValueError("'reason' goes with 'refused' and 'ends': remove it here")
        if (self.after is not None or self.at is not None) and said[0] not in ("sends", "refused", "ends"):
            raise ValueError("'after' and 'at' go with 'sends', 'refused' and 'ends': remove it here")
        return self

    @property
    def kind(self) -> str:
        """The field that says what is expected."""
        return self._said(EXPECTATIONS)[0]


class ScenarioSection(Model):
    """One rehearsal: who enters, when and on what, what happens, and what is expected.

    Attributes:
        alert: whose queue they enter; the first one's when left out.
        on: the event that enters a thread of a conversation without an alert; the first thread's when left out.
        event_properties: of that event.
        product: what it is about; of a conversation without an alert, nothing when left out.
    """

    name: Label
    profile: ProfileSection = ProfileSection()
    product: ProductSection | None = None
    enters: Moment = ENTERS
    alert: Code | None = None
    on: EventName | None = None
    event_properties: Annotated[dict[AttributeName, Plain], Field(max_length=MOST_NAMES)] = Field(
        default_factory=dict[str, bool | int | str]
    )
    happens: Annotated[tuple[HappeningSection, ...], Field(max_length=MOST_HAPPENINGS)] = ()
    expect: Annotated[tuple[ExpectSection, ...], Field(max_length=MOST_EXPECTATIONS)] = ()


def section_in_scenario(place: Sequence[str | int]) -> type[Model]:
    """The section that stands at a place inside a scenario, such as `("happens", 2)`."""
    match place:
        case ["profile"]:
            return ProfileSection
        case ["profile", "orders"]:
            return OrdersSection
        case ["profile", "engagement"]:
            return EngagementSection
        case ["product"]:
            return ProductSection
        case ["happens", _]:
            return HappeningSection
        case ["expect", _]:
            return ExpectSection
        case _:
            return ScenarioSection
