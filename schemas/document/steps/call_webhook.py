"""Call webhook: tell another system, signed."""

from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from schemas.document.steps.step import BaseStep, CompiledStep, OwnId, Position, id_from
from schemas.ids import StepId

Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)]


class CallWebhookStep(BaseStep, title="Call a webhook"):
    """Tell another system, signed."""

    kind: ClassVar = "call_webhook"
    also_called: ClassVar = ("webhook",)
    field_words: ClassVar = {"call_webhook": "the address", "required": "whether it is required"}
    wrong_text: ClassVar = ("is no address on the web", "Write the whole address, like https://crm.example.com/hook")
    acts: ClassVar = True

    call_webhook: Url
    """The address, like https://crm.example.com/hook."""
    required: Annotated[bool, Field(strict=True)] = False
    """Whether the contact waits here when it does not answer in a day; else they go on."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("call", urlsplit(self.call_webhook).hostname or "webhook")

    def say(self) -> str:
        return f"call {self.call_webhook}"

    def compiled(self, at: Position) -> "CallWebhook":
        return CallWebhook(id=at.id, required=self.required, next=at.next)

    @property
    def address(self) -> str | None:
        return self.call_webhook

    @property
    def once(self) -> str | None:
        return "the webhook is called"


class CallWebhook(CompiledStep):
    """Call a webhook; its address is in the version's `CompiledCriteria`, under the step's id."""

    kind: Literal["call_webhook"] = "call_webhook"
    required: bool = False
    next: StepId | None = None

    @property
    def rest_terms(self) -> tuple[object, ...]:
        return self.kind, self.required

    @property
    def after_skipping(self) -> StepId | None:
        return self.next

    def onward(self, contact_id: str, conversation: str, chosen: int | None) -> StepId | None:
        return self.next
