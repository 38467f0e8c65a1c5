"""The steps of a thread as a marketer writes them. Each says one thing to do; some have steps of their own.

A new kind of step is a section here, a compiled form in schemas/program, a line each in
workflows/interpreter/compiler and walk, and a chapter in docs/conversations.md.
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag

from schemas.criteria import Criteria
from schemas.durations import Duration
from schemas.model import Model
from schemas.moments import UntilText
from schemas.names import Code, HeardEvent, Label

MOST_STEPS = 200
"""Of one thread or one branch."""
MOST_BRANCHES = 20
DEEPEST = 8
"""How deep branches may stand inside branches; deeper, nobody can follow them."""


class Status(StrEnum):
    """Whether a send step sends."""

    LIVE = "live"
    MANUAL = "manual"
    """Only when someone has approved it, for each contact."""
    DRAFT = "draft"


def _some_time(length: timedelta) -> timedelta:
    if length <= timedelta(0):
        raise ValueError("no time would pass: write for example '2 days'")
    return length


Window = Annotated[Duration, AfterValidator(_some_time)]
Plain = (
    bool
    | Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
    | Annotated[str, StringConstraints(min_length=1, max_length=1000)]
)
"""What an attribute may be set to."""
AttributeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
TagName = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)]
Steps: TypeAlias = Annotated[tuple["StepSection", ...], Field(max_length=MOST_STEPS)]


class SendStep(Model):
    """Send a message, if it is still true."""

    send: Code
    id: Code | None = None
    status: Status = Status.LIVE


class WaitStep(Model):
    """Let time pass."""

    wait: Duration
    id: Code | None = None


class WaitUntilStep(Model):
    """Rest until a time of day, weekday or date, by the contact's clock."""

    wait_until: UntilText
    id: Code | None = None


class WaitForStep(Model):
    """Wait for one of these events, at most `within`; then the branch of what came true."""

    wait_for: Annotated[tuple[HeardEvent, ...], Field(min_length=1, max_length=10)]
    within: Window
    happened: Steps = ()
    did_not: Steps = ()
    id: Code | None = None


class BranchSection(Model):
    """Steps for those of whom the criteria hold."""

    name: Label
    when: Criteria
    steps: Steps = ()


class DecideStep(Model):
    """The first branch whose criteria hold, or else `otherwise`."""

    decide: Annotated[tuple[BranchSection, ...], Field(min_length=1, max_length=MOST_BRANCHES)]
    otherwise: Steps = ()
    id: Code | None = None


class ArmSection(Model):
    """Steps for a share of all contacts. Shares are weights; they need not add up to 100."""

    name: Label
    share: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    steps: Steps = ()


class SplitStep(Model):
    """Divide contacts by chance; the same contact always goes the same way."""

    split: Annotated[tuple[ArmSection, ...], Field(min_length=2, max_length=MOST_BRANCHES)]
    id: Code | None = None


class SetAttributeStep(Model):
    """Note something about the contact."""

    set_attribute: AttributeName
    to: Plain
    id: Code | None = None


class AddTagStep(Model):
    """Tag the contact."""

    add_tag: TagName
    id: Code | None = None


class AddToListStep(Model):
    """Make the contact a member of a list."""

    add_to_list: Code
    id: Code | None = None


class CallWebhookStep(Model):
    """Tell another system, signed. If it does not answer in a day: go on, or stop here if it is `required`."""

    call_webhook: Url
    required: Annotated[bool, Field(strict=True)] = False
    id: Code | None = None


class GoToStep(Model):
    """Go on with another thread, by its name."""

    go_to: Label
    id: Code | None = None


class ExitStep(Model):
    """Leave the thread here. The text says why, for people."""

    exit: Label
    id: Code | None = None


AnyStep: TypeAlias = (
    SendStep
    | WaitStep
    | WaitUntilStep
    | WaitForStep
    | DecideStep
    | SplitStep
    | SetAttributeStep
    | AddTagStep
    | AddToListStep
    | CallWebhookStep
    | GoToStep
    | ExitStep
)

SECTIONS: dict[str, type[AnyStep]] = {
    "send": SendStep,
    "wait": WaitStep,
    "wait_until": WaitUntilStep,
    "wait_for": WaitForStep,
    "decide": DecideStep,
    "split": SplitStep,
    "set_attribute": SetAttributeStep,
    "add_tag": AddTagStep,
    "add_to_list": AddToListStep,
    "call_webhook": CallWebhookStep,
    "go_to": GoToStep,
    "exit": ExitStep,
}
"""Every kind of step, by the field that says what it does."""
STEP_KINDS = tuple(SECTIONS)
STEP_LISTS = ("steps", "happened", "did_not", "otherwise")
"""The fields that hold steps."""


def _kind_of_step(value: Any) -> str | None:
    for kind, section in SECTIONS.items():
        if isinstance(value, section):
            return kind
    if isinstance(value, dict):
        kinds = [kind for kind in STEP_KINDS if kind in value]
        return kinds[0] if len(kinds) == 1 else None
    return None


StepSection: TypeAlias = Annotated[
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
    | Annotated[ExitStep, Tag("exit")],
    Discriminator(
        _kind_of_step,
        custom_error_type="step_kind",
        custom_error_message=f"a step says one thing to do: one of {', '.join(STEP_KINDS)}",
    ),
]

for _nested in (WaitForStep, BranchSection, DecideStep, ArmSection, SplitStep):
    _nested.model_rebuild()

Place: TypeAlias = tuple[str | int, ...]


def branches(step: AnyStep) -> Iterator[tuple[Place, tuple[AnyStep, ...]]]:
    """The lists of steps inside a step, each with the way to it."""
    match step:
        case WaitForStep(happened=happened, did_not=did_not):
            yield ("happened",), happened
            yield ("did_not",), did_not
        case DecideStep(decide=branches_, otherwise=otherwise):
            for index, branch in enumerate(branches_):
                yield ("decide", index, "steps"), branch.steps
            yield ("otherwise",), otherwise
        case SplitStep(split=arms):
            for index, arm in enumerate(arms):
                yield ("split", index, "steps"), arm.steps
        case _:
            return


def every_step(steps: tuple[AnyStep, ...]) -> Iterator[tuple[Place, AnyStep]]:
    """All steps of a list, those inside them included, in the order of the document, each with the way to it."""
    for index, step in enumerate(steps):
        yield (index,), step
        for place, inner in branches(step):
            for way, deeper in every_step(inner):
                yield (index, *place, *way), deeper
