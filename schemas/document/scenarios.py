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

from schemas.model import Model, Section
from schemas.names import AttributeName, AttributeValue, Code, EventName, HeardEvent, Label, TagName
from schemas.reasons import Reason
from schemas.time.durations import Duration

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


class OrdersSection(Section, title="Orders"):
    """What the contact had ordered before they entered."""

    count: Count = 0
    """How many orders."""
    last: Moment | None = None
    """When they last ordered anything."""
    bought_this: Moment | None = None
    """When they last bought this product."""


class EngagementSection(Section, title="Engagement"):
    """What the contact had done with messages before they entered."""

    last_open: Moment | None = None
    """When they last opened one."""
    last_click: Moment | None = None
    """When they last clicked in one."""
    last_message: Moment | None = None
    """When one was last sent to them."""


class ProfileSection(Section, title="Profile"):
    """The contact of a scenario."""

    id: Code = "somebody"
    """Whose chance it is: another contact may go another way of a split."""
    attributes: Annotated[dict[AttributeName, AttributeValue], Field(max_length=MOST_NAMES)] = Field(
        default_factory=dict[str, bool | int | str]
    )
    """As criteria and messages ask for them."""
    tags: Annotated[tuple[TagName, ...], Field(max_length=MOST_NAMES)] = ()
    """Their tags."""
    lists: Annotated[tuple[Code, ...], Field(max_length=MOST_NAMES)] = ()
    """The lists they have joined."""
    consent: YesNo = True
    """Whether they agreed to be written to."""
    orders: OrdersSection = OrdersSection()
    """What they had ordered before."""
    engagement: EngagementSection = EngagementSection()
    """What they had done with messages before."""
    time_zone: Text | None = None
    """Where they live, like Europe/Berlin; the list's when left out."""
    last_entered: Moment | None = None
    """When they entered the last time before this."""


class ProductSection(Section, title="Product"):
    """What a scenario is about, as it is when the contact enters."""

    title: Text = "Blue kettle"
    """Its title."""
    vendor: Text | None = None
    """Its vendor."""
    tags: Annotated[tuple[Text, ...], Field(max_length=MOST_NAMES)] = ()
    """Its tags."""
    collections: Annotated[tuple[Text, ...], Field(max_length=MOST_NAMES)] = ()
    """The collections it is in."""
    price: Price = Decimal("40.00")
    """Its price."""
    units: Count | None = None
    """How many there are; as many as there is something to wait for, when left out."""
    counted: YesNo = True
    """Whether its units are counted."""
    on_sale: YesNo = True
    """Whether it is for sale."""
    variant: Text | None = None
    """The variant's title."""
    sku: Text | None = None
    """The variant's SKU."""


class _OneThing(Section):
    """One thing, at its time."""

    after: Duration | None = None
    """How long after they entered, like 3 days."""
    at: Moment | None = None
    """When, by the list's clock, like 2026-03-05 09:00."""

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


class HappeningSection(_OneThing, title="Happening"):
    """One thing that happens: after a time since entering, or at a moment; at once when neither is said."""

    stock: Count | None = None
    """There are so many units now."""
    price: Price | None = None
    """It costs this now."""
    on_sale: YesNo | None = None
    """Whether it is for sale now."""
    ordered: (
        Annotated[
            Ordered, BeforeValidator(_ordered), WithJsonSchema({"enum": [True, *(each.value for each in Ordered)]})
        ]
        | None
    ) = None
    """They order it (true), or another product (another)."""
    event: HeardEvent | None = None
    """They do this."""
    consent: YesNo | None = None
    """They agree to be written to, or take it back."""
    paused: YesNo | None = None
    """Somebody pauses the conversation, or resumes it."""
    provider: Literal["down", "up"] | None = None
    """The mail provider cannot be reached, or can again."""
    discontinued: Annotated[YesNo, AfterValidator(_only_yes)] | None = None
    """It is gone for good."""
    approves: Code | None = None
    """Somebody approves this message, which has status: manual."""
    declines: Code | None = None
    """Somebody declines it."""
    webhook: Literal["fails", "answers"] | None = None
    """The other system does not take calls, or does again."""

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


class ExpectSection(_OneThing, title="Expectation"):
    """One thing that is expected: after a time since entering, or at a moment; whenever, when neither is said."""

    sends: Code | None = None
    """This message is sent next."""
    refused: Code | None = None
    """This message is not sent."""
    held: Code | None = None
    """This message waits for approval at the end."""
    ends: Ends | None = None
    """How the journey ends; never: it rests until somebody does something."""
    branch: Text | None = None
    """The id of a step that divides: they go the way that takes says."""
    path: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MOST_NAMES)] | None = None
    """The ids of steps they come by, in this order; others may lie between."""
    not_entered: Reason | None = None
    """They do not enter, for this reason."""
    takes: Text | None = None
    """The name of the way on: a branch's, or otherwise; happened or did_not of a wait_for."""
    reason: Reason | None = None
    """Why, for refused and ends."""

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


class ScenarioSection(Section, title="Scenario"):
    """One rehearsal: who enters, what happens to them, and what is expected."""

    name: Label
    """Its name, in what test-run and check tell."""
    profile: ProfileSection = ProfileSection()
    """Who enters."""
    product: ProductSection | None = None
    """What it is about, as it is when they enter."""
    enters: Moment = ENTERS
    """When, by the list's clock; a Monday morning when left out."""
    alert: Code | None = None
    """Whose queue they enter; that of the first thread when left out."""
    on: EventName | None = None
    """The event they enter on, of a conversation without an alert; the first thread's when left out."""
    event_properties: Annotated[dict[AttributeName, AttributeValue], Field(max_length=MOST_NAMES)] = Field(
        default_factory=dict[str, bool | int | str]
    )
    """The properties of that event."""
    happens: Annotated[tuple[HappeningSection, ...], Field(max_length=MOST_HAPPENINGS)] = ()
    """What happens after that."""
    expect: Annotated[tuple[ExpectSection, ...], Field(max_length=MOST_EXPECTATIONS)] = ()
    """What is expected. What is sent is told in full and in order."""


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
