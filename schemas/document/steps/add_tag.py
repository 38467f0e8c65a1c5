"""Add tag: tag the contact."""

from typing import ClassVar, Literal

from schemas.document.steps.step import BaseStep, ChangesContact, NewTag, OwnId, Position, id_from
from schemas.document.steps.words import quoted
from schemas.ids import StepId
from schemas.names import TagName


class AddTagStep(BaseStep, title="Add a tag"):
    """Tag the contact."""

    kind: ClassVar = "add_tag"
    also_called: ClassVar = ("tag",)
    field_words: ClassVar = {"add_tag": "the tag"}
    free_texts: ClassVar = frozenset({"add_tag"})
    acts: ClassVar = True

    add_tag: TagName
    """The tag."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("tag", self.add_tag)

    def say(self) -> str:
        return f"add the tag {quoted(self.add_tag)}"

    def compiled(self, at: Position) -> "AddTag":
        return AddTag(id=at.id, tag=self.add_tag, next=at.next)


class AddTag(ChangesContact):
    """Tag the contact."""

    kind: Literal["add_tag"] = "add_tag"
    tag: str
    next: StepId | None = None

    @property
    def change(self) -> NewTag:
        return NewTag(self.tag)

    def onward(self, contact_id: str, conversation: str, chosen: int | None) -> StepId | None:
        return self.next
