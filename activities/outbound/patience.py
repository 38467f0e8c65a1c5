"""How long a server wants to be left alone, as it writes that into a header."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_RETRY_AFTER = timedelta(hours=1)
"""A server that asks for longer is asked again after this: a mistyped number must not hold a journey for days."""


def patience(asked: str | None, now: datetime | None = None) -> timedelta | None:
    """How long to wait by a header with seconds or a date; None: it asks for nothing sensible."""
    text = (asked or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?", text):
        return _bounded(timedelta(seconds=float(text)))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    # By RFC 9110 such a date is in GMT, whether it says so or not.
    return _bounded((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - (now or datetime.now(UTC)))


def patience_until(asked: str, now: datetime | None = None) -> timedelta | None:
    """How long to wait by a header with a moment, in seconds since 1970; None: it asks for nothing sensible."""
    if not re.fullmatch(r"[0-9]{1,11}", asked):
        return None
    return _bounded(timedelta(seconds=int(asked) - (now or datetime.now(UTC)).timestamp()))


def _bounded(asked: timedelta) -> timedelta | None:
    return min(asked, LONGEST_RETRY_AFTER) if asked > timedelta(0) else None
