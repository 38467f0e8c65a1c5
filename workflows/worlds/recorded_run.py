"""A recorded run beside its replay on another version: which recorded stay is the one that the replay is at. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from schemas.document.steps import Send
from schemas.ids import StepId
from schemas.journey.path import JourneyPath, PathEntry, Why
from schemas.journey.program import Program
from schemas.journey.state import JourneyStart
from workflows.interpreter.journey import UNTIL_REMINDER, WAITING_LIST, Journey


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """Something the contact did, by the name that conversations know it under.

    Attributes:
        at: when it became known, so that a journey could get its signal.
        happened_at: when it happened, which may be earlier: a journey takes the events it awaits in this order.
    """

    event: str
    at: datetime
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded journey.

    Attributes:
        start: its start input, with the program of the version it began on.
        path: its whole path so far.
        until: the moment up to which it is known, for a journey under way; None: it has ended.
        time_zone: what a `wait_until` goes by.
        events: the known contact events since entering, whether the journey got a signal of them or not.
        ends: the events that end journeys by the goals and exit rules of the versions it ran on.
    """

    start: JourneyStart
    path: JourneyPath
    until: datetime | None = None
    time_zone: str = "UTC"
    events: tuple[RecordedEvent, ...] = ()
    ends: frozenset[str] = frozenset()


class RecordedRun:
    """A recorded run, while a journey replays it.

    Attributes:
        entries: its stays.
        pending_events: the events that may end a wait: those that ended one in the recorded run, and all others.
    """

    def __init__(self, recorded: Recorded) -> None:
        self._start = recorded.start
        self._journey: Journey | None = None
        self._matching = 0
        """How many entries at the beginning of both paths are the same."""
        self.entries = recorded.path.entries
        self.pending_events = _events_of(recorded)

    def receive(self, event: RecordedEvent) -> None:
        """An event ends a rest of the replay: the next rest waits for what happened later than the event."""
        self.pending_events = [other for other in self.pending_events if other.happened_at > event.happened_at]

    def discard_before(self, until: datetime) -> None:
        """A rest of the replay ended otherwise: the next rest waits for what becomes known from then on."""
        self.pending_events = [other for other in self.pending_events if other.at >= until]

    def bind(self, journey: Journey) -> None:
        """Set the journey that replays it."""
        self._journey = journey

    @property
    def _path(self) -> tuple[PathEntry, ...]:
        return self._journey.path.entries if self._journey is not None else ()

    @property
    def replayed(self) -> tuple[PathEntry, ...]:
        """The stays of the replay that are over."""
        entries = self._path
        return entries[:-1] if entries and entries[-1].left_at is None else entries

    def aligned(self) -> PathEntry | None:
        """The recorded stay at the same index, while all stays before it are the same; None after a difference."""
        replayed = self.replayed
        while self._matching < len(replayed) and self._matching < len(self.entries):
            # A move to another version is no difference.
            recorded = self.entries[self._matching].model_copy(update={"moved_to": None})
            if replayed[self._matching] != recorded:
                break
            self._matching += 1
        if self._matching < len(replayed) or len(replayed) >= len(self.entries):
            return None
        return self.entries[len(replayed)]

    def stay_at(self, step: str, now: datetime) -> tuple[PathEntry | None, bool]:
        """The recorded stay at this step, at the same visit; and whether both runs are the same up to it."""
        aligned = self.aligned()
        if aligned is not None and aligned.step == step and aligned.entered_at == self._entered_at(now):
            return aligned, True
        nth = sum(each.step == step for each in self.replayed)
        found = [each for each in self.entries if each.step == step]
        return (found[nth] if nth < len(found) else None), False

    def _entered_at(self, now: datetime) -> datetime:
        """When the open stay began; now, between two stays."""
        entries = self._path
        return entries[-1].entered_at if entries and entries[-1].left_at is None else now

    def end_in_line(self) -> PathEntry | None:
        """The recorded stay in line at whose end the same wait was over: who is said that it is not back waits on."""

        def ends(entry: PathEntry) -> bool:
            return entry.step == WAITING_LIST and entry.why is not Why.STILL_WAITING

        nth = sum(ends(each) for each in self.replayed)
        found = [each for each in self.entries if ends(each)]
        return found[nth] if nth < len(found) else None

    def spoken_to_in_line(self, until: datetime, end: datetime | None, tried: Program) -> datetime | None:
        """When something is said in line before the wait is over at `end`; None: nothing is.

        Args:
            until: when the rest in line is to end, on the version that is tried.
        """
        window_ends_at, alert = self._start.window_ends_at, self._start.alert_id or ""
        if window_ends_at is None or until >= window_ends_at or (end is not None and until >= end):
            return None
        aligned, here = self.aligned(), tried.terms.get(alert)
        if aligned is None or here != self._start.program.terms.get(alert):
            return until
        # What was due, and not said before this stay ended, was put off all the while.
        return aligned.left_at if aligned.why is Why.STILL_WAITING else None

    def stay_with(self, step: Send) -> PathEntry | None:
        """The recorded stay with this message, at the same visit; what is said in line is distinct from a send step."""
        kind = _kind(step.id)

        def is_it(entry: PathEntry) -> bool:
            return entry.message == step.message and _kind(entry.step) == kind

        nth = sum(is_it(each) for each in self.replayed)
        found = [each for each in self.entries if is_it(each)]
        return found[nth] if nth < len(found) else None

    def entered_thread(self, criteria_id: str) -> int | None:
        """The position of the thread that was entered: the one whose first step came next."""
        starts = [each.first for each in self._start.program.threads_on(criteria_id.removeprefix("on "))]
        aligned = self.aligned()
        if aligned is not None:
            return starts.index(StepId(aligned.step)) if aligned.step in starts else None
        if len(self.replayed) == self._matching == len(self.entries):
            return None
        return next((starts.index(StepId(each.step)) for each in self.entries if each.step in starts), None)

    def rests_alike(self, step: str, tried: Program) -> bool:
        """Whether a rest at this step has the same terms in both versions."""
        before, here = self._start.program.steps.get(StepId(step)), tried.steps.get(StepId(step))
        if before is not None or here is not None:
            return before is not None and here is not None and before.rest_terms == here.rest_terms
        alert = self._start.alert_id or ""
        return step != UNTIL_REMINDER or tried.terms.get(alert) == self._start.program.terms.get(alert)

    def place_of(self, stay: PathEntry) -> int:
        """The index of a stay in the recorded path, by identity: two stays that took no time can be equal."""
        return next(index for index, each in enumerate(self.entries) if each is stay)

    def message_after(self, stay: PathEntry) -> str:
        """The message that was sent after a stay in line."""
        following = self.entries[self.place_of(stay) + 1 :]
        return (following[0].message or "") if following else ""

    def skipped_to_end(self, stay: PathEntry) -> bool:
        """Whether the rest of the thread was skipped too: then the next entry is not the step that follows."""
        step = self._start.program.steps.get(StepId(stay.step))
        if step is None:
            # Before a reminder: skipped to the end, there are no more reminders.
            return stay.step == UNTIL_REMINDER and stay is self.entries[-1]
        place = self.place_of(stay) + 1
        follows = self.entries[place].step if place < len(self.entries) else None
        return step.after_skipping not in (None, follows)


def _events_of(recorded: Recorded) -> list[RecordedEvent]:
    """Each event once; one that ended a wait became known at that moment."""
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


def _kind(step: str) -> str:
    """`broadcast`, `while-waiting`, or nothing of a document's own step."""
    return step.rpartition("/")[0]


def _at(event: RecordedEvent) -> tuple[datetime, datetime]:
    return event.at, event.happened_at
