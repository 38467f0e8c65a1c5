"""The input of a journey's workflow, and the state that it carries from run to run."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.ids import AlertId, ContactId, JourneyId, StepId, StoreId, Subject
from schemas.journey.path import LeftOut, PathEntry
from schemas.journey.program import SharedProgram
from schemas.journey.signals import ContactEvent, Move
from schemas.model import Wire
from schemas.reasons import Reason


class Phase(StrEnum):
    """The phase of the journey: the outer of its two state machines. Within a phase a thread is walked."""

    UNCONFIRMED = "unconfirmed"
    """Of a list with double opt-in: asked whether it was them who signed up, and no answer yet."""
    ENTERED = "entered"
    """In the thread of the subscription event, if there is one; without an alert, the only phase."""
    WAITING = "waiting"
    ALERTED = "alerted"
    FOLLOWING_UP = "following_up"
    """Resting until a reminder is due, or in its thread."""
    DISCONTINUED = "discontinued"


class JourneyState(Wire):
    """All that changes in a journey: carried through continue-as-new, and nothing else is.

    Attributes:
        at: the step the thread rests at; None while the journey waits in line.
        rest_until: when that rest ends, so that continuing as new does not begin it again.
        claim_id: the claim this journey was notified of.
        round: how often a thread has been entered; a message may be sent once per step and round.
        reminders: how many follow-ups have been raised.
        said_until: what was to be said in line by then was said, or is passed by; None: it has not stood in one yet, or
            nothing is said there.
        say_again_at: when the last of it, which was put off, is tried again.
        leaving: why it is to leave; None: it is not.
        pending_events: contact events of the rest in which it continued as new; a later step may wait for them.
        seen_until: when the event happened that last ended a wait; events up to then end no other.
        moving: the version to move to, until the journey rests at a step that it has too.
        left_out: what was dropped from the path, which is bounded.
        recorded_stays: how many stays of the path PostgreSQL was told of.
        rested: PostgreSQL was told of a rest in a thread, and not yet that it ended in line.
    """

    phase: Phase = Phase.ENTERED
    at: StepId | None = None
    rest_until: AwareDatetime | None = None
    claim_id: int | None = None
    round: int = 0
    reminders: int = 0
    said_until: AwareDatetime | None = None
    say_again_at: AwareDatetime | None = None
    leaving: Reason | None = None
    pending_events: tuple[ContactEvent, ...] = ()
    seen_until: AwareDatetime | None = None
    moving: Move | None = None
    path: tuple[PathEntry, ...] = ()
    left_out: LeftOut = LeftOut()
    recorded_stays: int = 0
    rested: bool = False


class JourneyStart(Wire):
    """The input of JourneyWorkflow. Contacts are ids; nothing here is personal (P8).

    Attributes:
        subject, alert_id, window_ends_at: what an alert's journey waits for; a conversation without an alert has none.
        entered_on: the event that a conversation without an alert was entered on.
        late, list_code: whether they entered late, and the list of the alert. They decide the priority of the workflow,
            and are not part of its input.
    """

    journey_id: JourneyId
    contact_id: ContactId
    store_id: StoreId | None = None
    subject: Subject | None = None
    alert_id: AlertId | None = None
    entered_on: str | None = None
    entered_at: AwareDatetime
    window_ends_at: AwareDatetime | None = None
    program: SharedProgram
    state: JourneyState = JourneyState()
    late: bool = Field(default=False, exclude=True)
    list_code: str | None = Field(default=None, exclude=True)
