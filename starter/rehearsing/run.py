"""Runs scenarios: compiles a document once, and runs each of its scenarios from beginning to end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.document.conversation import ConversationDocument
from schemas.document.profiles import PersonSection
from schemas.document.scenarios import ScenarioSection
from schemas.ids import JourneyId, VersionId
from schemas.journey.outcome import Deferred, Held, Stopped
from schemas.journey.path import JourneyPath
from schemas.journey.program import Program
from schemas.reasons import Reason
from starter.rehearsing.clock import VirtualClock, Walk
from starter.rehearsing.entrance import REHEARSED, Entrance
from starter.rehearsing.simulated_journey import SimulatedJourney
from starter.rehearsing.simulated_shop import SentMessage, SimulatedShop
from starter.rehearsing.timeline import Played, Timeline
from starter.rehearsing.world import PutOff
from workflows.compiler.compile import compile_criteria, compile_document
from workflows.interpreter.path_recorder import MOST_STAYS


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One contact of a scenario, and what it led to for them.

    Attributes:
        scenario_at: when the scenario's contact entered: lengths of time count from then.
        not_entered: why they were not entered; then there is no path.
        told_at: when they were told: a message used their place; without an alert, one was sent.
        not_told: why they were not told; None: they were.
        messages: those that were sent, as the contact reads them.
        put_off: the checks that put a message off, in order.
        verdicts: how many were asked for: a measure of the work.
        endless: the journey went round in a loop, and was stopped after `MOST_STAYS` steps.
        played: what happened before the last journey ended, in order.
        others: the same of everyone else in the scenario.
        told: who was told, by name, in order; of everyone.
    """

    scenario: ScenarioSection
    entrance: Entrance
    zone: str
    path: JourneyPath
    scenario_at: datetime
    not_entered: Reason | None = None
    told_at: datetime | None = None
    not_told: Reason | None = None
    messages: tuple[SentMessage, ...] = ()
    put_off: tuple[PutOff, ...] = ()
    verdicts: int = 0
    endless: bool = False
    played: tuple[Played, ...] = ()
    others: tuple["Rehearsed", ...] = ()
    told: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the contact, in the scenario."""
        return self.entrance.contact

    @property
    def everyone(self) -> tuple["Rehearsed", ...]:
        """The scenario's contact, and the others."""
        return (self, *self.others)

    def of(self, name: str | None) -> "Rehearsed":
        """What it led to for one of them; for the scenario's contact, where nobody is named."""
        return next((each for each in self.everyone if each.name == name), self)


class RunTester:
    """The rehearsals of one valid document."""

    def __init__(self, document: ConversationDocument) -> None:
        self._document = document
        self._program: Program = compile_document(document, working_version(document))
        self._compiled = compile_criteria(document)

    def run(self, scenario: ScenarioSection) -> Rehearsed:
        """Run one scenario."""
        document, program, zone = self._document, self._program, self._document.list.time_zone
        first = Entrance.of(document, scenario)
        profiles: list[tuple[Entrance, PersonSection]] = [(first, scenario.profile)]
        profiles += ((first.of_another(document, other), other.profile) for other in scenario.others)
        journeys = [SimulatedJourney(entrance, profile, program, zone) for entrance, profile in profiles]
        timeline = Timeline(document, scenario, journeys)
        walks: list[Walk] = []
        for own in journeys:
            journey_id = REHEARSED if own is journeys[0] else JourneyId(f"{REHEARSED}-{own.name}")
            shop = SimulatedShop(document, program, self._compiled, timeline, own)
            walks.append(Walk(own.entrance.start(document, program, journey_id), timeline, shop, own))
        VirtualClock(timeline, walks).run()
        told = tuple(journey.name for journey in timeline.told)
        contact, *others = (_what_it_led_to(scenario, first.at, zone, walk) for walk in walks)
        return replace(contact, played=tuple(timeline.played), others=tuple(others), told=told)

    def run_all(self) -> Iterator[Rehearsed]:
        """Run every scenario of the document."""
        return map(self.run, self._document.scenarios)


def working_version(document: ConversationDocument) -> VersionId:
    """The version id of a document that is not published."""
    return VersionId(f"{document.conversation}@working")


def ended_at(path: JourneyPath) -> datetime | None:
    """When a journey that has ended did."""
    return path.entries[-1].left_at if path.entries and path.ending is not None else None


def _what_it_led_to(scenario: ScenarioSection, scenario_at: datetime, zone: str, walk: Walk) -> Rehearsed:
    own, path = walk.own, walk.path
    return Rehearsed(
        scenario,
        own.entrance,
        zone,
        path,
        scenario_at,
        own.not_entered,
        told_at=own.told_at,
        not_told=None if own.told_at is not None else _why_not_told(own, path),
        messages=tuple(walk.shop.messages),
        put_off=tuple(walk.world.put_off),
        verdicts=len(walk.world.delivered),
        endless=path.ending is None and len(path.entries) > MOST_STAYS,
    )


def _why_not_told(own: SimulatedJourney, path: JourneyPath) -> Reason | None:
    """The reason for one who was not told; None: none is known yet, for they rest and nothing keeps them from it."""
    if own.not_entered is not None:
        return own.not_entered
    in_vain = path.reason is Reason.WINDOW_ENDED or path.ending is None
    if in_vain and own.place is not None and own.place.outnumbered:
        return Reason.NOT_NEXT_IN_LINE
    if in_vain and own.place is not None and own.place.fewer:
        return Reason.FEWER_THAN_WANTED
    if path.reason is not None or not path.entries:
        return path.reason
    match path.entries[-1].outcome:
        case Held():
            return Reason.AWAITING_APPROVAL
        case Stopped(reason=reason) | Deferred(reason=reason):
            return reason
        case _:
            return None
