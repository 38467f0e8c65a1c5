"""Who is under way in a conversation, where they stand, and what publishing another version would do to them.

Counts are of one moment, and for people: what a move does to a journey the journey itself decides, by the same rule,
when it is asked.
"""

from collections import defaultdict
from dataclasses import dataclass

from pydantic import ValidationError

from activities.postgres.pool import Pool, Row
from activities.postgres.queries import load_queries
from schemas.ids import AlertId, VersionId
from schemas.journey.program import Program
from schemas.responses.operations import NOT_AT_REST, InFlight, Place
from workflows.interpreter.journey import WAITING_LIST

SQL = load_queries("starter.versioning", "in_flight.sql")


@dataclass(slots=True)
class _Count:
    journeys: int = 0
    now: int = 0
    in_line: int = 0


async def in_flight(pool: Pool, conversation: str, working: Program) -> InFlight:
    """The open journeys of the conversation that live by another version than `working`, by version and place."""
    rows = await pool.fetch(SQL["standing"], conversation, working.version, WAITING_LIST)
    programs = await _programs(pool, rows)
    counts: dict[tuple[str, str], _Count] = defaultdict(_Count)
    for row in rows:
        count = counts[row["version"], row["place"] or NOT_AT_REST]
        count.journeys += row["journeys"]
        count.in_line += row["in_line"]
        program = programs.get(row["version"])
        if program is not None and row["place"] and program.shares_rest(working, row["place"], _alert(row)):
            count.now += row["journeys"]
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
    )


async def _programs(pool: Pool, rows: list[Row]) -> dict[VersionId, Program]:
    """What they live by; a version that this release cannot read is left out: nobody of it moves where they are."""
    programs: dict[VersionId, Program] = {}
    for row in await pool.fetch(SQL["programs"], sorted({row["version"] for row in rows})):
        try:
            programs[row["id"]] = Program.model_validate(row["program"])
        except ValidationError:
            continue
    return programs


def _alert(row: Row) -> AlertId | None:
    return AlertId(row["alert"]) if row["alert"] is not None else None
