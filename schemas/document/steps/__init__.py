"""The registry of the kinds of step, each of which is one file here. A new kind is that file, its names in the unions
below, and, where it does what no other does, its case in workflows/interpreter/walk.py.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Discriminator, Field, Tag

from schemas.document.steps.add_tag import AddTag, AddTagStep
from schemas.document.steps.add_to_list import AddToList, AddToListStep
from schemas.document.steps.call_webhook import CallWebhook, CallWebhookStep
from schemas.document.steps.decide import OTHERWISE, Branch, BranchSection, Decide, DecideStep
from schemas.document.steps.exit import Exit, ExitStep
from schemas.document.steps.go_to import GoTo, GoToStep
from schemas.document.steps.send import Send, SendStep, Status
from schemas.document.steps.set_attribute import SetAttribute, SetAttributeStep
from schemas.document.steps.split import Arm, ArmSection, Split, SplitStep
from schemas.document.steps.step import (
    MOST_BRANCHES,
    MOST_STEPS,
    BaseBranch,
    BaseStep,
    ChangesContact,
    CompiledStep,
    NewAttribute,
    NewMembership,
    NewTag,
    Place,
    Position,
    Way,
)
from schemas.document.steps.wait import Wait, WaitStep
from schemas.document.steps.wait_for import DID_NOT, HAPPENED, WaitFor, WaitForStep
from schemas.document.steps.wait_until import WaitUntil, WaitUntilStep
from schemas.ids import StepId

__all__ = [
    "DEEPEST",
    "DID_NOT",
    "HAPPENED",
    "MOST_BRANCHES",
    "MOST_STEPS",
    "OTHERWISE",
    "RESTS",
    "SECTIONS",
    "STEP_KINDS",
    "STEP_LISTS",
    "AddTag",
    "AddTagStep",
    "AddToList",
    "AddToListStep",
    "AnyStep",
    "Arm",
    "ArmSection",
    "BaseBranch",
    "BaseStep",
    "Branch",
    "BranchSection",
    "CallWebhook",
    "CallWebhookStep",
    "ChangesContact",
    "CompiledStep",
    "ContactChange",
    "Decide",
    "DecideStep",
    "Exit",
    "ExitStep",
    "GoTo",
    "GoToStep",
    "NewAttribute",
    "NewMembership",
    "NewTag",
    "Place",
    "Position",
    "Send",
    "SendStep",
    "SetAttribute",
    "SetAttributeStep",
    "Split",
    "SplitStep",
    "Status",
    "Step",
    "StepKind",
    "StepSection",
    "Wait",
    "WaitFor",
    "WaitForStep",
    "WaitStep",
    "WaitUntil",
    "WaitUntilStep",
    "Way",
    "every_step",
    "step_id",
]  # fmt: skip - a name a line would be a page

DEEPEST = 8
"""How deep branches may be nested; deeper, nobody can follow them."""

AnyStep: TypeAlias = (
    Annotated[SendStep, Tag("send")]
    | Annotated[WaitStep, Tag("wait")]
    | Annotated[WaitUntilStep, Tag("wait_until")]
    | Annotated[WaitForStep, Tag("wait_for")]
    | Annotated[DecideStep, Tag("decide")]
    | Annotated[SplitStep, Tag("split")]
    | Annotated[SetAttributeStep, Tag("set_attribute")]
    | Annotated[AddTagStep, Tag("add_tag")]
    | Annotated[AddToListStep, Tag("add_to_list")]
    | Annotated[CallWebhookStep, Tag("call_webhook")]
    | Annotated[GoToStep, Tag("go_to")]
    | Annotated[ExitStep, Tag("exit")]
)
"""Every kind of step as it is written, by the field that makes it this kind."""
StepKind = Literal[
    "send",
    "wait",
    "wait_until",
    "wait_for",
    "decide",
    "split",
    "set_attribute",
    "add_tag",
    "add_to_list",
    "call_webhook",
    "go_to",
    "exit",
]
ContactChange: TypeAlias = SetAttribute | AddTag | AddToList
Step = Annotated[
    Send | Wait | WaitUntil | WaitFor | Decide | Split | ContactChange | CallWebhook | GoTo | Exit,
    Field(discriminator="kind"),
]
"""Every kind of step as a journey carries it."""

SECTIONS: Mapping[str, type[AnyStep]] = {get_args(kind)[0].kind: get_args(kind)[0] for kind in get_args(AnyStep)}
"""Every kind of step, by the field that makes it this kind."""
STEP_KINDS = tuple(SECTIONS)
STEP_LISTS = ("steps", *(name for section in SECTIONS.values() for name in section.step_lists))
"""The fields that hold steps."""
RESTS = frozenset(kind for kind, section in SECTIONS.items() if section.rests)
"""The kinds whose purpose is to let time pass."""


def _kind_of_step(value: Any) -> str | None:
    if isinstance(value, BaseStep):
        return value.kind
    if isinstance(value, dict):
        kinds = [kind for kind in STEP_KINDS if kind in value]
        return kinds[0] if len(kinds) == 1 else None
    return None


StepSection: TypeAlias = Annotated[
    AnyStep,
    Discriminator(
        _kind_of_step,
        custom_error_type="step_kind",
        custom_error_message=f"a step says one thing to do: one of {', '.join(STEP_KINDS)}",
    ),
]

for _section in (*BaseBranch.__subclasses__(), *SECTIONS.values()):
    _section.model_rebuild(_types_namespace={"StepSection": StepSection})


def step_id(section: AnyStep) -> StepId:
    """The id a step is known by in programs, paths and reports: its own `id`, or one made from what it does."""
    return StepId(section.id) if section.id is not None else section.default_id()


def every_step(steps: tuple[AnyStep, ...]) -> Iterator[tuple[Place, AnyStep]]:
    """All steps of a list, those inside them included, in the order of the document, each with the way to it."""
    for index, step in enumerate(steps):
        yield (index,), step
        for way in step.ways():
            for place, deeper in every_step(way.steps):
                yield (index, *way.place, *place), deeper
