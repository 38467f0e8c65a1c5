"""`python -m bench [--quick]`: measure, print a table on standard error and one line of JSON on standard output."""

import argparse
import asyncio
import os
import sys
import time

from bench.intake import measure_intake
from bench.moves import NotMoved, measure_moves
from bench.process import PartFailed
from bench.rates import measure_rates
from bench.rehearsals import NotAYear, measure_rehearsals
from bench.replays import NotReplayed, measure_replays
from bench.report import Result
from bench.sizes import FULL, QUICK, Sizes
from bench.stage import report, running_engines, running_stage
from bench.waits import measure_first_messages, measure_memory, measure_restocks
from starter.devstack.failures import DevstackError

INTAKE_ROUNDS = 3
REPLAY_ROUNDS = 3
REHEARSED_YEARS = 30


async def measure(sizes: Sizes) -> Result:
    """The whole benchmark."""
    began = time.monotonic()
    report(f"1/8 {REHEARSED_YEARS} years rehearsed")
    # In a thread of its own: a rehearsal runs a loop of its own.
    rehearsals = await asyncio.to_thread(measure_rehearsals, REHEARSED_YEARS)
    async with running_stage() as stage:
        report("2/8 sign-ups and webhooks")
        intake = await measure_intake(stage, sizes.requests, min(sizes.rounds, INTAKE_ROUNDS))
        report("3/8 memory of open journeys")
        async with running_engines(stage) as engines:
            memory = await measure_memory(stage, engines, sizes.cached)
        async with running_engines(stage) as engines:
            report(f"4/8 {sizes.at_once} journeys at once, {sizes.rounds} rounds on either side")
            rounds = await measure_rates(stage, engines, sizes.at_once, sizes.rounds, sizes.warm_up)
            report("5/8 first messages")
            first = await measure_first_messages(stage, engines, sizes.first_messages)
            report("6/8 restocks")
            restocks = await measure_restocks(stage, engines, sizes.waiting, sizes.restocks)
            report(f"7/8 replays of up to {sizes.replayed} archived journeys")
            bare_ids = [f"round-{sizes.rounds - 1}-{number}" for number in range(sizes.at_once)]
            replays = await measure_replays(stage, bare_ids, sizes.replayed, min(sizes.rounds, REPLAY_ROUNDS))
            report(f"8/8 moving {sizes.moved} open journeys to another version")
            moves = await measure_moves(stage, engines, sizes.moved, killed=sizes.killed)
    return Result(
        rounds, first, restocks, memory, intake, replays, moves, rehearsals, sizes.at_once, time.monotonic() - began
    )


def main() -> int:
    """Exit code 0: measured, whether or not the targets were reached; 1: it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Shelftalk against a bare workflow.")
    parser.add_argument(
        "--quick", action="store_true", help="the smallest size: shows that it works, no figures to keep"
    )
    sizes = QUICK if parser.parse_args().quick else FULL
    try:
        result = asyncio.run(measure(sizes))
    except (DevstackError, NotAYear, NotMoved, NotReplayed, PartFailed, TimeoutError) as error:
        report(f"Could not be measured: {type(error).__name__}: {error}")
        return 1
    report(result.table())
    print(result.json())
    return 0


if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Python 3.11 sometimes aborts while it takes down the Temporal SDK; by now everything is stopped and said.
    os._exit(ended)
