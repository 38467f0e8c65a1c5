"""Runs scenarios: compiles a document once, and lives each of its scenarios from end to end."""

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
from starter.rehearsing.simulated_shop import Said, SimulatedShop
from starter.rehearsing.timeline import Due, Timeline
from starter.rehearsing.world import StagedRehearsal
from workflows.compiler.compile import compile_criteria, compile_document
from workflows.interpreter.path_recorder import MOST_STAYS
from workflows.worlds.rehearsal import rehearse


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One scenario, lived.

    Attributes:
        not_entered: why they were not entered; then there is no path.
        played: what happened before the journey ended, in order.
        said: the messages that were sent, as they are read.
        asked: how often the journey asked for a verdict: the work it was.
        endless: it went round and round, and was not followed any further.
    """

    scenario: ScenarioSection
    entrance: Entrance
    zone: str
    path: JourneyPath
    not_entered: Reason | None = None
    played: tuple[Due, ...] = ()
    said: tuple[Said, ...] = ()
    asked: int = 0
    endless: bool = False


class RunTester:
    """The rehearsals of one document, which has no mistakes."""

    def __init__(self, document: ConversationDocument) -> None:
        self._document = document
        self._program: Program = compile_document(document, working_version(document))
        self._questions = compile_criteria(document)

    def run(self, scenario: ScenarioSection) -> Rehearsed:
        """Live one scenario."""
        document, program = self._document, self._program
        entrance = Entrance.of(document, scenario)
        plot = Timeline(document, program, scenario, entrance)
        stage = SimulatedShop(document, program, self._questions, plot)
        start = entrance.start(document, program, scenario)
        zone = document.list.time_zone
        if (reason := stage.why_not()) is not None:
            nothing = JourneyPath(journey_id=start.journey_id, version=program.version, entries=())
            return Rehearsed(scenario, entrance, zone, nothing, reason)
        world = StagedRehearsal(plot, stage)
        _, path = rehearse(start, world)
        return Rehearsed(
            scenario,
            entrance,
            zone,
            path,
            played=tuple(plot.played),
            said=tuple(stage.said),
            asked=len(world.delivered),
            endless=path.ending is None and len(path.entries) > MOST_STAYS,
        )

    def run_all(self) -> Iterator[Rehearsed]:
        """Live every scenario of the document."""
        return map(self.run, self._document.scenarios)


def working_version(document: ConversationDocument) -> VersionId:
    """The name that a document goes by before it is published."""
    return VersionId(f"{document.conversation}@working")


def ended_at(path: JourneyPath) -> datetime | None:
    """When a journey that has ended did."""
    return path.entries[-1].left_at if path.entries and path.ending is not None else None
