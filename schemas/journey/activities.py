"""Inputs and results of a journey's activities."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import CallWebhook, ContactChange, Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.outcome import Outcome
from schemas.journey.path import EnteredStep
from schemas.model import Wire
from schemas.reasons import Ending, Reason
from schemas.time.moments import Until


class Decide(Wire):
    """Which of the version's compiled criteria under `criteria_id` hold at `at`, by the workflow's clock.

    Attributes:
        criteria_id: the id of the decide step, as in `CompiledCriteria`.
    """

    journey_id: JourneyId
    version: VersionId
    criteria_id: str
    at: AwareDatetime


class Decided(Wire):
    """The index of the first criteria that hold; None: none do."""

    choice: int | None


class FindMoment(Wire):
    """When `until` comes next after `after`, in the contact's time zone."""

    journey_id: JourneyId
    until: Until
    after: AwareDatetime


class Moment(Wire):
    """The moment that was found."""

    at: AwareDatetime


class ChangeContact(Wire):
    """Change an attribute, a tag or a list of the contact; once per step and round."""

    journey_id: JourneyId
    version: VersionId
    step: Annotated[ContactChange, Field(discriminator="kind")]
    round: int
    at: AwareDatetime


class CallOut(Wire):
    """Call the webhook of a step, under an id that is the same for every attempt."""

    journey_id: JourneyId
    version: VersionId
    step: CallWebhook
    round: int


class CalledOut(Wire):
    """Whether the other system took it; if not, why, for people."""

    taken: bool
    why: str | None = None


class RecordPosition(Wire):
    """Record in PostgreSQL where the journey rests, for lists and counts; `cause`: what stops it there, if anything.

    `entered`: the stays that were not recorded yet.
    """

    journey_id: JourneyId
    step: StepId
    cause: Reason | None = None
    entered: tuple[EnteredStep, ...] = ()


class Moved(Wire):
    """Record that the journey has moved to another version."""

    journey_id: JourneyId
    version: VersionId
    operation_id: int


QUESTION_STEP = StepId("double-opt-in")
"""The step id of the message that asks whether it was them who signed up; no step of a document has it."""


STILL_WAITING_STEP = "while-waiting/"
"""How the step ids begin of what is said in line, followed by how long they have waited."""


class Deliver(Wire):
    """The input of the deliver activity: which message of which journey, and on which event.

    Attributes:
        event: the one that the thread was entered on; None for what is said to somebody in line.
        version: whose message it is.
        give_up_at: when a provider that cannot be reached is no longer waited for.
        last: the journey is completed once the contact was told by it.
        entered: the stays that were not recorded yet.
    """

    journey_id: JourneyId
    event: AlertEvent | None
    version: VersionId
    step: Send
    round: int
    give_up_at: AwareDatetime
    last: bool = False
    entered: tuple[EnteredStep, ...] = ()

    @property
    def key(self) -> str:
        """The ledger's idempotency key: one message per journey, step and round."""
        return f"{self.journey_id}/{self.step.id}/{self.round}"

    @property
    def is_question(self) -> bool:
        """Whether it asks for consent, and so needs none."""
        return self.step.id == QUESTION_STEP

    @property
    def says_still(self) -> bool:
        """Whether it says that what they wait for is still not back."""
        return self.step.id.startswith(STILL_WAITING_STEP)


class Delivered(Wire):
    """The result of the deliver activity; `closed`: the journey's end is on record with it."""

    outcome: Outcome
    closed: bool = False


class LeaveWaitlist(Wire):
    """Leave the waiting list, unless a claim has just been given."""

    journey_id: JourneyId
    reason: Reason


class LeftWaitlist(Wire):
    """`claim_id` is set when a claim was given first: then the journey is told after all."""

    claim_id: int | None


class Close(Wire):
    """The journey has ended: record how; `entered`: the stays that were not recorded yet."""

    journey_id: JourneyId
    ending: Ending
    reason: Reason | None
    entered: tuple[EnteredStep, ...] = ()
