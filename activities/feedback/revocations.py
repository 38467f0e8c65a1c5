"""Texts that may take a consent back, though they are none of the words: a person reads them, in time.

In the United States a no in any reasonable words has to be kept to within ten business days (47 CFR 64.1200(a)(10)).
Days on which offices are closed are not left out but weekends, so the day named is never later than the law's.
"""

from datetime import datetime, timedelta

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.providers.words import reads_like_a_no

SQL = load_queries("activities.feedback", "revocations.sql")

BUSINESS_DAYS = 10
LONGEST_TEXT = 2000
_SATURDAY = 5


async def ask_for_review(
    connection: Connection, event_id: int, channel: str, address: str, text: str, now: datetime
) -> None:
    """Put a text into the queue.

    Args:
        event_id: its row in `message_events`.
    """
    await SQL.ask.run(
        connection,
        event_id=event_id,
        channel=channel,
        address=address,
        said=text.replace("\0", "")[:LONGEST_TEXT],
        likely=reads_like_a_no(text),
        received_at=now,
        due_at=due(now),
    )


def due(received_at: datetime) -> datetime:
    """The last moment to keep to a no: the same hour, ten business days later."""
    day, left = received_at, BUSINESS_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < _SATURDAY
    return day
