"""What a scenario expects, held against what was lived: each difference by the path of what was expected."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.document.steps import DID_NOT, HAPPENED, OTHERWISE, SECTIONS
from schemas.durations import format_duration
from schemas.outcome import Held, Refused, describe
from schemas.path import PathEntry, Why
from schemas.reasons import Reason
from schemas.scenarios import Ends, ExpectSection
from starter.rehearsing.entrance import when
from starter.rehearsing.run import Rehearsed, ended_at
from starter.rehearsing.stage import Said
from workflows.interpreter.mistakes import Mistake, Path
from workflows.interpreter.trail import MOST_STAYS

MINUTE = timedelta(minutes=1)
"""How exactly a moment has to be met."""
ADVICE = "Change the conversation, or what is expected here"


def find_differences(lived: Rehearsed, path: Path) -> Iterator[Mistake]:
    """What went otherwise than expected; nothing, where nothing is expected.

    Args:
        path: of the scenario in its document.
    """
    expected = lived.scenario.expect
    if not expected:
        return
    said = iter(lived.said)
    for index, one in enumerate(expected):
        own: Path = (*path, "expect", index, one.kind)
        if lived.not_entered is not None:
            if one.not_entered is None:
                yield _difference(own, _wish(one), f"nobody entered: {_reason(lived.not_entered)}")
            elif one.not_entered is not lived.not_entered:
                yield _difference(own, f"not entered ({one.not_entered})", f"not entered ({lived.not_entered})")
            continue
        told = _hold(one, lived, said)
        if told is not None:
            yield _difference(own, *told)
    for more in said:
        got = f"'{more.message}' sent {_moment(more.at, lived)} as well"
        yield _difference((*path, "expect"), "no other message", got)


def _difference(path: Path, expected: str, got: str) -> Mistake:
    return Mistake(path, f"expected {expected}, got {got}", ADVICE)


def _hold(one: ExpectSection, lived: Rehearsed, said: Iterator[Said]) -> tuple[str, str] | None:
    """What was expected and what came instead; None when it came."""
    match one:
        case ExpectSection(sends=str() as message):
            return _hold_sent(one, message, lived, next(said, None))
        case ExpectSection(refused=str() as message):
            return _hold_refused(one, message, lived)
        case ExpectSection(held=str() as message):
            entries = _entries(lived, message)
            if any(isinstance(each.outcome, Held) and each.left_at is None for each in entries):
                return None
            return f"'{message}' held for approval", _became(entries, lived)
        case ExpectSection(ends=Ends() as ends):
            return _hold_end(one, ends, lived)
        case ExpectSection(branch=str() as step):
            return _hold_branch(one, step, lived)
        case ExpectSection(path=tuple() as steps):
            return _hold_path(steps, lived)
        case _:
            return f"not entered ({one.not_entered})", "somebody who entered"


def _hold_sent(one: ExpectSection, message: str, lived: Rehearsed, got: Said | None) -> tuple[str, str] | None:
    wish = _wish(one)
    if got is None:
        return wish, _became(_entries(lived, message), lived)
    if got.message != message or not _meets(one, got.at, lived):
        return wish, f"'{got.message}' sent {_moment(got.at, lived)}"
    return None


def _hold_refused(one: ExpectSection, message: str, lived: Rehearsed) -> tuple[str, str] | None:
    entries = _entries(lived, message)
    for each in entries:
        match each.outcome:
            case Refused(reason=reason) if one.reason in (None, reason):
                if each.left_at is not None and _meets(one, each.left_at, lived):
                    return None
            case _:
                pass
    return _wish(one), _became(entries, lived)


def _hold_end(one: ExpectSection, ends: Ends, lived: Rehearsed) -> tuple[str, str] | None:
    path = lived.path
    at = ended_at(path)
    got = Ends.NEVER if path.ending is None else Ends(path.ending)
    right = got is ends and (one.reason is None or one.reason is path.reason)
    if right and (at is None or _meets(one, at, lived)):
        return None
    if got is Ends.NEVER:
        if lived.endless:
            return _wish(one), f"no end: after {MOST_STAYS} steps they still go round"
        last = path.entries[-1] if path.entries else None
        return _wish(one), f"no end: it rests at '{last.step}' until somebody does something" if last else "no end"
    reason = f" ({path.reason})" if path.reason is not None else ""
    return _wish(one), f"{got}{reason}{f' {_moment(at, lived)}' if at is not None else ''}"


def _hold_branch(one: ExpectSection, step: str, lived: Rehearsed) -> tuple[str, str] | None:
    taken = [way for entry in lived.path.entries if entry.step == step and (way := _way(entry)) is not None]
    if one.takes in taken:
        return None
    return _wish(one), ", then ".join(f"'{way}'" for way in taken) or f"nothing: they do not come by '{step}'"


def _way(entry: PathEntry) -> str | None:
    """The name of the way by which a step that divides was left."""
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


def _hold_path(steps: tuple[str, ...], lived: Rehearsed) -> tuple[str, str] | None:
    passed = [entry.step for entry in lived.path.entries]
    ahead = iter(passed)
    for step in steps:
        if step not in ahead:
            come_by = " → ".join(passed) or "no step at all"
            return f"them to come by '{step}'{' next' if step != steps[0] else ''}", come_by
    return None


def _entries(lived: Rehearsed, message: str) -> list[PathEntry]:
    return [entry for entry in lived.path.entries if entry.message == message]


def _became(entries: list[PathEntry], lived: Rehearsed) -> str:
    """What became of a message."""
    if not entries:
        return "nothing: they do not come by it"
    last = entries[-1]
    told = describe(last.outcome) if last.outcome is not None else "no answer"
    return f"{told.rstrip('.')} {_moment(last.left_at or last.entered_at, lived)}"


def _meets(one: ExpectSection, at: datetime, lived: Rehearsed) -> bool:
    if one.after is None and one.at is None:
        return True
    return abs(at - when(one, lived.entrance.at, lived.zone)) < MINUTE


def _wish(one: ExpectSection) -> str:
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


def _moment(at: datetime, lived: Rehearsed) -> str:
    """By the list's clock, and since entering, as scenarios are written."""
    return f"at {at.astimezone(ZoneInfo(lived.zone)):%Y-%m-%d %H:%M} ({since(at, lived)})"


def since(at: datetime, lived: Rehearsed) -> str:
    """How long after entering."""
    span = at - lived.entrance.at
    whole = timedelta(minutes=round(span / MINUTE))
    return f"{format_duration(whole)} after entering" if whole else "on entering"


def _reason(reason: Reason) -> str:
    return f"{reason.sentence.rstrip('.')} ({reason})"
