"""A burst: very many sign-ups in the same moment, each on a connection of its own, with webhooks beside them."""

import asyncio
import itertools
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.http import Connection
from bench.servers import Servers, open_shop, quiet
from bench.shop import level_webhook, sign_up_body
from starter.runtime.ports import LOOPBACK

VARIANTS = 50
PAUSE_SECONDS = 0.05
"""Between two webhooks: twenty a second, as of a shop that sells much."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What became of one.

    Attributes:
        taken: the share of the sign-ups that was answered 202.
        seconds: until the last was answered.
        webhook_p99: seconds that the slowest hundredth of the webhooks beside took.
    """

    taken: float
    seconds: float
    webhook_p99: float


async def measure_bursts(servers: Servers, at_once: int, rounds: int) -> list[Burst]:
    """So many sign-ups at once. Nothing drains the outbox, as when Temporal is down."""
    (servers.folder / "bursts").mkdir()
    url = await servers.postgres.create_database("bursts")
    bursts: list[Burst] = []
    async with open_shop(servers.folder / "bursts", url, servers.temporal_address) as shop:
        variants = [await shop.new_variant() for _ in range(VARIANTS)]
        for number in range(rounds):
            await quiet()
            waited: list[float] = []

            async def webhooks(waited: list[float] = waited, number: int = number) -> None:
                index = 0
                while True:
                    began = time.monotonic()
                    await shop.web.webhook(*level_webhook(variants[index % VARIANTS], index % 2 * (number + 1)))
                    waited.append(time.monotonic() - began)
                    index += 1
                    await asyncio.sleep(PAUSE_SECONDS)

            beside = asyncio.create_task(webhooks())
            emails = [f"b{number}-{index}@example.com" for index in range(at_once)]
            began = time.monotonic()
            # In a thread: what connecting so often costs here is no time that a webhook took.
            answers = await asyncio.to_thread(asyncio.run, _sign_ups(shop.web.port, emails, variants))
            seconds = time.monotonic() - began
            beside.cancel()
            await asyncio.wait([beside])
            if not beside.cancelled():
                beside.result()
            p99 = statistics.quantiles(waited, n=100)[-1] if len(waited) > 1 else waited[0]
            bursts.append(Burst(Counter(answers)[202] / at_once, seconds, p99))
    return bursts


async def _sign_ups(port: int, emails: Sequence[str], variants: Sequence[int]) -> list[int]:
    """All at once; the statuses."""
    asked = zip(emails, itertools.cycle(variants), strict=False)
    return await asyncio.gather(*(_sign_up(port, email, variant) for email, variant in asked))


async def _sign_up(port: int, email: str, variant: int) -> int:
    connection = Connection(LOOPBACK, port)
    try:
        headers = {"Content-Type": "application/json"}
        return (await connection.request("POST", "/v1/signups", headers, sign_up_body(email, variant))).status
    except (OSError, asyncio.IncompleteReadError):
        return 0  # not taken
    finally:
        connection.close()
