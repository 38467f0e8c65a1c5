"""The benchmark runs, at its smallest size: its figures are not judged here, only that all of them are there."""

import asyncio
import json
import sys

import pytest

from bench.report import Spread

LIMIT_SECONDS = 240.0


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_SECONDS + 30)
async def test_the_smallest_benchmark_gives_every_figure_in_one_line() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", "--quick"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, said = await asyncio.wait_for(process.communicate(), LIMIT_SECONDS)
    assert process.returncode == 0, said.decode()
    [line] = output.decode().splitlines()
    figures = json.loads(line)
    assert figures["events_per_told_journey"] <= 15
    assert set(figures["restock_seconds"]) == {"20", "40"}
    for what in ("starts", "told", "moves", "replays", "rehearsed_year"):
        assert figures[f"{what}_ratio"] > 0, what
    for name in ("first_message_seconds", "memory_mb_per_1000_journeys", "events_per_move"):
        assert figures[name] > 0, name
    for name in ("replay_alone_seconds", "rehearsed_year_seconds"):
        assert figures[name] > 0, name
    rates = ("signups", "webhooks", "starts", "told", "replays")
    for name in (f"{what}_per_second" for what in rates):
        least, median, most = figures["spread"][name]
        assert 0 < least <= median <= most, name
    assert "told / s" in said.decode()


def test_a_spread_names_the_median_not_the_mean() -> None:
    assert Spread.of([1.0, 2.0, 90.0]).text(0) == "2 (1–90)"
