"""Checks between the parts of a document: a send names a message that exists, no two steps have one id.

How it is entered is checked by entries.py, its control flow by reachability.py, and each part by itself by schemas.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from schemas.channels import Channel
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import DEEPEST, STEP_LISTS, AnyStep, SendStep
from schemas.ids import StepId
from workflows.compiler.diagnostics import Diagnostic, Path, format_path, listed
from workflows.compiler.entries import find_entry_errors
from workflows.compiler.reachability import find_control_flow_errors
from workflows.compiler.step_ids import RESERVED_STEP_IDS, steps_with_places
from workflows.compiler.while_waiting import find_while_waiting_errors


def find_semantic_errors(document: ConversationDocument) -> tuple[Diagnostic, ...]:
    """Everything that does not fit together, in no particular order."""
    places = tuple(_Place(path, section) for path, section in steps_with_places(document).items())
    return (
        *find_entry_errors(document),
        *find_control_flow_errors(document),
        *_step_id_errors(places),
        *_send_errors(document, places),
        *_question_errors(document),
        *find_while_waiting_errors(document),
        *_branch_errors(places),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    section: AnyStep


def _step_id_errors(places: tuple[_Place, ...]) -> Iterator[Diagnostic]:
    """Errors in the ids that the author gave; steps without an id get one that is free."""
    named = {place.path: StepId(place.section.id) for place in places if place.section.id is not None}
    first_with: dict[StepId, Path] = {}
    for path, own in named.items():
        if own in RESERVED_STEP_IDS:
            yield Diagnostic(
                path,
                f"the step id '{own}' is taken: it stands for the time between threads",
                "Give this step an 'id' of its own",
            )
        first = first_with.setdefault(own, path)
        if first != path:
            yield repeated_step_id(path, own, first)


def repeated_step_id(path: Path, own: str, first: Path) -> Diagnostic:
    """The mistake of giving a step the id of another."""
    return Diagnostic(
        path,
        f"the step id '{own}' is already that of {format_path(first)}; "
        "reports and running journeys tell steps apart by it",
        "Remove this 'id', and the step is given one of its own. If both are to be the same step, put it into a thread "
        "without 'on', and lead there from both with 'go_to'",
    )


def _send_errors(document: ConversationDocument, places: tuple[_Place, ...]) -> Iterator[Diagnostic]:
    advice: dict[str, str] = {}
    for place in places:
        if isinstance(place.section, SendStep) and place.section.send not in document.messages:
            code = place.section.send
            if code not in advice:
                near = get_close_matches(code, document.messages, n=1)
                there_are = f"The messages there are: {listed(document.messages)}"
                advice[code] = f"Did you mean '{near[0]}'?" if near else there_are
            yield Diagnostic((*place.path, "send"), f"there is no message '{code}'", advice[code])


CONFIRM = "links.confirm"
"""What the question of a double opt-in is answered by."""


def _question_errors(document: ConversationDocument) -> Iterator[Diagnostic]:
    code = document.list.double_opt_in
    if code is None:
        return
    question = document.messages.get(code)
    if question is None:
        near = get_close_matches(code, document.messages, n=1)
        there_are = f"The messages there are: {listed(document.messages)}"
        yield Diagnostic(
            ("list", "double_opt_in"),
            f"there is no message '{code}'",
            f"Did you mean '{near[0]}'?" if near else there_are,
        )
        return
    if question.channel is not Channel.EMAIL:
        yield Diagnostic(
            ("messages", code, "channel"),
            "this asks whether it was them who signed up, and that is asked by e-mail",
            "Make it an e-mail: whoever gives a number alone has agreed by a box of its own, and is not asked",
        )
    for field, template in (("text", question.text), ("html", question.html)):
        if template is not None and CONFIRM not in template:
            yield Diagnostic(
                ("messages", code, field),
                "this asks whether it was them who signed up, and has nothing to say yes by",
                f"Add the address of the button: {{{{ {CONFIRM} }}}}",
            )


def _branch_errors(places: tuple[_Place, ...]) -> Iterator[Diagnostic]:
    for place in places:
        ways, first_named = place.section.ways(), dict[str, int]()
        for index, branch in enumerate(way.branch for way in ways if way.branch is not None):
            kind, first = place.section.kind, first_named.setdefault(branch.name, index)
            if first != index:
                yield Diagnostic(
                    (*place.path, kind, index, "name"),
                    f"{kind}[{first}] is called '{branch.name}' too, and paths and reports tell branches apart by it",
                    "Give one of them another name",
                )
        if _depth(place.path) == DEEPEST and any(way.steps for way in ways):
            yield Diagnostic(
                place.path,
                f"branches stand more than {DEEPEST} deep inside branches here",
                "Put these steps into a thread of their own, without 'on', and lead there with 'go_to'",
            )


def _depth(path: Path) -> int:
    """How many branches a step is nested in."""
    return sum(1 for part in path if part in STEP_LISTS) - 1
