"""When a relevancy window ends: pure calendar arithmetic."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def window_end(entered_at: datetime, days: int, time_zone: str) -> datetime:
    """The first local midnight that is at least `days` × 24 h after entry.

    So the window ends with a local end of day and never takes less than it promised, whatever daylight saving does.

    Args:
        entered_at: aware.
        days: ≥ 1.
        time_zone: an IANA name, the list's.
    """
    zone = ZoneInfo(time_zone)
    earliest = entered_at + timedelta(days=days)
    day = earliest.astimezone(zone).date()
    midnight = datetime.combine(day, time(), zone)
    if midnight.astimezone(earliest.tzinfo) < earliest:
        midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    return midnight.astimezone(ZoneInfo("UTC"))
