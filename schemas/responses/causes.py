"""Why somebody was written to, and why once more: in codes, of which each face makes its sentences."""

from enum import StrEnum

from pydantic import AwareDatetime

from schemas.document.alert_types.vocabulary import AlertType
from schemas.model import Model


class Entrance(StrEnum):
    """What a contact did that a journey began with."""

    SIGNED_UP = "signed_up"
    LOOKED = "looked"
    CARTED = "carted"
    EVENT = "event"


class Then(StrEnum):
    """What happened after it, for which the message left."""

    CONFIRMED = "confirmed"
    """Nothing: it says that they are in line."""
    TURN = "turn"
    """What their alert watches for."""
    REMINDED = "reminded"
    DISCONTINUED = "discontinued"
    STILL_WAITING = "still_waiting"
    BROADCAST = "broadcast"


class Again(StrEnum):
    """Why they were written to though they had been before."""

    OTHER_THING = "other_thing"
    OTHER_CONVERSATION = "other_conversation"
    OTHER_ALERT_OF_IT = "other_alert_of_it"
    OTHER_CONVERSATION_OF_IT = "other_conversation_of_it"
    ENTERED_AGAIN = "entered_again"
    TWICE_IN_LINE = "twice_in_line"
    CAME_AGAIN = "came_again"
    NEXT_STEP = "next_step"
    CAME_AFTER = "came_after"
    FOLLOWS = "follows"


class MessageCause(Model):
    """What a contact did, and what happened then.

    Attributes:
        entered_on: the event, of a conversation that was entered on one.
        then: None: nothing that their alert names.
        type: what their alert watches for.
    """

    entered: Entrance
    entered_on: str | None
    entered_at: AwareDatetime
    then: Then | None
    type: AlertType | None


class WrittenAgain(Model):
    """Why a contact was written to once more.

    Attributes:
        what: the alert, conversation, event or step that it is about.
        after: the event or step that it follows.
    """

    why: Again
    what: str | None = None
    after: str | None = None
