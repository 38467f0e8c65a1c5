"""Compares a scenario's expectations with what its rehearsal led to: a diagnostic for each that was not met."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import Ends, ExpectSection
from schemas.document.steps import DID_NOT, HAPPENED, OTHERWISE, SECTIONS
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.journey.outcome import Held, Refused, describe
from schemas.journey.path import PathEntry, Why
from schemas.reasons import Reason
from schemas.time.durations import format_duration
from starter.rehearsing.entrance import when
from starter.rehearsing.run import Rehearsed, RunTester, ended_at
from starter.rehearsing.simulated_shop import SentMessage
from workflows.compiler.diagnostics import Diagnostic, Path, format_path
from workflows.interpreter.path_recorder import MOST_STAYS

MINUTE = timedelta(minutes=1)
"""How far a moment may be from the expected one."""
ADVICE = "Change the conversation, or what is expected here"


class ScenariosFail(DomainError):
    """Scenarios of the document go otherwise than they expect; `fields` says which expectations, and how it went."""

    code = "scenarios_fail"
    kind = ErrorKind.INVALID
    advice = (
        "`shelftalk conversation check FILE`, by the API POST /v1/conversations/check, shows each with its line. With "
        "--despite-scenarios, by the API `despite_scenarios`, it is published all the same."
    )

    def __init__(self, unmet: Sequence[Diagnostic]) -> None:
        told = [FieldError(format_path(each.path), f"{each.message}. {each.advice}") for each in unmet]
        lines = "\n".join(f"{each.path}: {each.message}." for each in told)
        super().__init__(
            f"Nothing was published, for its own scenarios do not go as they expect:\n{lines}",
            public="Nothing was published, for the document's own scenarios do not go as they expect. Send "
            "`despite_scenarios` to publish it all the same.",
            fields=told,
        )


def hold_to_scenarios(document: ConversationDocument) -> None:
    """Rehearse the document's own scenarios.

    Raises:
        ScenariosFail: as it says.
    """
    rehearsed = enumerate(RunTester(document).run_all())
    unmet = [each for index, one in rehearsed for each in find_unmet_expectations(one, ("scenarios", index))]
    if unmet:
        raise ScenariosFail(unmet)


def find_unmet_expectations(rehearsed: Rehearsed, path: Path) -> Iterator[Diagnostic]:
    """The expectations that were not met; none where nothing is expected.

    Args:
        path: of the scenario in its document.
    """
    expected = rehearsed.scenario.expect
    if not expected:
        return
    messages = iter(rehearsed.messages)
    for index, one in enumerate(expected):
        own: Path = (*path, "expect", index, one.kind)
        if rehearsed.not_entered is not None:
            if one.not_entered is None:
                yield _difference(own, _in_words(one), f"nobody entered: {_reason(rehearsed.not_entered)}")
            elif one.not_entered is not rehearsed.not_entered:
                yield _difference(own, f"not entered ({one.not_entered})", f"not entered ({rehearsed.not_entered})")
            continue
        told = _compare(one, rehearsed, messages)
        if told is not None:
            yield _difference(own, *told)
    for more in messages:
        got = f"'{more.message}' sent {_moment(more.at, rehearsed)} as well"
        yield _difference((*path, "expect"), "no other message", got)


def _difference(path: Path, expected: str, got: str) -> Diagnostic:
    return Diagnostic(path, f"expected {expected}, got {got}", ADVICE)


def _compare(one: ExpectSection, rehearsed: Rehearsed, messages: Iterator[SentMessage]) -> tuple[str, str] | None:
    """What was expected and what happened instead, in words; None when it was met."""
    match one:
        case ExpectSection(sends=str() as message):
            return _compare_sent(one, message, rehearsed, next(messages, None))
        case ExpectSection(refused=str() as message):
            return _compare_refused(one, message, rehearsed)
        case ExpectSection(held=str() as message):
            entries = _entries(rehearsed, message)
            if any(isinstance(each.outcome, Held) and each.left_at is None for each in entries):
                return None
            return f"'{message}' held for approval", _became(entries, rehearsed)
        case ExpectSection(ends=Ends() as ends):
            return _compare_end(one, ends, rehearsed)
        case ExpectSection(branch=str() as step):
            return _compare_branch(one, step, rehearsed)
        case ExpectSection(path=tuple() as steps):
            return _compare_path(steps, rehearsed)
        case _:
            return f"not entered ({one.not_entered})", "somebody who entered"


def _compare_sent(
    one: ExpectSection, message: str, rehearsed: Rehearsed, got: SentMessage | None
) -> tuple[str, str] | None:
    wanted = _in_words(one)
    if got is None:
        return wanted, _became(_entries(rehearsed, message), rehearsed)
    if got.message != message or not _meets(one, got.at, rehearsed):
        return wanted, f"'{got.message}' sent {_moment(got.at, rehearsed)}"
    return None


def _compare_refused(one: ExpectSection, message: str, rehearsed: Rehearsed) -> tuple[str, str] | None:
    entries = _entries(rehearsed, message)
    for each in entries:
        match each.outcome:
            case Refused(reason=reason) if one.reason in (None, reason):
                if each.left_at is not None and _meets(one, each.left_at, rehearsed):
                    return None
            case _:
                pass
    return _in_words(one), _became(entries, rehearsed)


def _compare_end(one: ExpectSection, ends: Ends, rehearsed: Rehearsed) -> tuple[str, str] | None:
    path = rehearsed.path
    at = ended_at(path)
    got = Ends.NEVER if path.ending is None else Ends(path.ending)
    right = got is ends and (one.reason is None or one.reason is path.reason)
    if right and (at is None or _meets(one, at, rehearsed)):
        return None
    if got is Ends.NEVER:
        if rehearsed.endless:
            return _in_words(one), f"no end: after {MOST_STAYS} steps they still go round"
        last = path.entries[-1] if path.entries else None
        return _in_words(one), f"no end: it rests at '{last.step}' until somebody does something" if last else "no end"
    reason = f" ({path.reason})" if path.reason is not None else ""
    return _in_words(one), f"{got}{reason}{f' {_moment(at, rehearsed)}' if at is not None else ''}"


def _compare_branch(one: ExpectSection, step: str, rehearsed: Rehearsed) -> tuple[str, str] | None:
    taken = [way for entry in rehearsed.path.entries if entry.step == step and (way := _way(entry)) is not None]
    if one.takes in taken:
        return None
    return _in_words(one), ", then ".join(f"'{way}'" for way in taken) or f"nothing: they do not come by '{step}'"


def _way(entry: PathEntry) -> str | None:
    """The name of the branch by which a step was left; None where it has none."""
    section = SECTIONS.get(entry.kind)
    match entry.why:
        case Why.DECIDED:
            return entry.branch or OTHERWISE
        case Why.HAPPENED:
            return HAPPENED
        case Why.TIME_PASSED if section is not None and DID_NOT in section.step_lists:
            return DID_NOT
        case _:
            return entry.branch


def _compare_path(steps: tuple[str, ...], rehearsed: Rehearsed) -> tuple[str, str] | None:
    passed = [entry.step for entry in rehearsed.path.entries]
    ahead = iter(passed)
    for step in steps:
        if step not in ahead:
            come_by = " → ".join(passed) or "no step at all"
            return f"them to come by '{step}'{' next' if step != steps[0] else ''}", come_by
    return None


def _entries(rehearsed: Rehearsed, message: str) -> list[PathEntry]:
    return [entry for entry in rehearsed.path.entries if entry.message == message]


def _became(entries: list[PathEntry], rehearsed: Rehearsed) -> str:
    """What became of a message."""
    if not entries:
        return "nothing: they do not come by it"
    last = entries[-1]
    told = describe(last.outcome) if last.outcome is not None else "no answer"
    return f"{told.rstrip('.')} {_moment(last.left_at or last.entered_at, rehearsed)}"


def _meets(one: ExpectSection, at: datetime, rehearsed: Rehearsed) -> bool:
    if one.after is None and one.at is None:
        return True
    return abs(at - when(one, rehearsed.entrance.at, rehearsed.zone)) < MINUTE


def _in_words(one: ExpectSection) -> str:
    clock = ""
    if one.after is not None:
        clock = f" {format_duration(one.after)} after entering"
    elif one.at is not None:
        clock = f" at {one.at:%Y-%m-%d %H:%M}"
    reason = f" ({one.reason})" if one.reason is not None else ""
    match one:
        case ExpectSection(sends=str() as message):
            return f"'{message}' sent{clock}"
        case ExpectSection(refused=str() as message):
            return f"'{message}' refused{reason}{clock}"
        case ExpectSection(held=str() as message):
            return f"'{message}' held for approval"
        case ExpectSection(ends=Ends() as ends):
            return f"{'no end' if ends is Ends.NEVER else ends}{reason}{clock}"
        case ExpectSection(branch=str() as step):
            return f"'{one.takes}' taken at '{step}'"
        case ExpectSection(path=tuple() as steps):
            return f"them to come by '{steps[0]}'"
        case _:
            return f"not entered ({one.not_entered})"


def _moment(at: datetime, rehearsed: Rehearsed) -> str:
    """By the list's clock, and since entering, as scenarios are written."""
    return f"at {at.astimezone(ZoneInfo(rehearsed.zone)):%Y-%m-%d %H:%M} ({since(at, rehearsed)})"


def since(at: datetime, rehearsed: Rehearsed) -> str:
    """How long after entering."""
    span = at - rehearsed.entrance.at
    whole = timedelta(minutes=round(span / MINUTE))
    return f"{format_duration(whole)} after entering" if whole else "on entering"


def _reason(reason: Reason) -> str:
    return f"{reason.sentence.rstrip('.')} ({reason})"
