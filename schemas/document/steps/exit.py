"""Exit: leave the thread."""

from typing import ClassVar, Literal

from schemas.document.steps.step import BaseStep, CompiledStep, OwnId, Position
from schemas.document.steps.words import quoted
from schemas.ids import StepId
from schemas.names import Label


class ExitStep(BaseStep, title="Exit"):
    """Leave the thread here."""

    kind: ClassVar = "exit"
    also_called: ClassVar = ("end", "stop")
    field_words: ClassVar = {"exit": "the reason"}
    free_texts: ClassVar = frozenset({"exit"})

    exit: Label
    """Why, for people."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return StepId("exit")

    def say(self) -> str:
        return f"exit: {quoted(self.exit)}"

    def compiled(self, at: Position) -> "Exit":
        return Exit(id=at.id, why=self.exit)

    def blocks(self, position: str) -> tuple[str, str] | None:
        return (
            f"the thread is left at the exit before it ({position})",
            "Move the exit to the end, or remove what follows it",
        )


class Exit(CompiledStep):
    """Leave the thread."""

    kind: Literal["exit"] = "exit"
    why: str
