"""How two paths of one journey differ, in a sentence for people: messages first, then the end, then the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.outcome import Held, Sent, Unknown
from schemas.path import JourneyPath, PathEntry
from starter.commands.terminal import clock, length

NOTICEABLE = timedelta(minutes=1)
"""By how much a message has to come at another time to be told of."""


@dataclass(frozen=True, slots=True)
class _Told:
    message: str
    at: datetime


def difference_in_words(was: JourneyPath, would_be: JourneyPath) -> str | None:
    """What would differ: `j-1 would not get 'still-here' (…).`; None when nothing would."""
    parts = [*_messages(was, would_be), *_end(was, would_be)]
    if (way := _way(was, would_be)) is not None:
        parts.append(way)
    return f"{was.journey_id} would {'; would '.join(parts)}." if parts else None


def _messages(was: JourneyPath, would_be: JourneyPath) -> Iterator[str]:
    before, after = _told(was), _told(would_be)
    for message in dict.fromkeys(each.message for each in (*before, *after)):
        old = [each.at for each in before if each.message == message]
        new = [each.at for each in after if each.message == message]
        for at, later in zip(old, new, strict=False):
            if abs(later - at) >= NOTICEABLE:
                gap = length(abs(later - at))
                yield f"get '{message}' {gap} {'later' if later > at else 'earlier'}"
        yield from (f"not get '{message}' (sent {clock(at)})" for at in old[len(new) :])
        yield from (f"get '{message}' ({clock(at)})" for at in new[len(old) :])
    held = {each.message for each in was.entries if isinstance(each.outcome, Held)}
    for entry in would_be.entries:
        if isinstance(entry.outcome, Held) and entry.message not in held:
            yield f"wait for somebody to approve '{entry.message}'"


def _told(path: JourneyPath) -> list[_Told]:
    return [
        _Told(entry.message or "", entry.left_at or entry.entered_at)
        for entry in path.entries
        if isinstance(entry.outcome, Sent | Unknown)
    ]


def _end(was: JourneyPath, would_be: JourneyPath) -> Iterator[str]:
    if (was.ending, was.reason) == (would_be.ending, would_be.reason):
        return
    if would_be.ending is None:
        at = would_be.entries[-1].step if would_be.entries else "its beginning"
        yield f"be under way, at '{at}', instead of having {was.ending}"
    elif was.ending is None:
        yield f"have {would_be.ending} already"
    else:
        yield f"have {_ending(would_be)} instead of {_ending(was)}"


def _ending(path: JourneyPath) -> str:
    return f"{path.ending}" if path.reason is None else f"{path.ending} ({path.reason})"


def _way(was: JourneyPath, would_be: JourneyPath) -> str | None:
    """Where the ways part."""
    before, after = [*map(_by, was.entries)], [*map(_by, would_be.entries)]
    if before == after:
        return None
    shared = 0
    while shared < min(len(before), len(after)) and before[shared] == after[shared]:
        shared += 1
    if shared == len(after):
        return f"not come by {_place(was.entries[shared])}"
    if shared == len(before):
        return f"come by {_place(would_be.entries[shared])} as well"
    old, new = _place(was.entries[shared]), _place(would_be.entries[shared])
    return f"come by {new} instead of {old}" if new != old else f"leave {new} another way"


def _by(entry: PathEntry) -> tuple[object, ...]:
    outcome = entry.outcome.kind if entry.outcome is not None else None
    return entry.step, entry.branch, entry.why, entry.heard, outcome


def _place(entry: PathEntry) -> str:
    return f"'{entry.step}'" + (f" ({entry.branch})" if entry.branch is not None else "")
