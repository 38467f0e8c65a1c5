"""The period that a page is about: the last so many days, or from one day to another, by the reader's clock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request

from starter.http.console.access import viewer_of
from starter.reporting.reports import BadPeriod, Period

PRESETS = (1, 7, 30, 90, 365)
"""Days, today included."""
USUAL = 30

Day = Annotated[str, Query(max_length=10)]


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """What was asked for.

    Attributes:
        last: so many days up to today; None: two days were named.
        problem: what is wrong with what was asked for; then it is the usual period.
    """

    since: date
    until: date
    last: int | None
    problem: str | None = None

    @property
    def period(self) -> Period:
        """As reports ask for it."""
        return Period(self.since, self.until)

    @property
    def query(self) -> dict[str, object]:
        """What of an address says the same."""
        if self.last is not None:
            return {"last": None if self.last == USUAL else self.last}
        return {"since": self.since, "until": self.until}

    @property
    def before(self) -> Period:
        """The period of the same length that ends where this one begins."""
        length = self.until - self.since + timedelta(days=1)
        return Period(self.since - length, self.until - length)


def _asked(
    request: Request, last: Annotated[str, Query(max_length=4)] = "", since: Day = "", until: Day = ""
) -> AskedPeriod:
    today = datetime.now(ZoneInfo(viewer_of(request).time_zone)).date()
    try:
        if since or until:
            end = date.fromisoformat(until) if until else today
            begin = date.fromisoformat(since) if since else end - timedelta(days=USUAL - 1)
            Period(begin, end)
            return AskedPeriod(begin, end, None)
        days = int(last or USUAL)
        if not 1 <= days <= 3660:
            raise ValueError
        return AskedPeriod(today - timedelta(days=days - 1), today, days)
    except BadPeriod as error:
        problem = str(error)
    except ValueError:
        problem = "period"
    return AskedPeriod(today - timedelta(days=USUAL - 1), today, USUAL, problem)


PeriodAsked = Annotated[AskedPeriod, Depends(_asked)]
