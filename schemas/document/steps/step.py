"""The base of every kind of step.

A kind of step is two models in one file: its *section*, as a marketer writes it, and its *compiled form*, as a journey
carries it. The rest of the product names no kind and calls these methods: how it is compiled, which branches it has,
how long a journey may rest there, what it is called in a sentence.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

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
"""The least rest that a loop of steps needs. A journey carries its path, with every stay: of a loop that takes an
hour it has room for months, of one that takes a minute for a day or two."""
NO_TIME = timedelta(0)

Place: TypeAlias = tuple[str | int, ...]
"""A path in a document: names of fields and positions in lists, from the outside in."""
Explain: TypeAlias = Callable[[object], tuple[str, str]]
"""For an invalid value of a field: what is wrong, and what to write."""
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
    """How long a journey may rest at a step, by its section.

    Attributes:
        longest: None: until a moment of the contact's clock.
        breaks_loop: at least `LEAST_REST` surely passes, so a loop may go through it.
    """

    longest: timedelta | None
    breaks_loop: bool


@dataclass(frozen=True, slots=True)
class Position:
    """The surroundings of a step while its thread is compiled.

    Attributes:
        next: the step after it; None: the thread's end.
        threads: the first step of each thread, by the thread's name.
        inside: compiles the steps inside this one. Returns the first of them; `next`, if there are none.
    """

    id: StepId
    next: StepId | None
    threads: Mapping[str, StepId]
    inside: Callable[[tuple["AnyStep", ...]], StepId | None]


class BaseBranch(Section):
    """A named branch of a step."""

    field_words: ClassVar[Mapping[str, str]] = {}
    """What its fields, other than name and steps, are called in a sentence."""

    name: Label
    """Its name, in paths and reports."""

    @abstractmethod
    def introduced(self) -> str:
        """The words for a new one in a list of differences, between its name and its steps."""


@dataclass(frozen=True, slots=True)
class Way:
    """A list of steps inside a step: one of its branches.

    Attributes:
        place: the path of the list in the section.
        name: in paths and scenarios.
        said: the name in a sentence.
        least: the least time that passes before its first step.
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
    """The name of the field that makes it this kind."""
    also_called: ClassVar[tuple[str, ...]] = ()
    """What other tools call it."""
    field_words: ClassVar[Mapping[str, str]] = {}
    """What its fields are called in a sentence about what changed."""
    change_words: ClassVar[Mapping[str, str]] = {}
    """Whole sentences about what changed, with `step`, `before` and `after`, where the usual one reads badly."""
    without_id: ClassVar[str | None] = None
    """Its name in sentences when it has no id; None: the default id will do."""
    wrong_text: ClassVar[tuple[str, str] | None] = None
    """For an invalid text in the field of its kind: what is wrong, and what to write."""
    explained: ClassVar[Mapping[str, Explain]] = {}
    """Explanations for fields of which Pydantic's own errors would be confusing."""
    step_lists: ClassVar[tuple[str, ...]] = ()
    """Its fields that hold steps."""
    branch_type: ClassVar[type[BaseBranch] | None] = None
    """The section of its branches, where it has any."""
    begun: ClassVar[Mapping[str, Any]] = {}
    """What a new one says that cannot be left out and is not asked for in a form."""
    rests: ClassVar[bool] = False
    """Its purpose is to let time pass."""
    acts: ClassVar[bool] = False
    """It does something useful by itself: a thread of such steps needs no message."""

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
        """Its branches, where it has any."""
        return ()

    @property
    def rest(self) -> Rest | None:
        """How long a journey may rest here; None where it does not."""
        return None

    @property
    def least(self) -> timedelta:
        """The least time that passes here, of a step without branches."""
        return NO_TIME

    @property
    def thread(self) -> str | None:
        """The thread it goes on with, instead of the next step."""
        return None

    def blocks(self, position: str) -> tuple[str, str] | None:
        """Why no contact gets to the step after it, if so, and what to do. `position` is its path."""
        return None

    @property
    def awaited(self) -> tuple[str, ...]:
        """The events that it waits for."""
        return ()

    @property
    def criteria(self) -> tuple[Criteria | None, ...]:
        """The criteria of its branches; the first that hold are chosen."""
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
        """What is done only once per thread, however often a journey comes here; None where it is repeated."""
        return None


class CompiledStep(Wire):
    """A step as a journey carries it."""

    id: StepId

    @property
    def longest(self) -> timedelta | None:
        """How long a journey rests here at most, counted from when it came; None: that is not known so."""
        return None

    @property
    def awaited(self) -> tuple[str, ...]:
        """The events that it waits for."""
        return ()

    @property
    def rest_terms(self) -> tuple[object, ...]:
        """What the length of the rest depends on: two steps of which it is equal rest equally long."""
        return (type(self),)

    @property
    def after_skipping(self) -> StepId | None:
        """The next step when an operator skips this one."""
        return None

    rests: ClassVar[bool] = False
    """A journey rests here."""
    decides: ClassVar[bool] = False
    """It has criteria, under its id."""

    def onward(self, contact_id: str, conversation: str, chosen: int | None) -> StepId | None:
        """The step that follows without a rest or a message; None: the thread ends.

        Args:
            chosen: the branch whose criteria hold, of a step that decides; None: none does.
        """
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
    """A step that changes the contact."""

    @property
    @abstractmethod
    def change(self) -> NewAttribute | NewTag | NewMembership:
        """What it changes."""
