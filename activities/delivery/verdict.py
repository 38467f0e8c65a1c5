"""The check before every message (promise P3): facts in, verdict out. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from activities.waitlist.allocation import trigger_holds
from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertEvent, AlertType
from schemas.journey.outcome import AfterRefusal, Deferred, Refused
from schemas.reasons import Reason

PAUSE_CHECK = timedelta(minutes=15)
"""How soon a message of a paused conversation is looked at again."""
TELLING = (AlertEvent.ALERT, AlertEvent.FOLLOW_UP)
"""The events whose messages use the place; a confirmation or a farewell does not."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true now of one message's journey.

    Attributes:
        event: what the thread answers; None for a message said once to those in line, and without an alert.
        type: None: the conversation has no alert that this journey waited for.
        left: why the journey left the waiting list; None while it has not.
        filtered: the alert's own conditions on product or contact do not hold.
        bought: the contact bought the product, since entering or in the time the alert names.
        claim: `given`: not told yet; `used`: told before; `lapsed`: told, and the place has passed on; None: no place.
        on_sale, in_stock: true for a journey that is about no product. In stock for an alert: an episode is open, and
            for a claim not used yet it is the one the claim was given in; without an alert: it can be bought now.
        measure, trigger: the price or quantity now, and the bound it must not exceed; None: the alert has none.
        said: before the journey moved to another version, this message was sent, or may have been.
        quiet_from, quiet_until: the list's quiet hours in its own time zone; both or neither.
    """

    event: AlertEvent | None
    type: AlertType | None
    draft: bool
    left: Reason | None
    erased: bool
    consented: bool
    suppressed: bool
    paused: bool
    filtered: bool
    bought: bool
    on_sale: bool
    claim: Literal["given", "used", "lapsed"] | None
    in_stock: bool
    same_currency: bool = True
    measure: Decimal | None = None
    trigger: Decimal | None = None
    time_zone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None
    said: bool = False


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing speaks against it."""


def judge(facts: Facts, now: datetime) -> Go | Deferred | Refused:
    """Whether the message may leave at `now` (aware).

    About the person first, then the message, then the product, then the hour: so the reason on record is the one
    that would not go away by waiting.
    """
    if (reason := _about_the_person(facts)) is not None:
        return Refused(reason=reason, then=AfterRefusal.LEAVE)
    if facts.draft:
        return Refused(reason=Reason.MESSAGE_DRAFT, then=AfterRefusal.GO_ON)
    if facts.said:
        return Refused(reason=Reason.ALREADY_SAID, then=AfterRefusal.GO_ON)
    if facts.paused:
        return Deferred(until=now + PAUSE_CHECK, reason=Reason.CONVERSATION_PAUSED)
    if facts.type is None:
        refused = _about_the_product(facts)
    elif facts.event in TELLING:
        refused = _about_the_offer(facts, facts.type)
    else:
        refused = None
    if refused is not None:
        return refused
    if (until := _quiet_until(facts, now)) is not None:
        return Deferred(until=until, reason=Reason.QUIET_HOURS)
    return Go()


def _about_the_person(facts: Facts) -> Reason | None:
    """Why nothing may be said to them any more."""
    being_dismissed = facts.event is AlertEvent.DISCONTINUED and facts.left is Reason.DISCONTINUED
    if facts.left is not None and not being_dismissed:
        return facts.left
    if facts.erased:
        return Reason.ERASED
    if not facts.consented:
        return Reason.NO_CONSENT
    if facts.suppressed:
        return Reason.SUPPRESSED
    return None


def _about_the_product(facts: Facts) -> Refused | None:
    """Why what a conversation without an alert would say of a product is not true any more."""
    if facts.bought:
        return Refused(reason=Reason.PURCHASED, then=AfterRefusal.LEAVE)
    if not facts.on_sale:
        return Refused(reason=Reason.INACTIVE, then=AfterRefusal.GO_ON)
    if not facts.in_stock:
        return Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.GO_ON)
    return None


def _about_the_offer(facts: Facts, type_: AlertType) -> Refused | None:
    """Why what the alert would say is not true, or not for them; before they were told, they may get another chance."""
    told = facts.claim in ("used", "lapsed")
    if facts.bought:
        return Refused(reason=Reason.PURCHASED, then=AfterRefusal.LEAVE)
    if facts.claim == "lapsed":
        return Refused(reason=Reason.OFFER_LAPSED, then=AfterRefusal.GO_ON)
    if not facts.same_currency:
        return Refused(reason=Reason.CURRENCY_CHANGED, then=AfterRefusal.GO_ON if told else AfterRefusal.LEAVE)
    if facts.filtered:
        return Refused(reason=Reason.FILTERED, then=AfterRefusal.GO_ON if told else AfterRefusal.LEAVE)
    passing = AfterRefusal.GO_ON if told else AfterRefusal.BACK_IN_LINE
    if not facts.on_sale:
        return Refused(reason=Reason.INACTIVE, then=passing)
    if not facts.in_stock or facts.claim is None:
        return Refused(reason=Reason.SOLD_OUT_AGAIN, then=passing)
    if not trigger_holds(facts.trigger, facts.measure):
        return Refused(reason=ALERT_TYPES[type_].over_trigger, then=passing)
    return None


def _quiet_until(facts: Facts, now: datetime) -> datetime | None:
    """When the quiet hours that hold at `now` end; None outside them. By the wall clock, daylight saving included."""
    starts, ends = facts.quiet_from, facts.quiet_until
    if starts is None or ends is None:
        return None
    # Written by people, a time of day never says which of two it means.
    starts, ends = starts.replace(fold=0), ends.replace(fold=0)
    if starts == ends:
        return None
    zone = ZoneInfo(facts.time_zone)
    local = now.astimezone(zone)
    wall = local.time()
    quiet = starts <= wall < ends if starts < ends else wall >= starts or wall < ends
    if not quiet:
        return None
    day = local.date() if wall < ends else local.date() + timedelta(days=1)
    until = datetime.combine(day, ends, zone).astimezone(UTC)
    # In the night the clocks go back the end may come twice; the first has passed when it is quiet once more.
    return until if until > now else datetime.combine(day, ends.replace(fold=1), zone).astimezone(UTC)
