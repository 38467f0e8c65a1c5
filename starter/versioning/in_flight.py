"""How many journeys of a conversation are under way, where they rest, and what publishing another version would do.

The counts are for people and of one moment: when a journey is asked to move, it decides by the same rule itself.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import AlertId, VersionId
from schemas.journey.program import Program
from schemas.responses.operations import NOT_AT_REST, InFlight, Place
from workflows.interpreter.journey import WAITING_LIST

SQL = load_queries("starter.versioning", "in_flight.sql")


@dataclass(frozen=True, slots=True)
class OpenJourneys:
    """The open journeys of one version and alert that rest at one place.

    Attributes:
        place: a step, or the waiting list; None: not on record.
        in_line: how many of them hold a place in line.
    """

    version: VersionId
    alert: AlertId | None
    place: str | None
    journeys: int
    in_line: int


@dataclass(frozen=True, slots=True)
class StoredProgram:
    """A version's program as it is stored; perhaps in a form that this release cannot read."""

    id: VersionId
    program: object


@dataclass(slots=True)
class _Count:
    """The journeys of one version at one place; `now`: those that would move there."""

    journeys: int = 0
    now: int = 0
    in_line: int = 0


async def in_flight(pool: Pool, conversation: str, working: Program, *, told_now: int) -> InFlight:
    """The open journeys of the conversation on other versions than `working`, by version and place.

    Args:
        told_now: as in the answer.
    """
    found = await SQL.open_journeys.rows(
        pool, OpenJourneys, conversation=conversation, version=working.version, waiting_list=WAITING_LIST
    )
    programs = await _programs(pool, {each.version for each in found})
    counts: dict[tuple[str, str], _Count] = defaultdict(_Count)
    for each in found:
        count = counts[each.version, each.place or NOT_AT_REST]
        count.journeys += each.journeys
        count.in_line += each.in_line
        program = programs.get(each.version)
        if program is not None and each.place and program.shares_rest(working, each.place, each.alert):
            count.now += each.journeys
    places = tuple(
        Place(
            version=version,
            place=place,
            journeys=count.journeys,
            moves_now=count.now,
            moves_later=count.journeys - count.now,
            in_line=count.in_line,
        )
        for (version, place), count in counts.items()
    )
    return InFlight(
        conversation=conversation,
        version=working.version,
        places=places,
        journeys=sum(each.journeys for each in places),
        moves_now=sum(each.moves_now for each in places),
        moves_later=sum(each.moves_later for each in places),
        in_line=sum(each.in_line for each in places),
        told_now=told_now,
    )


async def _programs(pool: Pool, versions: Iterable[VersionId]) -> dict[VersionId, Program]:
    """The programs of these versions, without those that this release cannot read: their journeys do not move now."""
    programs: dict[VersionId, Program] = {}
    for stored in await SQL.programs.rows(pool, StoredProgram, versions=sorted(versions)):
        try:
            programs[stored.id] = Program.model_validate(stored.program)
        except ValidationError:
            continue
    return programs
