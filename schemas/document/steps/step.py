"""What every kind of step says of itself.

A kind of step is two models in one file: its *section*, as a marketer writes it, and its *compiled form*, as a journey
carries it. The rest of the product asks them for what it needs to know, and names no kind: how it is compiled, which
ways lead on, how long it rests, how it is told of.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias

from pydantic import AfterValidator, Field

from schemas.criteria import Criteria
from schemas.ids import StepId
from schemas.model import Section, Wire
from schemas.names import Code, Label
from schemas.time.durations import Duration

if TYPE_CHECKING:
    from schemas.document.steps import AnyStep, StepSection

MOST_STEPS = 200
"""Of one thread or one branch."""
MOST_BRANCHES = 20
LEAST_REST = timedelta(hours=1)
"""What counts as a rest on a way round. A journey carries its path, with every stay: of a way round by the hour it has
room for months, by the minute for a day or two."""
NO_TIME = timedelta(0)

Place: TypeAlias = tuple[str | int, ...]
"""Where something stands: names of fields and positions in lists, from the outside in."""
Explain: TypeAlias = Callable[[object], tuple[str, str]]
"""What is wrong with a value that cannot stand in a field, and what to write."""
Steps: TypeAlias = Annotated[tuple["StepSection", ...], Field(max_length=MOST_STEPS)]
OwnId = Annotated[
    Code | None,
    Field(description="The step's own name, given when it is saved and kept. Reports and running journeys go by it."),
]


def _some_time(length: timedelta) -> timedelta:
    if length <= NO_TIME:
        raise ValueError("no time would pass: write for example '2 days'")
    return length


Window = Annotated[Duration, AfterValidator(_some_time)]

_NOT_IN_IDS = re.compile(r"[^a-z0-9]+")


def id_from(what: str, of: str) -> StepId:
    """An id made from words, like `wait-2-days`."""
    return StepId(f"{what}-{_NOT_IN_IDS.sub('-', of.lower()).strip('-')}"[:63].rstrip("-"))


@dataclass(frozen=True, slots=True)
class Rest:
    """How long a journey may rest at a step, by what the step says.

    Attributes:
        longest: None: until a moment of the contact's clock.
        breaks_loop: enough time surely passes for a way round.
    """

    longest: timedelta | None
    breaks_loop: bool


@dataclass(frozen=True, slots=True)
class Position:
    """Where a step stands while its thread is compiled.

    Attributes:
        next: the step after it; None: the thread's end.
        threads: the first step of each thread, by the thread's name.
        inside: compiles steps that stand inside this one. Returns where they begin: `next`, if there are none.
    """

    id: StepId
    next: StepId | None
    threads: Mapping[str, StepId]
    inside: Callable[[tuple["AnyStep", ...]], StepId | None]


class BaseBranch(Section):
    """One of the ways on from a step that divides, by its name."""

    field_words: ClassVar[Mapping[str, str]] = {}
    """What its fields, other than name and steps, are called in a sentence."""

    name: Label
    """Its name, in paths and reports."""

    @abstractmethod
    def introduced(self) -> str:
        """What is said of a new one, between its name and its steps."""


@dataclass(frozen=True, slots=True)
class Way:
    """A list of steps inside a step: one of its ways on.

    Attributes:
        place: where the list stands in the section.
        name: what the way is called in paths and scenarios.
        said: the same in a sentence.
        least: the least time that passes on it before its first step.
        branch: the section that names it; None where the kind of step does.
    """

    place: Place
    name: str
    said: str
    steps: tuple["AnyStep", ...]
    least: timedelta = NO_TIME
    branch: BaseBranch | None = None


class BaseStep(Section):
    """One thing to do."""

    kind: ClassVar[str]
    """The field that says what it does."""
    also_called: ClassVar[tuple[str, ...]] = ()
    """What other tools call it."""
    field_words: ClassVar[Mapping[str, str]] = {}
    """What its fields are called in a sentence about what changed."""
    change_words: ClassVar[Mapping[str, str]] = {}
    """Whole sentences about what changed, with `step`, `before` and `after`, where the usual one reads badly."""
    without_id: ClassVar[str | None] = None
    """What it is called for want of an id; None where the id made from its words will do."""
    wrong_text: ClassVar[tuple[str, str] | None] = None
    """What a text in the field of its kind is not, if it is not written as it must be, and what to write."""
    explained: ClassVar[Mapping[str, Explain]] = {}
    """Fields for which Pydantic has too many words."""
    step_lists: ClassVar[tuple[str, ...]] = ()
    """Its fields that hold steps."""
    branch_type: ClassVar[type[BaseBranch] | None] = None
    """What the field of its kind is a list of, where it divides."""
    rests: ClassVar[bool] = False
    """It is there to let time pass."""
    acts: ClassVar[bool] = False
    """It does something that a thread may be for, without a message."""

    @abstractmethod
    def default_id(self) -> StepId:
        """An id made from what it does, for one that was given none."""

    @abstractmethod
    def say(self) -> str:
        """The step in a few words."""

    @abstractmethod
    def compiled(self, at: Position) -> "CompiledStep":
        """The form that a journey carries."""

    def ways(self) -> tuple[Way, ...]:
        """The ways on, where there are several."""
        return ()

    @property
    def rest(self) -> Rest | None:
        """How long a journey may rest here; None where no time passes by what the step says."""
        return None

    @property
    def least(self) -> timedelta:
        """The least time that passes here, where there is one way on."""
        return NO_TIME

    @property
    def thread(self) -> str | None:
        """The thread it goes on with, in the place of the next step."""
        return None

    def blocks(self, position: str) -> tuple[str, str] | None:
        """Why no contact gets to the step after it, if so, and what to do. `position` is where it stands."""
        return None

    @property
    def awaited(self) -> tuple[str, ...]:
        """The events that it waits for."""
        return ()

    @property
    def criteria(self) -> tuple[Criteria | None, ...]:
        """What it asks; the answer is which of these holds first."""
        return ()

    @property
    def address(self) -> str | None:
        """The address on the web that it calls."""
        return None

    @property
    def list_code(self) -> str | None:
        """The list that it makes contacts members of."""
        return None

    @property
    def once(self) -> str | None:
        """What is done once in a journey's thread, however often a contact comes by; None where it is done anew."""
        return None


class CompiledStep(Wire):
    """A step as a journey carries it."""

    id: StepId

    @property
    def awaited(self) -> tuple[str, ...]:
        """The events that it waits for."""
        return ()

    @property
    def rest_terms(self) -> tuple[object, ...]:
        """What says how long is rested there: two steps of which it is equal rest alike."""
        return (type(self),)

    @property
    def after_skipping(self) -> StepId | None:
        """What comes next for a journey that is let pass over a rest here."""
        return None


@dataclass(frozen=True, slots=True)
class NewAttribute:
    """The contact has an attribute of this value from now on."""

    name: str
    value: bool | int | str


@dataclass(frozen=True, slots=True)
class NewTag:
    """The contact has this tag from now on."""

    tag: str


@dataclass(frozen=True, slots=True)
class NewMembership:
    """The contact is a member of this list from now on."""

    list_code: str


class ChangesContact(CompiledStep):
    """A step that notes something about the contact."""

    @property
    @abstractmethod
    def change(self) -> NewAttribute | NewTag | NewMembership:
        """What is noted."""
