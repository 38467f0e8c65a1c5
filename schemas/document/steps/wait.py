"""Wait: let time pass."""

from datetime import timedelta
from typing import ClassVar, Literal

from schemas.document.steps.step import LEAST_REST, NO_TIME, BaseStep, CompiledStep, OwnId, Position, Rest, id_from
from schemas.ids import StepId
from schemas.time.durations import Duration, format_duration


class WaitStep(BaseStep, title="Wait"):
    """Let time pass."""

    kind: ClassVar = "wait"
    also_called: ClassVar = ("delay", "sleep", "pause")
    change_words: ClassVar = {"wait": "{step} is {after} instead of {before}"}
    without_id: ClassVar = "wait"
    rests: ClassVar = True

    wait: Duration
    """How long, like 2 days."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("wait", format_duration(self.wait))

    def say(self) -> str:
        return f"wait {format_duration(self.wait)}"

    def compiled(self, at: Position) -> "Wait":
        return Wait(id=at.id, length=self.wait, next=at.next)

    @property
    def rest(self) -> Rest | None:
        return Rest(self.wait, self.wait >= LEAST_REST) if self.wait > NO_TIME else None

    @property
    def least(self) -> timedelta:
        return self.wait


class Wait(CompiledStep):
    """Rest for `length`."""

    kind: Literal["wait"] = "wait"
    rests: ClassVar = True
    length: timedelta
    next: StepId | None = None

    @property
    def longest(self) -> timedelta:
        return self.length

    @property
    def rest_terms(self) -> tuple[object, ...]:
        return self.kind, self.length

    @property
    def after_skipping(self) -> StepId | None:
        return self.next
