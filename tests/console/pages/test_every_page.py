"""Every page of the console that can be opened: on a phone and a wide screen, light and dark, whole and for everyone.

New routes are found by themselves. One that takes parameters stands in PARAMETERS with the values it is opened with.
With PICTURES=1 the run also takes the pictures of the documentation, docs/pictures/console/*.webp.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from fastapi.routing import APIRoute
from playwright.async_api import Page, Response, ViewportSize

from starter.http.console.access import ConsoleRoute
from starter.http.console.app import ROUTERS
from tests.console.pages.conftest import Console
from tests.console.pages.world import World
from tests.markdown import ROOT
from tests.pictures import TAKES_PICTURES, take_picture
from tests.shop_page.visit import OF_COLOURS, found_by_axe, overheard

PICTURES = ROOT / "docs" / "pictures" / "console"
ON_A_PHONE = {"/", "/contacts/{contact}", "/conversations/{name}", "/lines"}
"""Of these there is a picture of a phone, too, in the dark."""
PHONE: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1280, "height": 860}
Scheme = Literal["light", "dark"]
SEEN: tuple[tuple[ViewportSize, Scheme], ...] = ((WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark"))
LARGEST = 100_000
"""Bytes that a page may bring over the wire, with what it brings along the first time."""
LINE = {"store": "{store}", "level": "variant", "thing": "{variant}"}
PARAMETERS: dict[str, dict[str, str]] = {
    "/contacts/{contact}": {"contact": "{contact}"},
    "/contacts/{contact}/erase": {"contact": "{contact}"},
    "/conversations/{name}": {"name": "{conversation}"},
    "/conversations/{name}/analytics": {"name": "{conversation}"},
    "/conversations/{name}/analytics/people": {"name": "{conversation}", "view": "entries"},
    "/conversations/{name}/operations/{operation}": {"name": "{conversation}", "operation": "1"},
    "/conversations/{name}/publish": {"name": "{conversation}"},
    "/conversations/{name}/test": {"name": "{conversation}"},
    "/conversations/{name}/test/recorded": {"name": "{conversation}"},
    "/conversations/{name}/versions": {"name": "{conversation}"},
    "/conversations/{name}/yaml": {"name": "{conversation}"},
    "/journeys/{journey}": {"journey": "{journey}"},
    "/journeys/{journey}/repair": {"journey": "{journey}", "do": "retry"},
    "/lines/{store:id}/import": {"store": "{store}"},
    "/lines/{store:id}/{level}/{thing:id}": LINE,
    "/lines/{store:id}/{level}/{thing:id}/move": LINE,
    "/lines/{store:id}/{level}/{thing:id}/resume": {**LINE, "alert": "{alert}"},
    "/stores/{store:id}": {"store": "{store}"},
    "/users/{user}": {"user": "{user}"},
    "/users/{user}/erase": {"user": "{user}"},
}
"""Of each route that takes any, in its path or query: what it is opened with; a name in braces is the world's."""
NO_PAGES = {
    "/account/second-factor/app",
    "/journeys/{journey}/messages/{message}",
    "/lines/export.csv",
    "/operations/approvals/letter",
}
"""What pages ask for, and nobody opens: parts, files, pictures; and what opens in the midst of something."""


def paths() -> list[str]:
    """Of everything that can be opened, parameters still in it."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return sorted(
        {
            route.path
            for route in routes
            if "GET" in (route.methods or ()) and isinstance(route, ConsoleRoute) and route.path not in NO_PAGES
        }
    )


def address_of(path: str, world: World) -> str:
    """What a route is opened by in this world."""
    given = {name: value.format_map(world.names) for name, value in PARAMETERS.get(path, {}).items()}
    in_path = re.findall(r"\{(\w+)(?::\w+)?\}", path)
    assert set(in_path) <= set(given), f"{path} takes {in_path}: say in PARAMETERS what it is opened with"
    for name in in_path:
        path = re.sub(rf"\{{{name}(:\w+)?\}}", given.pop(name), path)
    query = "&".join(f"{name}={value}" for name, value in given.items())
    return f"{path}?{query}" if query else path


@dataclass
class Opened:
    """What was seen while a page was opened."""

    errors: list[str]
    answers: list[Response] = field(default_factory=list[Response])

    async def bytes_of_all(self) -> int:
        sizes = [await answer.request.sizes() for answer in self.answers]
        return sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)


@asynccontextmanager
async def opening(tab: Page) -> AsyncGenerator[Opened]:
    """Whatever the browser complains of is kept."""
    with overheard(tab, "warning") as errors:
        opened = Opened(errors)

        def answered(response: Response) -> None:
            opened.answers.append(response)

        tab.on("response", answered)
        try:
            yield opened
        finally:
            tab.remove_listener("response", answered)


@pytest.mark.parametrize("path", paths())
async def test_a_page_is_whole_at_every_width_and_in_light_and_dark(
    path: str, console: Console, signed_in: Page
) -> None:
    address = address_of(path, console.world)
    tab = signed_in
    async with opening(tab) as opened:
        answer = await tab.goto(f"{console.url}{address}")
        assert answer is not None
        assert answer.status == 200, address
        assert await tab.locator("h1").count() == 1, address
        for size, scheme in SEEN:
            await tab.set_viewport_size(size)
            await tab.emulate_media(color_scheme=scheme)
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await tab.evaluate(wide) <= 0, f"{address} is wider than its screen of {size['width']}"
            # In the dark it is the same page in other colours.
            assert await found_by_axe(tab, *(OF_COLOURS if scheme == "dark" else ())) == [], (address, size, scheme)
            if TAKES_PICTURES and ((size, scheme) == SEEN[0] or (path in ON_A_PHONE and (size, scheme) == SEEN[3])):
                await take_picture(tab, picture_of(path, size, scheme))
        assert opened.errors == [], address
        assert await opened.bytes_of_all() < LARGEST, address


def picture_of(path: str, size: ViewportSize, scheme: Scheme) -> Path:
    """Where the documentation has the picture of a page."""
    name = re.sub(r"[^a-z0-9]+", "-", path.strip("/")).strip("-") or "home"
    return PICTURES / f"{name}-{'phone' if size is PHONE else 'wide'}-{scheme}.webp"


def test_everything_that_is_opened_with_something_is_there() -> None:
    assert set(PARAMETERS) | NO_PAGES <= {
        route.path for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)
    }
