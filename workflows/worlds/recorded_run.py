"""A life that was lived, held beside one that is being lived on another version: where in the old one the new one is.
Pure.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from schemas.document.steps import Send
from schemas.ids import StepId
from schemas.journey.path import JourneyPath, PathEntry
from schemas.journey.program import Program
from schemas.journey.state import JourneyStart
from workflows.interpreter.journey import UNTIL_REMINDER, Journey
from workflows.interpreter.walk import BROADCAST


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """Something the contact did, by the name that conversations know it under.

    Attributes:
        at: when a journey could be told of it.
        happened_at: when it happened, which may be earlier: a journey takes what it waits for in this order.
    """

    event: str
    at: datetime
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """A life that was lived.

    Attributes:
        start: what it began with; its program is the version it lived by.
        path: its whole path so far.
        until: the moment up to which it is known, for a journey under way; None: it has ended.
        time_zone: whose clock a wait until goes by.
        events: what the contact did since entering, as far as it is known, whether the journey was told of it or not.
        ends: the events that ended journeys, by the goals and exits of the versions it lived by.
    """

    start: JourneyStart
    path: JourneyPath
    until: datetime | None = None
    time_zone: str = "UTC"
    events: tuple[RecordedEvent, ...] = ()
    ends: frozenset[str] = frozenset()


class RecordedRun:
    """The old life, while a journey lives it once more.

    Attributes:
        entries: its stays.
        pending_events: what may end a wait: what ended one then, and what else the contact did.
    """

    def __init__(self, recorded: Recorded) -> None:
        self._start = recorded.start
        self._journey: Journey | None = None
        self._as_it_was = 0
        """How many entries of the new path are those of the old."""
        self.entries = recorded.path.entries
        self.pending_events = _events_of(recorded)

    def receive(self, event: RecordedEvent) -> None:
        """It ends a rest of the new life: the next waits for what happened after it, not at once by another name."""
        self.pending_events = [other for other in self.pending_events if other.happened_at > event.happened_at]

    def discard_before(self, until: datetime) -> None:
        """A rest of the new life came to another end: the next waits for what is told from then on."""
        self.pending_events = [other for other in self.pending_events if other.at >= until]

    def bind(self, journey: Journey) -> None:
        """This is the journey that lives it once more."""
        self._journey = journey

    @property
    def _path(self) -> tuple[PathEntry, ...]:
        return self._journey.path.entries if self._journey is not None else ()

    @property
    def replayed(self) -> tuple[PathEntry, ...]:
        """The stays of the new life that are over."""
        entries = self._path
        return entries[:-1] if entries and entries[-1].left_at is None else entries

    def aligned(self) -> PathEntry | None:
        """The same stay in the old life, while all before it was the same; None once anything was not."""
        replayed = self.replayed
        while self._as_it_was < len(replayed) and self._as_it_was < len(self.entries):
            # A move is made by others; it does not make it another life.
            old = self.entries[self._as_it_was].model_copy(update={"moved_to": None})
            if replayed[self._as_it_was] != old:
                break
            self._as_it_was += 1
        if self._as_it_was < len(replayed) or len(replayed) >= len(self.entries):
            return None
        return self.entries[len(replayed)]

    def stay_at(self, step: str, now: datetime) -> tuple[PathEntry | None, bool]:
        """The old stay at this step, by how often it was come to; and whether it is that very moment."""
        aligned = self.aligned()
        if aligned is not None and aligned.step == step and aligned.entered_at == self._entered_at(now):
            return aligned, True
        nth = sum(each.step == step for each in self.replayed)
        found = [each for each in self.entries if each.step == step]
        return (found[nth] if nth < len(found) else None), False

    def _entered_at(self, now: datetime) -> datetime:
        """When the stay under way was begun; now, between two stays."""
        entries = self._path
        return entries[-1].entered_at if entries and entries[-1].left_at is None else now

    def stay_with(self, step: Send) -> PathEntry | None:
        """The old stay with this message, by how often it was come to; what is said once is another thing."""
        once = step.id.startswith(BROADCAST)

        def is_it(entry: PathEntry) -> bool:
            return entry.message == step.message and entry.step.startswith(BROADCAST) is once

        nth = sum(is_it(each) for each in self.replayed)
        found = [each for each in self.entries if is_it(each)]
        return found[nth] if nth < len(found) else None

    def door(self, question: str) -> int | None:
        """Which thread was entered: the one whose first step came next."""
        entry_triggers = [each.first for each in self._start.program.entry_triggers(question.removeprefix("on "))]
        aligned = self.aligned()
        if aligned is not None:
            return entry_triggers.index(StepId(aligned.step)) if aligned.step in entry_triggers else None
        if len(self.replayed) == self._as_it_was == len(self.entries):
            return None
        return next(
            (entry_triggers.index(StepId(each.step)) for each in self.entries if each.step in entry_triggers), None
        )

    def rests_alike(self, step: str, tried: Program) -> bool:
        """Whether a rest at this step of the tried version would be what it was."""
        before, here = self._start.program.steps.get(StepId(step)), tried.steps.get(StepId(step))
        if before is not None or here is not None:
            return before is not None and here is not None and before.rest_terms == here.rest_terms
        alert = self._start.alert_id or ""
        return step != UNTIL_REMINDER or tried.terms.get(alert) == self._start.program.terms.get(alert)

    def place_of(self, stay: PathEntry) -> int:
        """Which entry of the old path it is; two stays that took no time can be equal."""
        return next(index for index, each in enumerate(self.entries) if each is stay)

    def skipped_to_end(self, stay: PathEntry) -> bool:
        """Whether the rest of the thread was passed over too: then what comes next in the path is not what follows."""
        step = self._start.program.steps.get(StepId(stay.step))
        if step is None:
            # Before a reminder: passed over to its end, there are no more reminders.
            return stay.step == UNTIL_REMINDER and stay is self.entries[-1]
        place = self.place_of(stay) + 1
        follows = self.entries[place].step if place < len(self.entries) else None
        return step.after_skipping not in (None, follows)


def _events_of(recorded: Recorded) -> list[RecordedEvent]:
    """Each event once: one that ended a wait was told at that moment."""
    others = list(recorded.events)
    ended_waits: list[RecordedEvent] = []
    for stay in recorded.path.entries:
        if stay.event is None or stay.left_at is None:
            continue
        event = RecordedEvent(stay.event, stay.left_at, stay.left_at)
        before = [other for other in others if other.event == stay.event and other.at <= stay.left_at]
        if before:
            found = max(before, key=_at)
            others.remove(found)
            event = replace(event, happened_at=found.happened_at)
        ended_waits.append(event)
    return sorted((*ended_waits, *others), key=_at)


def _at(event: RecordedEvent) -> tuple[datetime, datetime]:
    return event.at, event.happened_at
