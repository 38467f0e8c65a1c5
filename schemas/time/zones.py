"""Time zones by the names that people and other systems write."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones


def find_zone(name: str) -> str | None:
    """The zone's own name, whatever letter case it is written in and blanks are around it; None: there is no such."""
    return _by_plain_name().get(name.strip().casefold()) or _installed(name)


def _installed(name: str) -> str | None:
    """A zone that the database has, and does not list."""
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        return None


@cache
def _by_plain_name() -> dict[str, str]:
    return {zone.casefold(): zone for zone in available_timezones()}
