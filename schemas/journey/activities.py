"""What a journey asks of its activities and what they answer: one model each way."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import CallWebhook, ContactChange, Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.outcome import Outcome
from schemas.model import Wire
from schemas.reasons import Ending, Reason
from schemas.time.moments import Until


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
