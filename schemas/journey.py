"""What is said to and by the two workflows. Exactly one model per workflow, signal, query and activity."""

from enum import StrEnum

from pydantic import AwareDatetime

from schemas.alerts import AlertEvent
from schemas.ids import AlertId, ContactId, JourneyId, StepId, Subject, VersionId
from schemas.model import Wire
from schemas.outcome import Outcome
from schemas.path import PathEntry
from schemas.program import Program, Send
from schemas.reasons import Ending, Reason


class Activity(StrEnum):
    """The activities' names, as they stand in histories."""

    DELIVER = "deliver"
    STEP_OUT = "step_out"
    CLOSE = "close"
    GIVE_PLACES = "give_places"
    CALL_FORWARD = "call_forward"
    RECONCILE = "reconcile"


class Workflow(StrEnum):
    """The workflows' names, as they stand in histories."""

    JOURNEY = "Journey"
    SHELF = "Shelf"
    RECONCILE = "Reconcile"


class Signal(StrEnum):
    """The signals' names, as they stand in histories."""

    PLACE_GIVEN = "place_given"
    LEAVE = "leave"
    SAY = "say"
    LOOK_AGAIN = "look_again"


class Phase(StrEnum):
    """Where an alert's own life stands (the second machine)."""

    ENTERED = "entered"
    """Walking the subscription's thread, if there is one."""
    WAITING = "waiting"
    ALERTED = "alerted"
    FOLLOWING_UP = "following_up"
    """Resting until a reminder is due, or walking its thread."""
    DISCONTINUED = "discontinued"


class JourneyState(Wire):
    """All that changes in a journey: carried through continue-as-new, and nothing else is.

    Attributes:
        at: the step the thread rests at; None while the journey stands in line.
        rest_until: when that rest ends, so that continuing as new does not begin it again.
        claim_id: the claim this journey was called forward with.
        round: how often a thread has been entered; a message may be sent once per step and round.
        reminders: how many follow-ups have been raised.
        leaving: it was asked to leave, and why.
    """

    phase: Phase = Phase.ENTERED
    at: StepId | None = None
    rest_until: AwareDatetime | None = None
    claim_id: int | None = None
    round: int = 0
    reminders: int = 0
    leaving: Reason | None = None
    path: tuple[PathEntry, ...] = ()


class JourneyStart(Wire):
    """The input of JourneyWorkflow. Contacts are ids; nothing here is personal (P8)."""

    journey_id: JourneyId
    contact_id: ContactId
    subject: Subject
    alert_id: AlertId
    entered_at: AwareDatetime
    window_ends_at: AwareDatetime
    program: Program
    state: JourneyState = JourneyState()


class PlaceGiven(Wire):
    """Signal to a journey: a claim was given to you. The same claim again changes nothing."""

    claim_id: int


class Leave(Wire):
    """Signal to a journey: end, for this reason."""

    reason: Reason


class Say(Wire):
    """Signal to a journey that stands in line: say this once, and stay in line."""

    message: str


class Deliver(Wire):
    """The input of the deliver activity: which message of which journey, and on which event.

    Attributes:
        event: what the thread answers; None for a message said once to those in line.
        version: whose message it is.
    """

    journey_id: JourneyId
    event: AlertEvent | None
    version: VersionId
    step: Send
    round: int
    give_up_at: AwareDatetime
    """When a provider that cannot be reached is no longer waited for."""

    @property
    def key(self) -> str:
        """The ledger's idempotency key: one message per journey, step and round."""
        return f"{self.journey_id}/{self.step.id}/{self.round}"


class Delivered(Wire):
    """What the deliver activity answers."""

    outcome: Outcome


class StepOut(Wire):
    """Leave the waiting list, unless a claim has just been given."""

    journey_id: JourneyId
    reason: Reason


class SteppedOut(Wire):
    """`claim_id` is set when a claim was given first: then the journey is told after all."""

    claim_id: int | None


class Close(Wire):
    """The journey has ended: record how."""

    journey_id: JourneyId
    ending: Ending
    reason: Reason | None


class Look(Wire):
    """Signal to a shelf: look again. Carries no facts."""


class ShelfStart(Wire):
    """The input of ShelfWorkflow."""

    subject: Subject


class GivePlaces(Wire):
    """Claim the next waiting journeys of a subject."""

    subject: Subject


class PlacesGiven(Wire):
    """How many claims wait to be called forward, and departures to be told, and whether there may be more to do."""

    to_call: int
    more: bool


class CallForward(Wire):
    """Signal every journey of this subject whose claim has not been called forward yet."""

    subject: Subject
