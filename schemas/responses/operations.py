"""Publishing while journeys are in flight: the choices, what each would do, and the progress of the bulk operation."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.model import Model, Wire

NOT_AT_REST = "not-yet-at-rest"
"""The place of journeys that have not come to their first rest, or whose rest an older release did not record."""


class Choice(StrEnum):
    """What becomes of the journeys under way when another version is published."""

    STAY = "stay"
    """They keep their version to the end."""
    MOVE = "move"
    """They move to the new version at their next rest that it has too."""
    END = "end"
    """They end, and their places in line go to the next."""


class RetireChoice(StrEnum):
    """What becomes of the journeys under way when their conversation is retired."""

    STAY = "stay"
    """They go on to their end; those in line are told as before, and keep their list from another alert of the type."""
    END = "end"
    """They end, and their places in line are given up."""


class Retired(Model):
    """A conversation that was retired; `done` false: it was only counted.

    Attributes:
        alerts: those that nobody enters any more.
        journeys: the journeys under way in it.
        in_line: of these, those that hold a place in line.
        operation: what ends them; None where they stay.
    """

    conversation: str
    alerts: tuple[str, ...] = ()
    journeys: int
    in_line: int
    in_flight: RetireChoice | None = None
    operation: int | None = None
    done: bool = True


class OperationKind(StrEnum):
    """What is done to many journeys, one by one."""

    MOVE = "move"
    END = "end"


class RunBulk(Wire):
    """The input of BulkWorkflow and of its activity: carry out this operation."""

    operation_id: int


class Place(Model):
    """Journeys of one version that are at one place.

    Attributes:
        version: the one they are on.
        place: a step, `waiting-list`, `until-reminder`, or `not-yet-at-rest`.
        journeys: how many stay, if *stay* is chosen, and end, if *end* is.
        moves_now: of these, those that would move where they are.
        moves_later: those that would move at their next rest that the new version has too, if they come to one.
        in_line: those that hold a place in line, which goes to the next if they end.
    """

    version: str
    place: str
    journeys: int
    moves_now: int
    moves_later: int
    in_line: int


class InFlight(Model):
    """The journeys of a conversation that are on another version than this one, and what each choice does to them.

    Attributes:
        version: the one that they would move to; if it is not published yet, the name it would get.
        journeys, moves_now, moves_later, in_line: over all places.
        told_now: how many of those who wait, on whatever version, would be told at once because of the new terms.
    """

    conversation: str
    version: str
    places: tuple[Place, ...]
    journeys: int
    moves_now: int
    moves_later: int
    in_line: int
    told_now: int = 0


class OperationReport(Model):
    """The progress of a bulk operation.

    Attributes:
        to_version: where to, of a move.
        finished_at: when the last journey had been signalled; None before.
        total: the journeys that were under way when it began.
        asked: of these, those that were signalled.
        done: those that have moved, or ended because of it.
        ended: those that had come to their end by themselves before that.
        superseded: those that a later operation took over before they had moved or ended.
        cancelled_at: when it was cancelled; None: it was not.
        cancelled: those that were not asked, for it was cancelled before.
        left_over: all others: not signalled yet, or signalled and not yet at a rest that the new version has too.
    """

    operation: int
    kind: OperationKind
    conversation: str
    to_version: str | None
    requested_by: str
    why: str | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    total: int
    asked: int
    done: int
    ended: int
    superseded: int
    cancelled_at: AwareDatetime | None = None
    cancelled: int = 0
    left_over: int


class OperationReports(Model):
    """The latest operations, newest first."""

    operations: tuple[OperationReport, ...]


Name = Annotated[str, Field(min_length=1, max_length=200)]
ChangeNote = Annotated[str, Field(min_length=1, max_length=1000)]
