"""Why somebody was told or not, in the reader's language: of a reason, of an entry of "why not", of what the audit has.

In English a service's own sentence stands, which has every number; other languages say it by its reason.
"""

from schemas.journey.path import PathEntry
from schemas.reasons import Reason
from schemas.responses.causes import MessageCause, Then, WrittenAgain
from schemas.responses.journeys import JourneyStatus
from schemas.responses.why import WaitStatus, WhyEntry
from starter.http.console.words import FIRST, Words


def said_action(t: Words, action: str) -> str:
    """What the audit has that somebody did; what nobody has words for stands as it is on record."""
    name = f"actions.{action.replace(' ', '_').replace('-', '_')}"
    return t(name) if t.has(name) else action


def said_reason(t: Words, reason: Reason) -> str:
    """A reason, as a sentence."""
    return t(f"reasons.{reason}")


def said_entry(t: Words, entry: WhyEntry) -> str:
    """Why somebody was told or not, of one thing that they were considered for."""
    if t.language == FIRST:
        return entry.sentence
    said = [_standing(t, entry.standing) if entry.standing else _status(t, entry)]
    if entry.held_up_by is not None:
        said.append(t("reasons.held_up", why=said_reason(t, entry.held_up_by)))
    if entry.would_refuse is not None:
        said.append(t("reasons.would_refuse", why=said_reason(t, entry.would_refuse)))
    return " ".join(said)


def _standing(t: Words, standing: WaitStatus) -> str:
    none = "–"
    return t(
        f"reasons.not_yet_{standing.not_yet}",
        units=standing.units,
        price=none if standing.price is None else standing.price,
        trigger=none if standing.trigger is None else standing.trigger,
        ahead=none if standing.ahead is None else standing.ahead,
        places=none if standing.places is None else standing.places,
        quantity=standing.quantity,
    )


def _status(t: Words, entry: WhyEntry) -> str:
    if entry.told_at is not None:
        told = t("reasons.told")
        return f"{told} {t('reasons.ended_then', why=said_reason(t, entry.reason))}" if entry.reason else told
    if entry.status is not JourneyStatus.ENDED and entry.journey_id is not None and entry.reason is None:
        return t("reasons.under_way")
    return said_reason(t, entry.reason or Reason.NO_MESSAGE)


def said_cause(t: Words, cause: MessageCause) -> str:
    """What somebody did that a journey began with, and what happened then, for which a message left."""
    entered = t(f"causes.entered_{cause.entered}", on=cause.entered_on or "–", at=t.moment(cause.entered_at))
    if cause.then is None or (cause.then is Then.TURN and cause.type is None):
        return t("causes.alone", entered=entered)
    name = f"turn_{cause.type}".replace("-", "_") if cause.then is Then.TURN else f"then_{cause.then}"
    return t("causes.both", entered=entered, then=t(f"causes.{name}"))


def said_again(t: Words, again: WrittenAgain) -> str:
    """Why somebody was written to once more."""
    return t(f"causes.again_{again.why}", what=again.what or "–", after=again.after or "–")


def said_exit(t: Words, entry: PathEntry) -> str:
    """Why a step was left; empty: it was not."""
    if entry.why is None:
        return ""
    return t(f"causes.left_{entry.why}", event=entry.event or "–", branch=entry.branch or t("causes.otherwise"))
