"""The signals to a running journey, one model each."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from schemas.ids import StepId
from schemas.journey.program import SharedProgram
from schemas.model import Wire
from schemas.reasons import Reason


class Move(Wire):
    """An intervention: move to this version now, if it has the step the journey rests at; otherwise at the first later
    rest whose step it has.
    """

    kind: Literal["move"] = "move"
    program: SharedProgram
    operation_id: int


CONFIRMED = "confirmed"
"""The contact event by which a journey hears that it was them who signed up; conversations do not know it."""


class ContactEvent(Wire):
    """Signal to a journey: the contact did this. The same event again changes nothing.

    Attributes:
        at: when they did it. Signals may come in another order.
    """

    event_id: str
    event: str
    at: AwareDatetime | None = None


class PlaceGiven(Wire):
    """Signal to a journey: a claim was given to you. The same claim again changes nothing."""

    claim_id: int


class Leave(Wire):
    """Signal to a journey: end, for this reason."""

    reason: Reason


class Broadcast(Wire):
    """Signal to a journey that waits in line: send this message once, and stay in line."""

    message: str


class Wake(Wire):
    """An intervention at a journey that is stopped at `step`: try again, something has changed."""

    kind: Literal["wake"] = "wake"
    step: StepId


class Skip(Wire):
    """An intervention at a journey that rests at `step`: go on without it, or leave the thread (`to_end`)."""

    kind: Literal["skip"] = "skip"
    step: StepId
    to_end: bool = False


class Intervene(Wire):
    """Signal to a journey: an operator, or what they did in the database, changes how it goes on."""

    intervention: Annotated[Wake | Skip | Move, Field(discriminator="kind")]
