"""Why one person was written to, and why again: found from their messages in order, and said in English. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from activities.delivery.order import BROADCAST_ROUND
from schemas.channels import Channel
from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import Action, AlertEvent, AlertType
from schemas.ids import JourneyId, StepId, StoreId, VersionId
from schemas.journey.activities import STILL_WAITING_STEP
from schemas.responses.causes import Again, Entrance, MessageCause, Then, WrittenAgain

_ENTRANCES = {Action.SIGN_UP: Entrance.SIGNED_UP, Action.BROWSE: Entrance.LOOKED, Action.CART: Entrance.CARTED}
_EVENTS = {
    AlertEvent.SUBSCRIPTION: Then.CONFIRMED,
    AlertEvent.ALERT: Then.TURN,
    AlertEvent.FOLLOW_UP: Then.REMINDED,
    AlertEvent.DISCONTINUED: Then.DISCONTINUED,
}


@dataclass(frozen=True, slots=True)
class SentRow:
    """A message that left, or may have, and the journey it belongs to.

    Attributes:
        about: what the journey watches, or is about.
        version_id: the one that the journey lives by now.
        event: of its alert, that its thread was entered on; None: of none.
        together: what else was told in it, as `about` names it.
        entered_on: the event that a conversation without an alert was entered on.
    """

    journey_id: JourneyId
    store_id: StoreId
    about: str | None
    product_id: str | None
    product_title: str | None
    conversation: str
    alert_id: str | None
    version_id: VersionId
    step: StepId
    message: str
    round: int
    event: AlertEvent | None
    subject: str | None
    together: list[str]
    channel: Channel
    unknown: bool
    sent_at: datetime
    entered_at: datetime
    entered_on: str | None
    type: AlertType | None
    action: Action | None

    @property
    def thing(self) -> tuple[str, str | None]:
        """What it is about, whichever variant."""
        return self.store_id, self.product_id


def cause_of(row: SentRow) -> MessageCause:
    """What the contact did, and what happened then."""
    return MessageCause(
        entered=_ENTRANCES[row.action] if row.action is not None else Entrance.EVENT,
        entered_on=row.entered_on,
        entered_at=row.entered_at,
        then=_then(row),
        type=row.type,
    )


def _then(row: SentRow) -> Then | None:
    if row.event is not None:
        return _EVENTS[row.event]
    if row.step.startswith(STILL_WAITING_STEP):
        return Then.STILL_WAITING
    return Then.BROADCAST if row.round == BROADCAST_ROUND else None


def again_of(row: SentRow, before: Sequence[SentRow]) -> WrittenAgain | None:
    """Why they were written to once more, after these; None: it is the first."""
    if not before:
        return None
    own = [each for each in before if each.journey_id == row.journey_id]
    if own:
        return _again_in_journey(row, own)
    same = [each for each in before if each.thing == row.thing and row.product_id is not None]
    if not same:
        return WrittenAgain(why=Again.OTHER_THING if row.product_id is not None else Again.OTHER_CONVERSATION)
    last = same[-1]
    if (last.conversation, last.alert_id) != (row.conversation, row.alert_id):
        if row.alert_id is not None:
            return WrittenAgain(why=Again.OTHER_ALERT_OF_IT, what=row.alert_id)
        return WrittenAgain(why=Again.OTHER_CONVERSATION_OF_IT, what=row.conversation)
    return WrittenAgain(why=Again.ENTERED_AGAIN if row.entered_at >= last.sent_at else Again.TWICE_IN_LINE)


def _again_in_journey(row: SentRow, own: Sequence[SentRow]) -> WrittenAgain:
    if row.event is not None and any(each.event is row.event and each.round != row.round for each in own):
        return WrittenAgain(why=Again.CAME_AGAIN, what=row.event)
    last = own[-1]
    if last.round == row.round:
        return WrittenAgain(why=Again.NEXT_STEP, what=row.step, after=last.step)
    if last.event is None:
        return WrittenAgain(why=Again.CAME_AFTER)
    return WrittenAgain(why=Again.FOLLOWS, what=row.event or row.message, after=last.event)


def cause_sentence(cause: MessageCause) -> str:
    """It in English, with the time in UTC."""
    return f"{_entered(cause)} on {cause.entered_at:%Y-%m-%d %H:%M} UTC{_went_on(cause)}."


def _entered(cause: MessageCause) -> str:
    match cause.entered:
        case Entrance.SIGNED_UP:
            return "They signed up"
        case Entrance.LOOKED:
            return "They looked at it"
        case Entrance.CARTED:
            return "They put it in the cart"
        case Entrance.EVENT:
            return f"They entered on '{cause.entered_on}'"
        case _:
            assert_never(cause.entered)


def _went_on(cause: MessageCause) -> str:
    match cause.then:
        case Then.CONFIRMED:
            return ", and this confirms it"
        case Then.TURN:
            return f", and {ALERT_TYPES[cause.type].told_when}" if cause.type is not None else ""
        case Then.REMINDED:
            return ", were told, and this reminds them"
        case Then.DISCONTINUED:
            return ", and it was discontinued"
        case Then.STILL_WAITING:
            return ", and this told them while they waited that it was still not back"
        case Then.BROADCAST:
            return ", and this went to everyone in line"
        case None:
            return ""
        case _:
            assert_never(cause.then)


def again_sentence(again: WrittenAgain) -> str:
    """It in English."""
    match again.why:
        case Again.OTHER_THING:
            return "It is about something else."
        case Again.OTHER_CONVERSATION:
            return "It is another conversation."
        case Again.OTHER_ALERT_OF_IT:
            return f"It is of another reason: alert '{again.what}'."
        case Again.OTHER_CONVERSATION_OF_IT:
            return f"It is of another reason: conversation '{again.what}'."
        case Again.ENTERED_AGAIN:
            return "They entered again after they had been told."
        case Again.TWICE_IN_LINE:
            return "They were in line twice: for another variant of it, or for the whole product."
        case Again.CAME_AGAIN:
            return f"The same journey: '{again.what}' came once more."
        case Again.NEXT_STEP:
            return f"The same journey: its step '{again.what}' follows '{again.after}'."
        case Again.CAME_AFTER:
            return "The same journey: what they wait for came after."
        case Again.FOLLOWS:
            return f"The same journey: '{again.what}' follows '{again.after}'."
        case _:
            assert_never(again.why)
