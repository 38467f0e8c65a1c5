"""All that a journey asks of the outside. The machine in journey.py knows nothing else.

Three worlds, one machine: the workflow (production), the rehearsal (a virtual clock, no I/O), and the record (what
really happened to a journey, lived once more on another version).
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
"""The events that a rest ends on; asked anew, for a move to another version may change them during a rest."""


def awaits_nothing() -> frozenset[str]:
    return frozenset()


class World(Protocol):
    """The outside of one journey."""

    def now(self) -> datetime:
        """The journey's time, aware."""
        ...

    def rest(self, state: Callable[[], JourneyState]) -> None:
        """Called before every rest: there, and until it ends, a long history may continue as new with the state."""
        ...

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        """Rest at `step` until `until` (returns None; None: for as long as it takes), or until woken.

        Woken by a Leave, by a Wake or Skip that names this step, and by a ContactEvent that is `awaited`: of several,
        by what happened first. One counts from the end of the rest before this one, or, if an event ended that, from
        the event; one that is not awaited is forgotten with the rest it came in.
        """
        ...

    async def stand_in_line(self, until: datetime, after_claim: int) -> PlaceGiven | Broadcast | Leave | None:
        """Rest until called forward with a claim newer than `after_claim`, asked to broadcast something or to leave.

        Returns None when `until` came first.
        """
        ...

    async def deliver(self, request: Deliver) -> Outcome:
        """Check, and send if it is still true."""
        ...

    async def leave_waitlist(self, reason: Reason) -> int | None:
        """Leave the waiting list; a claim id if one was given just before, and then it still counts."""
        ...

    async def decide(self, question: str) -> int | None:
        """Which of the question's criteria hold now, counted from 0: the first; None when none does."""
        ...

    async def find_moment(self, until: Until) -> datetime:
        """When the contact's clock next shows this, from now on."""
        ...

    async def change_contact(self, step: ContactChange, round_: int) -> None:
        """Note something about the contact."""
        ...

    async def call_webhook(self, step: CallWebhook, round_: int) -> bool:
        """Tell another system; whether it took it."""
        ...

    async def record_position(self, step: StepId, cause: Reason | None) -> None:
        """The journey rests at this step now, and what holds it up there, if anything."""
        ...

    async def moved(self, move: Move) -> None:
        """The journey lives by another version from here on."""
        ...
