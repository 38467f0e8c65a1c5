"""A simulated shop that stands open: its API and pages are served, its messages delivered, and its life can begin."""

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from starter.http.server import serving
from starter.simulated.deliveries import Delivered, Pace, delivering
from starter.simulated.life import Life
from starter.simulated.pages import Pages
from starter.simulated.server import HERE
from starter.simulated.shop import SendingShop, SimulatedShop


@asynccontextmanager
async def standing(
    shop: SimulatedShop,
    to: str,
    pace: Pace,
    dice: random.Random,
    say: Callable[[Delivered | str], None],
    port: int = 0,
) -> AsyncGenerator[tuple[Life, str]]:
    """Yields its life, and where it is.

    Args:
        to: the web server that its messages go to, in place of the host that was subscribed.
    """
    async with delivering(to, pace, dice, say) as deliveries:
        life = Life(shop, deliveries, dice, say)
        if isinstance(shop, SendingShop):
            shop.subscribed(partial(deliveries.greet, shop))
        routes = [*Pages(life).routes(), *(shop.api.routes() if shop.api is not None else ())]
        async with serving(FastAPI(routes=routes, openapi_url=None), HERE, port) as served:
            shop.opened_at(served.url)
            yield life, served.url
