"""A list's cap on messages to one person: when the next one may leave. Pure.

Rehearsals go by it. In production the function `turn_of` of the schema says the same, of what PostgreSQL knows.
"""

from collections.abc import Iterable
from datetime import datetime

from schemas.document.conversation import Cap


def next_turn(counted: Iterable[datetime], cap: Cap | None, now: datetime) -> datetime | None:
    """When one more message may leave, so that in no time of the cap's length there are more than it allows.

    Args:
        counted: when those before it left, or will leave.

    Returns:
        None: now.
    """
    latest = sorted(counted, reverse=True)
    if cap is None or len(latest) < cap.messages:
        return None
    turn = latest[cap.messages - 1] + cap.per
    return turn if turn > now else None
