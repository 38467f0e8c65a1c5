"""The deliver activity in a process of its own, which is killed at the write it is told to: before it, or after it.

It is all that a worker runs of it: the ledger on PostgreSQL, the senders that the settings name. What it is to deliver
it is told over a socket, as Temporal tells a worker, and what came of each attempt it answers. It is forked from a
process that has imported it already, for it is killed often. As a program, `python -m tests.faults.deliverer`: each
line of standard input is a `Life` in JSON, and one more process.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.delivery.deliver import DeliverActivity
from activities.delivery.lease import Lease
from activities.delivery.leaving import BadMailbox, Leaving
from activities.delivery.ledger import Ledger
from activities.postgres.pool import Pool, open_pool
from activities.senders.registry import Senders
from schemas.ids import JourneyId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Outcome, Refused, Sent, Unknown
from schemas.settings import Settings
from tests.sms.told import deliver


class Write(StrEnum):
    """What deliver writes, in PostgreSQL."""

    OPEN = "open"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    RELEASE = "release"
    NOTE = "note"


@dataclass(frozen=True)
class Life:
    """One process, from its start until it is killed.

    Attributes:
        socket: where it is told what to deliver.
        message: the message's name, which is its step's.
        settings: what the worker is set to.
        write: at which write it dies, at the n-th of them; None: it is let live.
        after: the write was made.
    """

    socket: str
    database_url: str
    message: str
    settings: dict[str, Any]
    write: str | None = None
    after: bool = False
    nth: int = 1

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


class MortalLedger(Ledger):
    """The ledger of a process that dies at a write."""

    def __init__(self, pool: Pool, life: Life) -> None:
        super().__init__(pool)
        self._life = life
        self._passed = Counter[Write]()

    @asynccontextmanager
    async def _at(self, write: Write):
        self._passed[write] += 1
        dies = write == self._life.write and self._passed[write] == self._life.nth
        if dies and not self._life.after:
            os.kill(os.getpid(), signal.SIGKILL)
        yield
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)

    async def open(self, request: Deliver, lease: Lease, leaving: Leaving | None = None) -> bool | datetime:
        async with self._at(Write.OPEN):
            return await super().open(request, lease, leaving)

    async def release(self, request: Deliver, lease: Lease) -> None:
        async with self._at(Write.RELEASE):
            await super().release(request, lease)

    async def note(self, request: Deliver) -> None:
        async with self._at(Write.NOTE):
            await super().note(request)

    async def settle(
        self,
        request: Deliver,
        outcome: Sent | Refused | Unknown,
        lease: Lease | None = None,
        *,
        bad: BadMailbox | None = None,
    ) -> Outcome | None:
        async with self._at(Write(outcome.kind)):
            return await super().settle(request, outcome, lease, bad=bad)


async def _live(life: Life) -> None:
    """Deliver what it is told to, until nothing more comes."""
    reader, writer = await asyncio.open_unix_connection(life.socket)
    writer.write(f"{os.getpid()}\n".encode())
    settings = Settings.model_validate(life.settings)
    senders, pool = Senders.from_settings(settings), await open_pool(life.database_url, 10)
    activity = DeliverActivity(MortalLedger(pool, life), senders, "shop.example")

    async def attempt(asked: dict[str, Any]) -> None:
        request = deliver(JourneyId(asked["journey"]), life.message)
        try:
            delivered = await ActivityEnvironment().run(activity.deliver, request)
            answer = {"outcome": delivered.outcome.kind}
        except ApplicationError as error:
            delay = error.next_retry_delay
            answer = {"later": error.type, "delay": None if delay is None else delay.total_seconds()}
        except Exception as error:  # noqa: BLE001 - whatever it is, the test fails by it
            answer = {"failed": repr(error)}
        writer.write(json.dumps(asked | answer).encode() + b"\n")

    async with asyncio.TaskGroup() as attempts:
        async for line in reader:
            attempts.create_task(attempt(json.loads(line)))
    await senders.aclose()
    await pool.close()
    writer.close()


def _main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who were killed
    for line in sys.stdin.buffer:
        if os.fork() == 0:
            sys.stdin.close()
            asyncio.run(_live(Life(**json.loads(line))))
            os._exit(0)


if __name__ == "__main__":
    _main()
