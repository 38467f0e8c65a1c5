"""Compares a scenario's expectations with what its rehearsal led to: a diagnostic for each that was not met."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import OF_EVERYBODY, Ends, ExpectSection
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
    messages = {each.name: iter(each.messages) for each in rehearsed.everyone}
    for index, one in enumerate(expected):
        own: Path = (*path, "expect", index, one.kind)
        whose = rehearsed.of(one.who)
        if one.told is not None:
            difference = _compare_told(one.told, rehearsed)
        elif one.not_told is not None:
            difference = _compare_not_told(one, one.not_told, rehearsed)
        elif whose.not_entered is not None:
            difference = _compare_not_entered(one, whose, whose.not_entered)
        else:
            difference = _compare(one, whose, messages[whose.name])
        if difference is not None:
            wanted, got = difference
            yield _difference(own, f"of {one.who}: {wanted}" if one.who is not None else wanted, got)
    # Of whom something is expected, all is: their messages are told in full.
    expected_of = {rehearsed.of(one.who).name for one in expected if one.kind not in OF_EVERYBODY}
    for whose in rehearsed.everyone:
        for more in messages[whose.name] if whose.name in expected_of else ():
            to = f" to {whose.name}" if whose is not rehearsed else ""
            got = f"'{more.message}' sent{to} {_moment(more.at, whose)} as well"
            yield _difference((*path, "expect"), "no other message", got)


def _compare_told(names: tuple[str, ...], rehearsed: Rehearsed) -> tuple[str, str] | None:
    if names == rehearsed.told:
        return None
    why = [f"{each.name} is not, for: {_reason(each.not_told)}" for each in rehearsed.everyone if each.not_told]
    return f"{_listed(names)} told, in this order", "; ".join([f"{_listed(rehearsed.told)} told", *why])


def _compare_not_told(one: ExpectSection, name: str, rehearsed: Rehearsed) -> tuple[str, str] | None:
    whose = rehearsed.of(name)
    wanted = f"{name} not told{f' ({one.reason})' if one.reason is not None else ''}"
    if whose.told_at is not None:
        return wanted, f"{name} told {_moment(whose.told_at, whose)}"
    if one.reason in (None, whose.not_told):
        return None
    return wanted, f"{name} not told ({whose.not_told or 'they rest, and nothing keeps them from it yet'})"


def _compare_not_entered(one: ExpectSection, whose: Rehearsed, reason: Reason) -> tuple[str, str] | None:
    if one.not_entered is None:
        return _in_words(one), f"{'nobody entered' if one.who is None else 'they did not enter'}: {_reason(reason)}"
    if one.not_entered is not reason:
        return f"not entered ({one.not_entered})", f"not entered ({reason})"
    return None


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nobody"


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
    return abs(at - when(one, rehearsed.scenario_at, rehearsed.zone)) < MINUTE


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
    """How long after the entering of the scenario's contact, or before it."""
    whole = timedelta(minutes=round((at - rehearsed.scenario_at) / MINUTE))
    if not whole:
        return "on entering"
    return f"{format_duration(abs(whole))} {'after' if whole > timedelta(0) else 'before'} entering"


def _reason(reason: Reason) -> str:
    return f"{reason.sentence.rstrip('.')} ({reason})"
