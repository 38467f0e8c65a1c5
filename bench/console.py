"""Every page of the console, with a shop of some years behind it: how long the server takes, and how much it sends.

Pages are those of the console's own routers, so a new one is measured without being named here. What their addresses
take is in `Filled.names`; what they need in a query, in `QUERIES`.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode, urlsplit

from activities.postgres.pool import open_pool
from bench.busy_shop import LONG, Filled, fill
from bench.http import Connection
from bench.process import START_LIMIT_SECONDS, running_part
from bench.report import Figure, Spread, ratio
from bench.servers import Servers, report
from starter.accounts.tokens import form_token
from starter.http.console.access import ConsoleRoute
from starter.http.console.app import ROUTERS
from starter.http.console.signed_in import COOKIE
from starter.runtime.ports import LOOPBACK

MOST_PAGE_SECONDS = 0.15
MOST_TREE_SECONDS = 1.0
"""Of the conversation with as many steps as there may be."""
MOST_PAGE_BYTES = 100_000
BASELINE = "/sign-in"
"""A page of the same server that asks for nothing but whether somebody is signed in."""
QUERIES: dict[str, dict[str, str]] = {
    "/conversations/{name}/analytics/people": {"view": "entries"},
    "/journeys/{journey}/repair": {"do": "retry"},
    "/lines/{store:id}/{level}/{thing:id}/resume": {"alert": "back-in-stock"},
}
NO_PAGES = {
    "/account/second-factor/app",
    "/journeys/{journey}/messages/{message}",
    "/lines/export.csv",
    "/operations",
    "/operations/approvals/letter",
}
"""Parts of pages, which show one message; a file; what opens in the midst of something; what only leads to another."""


class PageFailed(Exception):
    """A page was not shown; the text says which, and its answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One page, opened."""

    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A console with somebody signed in."""

    connection: Connection
    session: str

    async def get(self, path: str) -> Answered:
        """Open a page.

        Raises:
            PageFailed: as it says.
        """
        return await self._ask("GET", path, b"", {})

    async def find(self, begun: str) -> Answered:
        """Look for contacts by what their address begins with."""
        body = urlencode({"csrf": form_token(self.session), "asked": begun}).encode()
        return await self._ask("POST", "/contacts", body, {"Content-Type": "application/x-www-form-urlencoded"})

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        signed_in = {"Accept": "text/html", "Cookie": f"{COOKIE}={self.session}", **headers}
        began = time.monotonic()
        answer = await self.connection.request(method, path, {} if path == BASELINE else signed_in, body)
        taken = time.monotonic() - began
        if answer.status != 200:
            raise PageFailed(f"{method} {path}: {answer.status} {answer.body[:500].decode(errors='replace')}")
        return Answered(taken, len(answer.body))


Ask = Callable[[], Awaitable[Answered]]


def pages() -> list[str]:
    """What can be opened of the console, parameters still in it."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, ConsoleRoute)]
    return sorted({each.path for each in routes if "GET" in (each.methods or ()) and each.path not in NO_PAGES})


def address_of(path: str, names: Mapping[str, str]) -> str:
    """What a page is opened by.

    Raises:
        PageFailed: it takes a parameter that has no name here.
    """

    def named(parameter: re.Match[str]) -> str:
        if parameter[1] not in names:
            raise PageFailed(f"{path} takes {parameter[1]}: say in bench/console.py what that is")
        return names[parameter[1]]

    query = QUERIES.get(path)
    return re.sub(r"\{(\w+)(?::\w+)?\}", named, path) + (f"?{urlencode(query)}" if query else "")


async def measure_console(servers: Servers, contacts: int, events: int, rounds: int) -> list[Figure]:
    """Fill a database of its own, and open every page so often, the baseline each time before it."""
    folder = servers.folder / "console"
    folder.mkdir()
    url = await servers.postgres.create_database("console")
    pool = await open_pool(url, 4)
    try:
        filled = await fill(pool, contacts, events)
    finally:
        await pool.close()
    report(f"    {filled.counts} in {filled.seconds:.0f} s")
    environment = {
        "DATABASE_URL": url,
        "SHELFTALK_TEMPORAL_ADDRESS": servers.temporal_address,
        "SHELFTALK_HTTP_PORT": "0",
    }
    async with running_part("web server", "bench.web", folder, environment) as web:
        connection = Connection(LOOPBACK, urlsplit(await web.hear(START_LIMIT_SECONDS)).port or 0)
        try:
            return await _figures(Shown(connection, filled.session), filled, rounds)
        finally:
            connection.close()


async def _figures(shown: Shown, filled: Filled, rounds: int) -> list[Figure]:
    """Of each page, and of the largest of them."""
    asks: dict[str, Ask] = {path: partial(shown.get, address_of(path, filled.names)) for path in pages()}
    asks["/contacts, found by c12"] = partial(shown.find, "c12")
    baseline: list[float] = []
    figures: list[Figure] = []
    sizes: dict[str, int] = {}
    for what, ask in asks.items():
        sizes[what] = (await ask()).size  # Once before, to warm up.
        bare = [(await shown.get(BASELINE)).seconds for _ in range(rounds)]
        figures.append(_figure(what, [(await ask()).seconds for _ in range(rounds)], bare, MOST_PAGE_SECONDS))
        baseline += bare
    tree = address_of("/conversations/{name}", {"name": LONG})
    bare = [(await shown.get(BASELINE)).seconds for _ in range(rounds)]
    sizes["a conversation of 200 steps"] = (await shown.get(tree)).size
    tree_seconds = [(await shown.get(tree)).seconds for _ in range(rounds)]
    figures.append(_figure("a conversation of 200 steps", tree_seconds, bare, MOST_TREE_SECONDS))
    largest = max(sizes, key=lambda what: sizes[what])
    size = Spread.of([sizes[largest]])
    figures.append(Figure("console_largest_bytes", f"the largest, {largest}, bytes", size, at_most=MOST_PAGE_BYTES))
    return [
        Figure("console_sign_in_seconds", "its sign-in page, the baseline, s", Spread.of(baseline), digits=4),
        *figures,
    ]


def _figure(what: str, seconds: list[float], bare: list[float], at_most: float) -> Figure:
    name = "console_" + (re.sub(r"[^a-z0-9]+", "_", what.lower()).strip("_") or "home")
    return Figure(
        f"{name}_seconds",
        f"{what}, s",
        Spread.of(seconds),
        digits=4,
        bare=Spread.of(bare),
        ratio=ratio(bare, seconds),
        ratio_name=f"{name}_ratio",
        at_most=at_most,
    )
