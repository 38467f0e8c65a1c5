"""What is said to and by the two workflows. Exactly one model per workflow, signal, query and activity."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import CallWebhook, ContactChange, Send
from schemas.ids import AlertId, ContactId, JourneyId, StepId, StoreId, Subject, VersionId
from schemas.journey.outcome import Outcome
from schemas.journey.path import LeftOut, PathEntry
from schemas.journey.program import Program
from schemas.model import Wire
from schemas.reasons import Ending, Reason
from schemas.time.moments import Until


class Activity(StrEnum):
    """The activities' names, as they stand in histories."""

    DELIVER = "deliver"
    LEAVE_WAITLIST = "leave_waitlist"
    CLOSE = "close"
    GIVE_PLACES = "give_places"
    NOTIFY_CLAIMS = "notify_claims"
    RECONCILE = "reconcile"
    ARCHIVE = "archive"
    DECIDE = "decide"
    FIND_MOMENT = "find_moment"
    CHANGE_CONTACT = "change_contact"
    CALL_WEBHOOK = "call_webhook"
    RECORD_POSITION = "record_position"
    MOVED = "moved"
    RUN_BULK = "run_bulk"


class Workflow(StrEnum):
    """The workflows' names, as they stand in histories."""

    JOURNEY = "Journey"
    SHELF = "Shelf"
    RECONCILE = "Reconcile"
    ARCHIVE = "Archive"
    BULK = "Bulk"


class Signal(StrEnum):
    """The signals' names, as they stand in histories."""

    PLACE_GIVEN = "place_given"
    LEAVE = "leave"
    BROADCAST = "broadcast"
    LOOK_AGAIN = "look_again"
    CONTACT_EVENT = "contact_event"
    INTERVENE = "intervene"


class Phase(StrEnum):
    """Where an alert's own life stands (the second machine)."""

    ENTERED = "entered"
    """Walking the subscription's thread, if there is one; of a conversation without an alert, the only phase."""
    WAITING = "waiting"
    ALERTED = "alerted"
    FOLLOWING_UP = "following_up"
    """Resting until a reminder is due, or walking its thread."""
    DISCONTINUED = "discontinued"


class Move(Wire):
    """An intervention: live by this version from the next rest whose step it has too."""

    kind: Literal["move"] = "move"
    program: Program
    operation_id: int


class ContactEvent(Wire):
    """Signal to a journey: the contact did this. The same event again changes nothing.

    Attributes:
        at: when they did it. Signals may come in another order.
    """

    event_id: str
    event: str
    at: AwareDatetime | None = None


class JourneyState(Wire):
    """All that changes in a journey: carried through continue-as-new, and nothing else is.

    Attributes:
        at: the step the thread rests at; None while the journey stands in line.
        rest_until: when that rest ends, so that continuing as new does not begin it again.
        claim_id: the claim this journey was called forward with.
        round: how often a thread has been entered; a message may be sent once per step and round.
        reminders: how many follow-ups have been raised.
        leaving: it was asked to leave, and why.
        pending_events: what the contact did during the rest that was continued as new; a later step may wait for it.
        seen_until: when the event happened that ended a wait for it last; what happened no later is no news.
        moving: the version it was asked to move to, while no rest of it has the same step there.
        left_out: what the path leaves out, for it is bounded.
    """

    phase: Phase = Phase.ENTERED
    at: StepId | None = None
    rest_until: AwareDatetime | None = None
    claim_id: int | None = None
    round: int = 0
    reminders: int = 0
    leaving: Reason | None = None
    pending_events: tuple[ContactEvent, ...] = ()
    seen_until: AwareDatetime | None = None
    moving: Move | None = None
    path: tuple[PathEntry, ...] = ()
    left_out: LeftOut = LeftOut()


class JourneyStart(Wire):
    """The input of JourneyWorkflow. Contacts are ids; nothing here is personal (P8).

    Attributes:
        subject, alert_id, window_ends_at: what an alert's journey waits for; a conversation without an alert has none.
        entered_on: the event that a conversation without an alert was entered on.
        late, list_code: whether they entered late, and the list of the alert. For whoever starts the workflow and gives
            it a priority; not part of the input.
    """

    journey_id: JourneyId
    contact_id: ContactId
    store_id: StoreId | None = None
    subject: Subject | None = None
    alert_id: AlertId | None = None
    entered_on: str | None = None
    entered_at: AwareDatetime
    window_ends_at: AwareDatetime | None = None
    program: Program
    state: JourneyState = JourneyState()
    late: bool = Field(default=False, exclude=True)
    list_code: str | None = Field(default=None, exclude=True)


class PlaceGiven(Wire):
    """Signal to a journey: a claim was given to you. The same claim again changes nothing."""

    claim_id: int


class Leave(Wire):
    """Signal to a journey: end, for this reason."""

    reason: Reason


class Broadcast(Wire):
    """Signal to a journey that stands in line: send this message once, and stay in line."""

    message: str


class Wake(Wire):
    """An intervention at a journey that is held up at `step`: look again, something has changed."""

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


class Decide(Wire):
    """Ask which of a question's criteria hold, at this moment of the journey's clock."""

    journey_id: JourneyId
    version: VersionId
    question: str
    at: AwareDatetime


class Decided(Wire):
    """The first whose criteria hold, counted from 0; None: none."""

    choice: int | None


class FindMoment(Wire):
    """When the contact's clock next shows this, counted from `after`."""

    journey_id: JourneyId
    until: Until
    after: AwareDatetime


class Moment(Wire):
    """A moment, and nothing else."""

    at: AwareDatetime


class ChangeContact(Wire):
    """Note something about the contact. Once per step and round."""

    journey_id: JourneyId
    version: VersionId
    step: Annotated[ContactChange, Field(discriminator="kind")]
    round: int
    at: AwareDatetime


class CallOut(Wire):
    """Tell another system, under an id that stays the same however often it is tried."""

    journey_id: JourneyId
    version: VersionId
    step: CallWebhook
    round: int


class CalledOut(Wire):
    """Whether the other system took it; if not, why, for people."""

    taken: bool
    why: str | None = None


class RecordPosition(Wire):
    """Record where the journey rests, for those who list and count; `cause`: what holds it up there, if anything."""

    journey_id: JourneyId
    step: StepId
    cause: Reason | None = None


class Moved(Wire):
    """Record that the journey lives by another version now."""

    journey_id: JourneyId
    version: VersionId
    operation_id: int


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


class LeaveWaitlist(Wire):
    """Leave the waiting list, unless a claim has just been given."""

    journey_id: JourneyId
    reason: Reason


class LeftWaitlist(Wire):
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

    to_notify: int
    more: bool


class NotifyClaims(Wire):
    """Signal every journey of this subject whose claim has not been called forward yet."""

    subject: Subject
