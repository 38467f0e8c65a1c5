"""How much comes in: sign-ups and webhooks per second, each in its transaction, on a database of its own."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from statistics import quantiles

from bench.servers import CONNECTIONS, Servers, open_shop, quiet
from bench.shop import Shop, WebClient, level_webhook, whole_conversation
from starter.versioning.publishing import publish

VARIANTS = 50
"""The requests go to these in turn, so that few wait for each other's row locks, as in a shop."""
SHOPPERS = 128
"""Sign-ups in flight: each waits for its beat, which costs the server nothing."""


PACE = 200
"""Webhooks a second, sent when their time has come, however long those before them take: as shops do."""
AT_ANY_TIME = 200
"""Connections for these: whoever waits for one would not be measured by what the server does."""


@dataclass(frozen=True, slots=True)
class IntakeRates:
    """Per second, one figure each round.

    Attributes:
        paced_p50, paced_p99: seconds until the answer to a webhook, `PACE` of them a second.
    """

    webhooks: list[float]
    paced_p50: list[float]
    paced_p99: list[float]
    sign_ups: list[float]
    levels_of_many: list[float]


async def measure_intake(servers: Servers, requests: int, rounds: int, of_many: int) -> IntakeRates:
    """Webhooks and sign-ups over HTTP, in turn. Nothing drains the outbox: intake alone, as when Temporal is down."""
    (servers.folder / "intake").mkdir()
    url = await servers.postgres.create_database("intake")
    webhooks: list[float] = []
    paced: list[list[float]] = []
    sign_ups: list[float] = []
    async with open_shop(servers.folder / "intake", url, servers.temporal_address) as shop:
        shoppers, shops = WebClient(shop.web.port, SHOPPERS), WebClient(shop.web.port, AT_ANY_TIME)
        variants = [await shop.new_variant() for _ in range(VARIANTS)]
        for number in range(rounds):

            async def webhook(index: int, number: int = number, web: WebClient = shop.web) -> None:
                body, headers = level_webhook(variants[index % VARIANTS], index % 2 * (number + 1))
                await web.webhook(body, headers)

            async def sign_up(index: int, number: int = number) -> None:
                await shoppers.sign_up(f"n{number}-{index}@example.com", variants[index % VARIANTS])

            await quiet()
            webhooks.append(await _rate(requests, webhook, CONNECTIONS))
            await quiet()
            paced.append(await _paced(requests, partial(webhook, web=shops)))
            await quiet()
            sign_ups.append(await _rate(requests, sign_up, SHOPPERS))
        shoppers.close()
        shops.close()
        levels = await _levels_of_many(shop, requests, rounds, of_many)
    hundredths = [quantiles(seconds, n=100) for seconds in paced]
    return IntakeRates(webhooks, [each[49] for each in hundredths], [each[98] for each in hundredths], sign_ups, levels)


async def _levels_of_many(shop: Shop, requests: int, rounds: int, of_many: int) -> list[float]:
    """Levels of one product of many variants, that an alert watches as a whole."""
    await publish(shop.pool, whole_conversation())
    variants = await shop.many_variants(of_many)
    rates: list[float] = []
    for number in range(rounds):

        async def level(index: int, number: int = number) -> None:
            body, headers = level_webhook(variants[index % of_many], (index + number) % 3)
            await shop.web.webhook(body, headers)

        await quiet()
        rates.append(await _rate(requests, level, CONNECTIONS))
    return rates


async def _paced(requests: int, send: Callable[[int], Awaitable[None]]) -> list[float]:
    """`PACE` a second. Returns how long each took, from when its time had come."""
    began = time.monotonic()

    async def in_its_time(number: int) -> float:
        due = began + number / PACE
        await asyncio.sleep(due - time.monotonic())
        await send(number)
        return time.monotonic() - due

    return await asyncio.gather(*(in_its_time(number) for number in range(requests)))


async def _rate(requests: int, send: Callable[[int], Awaitable[None]], in_flight: int) -> float:
    numbers = iter(range(requests))

    async def one_after_the_other() -> None:
        for number in numbers:
            await send(number)

    began = time.monotonic()
    async with asyncio.TaskGroup() as senders:
        for _ in range(in_flight):
            senders.create_task(one_after_the_other())
    return requests / (time.monotonic() - began)
