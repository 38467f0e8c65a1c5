"""What time it is at a shop, by the `Date` of its answers: whole seconds (RFC 9110, section 6.6.1)."""

from collections.abc import Mapping
from datetime import MAXYEAR, UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def moment_of(headers: Mapping[str, str]) -> datetime | None:
    """When it was, by the clock of the server that answered; None: it does not say, or says the end of the calendar."""
    try:
        moment = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None and moment.year < MAXYEAR else None


class ShopClock:
    """The clock of one shop, as far as its answers tell."""

    def __init__(self) -> None:
        self._told: datetime | None = None

    def read(self, headers: Mapping[str, str]) -> None:
        """An answer begins."""
        self._told = moment_of(headers) or self._told

    def latest(self) -> datetime:
        """The last moment that the answers so far can be as of: by this clock, or by ours where that is ahead."""
        now = datetime.now(UTC)
        return now if self._told is None else max(now, self._told + timedelta(seconds=1))
