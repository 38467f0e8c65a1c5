"""Decide: the first branch whose criteria hold."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.criteria import Criteria, say
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

OTHERWISE = "otherwise"
"""The branch for when no criteria hold."""


class BranchSection(BaseBranch, title="Branch"):
    """Steps for those of whom the criteria hold."""

    field_words: ClassVar = {"when": "the criteria"}

    when: Criteria
    """Who goes this way."""
    steps: Steps = ()
    """What is done."""

    def introduced(self) -> str:
        return f": when {say(self.when)}; "


class DecideStep(BaseStep, title="Decide"):
    """The first branch whose criteria hold."""

    kind: ClassVar = "decide"
    also_called: ClassVar = ("if", "when", "branch", "condition")
    step_lists: ClassVar = (OTHERWISE,)
    branch_type: ClassVar = BranchSection
    begun: ClassVar = {
        "decide": [{"name": "Has ordered before", "when": {"orders.count": {"at_least": 1}}, "steps": []}],
        OTHERWISE: [],
    }

    decide: Annotated[tuple[BranchSection, ...], Field(min_length=1, max_length=MOST_BRANCHES)]
    """The branches, in order."""
    otherwise: Steps = ()
    """What is done when no criteria hold."""
    id: OwnId = None

    def default_id(self) -> StepId:
        return id_from("decide", self.decide[0].name)

    def say(self) -> str:
        return f"decide between {', '.join(quoted(branch.name) for branch in self.decide)} and otherwise"

    def ways(self) -> tuple[Way, ...]:
        branches = (
            Way(("decide", index, "steps"), branch.name, f"branch {quoted(branch.name)}", branch.steps, branch=branch)
            for index, branch in enumerate(self.decide)
        )
        return (*branches, Way((OTHERWISE,), OTHERWISE, OTHERWISE, self.otherwise))

    def compiled(self, at: Position) -> "Decide":
        branches = tuple(Branch(name=branch.name, next=at.inside(branch.steps)) for branch in self.decide)
        return Decide(id=at.id, branches=branches, otherwise=at.inside(self.otherwise))

    @property
    def criteria(self) -> tuple[Criteria | None, ...]:
        return tuple(branch.when for branch in self.decide)


class Branch(Wire):
    """A branch and its first step."""

    name: str
    next: StepId | None = None


class Decide(CompiledStep):
    """Take the first branch whose criteria hold; they are in the version's `CompiledCriteria`, under the step's id."""

    kind: Literal["decide"] = "decide"
    decides: ClassVar = True
    branches: tuple[Branch, ...]
    otherwise: StepId | None = None

    def onward(self, contact_id: str, conversation: str, chosen: int | None) -> StepId | None:
        return self.otherwise if chosen is None else self.branches[chosen].next
