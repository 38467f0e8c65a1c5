"""Split: divide contacts by chance."""

import hashlib
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.document.steps.step import (
    MOST_BRANCHES,
    BaseBranch,
    BaseStep,
    CompiledStep,
    OwnId,
    Position,
    Steps,
    Way,
    id_from,
)
from schemas.document.steps.words import quoted
from schemas.ids import StepId
from schemas.model import Wire


class ArmSection(BaseBranch, title="Way"):
    """Steps for a share of all contacts."""

    field_words: ClassVar = {"share": "the share"}

    share: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    """Its weight: shares of 1 and 3 are a quarter and three quarters."""
    steps: Steps = ()
    """What is done."""

    def introduced(self) -> str:
        return f", with a share of {self.share}: "


class SplitStep(BaseStep, title="Split"):
    """Divide contacts by chance; the same contact always goes the same way."""

    kind: ClassVar = "split"
    also_called: ClassVar = ("ab_test",)
    branch_type: ClassVar = ArmSection
    begun: ClassVar = {"split": [{"name": "A", "steps": []}, {"name": "B", "steps": []}]}

    split: Annotated[tuple[ArmSection, ...], Field(min_length=2, max_length=MOST_BRANCHES)]
    """The ways, each with its share."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("split", self.split[0].name)

    def say(self) -> str:
        return f"split into {', '.join(f'{quoted(arm.name)} ({arm.share})' for arm in self.split)}"

    def ways(self) -> tuple[Way, ...]:
        return tuple(
            Way(("split", index, "steps"), arm.name, f"branch {quoted(arm.name)}", arm.steps, branch=arm)
            for index, arm in enumerate(self.split)
        )

    def compiled(self, at: Position) -> "Split":
        arms = tuple(Arm(name=arm.name, share=arm.share, next=at.inside(arm.steps)) for arm in self.split)
        return Split(id=at.id, arms=arms)


class Arm(Wire):
    """A branch for this share of all contacts."""

    name: str
    share: int
    next: StepId | None = None


class Split(CompiledStep):
    """Divide contacts by chance, stable per contact."""

    kind: Literal["split"] = "split"
    arms: tuple[Arm, ...]

    def choose_arm(self, contact_id: str, conversation: str) -> Arm:
        """The arm a contact goes: by chance, but the same for this contact in every version."""
        total = sum(arm.share for arm in self.arms)
        digest = hashlib.sha256(f"{conversation}/{self.id}/{contact_id}".encode()).digest()
        point = int.from_bytes(digest[:8], "big") % total
        for arm in self.arms:
            point -= arm.share
            if point < 0:
                return arm
        raise AssertionError("the point lies below the total of the shares")

    def onward(self, contact_id: str, conversation: str, chosen: int | None) -> StepId | None:
        return self.choose_arm(contact_id, conversation).next
