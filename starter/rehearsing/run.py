"""Runs scenarios: compiles a document once, and runs each of its scenarios from beginning to end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import ScenarioSection
from schemas.ids import VersionId
from schemas.journey.path import JourneyPath
from schemas.journey.program import Program
from schemas.reasons import Reason
from starter.rehearsing.entrance import Entrance
from starter.rehearsing.simulated_shop import SentMessage, SimulatedShop
from starter.rehearsing.timeline import Due, Timeline
from starter.rehearsing.world import PutOff, ScenarioRehearsal
from workflows.compiler.compile import compile_criteria, compile_document
from workflows.interpreter.path_recorder import MOST_STAYS
from workflows.worlds.rehearsal import rehearse


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One scenario, and what it led to.

    Attributes:
        not_entered: why they were not entered; then there is no path.
        played: what happened before the journey ended, in order.
        messages: those that were sent, as the contact reads them.
        put_off: the checks that put a message off, in order.
        verdicts: how many were asked for: a measure of the work.
        endless: the journey went round in a loop, and was stopped after `MOST_STAYS` steps.
    """

    scenario: ScenarioSection
    entrance: Entrance
    zone: str
    path: JourneyPath
    not_entered: Reason | None = None
    played: tuple[Due, ...] = ()
    messages: tuple[SentMessage, ...] = ()
    put_off: tuple[PutOff, ...] = ()
    verdicts: int = 0
    endless: bool = False


class RunTester:
    """The rehearsals of one valid document."""

    def __init__(self, document: ConversationDocument) -> None:
        self._document = document
        self._program: Program = compile_document(document, working_version(document))
        self._compiled = compile_criteria(document)

    def run(self, scenario: ScenarioSection) -> Rehearsed:
        """Run one scenario."""
        document, program = self._document, self._program
        entrance = Entrance.of(document, scenario)
        timeline = Timeline(document, program, scenario, entrance)
        shop = SimulatedShop(document, program, self._compiled, timeline)
        start = entrance.start(document, program, scenario)
        zone = document.list.time_zone
        if (reason := shop.why_not()) is not None:
            nothing = JourneyPath(journey_id=start.journey_id, version=program.version, entries=())
            return Rehearsed(scenario, entrance, zone, nothing, reason)
        world = ScenarioRehearsal(timeline, shop)
        _, path = rehearse(start, world)
        return Rehearsed(
            scenario,
            entrance,
            zone,
            path,
            played=tuple(timeline.played),
            messages=tuple(shop.messages),
            put_off=tuple(world.put_off),
            verdicts=len(world.delivered),
            endless=path.ending is None and len(path.entries) > MOST_STAYS,
        )

    def run_all(self) -> Iterator[Rehearsed]:
        """Run every scenario of the document."""
        return map(self.run, self._document.scenarios)


def working_version(document: ConversationDocument) -> VersionId:
    """The version id of a document that is not published."""
    return VersionId(f"{document.conversation}@working")


def ended_at(path: JourneyPath) -> datetime | None:
    """When a journey that has ended did."""
    return path.entries[-1].left_at if path.entries and path.ending is not None else None
