"""Set attribute: note something about the contact."""

from typing import ClassVar, Literal

from schemas.document.steps.step import BaseStep, ChangesContact, NewAttribute, OwnId, Position, id_from
from schemas.document.steps.words import quoted
from schemas.ids import StepId
from schemas.names import AttributeName, AttributeValue


def _explain_value(value: object) -> tuple[str, str]:
    if value is None:
        return "this is empty", "Write what the attribute is set to"
    if isinstance(value, str):
        return "this is not a text of 1 to 1000 characters", "Write a shorter text, or any at all"
    return (
        "{value} is nothing an attribute can be set to",
        "Write a text, a whole number, or true or false; another number goes in quotes",
    )


class SetAttributeStep(BaseStep, title="Set an attribute"):
    """Note something about the contact."""

    kind: ClassVar = "set_attribute"
    also_called: ClassVar = ("attribute",)
    field_words: ClassVar = {"set_attribute": "the attribute", "to": "the value"}
    free_texts: ClassVar = frozenset({"to"})
    wrong_text: ClassVar = (
        "is no name of an attribute",
        "Use letters, digits, '_' and '-', at most 64, as in contact.attributes.<name>",
    )
    explained: ClassVar = {"to": _explain_value}
    acts: ClassVar = True

    set_attribute: AttributeName
    """The attribute's name, as criteria ask for it: contact.attributes.<name>."""
    to: AttributeValue
    """A text, a whole number, or true or false."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("set", self.set_attribute)

    def say(self) -> str:
        return f"set {self.set_attribute} to {quoted(self.to)}"

    def compiled(self, at: Position) -> "SetAttribute":
        return SetAttribute(id=at.id, name=self.set_attribute, value=self.to, next=at.next)


class SetAttribute(ChangesContact):
    """Note something about the contact."""

    kind: Literal["set_attribute"] = "set_attribute"
    name: str
    value: bool | int | str
    next: StepId | None = None

    @property
    def change(self) -> NewAttribute:
        return NewAttribute(self.name, self.value)

    def onward(self, contact_id: str, conversation: str, chosen: int | None) -> StepId | None:
        return self.next
