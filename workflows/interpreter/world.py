"""Everything that the interpreter needs from outside, as one Protocol.

It has three implementations: the workflow's (workflows/temporal_world.py), the rehearsal (a virtual clock, no I/O), and
the record (a recorded journey, replayed on another version), both in workflows/worlds.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeAlias

from schemas.document.steps import CallWebhook, ContactChange
from schemas.ids import StepId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Outcome
from schemas.journey.signals import Broadcast, ContactEvent, Leave, Move, PlaceGiven, Skip, Wake
from schemas.journey.state import JourneyState
from schemas.reasons import Reason
from schemas.time.moments import Until

Woken: TypeAlias = Leave | ContactEvent | Wake | Skip
"""What may end a rest before its time."""
Awaited: TypeAlias = Callable[[], frozenset[str]]
"""The events that end a rest; a function, because a move to another version may change them during the rest."""


def awaits_nothing() -> frozenset[str]:
    return frozenset()


class World(Protocol):
    """The outside of one journey."""

    def now(self) -> datetime:
        """The journey's time, aware."""
        ...

    def rest(self, state: Callable[[], JourneyState]) -> None:
        """Called before every rest: until the rest ends, a long history may continue as new with this state."""
        ...

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        """Rest at `step` until `until` (None: without limit; returns None when it is reached), or until woken.

        Woken by, in this precedence: a Leave; a Wake or Skip that names this step; the earliest ContactEvent that is
        `awaited`. Only new events count: those received since the previous rest ended or, if an event ended that rest,
        those that happened later than it. The rest are dropped, but a yes to the question (`CONFIRMED`).
        """
        ...

    async def stand_in_line(
        self, until: Callable[[], datetime], after_claim: int
    ) -> PlaceGiven | Broadcast | Leave | None:
        """Rest in line until a claim newer than `after_claim` is given, or a broadcast or a request to leave comes.

        Returns None when `until` came first, or became another moment by a move to another version.
        """
        ...

    async def deliver(self, request: Deliver) -> Outcome:
        """Check, and send if it is still true."""
        ...

    async def leave_waitlist(self, reason: Reason) -> int | None:
        """Leave the waiting list. Returns the id of a claim that was given just before; then it still counts."""
        ...

    async def decide(self, criteria_id: str) -> int | None:
        """The position of the first of these criteria that holds now, from 0; None when none does."""
        ...

    async def find_moment(self, until: Until) -> datetime:
        """The next moment at which the contact's clock shows this."""
        ...

    async def change_contact(self, step: ContactChange, round_: int) -> None:
        """Change something about the contact."""
        ...

    async def call_webhook(self, step: CallWebhook, round_: int) -> bool:
        """Call another system. Returns whether it took the call."""
        ...

    async def record_position(self, step: StepId, cause: Reason | None) -> None:
        """Record that the journey rests at this step, and what holds it up there, if anything does."""
        ...

    async def moved(self, move: Move) -> None:
        """Record that the journey runs another version from here on."""
        ...
