"""What is said to a contact while they stand in line: when the next is due, and which it is.

It takes no place and ends no rest but the one in line: while its check puts it off, the journey stands in line on, so
that a place that is given meanwhile is heard of at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from schemas.document.steps import Send
from schemas.ids import StepId
from schemas.journey.activities import STILL_WAITING_STEP, Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Held, Refused, Sent, Stopped, Unknown
from schemas.journey.path import Why
from schemas.journey.program import Terms
from schemas.journey.state import JourneyStart
from schemas.time.durations import format_duration
from workflows.interpreter.rests import Left
from workflows.interpreter.walk import PROVIDER_PATIENCE, ThreadWalk
from workflows.interpreter.world import World

TRY_AGAIN = timedelta(days=1)
"""When it is tried again whose sender is at fault: nothing depends on it, so nobody has to resume it."""


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    """What is to be said at a moment, by who has waited so long."""

    at: datetime
    waited: timedelta
    message: str

    @property
    def step(self) -> Send:
        """Named by the time they have waited, so that whatever another version says besides, no two are alike."""
        waited = format_duration(self.waited).replace(" ", "-")
        return Send(id=StepId(f"{STILL_WAITING_STEP}{waited}"), message=self.message)


class SaidInLine:
    """What has been said in line, and what is still to be.

    Attributes:
        until: what was to be said by then was said, or is passed by; None: it has not stood in a line where it is.
        again_at: when the last of it, which was put off, is tried again.
    """

    def __init__(self, start: JourneyStart, world: World, thread: ThreadWalk) -> None:
        self._start, self._world, self._thread = start, world, thread
        self._until = start.state.said_until
        self.again_at = start.state.say_again_at

    @property
    def until(self) -> datetime | None:
        """As in the class; what another version would have said before the journey moved to it is passed by."""
        known = [each for each in (self._until, self._thread.moved_at) if each is not None]
        return max(known, default=None)

    def begin(self, terms: Terms) -> None:
        """The journey stands in line from now on: what would have been said before is not made up for."""
        if terms.while_waiting and self.until is None:
            self._until = self._world.now()

    def next_at(self, terms: Terms) -> datetime | None:
        """When something is to be said next; None: nothing is."""
        since = self.until
        if not terms.while_waiting or since is None:
            return None
        return self.again_at or min((due.at for due in self._dues(terms) if due.at > since), default=None)

    async def say(self, terms: Terms, window_ends_at: datetime) -> None:
        """Say the last that is due, unless it is put off; what was due before it is passed by.

        Raises:
            Left: the contact may not be written to any more.
        """
        now, since = self._world.now(), self.until
        self.again_at = None
        if now >= window_ends_at or since is None:
            self._until = now
            return
        due = max((due for due in self._dues(terms) if since < due.at <= now), default=None)
        if due is None:
            return
        step = due.step
        outcome = await self._world.deliver(
            Deliver(
                journey_id=self._start.journey_id,
                event=None,
                version=self._thread.program.version,
                step=step,
                round=0,
                give_up_at=now + PROVIDER_PATIENCE,
            )
        )
        match outcome:
            case Deferred(until=until):
                self.again_at = until
            case Stopped() | Held():
                self.again_at = now + TRY_AGAIN
            case Sent() | Refused() | Unknown():
                self._until = now
                recorder = self._thread.recorder
                recorder.leave(Why.STILL_WAITING)
                recorder.enter(step.id, step.kind, step.message)
                recorder.leave(Why.ANSWERED, outcome)
                if isinstance(outcome, Refused) and outcome.then is AfterRefusal.LEAVE:
                    raise Left(outcome.reason)
            case _:
                assert_never(outcome)

    def _dues(self, terms: Terms) -> Iterator[_Due]:
        for each in terms.while_waiting:
            for time in range(1, each.times + 1):
                waited = each.after * time
                yield _Due(self._start.entered_at + waited, waited, each.message)
