"""The benchmark runs, at its smallest size: its figures are not judged here, only that all of them are there.

Each part is measured in one of these tests, for each takes servers and engines of its own.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.console import address_of, pages
from bench.measurements import Measurement
from bench.reads import OF_ALL_LINES, OF_ONE_LINE
from bench.report import Figure, Spread, document, table

LIMIT_SECONDS = 480.0


async def _begin(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", "--quick", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**psutil.Process().environ(), **environment},
    )


async def _end(process: asyncio.subprocess.Process) -> tuple[dict[str, Any], str]:
    """Its one line, and what it said to people."""
    output, said = await asyncio.wait_for(process.communicate(), LIMIT_SECONDS)
    lines = output.decode().splitlines()
    assert len(lines) == 1, said.decode()
    return json.loads(lines[0]), said.decode()


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_SECONDS + 30)
async def test_the_smallest_benchmark_gives_every_figure_in_one_line() -> None:
    process = await _begin("--only", "messages,bursts,memory,rates,first-messages,restocks,moves")
    figures, said = await _end(process)
    assert process.returncode == 0, said
    assert figures["failed"] == {}
    assert figures["events_per_told_journey"] <= 15
    assert {name for name in figures if name.startswith("restock_seconds")} == {
        "restock_seconds_20",
        "restock_seconds_40",
    }
    for what in (*OF_ONE_LINE, *OF_ALL_LINES):
        assert figures[f"{what}_seconds_40"] > 0, what
        assert figures[f"{what}_growth"] > 0, what
    measured = ("starts", "told", "writing", "smtp", "api", "sms")
    for what in (*measured, "moves"):
        assert figures[f"{what}_ratio"] > 0, what
    for name in ("first_message_seconds", "memory_mb_per_1000_journeys", "events_per_move"):
        assert figures[name] > 0, name
    for name in (f"{what}_per_second" for what in measured):
        least, median, most = figures["spread"][name]
        assert 0 < least <= median <= most, name
    # Once when it was measured, and once in the whole table.
    assert said.count("told / s") == 2


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_SECONDS + 30)
async def test_a_part_can_be_measured_by_itself_also_one_that_lives_on_what_another_leaves() -> None:
    process = await _begin("--only", "replays")
    figures, said = await _end(process)
    assert process.returncode == 0, said
    assert figures["replays_ratio"] > 0
    assert figures["replay_alone_seconds"] > 0
    assert figures["spread"]["replays_per_second"][0] > 0
    assert "told_per_second" not in figures


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_SECONDS + 30)
async def test_every_page_of_the_console_is_timed() -> None:
    process = await _begin("--only", "console")
    figures, said = await _end(process)
    assert process.returncode == 0, said
    timed = [name for name in figures if name.startswith("console_") and name.endswith("_seconds")]
    assert len(timed) == len(pages()) + len(("sign-in", "a search", "the longest tree"))
    assert all(figures[name] > 0 for name in timed)
    assert figures["console_largest_bytes"] > 0


def test_the_address_of_every_page_can_be_made() -> None:
    names = {str(name): "x" for name in ("store", "level", "thing", "name", "operation", "contact", "journey", "user")}
    assert [each for each in (address_of(path, names) for path in pages()) if "{" in each] == []


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_SECONDS + 30)
async def test_a_part_that_fails_loses_only_itself(tmp_path: Path) -> None:
    process = await _begin("--only", "rehearsals,intake", SHELFTALK_TEMPORAL_CLI=str(tmp_path / "none"))
    figures, said = await _end(process)
    assert process.returncode == 1
    assert figures["rehearsed_year_seconds"] > 0
    assert set(figures["failed"]) == {"intake"}
    assert "Could not be measured: intake: DevstackError: SHELFTALK_TEMPORAL_CLI is" in said


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_SECONDS + 30)
@pytest.mark.parametrize(("number", "before"), [(signal.SIGTERM, "rehearsals,intake"), (signal.SIGINT, "rehearsals")])
async def test_ended_by_a_signal_it_gives_what_it_has_and_leaves_no_process_behind(
    number: signal.Signals, before: str
) -> None:
    process = await _begin("--only", f"{before},rates")
    assert process.stderr is not None
    parts = before.count(",") + 2
    async for line in process.stderr:
        if line.startswith(f"{parts}/{parts}".encode()):
            break
    async with asyncio.timeout(LIMIT_SECONDS):
        # Servers, and what they start.
        while len(started := psutil.Process(process.pid).children(recursive=True)) <= 4:
            await asyncio.sleep(0.05)
    process.send_signal(number)
    figures, said = await _end(process)
    assert process.returncode == 128 + number, said
    assert figures["rehearsed_year_ratio"] > 0
    assert figures["rehearsed_year_seconds"] > 0
    for name in (f"{what}_per_second" for what in ("signups", "webhooks") if "intake" in before):
        least, median, most = figures["spread"][name]
        assert 0 < least <= median <= most, name
    assert "told_per_second" not in figures
    assert [each for each in started if each.is_running()] == []


async def test_a_part_that_is_not_there_is_an_error_that_lists_those_that_are() -> None:
    process = await _begin("--only", "rates,restock")
    _, said = await process.communicate()
    assert process.returncode == 2
    assert f"there is no part restock; the parts are {', '.join(Measurement)}" in said.decode()


def test_a_spread_names_the_median_not_the_mean() -> None:
    assert Spread.of([1.0, 2.0, 90.0]).text(0) == "2 (1–90)"


def test_a_figure_stands_in_table_and_document_with_its_target() -> None:
    told = Figure(
        "told_per_second",
        "told / s",
        Spread.of([30.0, 40.0, 50.0]),
        bare=Spread.of([60.0]),
        ratio=Spread.of([0.5, 0.6, 0.8]),
        ratio_name="told_ratio",
        ratio_at_least=0.7,
    )
    slow = Figure("first_seconds", "first, s", Spread.of([0.25]), digits=2, at_most=1)
    assert [line.split("  ")[0] for line in table([told, slow]).splitlines()][1:] == ["told / s", "first, s"]
    assert "40 (30–50)" in table([told])
    assert table([told]).endswith("0.60 (0.50–0.80)  ≥ 0.7 MISSED")
    assert table([slow]).endswith("≤ 1 reached")
    assert document([told, slow]) == {
        "told_per_second": 40.0,
        "told_ratio": 0.6,
        "first_seconds": 0.25,
        "bare": {"told_per_second": 60.0},
        "spread": {
            "told_per_second": [30.0, 40.0, 50.0],
            "bare_told_per_second": [60.0, 60.0, 60.0],
            "told_ratio": [0.5, 0.6, 0.8],
            "first_seconds": [0.25, 0.25, 0.25],
        },
    }
