"""Wait for: something that the contact does, for so long at most."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.document.steps.step import (
    LEAST_REST,
    BaseStep,
    CompiledStep,
    OwnId,
    Position,
    Rest,
    Steps,
    Way,
    Window,
    id_from,
)
from schemas.ids import StepId
from schemas.names import ContactEventName
from schemas.time.durations import format_duration

HAPPENED, DID_NOT = "happened", "did_not"
"""The two branches."""


class WaitForStep(BaseStep, title="Wait for an event"):
    """Wait until the contact does something, for so long at most."""

    kind: ClassVar = "wait_for"
    also_called: ClassVar = ("event",)
    field_words: ClassVar = {"within": "the longest wait"}
    change_words: ClassVar = {"wait_for": "{step} waits for {after} instead of {before}"}
    step_lists: ClassVar = (HAPPENED, DID_NOT)
    rests: ClassVar = True

    wait_for: Annotated[tuple[ContactEventName, ...], Field(min_length=1, max_length=10)]
    """What they may do; the first of these counts."""
    within: Window
    """How long it is waited for."""
    happened: Steps = ()
    """What is done then."""
    did_not: Steps = ()
    """What is done when the time is over."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("wait-for", self.wait_for[0])

    def say(self) -> str:
        return f"wait for {' or '.join(self.wait_for)}, at most {format_duration(self.within)}"

    def ways(self) -> tuple[Way, ...]:
        return (
            # It may happen at once.
            Way((HAPPENED,), HAPPENED, "if it happened", self.happened),
            Way((DID_NOT,), DID_NOT, "if it did not", self.did_not, least=self.within),
        )

    def compiled(self, at: Position) -> "WaitFor":
        return WaitFor(
            id=at.id,
            events=self.wait_for,
            window=self.within,
            happened=at.inside(self.happened),
            did_not=at.inside(self.did_not),
        )

    @property
    def rest(self) -> Rest | None:
        return Rest(self.within, self.within >= LEAST_REST)

    @property
    def awaited(self) -> tuple[str, ...]:
        return self.wait_for


class WaitFor(CompiledStep):
    """Rest until one of `events` happens, at most for `window`."""

    kind: Literal["wait_for"] = "wait_for"
    rests: ClassVar = True
    events: tuple[str, ...]
    window: timedelta
    happened: StepId | None = None
    did_not: StepId | None = None

    @property
    def awaited(self) -> tuple[str, ...]:
        return self.events

    @property
    def longest(self) -> timedelta:
        return self.window

    @property
    def rest_terms(self) -> tuple[object, ...]:
        return self.kind, frozenset(self.events), self.window

    @property
    def after_skipping(self) -> StepId | None:
        return self.did_not
