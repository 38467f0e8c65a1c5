"""All that a journey asks of the outside. The machine in journey.py knows nothing else.

Three worlds are meant: the workflow (production), the rehearsal (virtual clock, no I/O) and, later, the record.
"""

from datetime import datetime
from typing import Protocol

from schemas.journey import Deliver, JourneyState, Leave, PlaceGiven, Say
from schemas.outcome import Outcome
from schemas.reasons import Reason


class World(Protocol):
    """The outside of one journey."""

    def now(self) -> datetime:
        """The journey's time, aware."""
        ...

    def rest(self, state: JourneyState) -> None:
        """Called before every rest: the place where a long history may continue as new with `state`."""
        ...

    async def sleep(self, until: datetime) -> Leave | None:
        """Rest until `until` (returns None), or until asked to leave."""
        ...

    async def stand_in_line(self, until: datetime, after_claim: int) -> PlaceGiven | Say | Leave | None:
        """Rest until called forward with a claim newer than `after_claim`, asked to say something or to leave.

        Returns None when `until` came first.
        """
        ...

    async def deliver(self, request: Deliver) -> Outcome:
        """Check, and send if it is still true."""
        ...

    async def step_out(self, reason: Reason) -> int | None:
        """Leave the waiting list; a claim id if one was given just before, and then it still counts."""
        ...
