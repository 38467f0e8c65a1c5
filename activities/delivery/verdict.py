"""The check before every message (promise P3): facts in, verdict out. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.outcome import Deferred, Refused, Then
from schemas.reasons import Reason


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true now of one message's journey.

    Attributes:
        left: why the journey left the waiting list; None while it has not.
        claim: `given`: not told yet; `used`: told before; None: it holds no place.
        in_stock: for a claim not used yet, the episode it was given in is still open; later, any is.
        quiet_from, quiet_until: the list's quiet hours in its own time zone; both or neither.
    """

    draft: bool
    left: Reason | None
    erased: bool
    consented: bool
    suppressed: bool
    on_sale: bool
    claim: Literal["given", "used"] | None
    in_stock: bool
    time_zone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing speaks against it."""


def judge(facts: Facts, now: datetime) -> Go | Deferred | Refused:
    """Whether the message may leave at `now` (aware).

    About the person first, then the message, then the product, then the hour: so the reason on record is the one
    that would not go away by waiting.
    """
    told = facts.claim == "used"
    if facts.left is not None:
        return Refused(reason=facts.left, then=Then.LEAVE)
    if facts.erased:
        return Refused(reason=Reason.ERASED, then=Then.LEAVE)
    if not facts.consented:
        return Refused(reason=Reason.NO_CONSENT, then=Then.LEAVE)
    if facts.suppressed:
        return Refused(reason=Reason.SUPPRESSED, then=Then.LEAVE)
    if facts.draft:
        return Refused(reason=Reason.MESSAGE_DRAFT, then=Then.GO_ON)
    if not facts.on_sale:
        return Refused(reason=Reason.INACTIVE, then=Then.GO_ON if told else Then.BACK_IN_LINE)
    if not facts.in_stock or facts.claim is None:
        return Refused(reason=Reason.SOLD_OUT_AGAIN, then=Then.GO_ON if told else Then.BACK_IN_LINE)
    if (until := _quiet_until(facts, now)) is not None:
        return Deferred(until=until, reason=Reason.QUIET_HOURS)
    return Go()


def _quiet_until(facts: Facts, now: datetime) -> datetime | None:
    """When the quiet hours that hold at `now` end; None outside them. By the wall clock, daylight saving included."""
    starts, ends = facts.quiet_from, facts.quiet_until
    if starts is None or ends is None or starts == ends:
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
