"""Add to list: make the contact a member of a list."""

from typing import ClassVar, Literal

from schemas.document.steps.step import BaseStep, ChangesContact, NewMembership, OwnId, Position, id_from
from schemas.document.steps.words import quoted
from schemas.ids import StepId
from schemas.names import Code


class AddToListStep(BaseStep, title="Add to a list"):
    """Make the contact a member of a list."""

    kind: ClassVar = "add_to_list"
    also_called: ClassVar = ("list",)
    field_words: ClassVar = {"add_to_list": "the list"}
    acts: ClassVar = True

    add_to_list: Code
    """The list's short name."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("add-to", self.add_to_list)

    def say(self) -> str:
        return f"add to the list {quoted(self.add_to_list)}"

    def compiled(self, at: Position) -> "AddToList":
        return AddToList(id=at.id, list_code=self.add_to_list, next=at.next)

    @property
    def list_code(self) -> str | None:
        return self.add_to_list


class AddToList(ChangesContact):
    """Make the contact a member of a list."""

    kind: Literal["add_to_list"] = "add_to_list"
    list_code: str
    next: StepId | None = None

    @property
    def change(self) -> NewMembership:
        return NewMembership(self.list_code)

    def onward(self, contact_id: str, conversation: str, chosen: int | None) -> StepId | None:
        return self.next
