"""Go to: go on with another thread."""

from typing import ClassVar, Literal

from schemas.document.steps.step import BaseStep, CompiledStep, OwnId, Position, id_from
from schemas.document.steps.words import quoted
from schemas.ids import StepId
from schemas.names import Label


class GoToStep(BaseStep, title="Go to a thread"):
    """Go on with another thread."""

    kind: ClassVar = "go_to"
    also_called: ClassVar = ("goto", "jump", "thread")
    field_words: ClassVar = {"go_to": "the thread"}
    free_texts: ClassVar = frozenset({"go_to"})

    go_to: Label
    """The thread's name."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("go-to", self.go_to)

    def say(self) -> str:
        return f"go to {quoted(self.go_to)}"

    def compiled(self, at: Position) -> "GoTo":
        return GoTo(id=at.id, next=at.threads[self.go_to])

    @property
    def thread(self) -> str | None:
        return self.go_to

    def blocks(self, position: str) -> tuple[str, str] | None:
        return (
            f"the step before it ({position}) goes on with '{self.go_to}'",
            "Move the go_to to the end, or remove what follows it",
        )


class GoTo(CompiledStep):
    """Go on with another thread."""

    kind: Literal["go_to"] = "go_to"
    next: StepId

    def onward(self, contact_id: str, conversation: str, chosen: int | None) -> StepId | None:
        return self.next
