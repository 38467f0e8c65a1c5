"""Shoppers who sign up in the same moment, each on a connection of their own: a process beside the one that times."""

import asyncio
import itertools
import json
from collections.abc import Sequence

from bench.http import Connection
from bench.process import commands, say
from bench.shop import sign_up_body
from starter.runtime.ports import LOOPBACK
from starter.runtime.process import run as run_loop

READY = "ready"


async def run() -> None:
    """For each line of port, addresses and variants sign all up at once, and say the statuses of the answers."""
    say(READY)
    async for line in commands():
        port, emails, variants = json.loads(line)
        say(json.dumps(await _sign_ups(port, emails, variants)))


async def _sign_ups(port: int, emails: Sequence[str], variants: Sequence[int]) -> list[int]:
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


if __name__ == "__main__":
    run_loop(run())
