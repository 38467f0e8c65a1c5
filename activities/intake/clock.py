"""How far another system's clock is trusted. Pure."""

from datetime import datetime, timedelta
from typing import TypeVar

from schemas.incoming.facts import Fact

Reported = TypeVar("Reported", bound=Fact)

CLOCK_TOLERANCE = timedelta(minutes=5)
"""Clocks of well-kept servers differ by less."""


def clamp_to_now(at: datetime, now: datetime) -> datetime:
    """`at`, or `now` in its place when it lies further ahead than clocks differ. Both aware."""
    return at if at <= now + CLOCK_TOLERANCE else now


def not_from_the_future(fact: Reported, now: datetime) -> Reported:
    """A storefront's clock that runs ahead must not make its messages of today outrank those of tomorrow."""
    if fact.observed_at is None:
        return fact
    return fact.model_copy(update={"observed_at": clamp_to_now(fact.observed_at, now)})
