"""Compiles a conversation document to the program a journey carries: steps by id, each with the id of the next."""

from datetime import timedelta

from schemas.criteria import Criteria
from schemas.document.alert_types.alert import QueueTerms
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import AnyStep, Position, Step, every_step, step_id
from schemas.ids import StepId, VersionId
from schemas.journey.compiled_criteria import CompiledCriteria
from schemas.journey.program import SEMANTICS, Program, StillWaiting, Terms, ThreadStart, thread_criteria_id
from workflows.compiler.diagnostics import Diagnostic, format_path
from workflows.compiler.semantic_checks import find_semantic_errors
from workflows.compiler.step_ids import with_ids

LARGEST_PROGRAM = 32 * 1024
"""Bytes of a program as JSON: it is in the start input of every journey, and of each run that continues it, beside
the path so far. Temporal takes 2 MiB; this is eight times a long conversation."""
_LONGEST_VERSION = VersionId(f"{'v' * 63}@{10**6}")


def find_errors(document: ConversationDocument) -> tuple[Diagnostic, ...]:
    """Everything that keeps the document from being published, in no particular order."""
    if diagnostics := find_semantic_errors(document):
        return diagnostics
    size = len(_compile(document, _LONGEST_VERSION).model_dump_json().encode())
    if size <= LARGEST_PROGRAM:
        return ()
    return (
        Diagnostic(
            ("threads",),
            f"together these steps are {-(-size // 1024)} KiB, and every contact's journey carries them: "
            f"at most {LARGEST_PROGRAM // 1024} KiB",
            "Split the conversation: each alert, or each event, can have one of its own",
        ),
    )


class NotCompilable(ValueError):
    """The document has errors; `diagnostics` says which. Its author fixes them."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(f"{format_path(m.path)}: {m.message}. {m.advice}." for m in diagnostics))
        self.diagnostics = diagnostics


def compile_document(document: ConversationDocument, version: VersionId) -> Program:
    """The program of one version.

    Raises:
        NotCompilable: `find_errors` finds some.
    """
    if diagnostics := find_errors(document):
        raise NotCompilable(diagnostics)
    return _compile(document, version)


def _compile(document: ConversationDocument, version: VersionId) -> Program:
    document = with_ids(document)
    steps: dict[StepId, Step] = {}
    firsts = {thread.name: step_id(thread.steps[0]) for thread in document.threads}
    for thread in document.threads:
        _compile_steps(thread.steps, None, firsts, steps)
    return Program(
        version=version,
        conversation=document.conversation,
        semantics=SEMANTICS,
        threads=tuple(
            ThreadStart(event=thread.on, first=step_id(thread.steps[0]), asks=thread.when is not None)
            for thread in document.threads
            if thread.on is not None
        ),
        terms={code: terms for code, alert in document.alerts.items() if (terms := _terms(alert.queue)) != Terms()},
        awaited=tuple(sorted({event for step in steps.values() for event in step.awaited})),
        goal_on=document.goal_on,
        exit_on=document.exit_on,
        question=document.list.double_opt_in,
        steps=steps,
    )


def _terms(queue: QueueTerms) -> Terms:
    reminders = queue.reminders
    return Terms(
        reminder_after=timedelta(0) if reminders is None else reminders.after,
        reminders=0 if reminders is None else reminders.times,
        while_waiting=tuple(
            StillWaiting(after=each.after, message=each.send, times=each.times) for each in queue.while_waiting
        ),
    )


def compile_criteria(document: ConversationDocument) -> CompiledCriteria:
    """What stands beside a program: criteria by id, for decide steps (one per branch) and for events that threads are
    entered on (one per thread; None: everyone enters); and webhook addresses by step.
    """
    found: dict[str, list[Criteria | None]] = {}
    addresses: dict[str, str] = {}
    for thread in with_ids(document).threads:
        if thread.on is not None:
            found.setdefault(thread_criteria_id(thread.on), []).append(thread.when)
        for _, section in every_step(thread.steps):
            if section.criteria:
                found[step_id(section)] = [*section.criteria]
            if section.address is not None:
                addresses[step_id(section)] = section.address
    return CompiledCriteria(
        criteria={own_id: (*all_,) for own_id, all_ in found.items() if any(one is not None for one in all_)},
        addresses=addresses,
    )


def _compile_steps(
    sections: tuple[AnyStep, ...], after: StepId | None, firsts: dict[str, StepId], steps: dict[StepId, Step]
) -> StepId | None:
    """Compile a list of steps, each before those inside it. Returns where the list begins: `after`, if it is empty."""
    for index, section in enumerate(sections):
        following = step_id(sections[index + 1]) if index + 1 < len(sections) else after
        inner: dict[StepId, Step] = {}

        def inside(
            within: tuple[AnyStep, ...], next_: StepId | None = following, found: dict[StepId, Step] = inner
        ) -> StepId | None:
            return _compile_steps(within, next_, firsts, found)

        compiled = section.compiled(Position(step_id(section), following, firsts, inside))
        steps |= {compiled.id: compiled, **inner}
    return step_id(sections[0]) if sections else after
