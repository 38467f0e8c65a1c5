"""The process that reads feeds, for the benchmark: told `read`, it says how many rows there were, what the
processor did for it, and its memory.
"""

import asyncio
import json
import os
import resource
import time

from activities.intake.intake import Intake
from activities.postgres.pool import open_pool
from bench.feeds import STORE
from bench.process import commands, say
from starter.runtime.process import run
from starter.shops.feeds import CATALOGUE, Feeds, WantedFeed


async def main() -> None:
    """Until the benchmark lets go of it."""
    pool = await open_pool(os.environ["DATABASE_URL"], 8)
    feeds = Feeds(pool, Intake(pool), private_hosts=True)
    await feeds.add(STORE, CATALOGUE, WantedFeed(os.environ["BENCH_FEED"]), "bench")
    say("ready")
    async for _ in commands():
        used = time.process_time()
        read = await feeds.read(STORE, CATALOGUE, lambda _: None)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = {"rows": read.rows, "added": read.added, "changed": read.changed}
        say(json.dumps(told | {"memory": memory, "processor": time.process_time() - used}))
    await asyncio.shield(pool.close())


if __name__ == "__main__":
    run(main())
