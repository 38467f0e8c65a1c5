"""What people ask of a line, and a sign-up for it: with few in it, and with very many."""

import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.waitlist.entrances import Entrances
from bench.shop import BACK_IN_STOCK, STORE
from schemas.ids import JourneyId, Level
from starter.reporting.reports import Period, Reports
from starter.support.journeys import Journeys
from starter.support.why import About, Why
from starter.waitlists.waitlists import Lines, Waitlists

SQL = load_queries("bench", "queries.sql")

SHOWN = 50
"""As many of a line as its command shows."""
LIST = "default"


@dataclass(frozen=True, slots=True)
class Last:
    """Who stands last in a line."""

    journey_id: JourneyId
    email: str


@dataclass(frozen=True, slots=True)
class LineAsked:
    """A line as it is asked about: its variant, and who was last in it when the asking began."""

    pool: Pool
    variant: str
    last: Last


Ask = Callable[[LineAsked], Awaitable[object]]
Seconds = dict[str, list[float]]
"""By what was asked, a figure each time."""


@dataclass(frozen=True, slots=True)
class Reads:
    """Of the shortest line and of the longest."""

    few: Seconds
    many: Seconds


_people: Iterator[int] = itertools.count()


async def _sign_up(line: LineAsked) -> object:
    return await Entrances(line.pool).sign_up(f"r{next(_people)}@example.com", STORE, line.variant, "bench")


async def _why(line: LineAsked) -> object:
    return await Why(line.pool).contact(line.last.email, About())


async def _why_product(line: LineAsked) -> object:
    return await Why(line.pool).product(STORE, About(STORE, line.variant))


async def _journey(line: LineAsked) -> object:
    return await Journeys(line.pool).show(line.last.journey_id)


async def _line(line: LineAsked) -> object:
    return await Waitlists(line.pool).show(Lines(STORE, variant_id=line.variant), SHOWN)


OF_ONE_LINE: dict[str, Ask] = {
    "sign_up": _sign_up,
    "why": _why,
    "why_product": _why_product,
    "journey_show": _journey,
    "waitlist_show": _line,
}


async def _wanted(line: LineAsked) -> object:
    return await Reports(line.pool).wanted(LIST, Period(), Level.VARIANT)


async def _list_report(line: LineAsked) -> object:
    return await Reports(line.pool).list_figures(LIST, Period())


OF_ALL_LINES: dict[str, Ask] = {"report_wanted": _wanted, "report_list": _list_report}
"""Of the whole list, and so each line that they are asked of is in a database of its own."""


async def line_asked(pool: Pool, variant: int) -> LineAsked:
    """A line, to ask about."""
    last = await SQL.last_in_line.one(pool, Last, store_id=STORE, variant_id=str(variant), alert=BACK_IN_STOCK)
    return LineAsked(pool, str(variant), last)


async def time_reads(asks: dict[str, Ask], lines: list[LineAsked], times: int) -> list[Seconds]:
    """Seconds of each of these, of each line in turn, so often and once before to warm up."""
    seconds: list[Seconds] = [{name: [] for name in asks} for _ in lines]
    for number in range(times + 1):
        for line, of_line in zip(lines, seconds, strict=True):
            # All of one line and then of the next: a sign-up starts a workflow, which takes a moment from what follows.
            for name, ask in asks.items():
                began = time.monotonic()
                await ask(line)
                if number:
                    of_line[name].append(time.monotonic() - began)
    return seconds
