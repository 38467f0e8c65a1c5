"""The outcomes of one message, as values."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from schemas.model import Wire
from schemas.reasons import Reason


class AfterRefusal(StrEnum):
    """What a refused message means for its journey."""

    GO_ON = "go_on"
    """The message is skipped; the journey goes on with the next step."""
    BACK_IN_LINE = "back_in_line"
    """The claim was given back; the journey waits again, at its old place."""
    END_THREAD = "end_thread"
    """The thread ends here; the journey goes on as after any end of it."""
    LEAVE = "leave"
    """The place passes to the next in line and the journey ends."""


class Sent(Wire):
    """The provider took the message."""

    kind: Literal["sent"] = "sent"
    message_id: str
    """The Message-ID, made from the ledger's key, so that it is the same however often it is made."""
    at: AwareDatetime


class Deferred(Wire):
    """Not now: the check is made again at `until`."""

    kind: Literal["deferred"] = "deferred"
    until: AwareDatetime
    reason: Reason


class Refused(Wire):
    """The message was not sent, and will not be."""

    kind: Literal["refused"] = "refused"
    reason: Reason
    then: AfterRefusal


class Unknown(Wire):
    """It cannot be known whether the provider took it. It counts as told and is never sent again (P1)."""

    kind: Literal["unknown"] = "unknown"


class Held(Wire):
    """It waits for somebody's approval; the check is made again then."""

    kind: Literal["held"] = "held"


class Stopped(Wire):
    """It cannot be sent until somebody corrects what `reason` names and resumes the journey, or skips the step."""

    kind: Literal["stopped"] = "stopped"
    reason: Reason


Outcome = Annotated[Sent | Deferred | Refused | Unknown | Held | Stopped, Field(discriminator="kind")]


def describe(outcome: Outcome) -> str:
    """One line for people: what was found and what it meant."""
    match outcome:
        case Sent():
            return "sent"
        case Deferred(until=until, reason=reason):
            return f"deferred until {_clock(until)}: {reason.sentence}"
        case Refused(reason=reason, then=then):
            return f"refused ({reason}), {then.value.replace('_', ' ')}: {reason.sentence}"
        case Unknown():
            return f"unknown: {Reason.PROVIDER_UNKNOWN.sentence}"
        case Held():
            return f"held: {Reason.AWAITING_APPROVAL.sentence}"
        case Stopped(reason=reason):
            return f"stopped ({reason}): {reason.sentence}"


def _clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S %Z")
