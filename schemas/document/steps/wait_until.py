"""Wait until: a time of day, weekday or date, by the contact's clock."""

from typing import ClassVar, Literal

from schemas.document.steps.step import BaseStep, CompiledStep, OwnId, Position, Rest, id_from
from schemas.ids import StepId
from schemas.time.moments import Until, UntilText, format_until


class WaitUntilStep(BaseStep, title="Wait until"):
    """Rest until a moment by the contact's clock."""

    kind: ClassVar = "wait_until"
    also_called: ClassVar = ("until",)
    field_words: ClassVar = {"wait_until": "the moment"}
    rests: ClassVar = True

    wait_until: UntilText
    """A time of day, weekdays or a date: 09:00, monday 09:00, weekday 09:00, 2026-12-24."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("wait-until", format_until(self.wait_until))

    def say(self) -> str:
        return f"wait until {format_until(self.wait_until)}"

    def compiled(self, at: Position) -> "WaitUntil":
        return WaitUntil(id=at.id, until=self.wait_until, next=at.next)

    @property
    def rest(self) -> Rest | None:
        # A date passes once: after it, nobody rests there.
        return Rest(None, self.wait_until.date is None)


class WaitUntil(CompiledStep):
    """Rest until a moment of the contact's clock."""

    kind: Literal["wait_until"] = "wait_until"
    rests: ClassVar = True
    until: Until
    next: StepId | None = None

    @property
    def rest_terms(self) -> tuple[object, ...]:
        return self.kind, self.until

    @property
    def after_skipping(self) -> StepId | None:
        return self.next
