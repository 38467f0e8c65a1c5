"""Every fuzz of what reads feeds and webhooks, again and again with other examples, for FUZZ minutes: `make fuzz`."""

import os
import subprocess
import sys
import time

EXAMPLES = 500
"""Of each test in a round: some minutes, also on a machine that does much else."""


def main(arguments: list[str]) -> int:
    """Rounds until the time is over, or something falls. Returns what pytest did the last time."""
    until = time.monotonic() + 60 * float(os.environ.get("FUZZ") or 10)
    rounds = 0
    while True:
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "hypothesis", "tests/storefronts", *arguments]
        ended = subprocess.run(command, env={**os.environ, "FUZZ_EXAMPLES": str(EXAMPLES), "CI": ""}, check=False)
        rounds += 1
        if ended.returncode or time.monotonic() >= until:
            print(f"{rounds} rounds of {EXAMPLES} examples for each test")
            return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
