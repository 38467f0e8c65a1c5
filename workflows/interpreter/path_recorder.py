"""Records the path of a journey: an entry for every stay, of which at most the last is open."""

from collections.abc import Callable
from datetime import datetime

from schemas.ids import VersionId
from schemas.journey.outcome import Outcome, Sent, Unknown
from schemas.journey.path import LeftOut, PathEntry, PathKind, Why

FIRST_KEPT = 500
MOST_KEPT = 1500
"""A journey may go round for years. Its path is carried from run to run, and with up to some 400 bytes a stay it has to
keep well below the 2 MiB that Temporal takes: https://docs.temporal.io/self-hosted-guide/defaults."""

MOST_STAYS = 1000
"""The most of a rehearsal, or of a replay on another version; fewer than a path keeps.

A thread may be a loop. This is far above what a journey passes that ends: a year of a message and a wait every day.
Every rest looks at the whole path, so the work grows with its square.
"""


class PathRecorder:
    """A path under way; of a very long one the stays in the middle are left out."""

    def __init__(self, path: tuple[PathEntry, ...], left_out: LeftOut, now: Callable[[], datetime]) -> None:
        self._path = list(path)
        self.left_out = left_out
        self._now = now

    @property
    def path(self) -> tuple[PathEntry, ...]:
        return tuple(self._path)

    @property
    def open_entry(self) -> PathEntry | None:
        """The entry of where the journey is; None between two stays."""
        last = self._path[-1] if self._path else None
        return last if last is not None and last.left_at is None else None

    def enter(self, step: str, kind: PathKind, message: str | None = None) -> None:
        """Open an entry, unless one is open: then the journey rests here already, since before continue-as-new."""
        if self.open_entry is None:
            self._path.append(PathEntry(step=step, kind=kind, entered_at=self._now(), message=message))
            if len(self._path) > MOST_KEPT:
                self._leave_out(self._path.pop(FIRST_KEPT))

    def leave(
        self, why: Why, outcome: Outcome | None = None, *, branch: str | None = None, event: str | None = None
    ) -> None:
        """Close the open entry."""
        changes = {"outcome": outcome, "branch": branch, "event": event}
        self._amend(left_at=self._now(), why=why, **{name: value for name, value in changes.items() if value})

    def pass_through(self, step: str, kind: PathKind, why: Why, branch: str | None = None) -> None:
        """Record a stay that takes no time."""
        self.enter(step, kind)
        self.leave(why, branch=branch)

    def note(self, outcome: Outcome) -> None:
        """Record an outcome while the stay goes on."""
        self._amend(outcome=outcome)

    def note_move(self, version: VersionId) -> None:
        """Record that the journey runs this version from this stay on."""
        self._amend(moved_to=version)

    def _leave_out(self, entry: PathEntry) -> None:
        told = isinstance(entry.outcome, Sent | Unknown) or self.left_out.told
        self.left_out = LeftOut(stays=self.left_out.stays + 1, after=FIRST_KEPT, told=told)

    def _amend(self, **changes: object) -> None:
        self._path[-1] = self._path[-1].model_copy(update=changes)
