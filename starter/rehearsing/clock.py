"""The virtual clock of a scenario: all journeys in it go on in the order of time, each by the same machine."""

from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from schemas.journey.path import JourneyPath
from schemas.journey.state import JourneyStart
from starter.rehearsing.simulated_journey import SimulatedJourney
from starter.rehearsing.simulated_shop import SimulatedShop
from starter.rehearsing.timeline import Enters, Timeline
from starter.rehearsing.world import ScenarioRehearsal, UntilMoment
from workflows.interpreter.journey import Ended, Journey
from workflows.worlds.rehearsal import Unending


class Walk:
    """One journey on its way through the machine.

    Attributes:
        until: its rest ends then; None: only by what happens, or it has not begun.
        under_way: it has begun, and has not ended.
    """

    def __init__(self, start: JourneyStart, timeline: Timeline, shop: SimulatedShop, own: SimulatedJourney) -> None:
        self.own, self.shop = own, shop
        self.world = ScenarioRehearsal(timeline, shop, own)
        self._machine = Journey(start, self.world)
        self.world.bind(self._machine)
        self._run: Coroutine[UntilMoment, None, Ended] = self._machine.run()
        self.until: datetime | None = None
        self.under_way = False

    @property
    def path(self) -> JourneyPath:
        """The path so far."""
        return self._machine.path

    def enter(self) -> None:
        """Enter, and begin, if nothing speaks against it."""
        self.shop.enter()
        self.under_way = self.own.not_entered is None

    def is_due(self, now: datetime) -> bool:
        """Whether its rest is over by now."""
        return self.until is not None and self.until <= now

    def go_on(self) -> None:
        """Go on to the next rest, or to the end."""
        try:
            self.until = self._run.send(None).until
        except (StopIteration, Unending):
            self.under_way = False

    def stop(self) -> None:
        """Nothing will happen any more: where it rests now, it stays."""
        if self.under_way:
            with suppress(Unending):
                self._run.throw(Unending())
        self._run.close()


class VirtualClock:
    """Runs all journeys of a scenario to their ends, or to where nothing happens any more."""

    def __init__(self, timeline: Timeline, walks: Iterable[Walk]) -> None:
        self._timeline = timeline
        self._walks = {walk.own: walk for walk in walks}

    def run(self) -> None:
        """From the first who enters to the last who ends."""
        while (now := self._next_moment()) is not None:
            self._timeline.now = now
            happened = self._play_what_is_due()
            # Whatever happens may mean something to anybody.
            self._go_on([walk for walk in self._under_way if happened or walk.is_due(now)])
        for walk in self._walks.values():
            walk.stop()

    def _next_moment(self) -> datetime | None:
        """When something happens or a rest ends; None: nothing does, or nobody is there any more."""
        timeline, under_way = self._timeline, self._under_way
        if not under_way and not timeline.somebody_enters:
            return None
        ahead = [walk.until for walk in under_way] + [timeline.next_at]
        return min((at for at in ahead if at is not None), default=None)

    def _play_what_is_due(self) -> bool:
        """Let everything happen that is due by now. Returns whether anything did."""
        timeline, happened = self._timeline, False
        while (at := timeline.next_at) is not None and at <= timeline.now:
            if happened and not self._under_way and not timeline.somebody_enters:
                break
            due, happened = timeline.play_next(), True
            if isinstance(due.what, Enters):
                self._walks[due.what.journey].enter()
                timeline.look_at_shelf()
        return happened

    def _go_on(self, ready: Sequence[Walk]) -> None:
        """They go on, in the order in which they were called forward; then those whom what they did reaches."""
        while ready:
            for walk in sorted(ready, key=_turn):
                walk.go_on()
                self._timeline.look_at_shelf()
            ready = [walk for walk in self._under_way if walk.own.signals]

    @property
    def _under_way(self) -> list[Walk]:
        return [walk for walk in self._walks.values() if walk.under_way]


def _turn(walk: Walk) -> int:
    place = walk.own.place
    return place.claim_id if place is not None else 0
