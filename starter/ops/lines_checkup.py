"""The part of the check-up that looks at lines: those that have grown past the number of their list."""

from dataclasses import dataclass
from datetime import datetime

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from starter.ops.findings import Finding, good, note

SQL = load_queries("starter.ops", "lines_checkup.sql")


@dataclass(frozen=True, slots=True)
class LongLines:
    """How many lines are long, and the one that has grown so last: so many wait in it, where its list says `number`."""

    lines: int
    store_id: str
    subject: str
    alert_id: str
    number: int
    since: datetime
    waiting: int


async def examine_lines(pool: Pool) -> Finding:
    """Lines that are long by what their list says."""
    long = await SQL.long_lines.row(pool, LongLines)
    if long is None:
        return good("lines", "none has grown past the number of its list")
    which = f"{long.subject} of {long.store_id}, in line for '{long.alert_id}'"
    return note(
        "lines",
        f"{long.lines} grown past the number of their list; the last at {long.since:%Y-%m-%d %H:%M} UTC: "
        f"{which}, {long.waiting} wait, and its list says {long.number}",
        "`shelftalk report wanted` has all, with units to order; `shelftalk stock forecast` says what these would do.",
    )
