"""Many messages over one kind of sender, with everything that goes wrong, counted at the other end (P1, P3).

Real are PostgreSQL, the deliver activity with its ledger and sender in a process of its own, and its connections to a
simulated provider. The process is killed (SIGKILL) at each write of deliver, before it and after it, and at the
provider before a message is taken and after it, and is started again.

Temporal is not here: ten thousand workflows for each kind of sender would be hours. What gives out the attempts keeps
to what Temporal does with the activity's retry policy (`workflows/policies.DELIVER_RETRIES`, and the delay that an
error asks for), on a clock that runs a hundred times as fast; now and then it gives one message to two attempts at
once, as Temporal does when an attempt that it has given up is still at work. After a kill the leases of whoever was
sending are made to run out at once. Temporal itself under kills is in test_worker_killed.py and many_kills.py.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from activities.intake.intake import Intake
from activities.postgres.pool import Pool, open_pool
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered
from schemas.channels import Channel
from schemas.ids import JourneyId
from starter.devstack.postgres import EmbeddedPostgres
from starter.versioning.publishing import publish
from tests.cli.command import ROOT
from tests.conftest import TEMPLATE
from tests.faults.deliverer import Life, Write
from tests.faults.fates import MAIL, TEXTS, Fate, Fates, recipient
from tests.folders import folder
from tests.product import STORE, Shop, starter_document, subject
from tests.sms.told import TEXT_ALONE, document
from workflows.policies import DELIVER_RETRIES

CLOCK = 100
"""So many times as fast as Temporal's do pauses pass."""
AT_ONCE = 16
ONE_TWICE_IN = 50
"""Of so many messages one is given to two attempts at once."""
_ENTERING = 8


@dataclass(frozen=True, slots=True)
class Kill:
    """Where a process is killed: at this write, or at this moment of a request.

    Attributes:
        of_ten: how many of ten messages come to it.
    """

    at: Write | Fate
    after: bool = False
    of_ten: float = 10

    def __str__(self) -> str:
        return str(self.at.value) if isinstance(self.at, Fate) else f"{'after' if self.after else 'before'} {self.at}"


KILLS = (
    Kill(Write.OPEN),
    Kill(Write.OPEN, after=True),
    Kill(Fate.KILL_BEFORE),
    Kill(Fate.KILL_AFTER),
    Kill(Write.SENT, of_ten=7),
    Kill(Write.SENT, after=True, of_ten=7),
    Kill(Write.RELEASE, of_ten=1),
    Kill(Write.RELEASE, after=True, of_ten=1),
    Kill(Write.UNKNOWN, of_ten=1),
    Kill(Write.UNKNOWN, after=True, of_ten=1),
    Kill(Write.REFUSED, of_ten=0.6),
    Kill(Write.REFUSED, after=True, of_ten=0.6),
    Kill(Write.NOTE, of_ten=1),
    Kill(Write.NOTE, after=True, of_ten=1),
)
"""In the order in which a process after the other dies of them."""
_BEFORE_THE_RIGHT = ("smtp",)
"""The only senders that ask a provider for anything before there is the right to send, so that a message is put off."""


def kills_of(kind: str) -> tuple[Kill, ...]:
    """Those that can come about with this kind of sender."""
    return tuple(kill for kill in KILLS if kill.at is not Write.NOTE or kind in _BEFORE_THE_RIGHT)


@dataclass(frozen=True, slots=True)
class Result:
    """What was counted of one kind of sender.

    Attributes:
        taken: at the other end, of all; unknown_taken: of those that are unknown.
        killed: how often at each place; sending: whose messages were being sent meanwhile.
    """

    kind: str
    taken: Counter[int]
    states: dict[int, str]
    undecided: frozenset[int]
    sending: frozenset[int]
    gone: frozenset[int]
    dealt: Counter[Fate]
    killed: Counter[str]
    twice: int
    seconds: float

    def of(self, state: str) -> set[int]:
        return {number for number, each in self.states.items() if each == state}

    def row(self) -> str:
        """A line of the table."""
        unknown = self.of("unknown")
        columns = (
            len(self.states),
            sum(self.dealt.values()),
            self.taken.total(),
            len(self.of("sent")),
            len(self.of("refused")),
            len(unknown),
            len(unknown & set(self.taken)),
            self.killed.total(),
        )
        return f"{self.kind:<9}" + "".join(f"{column:>10,}" for column in columns) + f"{self.seconds:>9.0f}"

    def holds(self) -> None:
        """P1 and P3, of every single message."""
        assert max(self.taken.values()) == 1, "somebody was told twice"
        assert set(self.states.values()) == {"sent", "refused", "unknown"}, "something has no end"
        assert self.of("sent") <= set(self.taken), "something is lost"
        assert not self.of("refused") & set(self.taken), "somebody was told whose message is refused"
        assert self.of("unknown") == self.undecided | self.sending, "unknown is what cannot be known, and nothing else"
        assert not self.gone & set(self.taken), "somebody was told who had taken their word back"
        assert self.gone <= self.of("refused") | self.sending


HEADINGS = "sender   " + "".join(
    f"{heading:>10}" for heading in ("sends", "requests", "taken", "sent", "refused", "unknown", "of taken", "kills")
)
TABLE_HEAD = f"{HEADINGS}{'seconds':>9}"


@dataclass(frozen=True)
class Called:
    """So many contacts who were called forward, in a database to copy.

    Attributes:
        journeys: theirs, by their number.
    """

    template: str
    channel: Channel
    journeys: list[JourneyId]

    @classmethod
    async def forward(cls, postgres: EmbeddedPostgres, channel: Channel, number: int) -> "Called":
        template = f"counted_{channel}_{number}"
        pool = await open_pool(await postgres.create_database(template, template=TEMPLATE), _ENTERING)
        await publish(pool, starter_document() if channel is Channel.EMAIL else document(TEXT_ALONE))
        shop, waitlist = Shop(pool, Intake(pool)), Waitlist(pool)
        await shop.sells("v")
        journeys = dict[int, JourneyId]()
        to_enter = iter(range(number))

        async def enter() -> None:
            for each in to_enter:
                of_theirs = recipient(channel, each)
                asks = (of_theirs, None) if channel is Channel.EMAIL else (None, of_theirs)
                entered = await Entrances(pool).sign_up(asks[0], STORE, "v", "test", phone=asks[1], texts=True)
                assert isinstance(entered, Entered)
                journeys[each] = entered.journey_id

        async with asyncio.TaskGroup() as entering:
            for _ in range(_ENTERING):
                entering.create_task(enter())
        await shop.has("v", number)
        while (await waitlist.give_places(subject("v"))).more:
            pass
        assert await pool.fetchval("select count(*) from claims where state = 'given'") == number
        await pool.close()
        return cls(template, channel, [journeys[each] for each in range(number)])


@asynccontextmanager
async def forking() -> AsyncGenerator[asyncio.StreamWriter]:
    """A process that others are forked from; what it is told a `Life` by."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.deliverer"), stdin=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdin is not None
    yield process.stdin
    await process.communicate(b"")  # the end of its input is the end of it


class Killed(Exception):
    """The process that was at it is gone."""


@dataclass
class Lives:
    """One process after the other that delivers what it is told to.

    Attributes:
        sending: whose messages one was sending when it was killed.
        killed: how often they were, at each place.
    """

    forking: asyncio.StreamWriter
    life: Life
    pool: Pool
    fates: Fates
    numbers: dict[JourneyId, int]
    kills: Iterator[Kill]
    requests_a_life: float

    def __post_init__(self) -> None:
        self.sending, self.killed = set[int](), Counter[str]()
        self._asked: dict[int, tuple[JourneyId, asyncio.Future[dict[str, Any]]]] = {}
        self._connected = asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()
        self._alive = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._last = 0
        self._over = False

    async def attempt(self, journey: JourneyId) -> dict[str, Any]:
        """What came of one attempt. Raises `Killed`."""
        await self._alive.wait()
        assert self._writer is not None
        self._last += 1
        answer = asyncio.get_running_loop().create_future()
        self._asked[self._last] = journey, answer
        self._writer.write(json.dumps({"id": self._last, "journey": journey}).encode() + b"\n")
        return await answer

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """One is alive, or the next is about to be, until the block ends."""
        server = await asyncio.start_unix_server(self._connects, self.life.socket)
        living = asyncio.create_task(self._live())
        try:
            yield
        finally:
            await self._alive.wait()
            self._over = True
            if self._writer is not None:
                self._writer.write_eof()
            await living
            server.close()

    def _connects(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connected.put_nowait((reader, writer))

    async def _live(self) -> None:
        for kill in self.kills:
            nth = self.fates.random.uniform(0.2, 1.2) * self.requests_a_life * kill.of_ten / 10
            nth = max(1, round(nth))
            life = self.life
            if isinstance(kill.at, Fate):
                self.fates.will_kill(kill.at, nth)
            else:
                life = replace(life, write=kill.at.value, after=kill.after, nth=nth)
            await self._until_killed(life)
            if self._over:
                return
            self.killed[str(kill)] += 1
        await self._until_killed(self.life)

    async def _until_killed(self, life: Life) -> None:
        """One life, and what Temporal and the time make of its end."""
        self.forking.write(life.line())
        reader, self._writer = await self._connected.get()
        self.fates.worker = int(await reader.readline())
        self._alive.set()
        while (line := await _line(reader)) is not None:
            answer = json.loads(line)
            self._asked.pop(answer["id"])[1].set_result(answer)
        self._alive.clear()
        self._writer.close()
        await self._buried()
        asked, self._asked = self._asked, {}
        for _, future in asked.values():
            future.set_exception(Killed)

    async def _buried(self) -> None:
        """What it had begun in PostgreSQL is over; then its leases run out, and somebody changes their mind."""
        others = "select exists (select from pg_stat_activity where datname = current_database() and pid <> all($1))"
        async with self.pool.acquire() as connection:
            while await connection.fetchval(others, [connection.get_server_pid()]):
                await connection.execute("select pg_sleep(0.02)")
        left = await self.pool.fetch(
            "update sends set lease_until = now() where state = 'sending' and lease_until > now() returning journey_id"
        )
        sending = {self.numbers[JourneyId(row["journey_id"])] for row in left}
        self.sending |= sending
        waiting = {self.numbers[journey] for journey, _ in self._asked.values()} - sending - self.fates.undecided
        open_ = "select not exists (select from sends where journey_id = $1 and state <> 'ready')"
        for number in sorted(waiting - self.fates.gone)[:1]:
            journey = next(journey for journey, each in self.numbers.items() if each == number)
            if await self.pool.fetchval(open_, journey):
                await self.fates.leaves(number)


async def _line(reader: asyncio.StreamReader) -> bytes | None:
    """A whole line; None: who writes them is gone."""
    try:
        line = await reader.readline()
    except ConnectionError:
        return None
    return line if line.endswith(b"\n") else None


class Attempts:
    """Gives out attempts until every message has its outcome, as Temporal does."""

    def __init__(self, lives: Lives, random: Random) -> None:
        self._lives, self._random = lives, random
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def see_through(self, number: int, journey: JourneyId, *, twice: bool) -> str:
        """The outcome of a message."""
        if not twice:
            return await self._until_ended(journey)
        self._lives.fates.twice.add(number)
        one, other = await asyncio.gather(self._until_ended(journey), self._until_ended(journey))
        assert one == other, "one message has two ends"
        return one

    async def _until_ended(self, journey: JourneyId) -> str:
        assert DELIVER_RETRIES.maximum_interval is not None
        pause = DELIVER_RETRIES.initial_interval
        while True:
            async with self._slots:
                try:
                    answer = await self._lives.attempt(journey)
                except Killed:
                    continue
            assert "failed" not in answer, answer
            if "outcome" in answer:
                return answer["outcome"]
            seconds = pause.total_seconds() if answer["delay"] is None else answer["delay"]
            await asyncio.sleep(seconds / CLOCK)  # the pause of a retry is what this is about
            pause = min(pause * DELIVER_RETRIES.backoff_coefficient, DELIVER_RETRIES.maximum_interval)


async def count(
    postgres: EmbeddedPostgres, forking: asyncio.StreamWriter, called: Called, kind: str, kills: list[Kill]
) -> Result:
    """Deliver the message of each of them over this kind of sender; what was counted."""
    began, random = time.monotonic(), Random(kind)
    name = f"counted_{kind}"
    url = await postgres.create_database(name, template=called.template)
    pool = await open_pool(url, 1)
    said = (
        "insert into consents (contact_id, channel, granted, source) "
        "select contact_id, $2, false, 'test' from journeys where id = $1"
    )

    async def says_no(number: int) -> None:
        await pool.execute(said, called.journeys[number], called.channel)

    sends = len(called.journeys)
    fates = Fates(random, hangs=sends >= 1000, says_no=says_no)
    numbers = {journey: number for number, journey in enumerate(called.journeys)}
    message = "it-is-back" if called.channel is Channel.EMAIL else "text"
    with folder() as made:
        async with (MAIL | TEXTS)[kind](fates) as end:
            life = Life(str(made / "attempts"), url, message, end.settings())
            lives = Lives(forking, life, pool, fates, numbers, iter(kills), sends / (len(kills) + 1))
            attempts = Attempts(lives, random)
            async with lives.running(), asyncio.TaskGroup() as tasks:
                outcomes = [
                    tasks.create_task(attempts.see_through(number, journey, twice=random.randrange(ONE_TWICE_IN) == 0))
                    for number, journey in enumerate(called.journeys)
                ]
            taken = end.counted()
    rows = await pool.fetch("select journey_id, state from sends")
    states = {numbers[JourneyId(row["journey_id"])]: row["state"] for row in rows}
    assert [each.result() for each in outcomes] == [states.get(number) for number in range(sends)]
    await pool.close()
    await postgres.drop_database(name)
    return Result(
        kind,
        taken,
        states,
        frozenset(fates.undecided),
        frozenset(lives.sending),
        frozenset(fates.gone),
        fates.dealt,
        lives.killed,
        len(fates.twice),
        time.monotonic() - began,
    )
