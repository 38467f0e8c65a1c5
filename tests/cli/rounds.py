"""Runs a command many times over, each time as a process of its own that begins where its imports are done.

They take a second, and what is looked for comes after them. Nothing of theirs is shared: no thread of Temporal's is
started by an import, so each process has its own. As a program: `python -m tests.cli.rounds TIMES ARGUMENTS…` writes
each exit code and output, in JSON, a line each.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass

from starter.cli import main


@dataclass(frozen=True)
class Round:
    """How the command ended: as from a shell, 128 and the signal's number when a signal ended it."""

    code: int
    out: str


def _round(arguments: list[str]) -> Round:
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.dup2(writing, sys.stdout.fileno())
        os.close(reading)
        os.close(writing)
        sys.argv[1:] = arguments
        main()
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as said:
        out = said.read()
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    return Round(code if code >= 0 else 128 - code, out)


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        print(json.dumps(asdict(_round(sys.argv[2:]))), flush=True)
