"""A burst: very many sign-ups in the same moment, each on a connection of its own, with webhooks beside them."""

import asyncio
import json
import statistics
import time
from collections import Counter
from dataclasses import dataclass

from bench.http import ANSWER_LIMIT_SECONDS
from bench.process import START_LIMIT_SECONDS, running_part
from bench.servers import Servers, open_shop, quiet
from bench.shop import level_webhook

VARIANTS = 50
CROWD_LIMIT_SECONDS = ANSWER_LIMIT_SECONDS + 10
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
    folder = servers.folder / "bursts"
    async with (
        open_shop(folder, url, servers.temporal_address) as shop,
        running_part("crowd", "bench.crowd", folder, {}) as crowd,
    ):
        await crowd.hear(START_LIMIT_SECONDS)
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
            crowd.tell(json.dumps([shop.web.port, emails, variants]))
            answers = json.loads(await crowd.hear(CROWD_LIMIT_SECONDS))
            seconds = time.monotonic() - began
            beside.cancel()
            await asyncio.wait([beside])
            if not beside.cancelled():
                beside.result()
            p99 = statistics.quantiles(waited, n=100)[-1] if len(waited) > 1 else waited[0]
            bursts.append(Burst(Counter(answers)[202] / at_once, seconds, p99))
    return bursts
