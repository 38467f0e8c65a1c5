"""When a relevancy window ends: pure calendar arithmetic."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def window_end(entered_at: datetime, days: int, time_zone: str) -> datetime:
    """The first local midnight that is at least `days` × 24 h after entry.

    So the window ends with a local day and is never shorter than promised, whatever daylight saving does.

    Args:
        entered_at: aware.
        days: ≥ 1.
        time_zone: an IANA name, the list's.
    """
    zone = ZoneInfo(time_zone)
    # Added in UTC: in a zone with daylight saving, `+` adds to the local clock reading and not to elapsed time.
    earliest = entered_at.astimezone(UTC) + timedelta(days=days)
    day = earliest.astimezone(zone).date()
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    if midnight < earliest:
        midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return midnight
