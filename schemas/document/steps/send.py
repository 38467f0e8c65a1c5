"""Send: a message, if it is still true."""

from enum import StrEnum
from typing import ClassVar, Literal

from schemas.document.steps.step import BaseStep, CompiledStep, OwnId, Position
from schemas.document.steps.words import quoted
from schemas.ids import StepId
from schemas.names import Code


class Status(StrEnum):
    """Whether a send step sends."""

    LIVE = "live"
    MANUAL = "manual"
    """Only when someone has approved it, for each contact."""
    DRAFT = "draft"


class SendStep(BaseStep, title="Send"):
    """Send a message, if it is still true."""

    kind: ClassVar = "send"
    also_called: ClassVar = ("email", "message", "sms")
    field_words: ClassVar = {"send": "the message"}
    change_words: ClassVar = {"status": "{step} is {after} instead of {before}"}

    send: Code
    """The short name of a message below."""
    id: OwnId = None
    status: Status = Status.LIVE
    """live: it is sent. manual: when somebody has approved it for this contact. draft: not at all."""

    def default_id(self) -> StepId:
        return StepId(self.send)

    def say(self) -> str:
        return f"send {quoted(self.send)}" + (f" ({self.status})" if self.status is not Status.LIVE else "")

    def compiled(self, at: Position) -> "Send":
        draft, manual = self.status is Status.DRAFT, self.status is Status.MANUAL
        return Send(id=at.id, message=self.send, draft=draft, manual=manual, next=at.next)

    @property
    def once(self) -> str | None:
        return f"'{self.send}' is sent" if self.status is not Status.DRAFT else None


class Send(CompiledStep):
    """Check, then send `message`; a draft is never sent, a manual one only when somebody approved it."""

    kind: Literal["send"] = "send"
    message: str
    draft: bool = False
    manual: bool = False
    next: StepId | None = None

    @property
    def after_skipping(self) -> StepId | None:
        return self.next
