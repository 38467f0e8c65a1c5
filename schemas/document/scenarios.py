"""Scenarios: what a contact is, who else is in line, what happens to them, and what is expected then.

A document carries them as tests for marketers. They are rehearsed on a virtual clock; nothing of them reaches anybody.
Moments are wall-clock times of the list; lengths of time count from the entering of the scenario's own contact,
whomever they are about.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    model_validator,
)

from schemas.document.profiles import (
    EngagementSection,
    Ordered,
    OrdersSection,
    OtherProfileSection,
    OtherSection,
    ProductSection,
    ProfileSection,
)
from schemas.document.scenario_values import ENTERS, MOST_NAMES, Count, Moment, Price, Text, YesNo
from schemas.model import Model, Section
from schemas.names import AttributeName, AttributeValue, Code, ContactEventName, EventName, Label, StoreName
from schemas.reasons import Reason
from schemas.time.durations import Duration

MOST_SCENARIOS = 50
MOST_HAPPENINGS = 50
MOST_EXPECTATIONS = 50
MOST_OTHERS = 20
"""Of one scenario, beside its own contact."""


def _ordered(value: object) -> object:
    """`ordered: true` is the short form that most people write."""
    return Ordered.THIS if value is True else value


def _only_yes(value: bool) -> bool:
    if not value:
        raise ValueError("what happened cannot be undone, for it is for good: write true, or remove this")
    return value


class _OneThing(Section):
    """One thing, at its time."""

    after: Duration | None = None
    """How long after the scenario's contact entered, like 3 days."""
    at: Moment | None = None
    """When, by the list's clock, like 2026-03-05 09:00."""

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if self.after is not None and self.at is not None:
            raise ValueError("'after' and 'at' are two ways to say when: keep one of them")
        return self

    def _given(self, names: tuple[str, ...]) -> list[str]:
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
    "told_already",
    "approves",
    "declines",
    "webhook",
)
"""What may happen, by its field."""


OF_SOMEBODY = ("ordered", "event", "consent", "told_already", "approves", "declines")
"""What happens to one contact alone."""


class HappeningSection(_OneThing, title="Happening"):
    """One thing that happens: after a time since entering, or at a moment; at once when neither is said."""

    who: Code | None = None
    """Whom it is about: one of the others, by their name; the scenario's contact when left out."""

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
    event: ContactEventName | None = None
    """They do this."""
    consent: YesNo | None = None
    """They agree to be written to, or take it back."""
    paused: YesNo | None = None
    """Somebody pauses the conversation, or resumes it."""
    provider: Literal["down", "up"] | None = None
    """The mail provider cannot be reached, or can again."""
    discontinued: Annotated[YesNo, AfterValidator(_only_yes)] | None = None
    """It is gone for good."""
    told_already: Annotated[YesNo, AfterValidator(_only_yes)] | None = None
    """Another alert tells them of it."""
    approves: Code | None = None
    """Somebody approves this message, which has status: manual."""
    declines: Code | None = None
    """Somebody declines it."""
    webhook: Literal["fails", "answers"] | None = None
    """The other system does not take calls, or does again."""

    @model_validator(mode="after")
    def _one_happening(self) -> Self:
        if len(self._given(HAPPENINGS)) != 1:
            raise ValueError(f"one thing happens at a time: say one of {', '.join(HAPPENINGS)}, in an entry of its own")
        if self.who is not None and self.kind not in OF_SOMEBODY:
            raise ValueError(f"'who' goes with {', '.join(OF_SOMEBODY)}: remove it here")
        return self

    @property
    def kind(self) -> str:
        """Which of `HAPPENINGS` it is."""
        return self._given(HAPPENINGS)[0]


class Ends(StrEnum):
    """How a rehearsed journey ended."""

    COMPLETED = "completed"
    EXPIRED = "expired"
    EXITED = "exited"
    DISCONTINUED = "discontinued"
    NEVER = "never"
    """It rests until somebody does something, and in the scenario nobody does; or it goes round and round."""


EXPECTATIONS = ("sends", "refused", "held", "ends", "branch", "path", "not_entered", "told", "not_told")
"""What may be expected, by its field."""
OF_EVERYBODY = ("told", "not_told")
"""What names whom it is about."""


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
    told: Annotated[tuple[Code, ...], Field(max_length=MOST_OTHERS + 1)] | None = None
    """Who is told, by their names, in this order; nobody else is."""
    not_told: Code | None = None
    """Who is not told, by their name."""
    who: Code | None = None
    """Whom it is about: one of the others, by their name; the scenario's contact when left out."""
    takes: Text | None = None
    """The name of the way on: a branch's, or otherwise; happened or did_not of a wait_for."""
    reason: Reason | None = None
    """Why, for refused, ends and not_told."""

    @model_validator(mode="after")
    def _one_expectation(self) -> Self:
        if len(given := self._given(EXPECTATIONS)) != 1:
            raise ValueError(
                f"one thing is expected at a time: say one of {', '.join(EXPECTATIONS)}, in an entry of its own"
            )
        if (self.takes is None) is (given[0] == "branch"):
            raise ValueError(
                "'branch', the id of a step, and 'takes', the name of a way on, go together: write both, or neither"
            )
        if self.who is not None and given[0] in OF_EVERYBODY:
            raise ValueError("'told' and 'not_told' name whom they are about: remove 'who'")
        if self.reason is not None and given[0] not in ("refused", "ends", "not_told"):
            raise ValueError("'reason' goes with 'refused', 'ends' and 'not_told': remove it here")
        if (self.after is not None or self.at is not None) and given[0] not in ("sends", "refused", "ends"):
            raise ValueError("'after' and 'at' go with 'sends', 'refused' and 'ends': remove it here")
        return self

    @property
    def kind(self) -> str:
        """Which of `EXPECTATIONS` it is."""
        return self._given(EXPECTATIONS)[0]


class ScenarioSection(Section, title="Scenario"):
    """One rehearsal: who enters, what happens to them, and what is expected."""

    name: Label
    """Its name, in what test-run and check tell."""
    profile: ProfileSection = ProfileSection()
    """Who enters."""
    others: Annotated[tuple[OtherSection, ...], Field(max_length=MOST_OTHERS)] = ()
    """Who else enters, before or after them. Of those who enter at one moment, the scenario's contact is first."""
    product: ProductSection | None = None
    """What it is about, as it is when the first of them enters."""
    store: StoreName | None = None
    """The shop it happens in, by its id; the first that the list is for when left out, or shop.example."""
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
    """The section at a path inside a scenario, such as `("happens", 2)`."""
    match place:
        case ["others", _]:
            return OtherSection
        case ["others", _, "profile"]:
            return OtherProfileSection
        case ["others", _, *inside]:
            return section_in_scenario(inside)
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
