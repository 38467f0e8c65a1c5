"""`python -m bench [--quick] [--only PARTS]`: tables on standard error as they are measured, then one line of JSON.

A part that fails, and one that a signal cuts short, loses only itself.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bench.measurements import Measurement, Measuring
from bench.report import FOOT, Figure, document, table
from bench.servers import report
from bench.sizes import FULL, QUICK, Sizes

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Results:
    """What came of it so far.

    Attributes:
        failed: why, by part.
        cut_by: the signal that ended the run early.
    """

    figures: list[Figure] = field(default_factory=list[Figure])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    cut_by: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """0: all was measured, whether or not the targets were reached; 1: some was not; else 128 and the signal."""
        if self.cut_by is not None:
            return 128 + self.cut_by
        return 1 if self.failed else 0


async def measure(sizes: Sizes, wanted: Sequence[Measurement], results: Results) -> None:
    """One part after the other, each told at once; what is not wanted any more by a signal is left."""
    _end_at_signals(results)
    with suppress(asyncio.CancelledError):
        async with Measuring(sizes) as measuring:
            for number, what in enumerate(wanted, 1):
                report(f"{number}/{len(wanted)} {what}")
                try:
                    figures = await measuring.measure(what)
                except Exception as error:  # noqa: BLE001 - whatever it failed by, the others are measured
                    results.failed[what] = f"{type(error).__name__}: {error}"
                    report(f"    could not be measured: {results.failed[what]}")
                    await measuring.stop_engines()
                else:
                    results.figures += figures
                    report(table(figures) + "\n")


def _end_at_signals(results: Results) -> None:
    """Let the first signal cancel the run, which then stops everything it started; later ones change nothing."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # A coroutine that runs has one.

    def end(number: signal.Signals) -> None:
        if results.cut_by is None:
            results.cut_by = number
            report(f"Ended by {number.name}; stopping what was started")
            task.cancel()

    for number in ENDING_SIGNALS:
        # Under nohup a terminal that goes away is no matter. A shell's background job ignores Ctrl-C, until it is sent.
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, end, number)


def _wanted(text: str) -> list[Measurement]:
    names = {name.strip() for name in text.split(",")}
    if unknown := sorted(names - set(Measurement)):
        raise argparse.ArgumentTypeError(
            f"there is no part {', '.join(unknown)}; the parts are {', '.join(Measurement)}"
        )
    return [each for each in Measurement if each in names]


def main() -> int:
    """The exit code, see `Results`; 2: the command is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Shelftalk against a bare workflow.")
    parser.add_argument(
        "--quick", action="store_true", help="the smallest size: shows that it works, no figures to keep"
    )
    parser.add_argument(
        "--only",
        metavar="PARTS",
        type=_wanted,
        default=list(Measurement),
        help=f"these parts only, with commas between them: {', '.join(Measurement)}",
    )
    arguments = parser.parse_args()
    began, results = time.monotonic(), Results()
    asyncio.run(measure(QUICK if arguments.quick else FULL, arguments.only, results))
    if results.figures:
        report(f"{table(results.figures)}\n\n{FOOT}")
    for what, why in results.failed.items():
        report(f"Could not be measured: {what}: {why}")
    said = {**document(results.figures), "failed": results.failed, "seconds": round(time.monotonic() - began)}
    print(json.dumps(said))
    return results.exit_code


if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Python 3.11 sometimes aborts while it takes down the Temporal SDK; by now everything is stopped and said.
    os._exit(ended)
