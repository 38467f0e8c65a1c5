"""How far another system's clock is trusted. Pure."""

from datetime import datetime, timedelta

CLOCK_TOLERANCE = timedelta(minutes=5)
"""Clocks of well-kept servers differ by less."""


def clamp_to_now(at: datetime, now: datetime) -> datetime:
    """`at`, or `now` in its place when it lies further ahead than clocks differ. Both aware."""
    return at if at <= now + CLOCK_TOLERANCE else now
