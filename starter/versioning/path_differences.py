"""How two paths of one journey differ, in a sentence for people: messages first, then the end, then the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.document.steps import OTHERWISE, RESTS
from schemas.journey.outcome import Held, Sent, Unknown
from schemas.journey.path import JourneyPath, PathEntry
from schemas.time.durations import format_duration

NOTICEABLE = timedelta(minutes=1)
"""By how much a message has to come at another time, or a rest to be longer or shorter, to be told of."""


@dataclass(frozen=True, slots=True)
class _Told:
    message: str
    at: datetime


def difference_in_words(was: JourneyPath, would_be: JourneyPath) -> str | None:
    """What would differ: `j-1 would not get 'still-here' (…).`; None when nothing would."""
    parts = [*_messages(was, would_be), *_end(was, would_be), *_rests(was, would_be)]
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
                yield f"get '{message}' {_length(later - at)} {'later' if later > at else 'earlier'}"
        yield from (f"not get '{message}' (sent {_clock(at)})" for at in old[len(new) :])
        yield from (f"get '{message}' ({_clock(at)})" for at in new[len(old) :])
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


def _rests(was: JourneyPath, would_be: JourneyPath) -> Iterator[str]:
    """The rests that both come by on the way they share, and that take another time."""
    for old, new in zip(was.entries, would_be.entries, strict=False):
        if _by(old) != _by(new):
            return
        if old.kind not in RESTS or old.left_at is None or new.left_at is None:
            continue
        before, after = old.left_at - old.entered_at, new.left_at - new.entered_at
        if abs(after - before) >= NOTICEABLE:
            yield f"rest {_length(after)} instead of {_length(before)} at '{new.step}'"


def _way(was: JourneyPath, would_be: JourneyPath) -> str | None:
    """Where the ways part."""
    before, after = [*map(_by, was.entries)], [*map(_by, would_be.entries)]
    if before == after:
        return None
    shared = 0
    while shared < min(len(before), len(after)) and before[shared] == after[shared]:
        shared += 1
    if shared == len(after):
        return f"not come by '{was.entries[shared].step}'"
    if shared == len(before):
        return f"come by '{would_be.entries[shared].step}' as well"
    old, new = was.entries[shared], would_be.entries[shared]
    if new.step != old.step:
        return _other_rest(old, new) or f"come by '{new.step}' instead of '{old.step}'"
    if new.branch != old.branch:
        return f"take '{new.branch or OTHERWISE}' instead of '{old.branch or OTHERWISE}' at '{new.step}'"
    return _left_otherwise(old, new)


def _other_rest(old: PathEntry, new: PathEntry) -> str | None:
    """A wait that was changed has another id, unless it was given one: `wait-3-days` for `wait-2-days`."""
    if old.kind != new.kind or new.kind not in RESTS:
        return None
    if old.left_at is None or new.left_at is None:
        return f"rest at '{new.step}' instead of '{old.step}'"
    before, after = old.left_at - old.entered_at, new.left_at - new.entered_at
    if abs(after - before) < NOTICEABLE:
        return None
    return f"rest {_length(after)} instead of {_length(before)} at '{new.step}'"


def _left_otherwise(old: PathEntry, new: PathEntry) -> str:
    if new.event is not None and new.event != old.event:
        return f"hear '{new.event}' at '{new.step}'"
    if old.event is not None and new.event is None and new.left_at is not None:
        return f"not hear '{old.event}' at '{new.step}'"
    if new.left_at is None and old.left_at is not None:
        return f"still rest at '{new.step}'"
    return f"leave '{new.step}' another way"


def _by(entry: PathEntry) -> tuple[object, ...]:
    outcome = entry.outcome.kind if entry.outcome is not None else None
    return entry.step, entry.branch, entry.why, entry.event, outcome


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _length(span: timedelta) -> str:
    """As people write it, to the minute: days, hours and minutes."""
    minutes = round(abs(span) / NOTICEABLE)
    days, rest = divmod(minutes, 24 * 60)
    hours, rest = divmod(rest, 60)
    parts = (timedelta(days=days), timedelta(hours=hours), timedelta(minutes=rest))
    return " ".join(format_duration(part) for part in parts if part) or "less than a minute"
