"""What the mail server answered while PostgreSQL was away is on record when it is back (promise P1)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

import asyncpg
import pytest

from activities.delivery.deliver import DeliverActivity
from activities.delivery.lease import Lease
from activities.delivery.leaving import BadMailbox, Leaving
from activities.delivery.ledger import Ledger
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.senders.limits import Limits
from activities.senders.registry import Senders
from activities.senders.sms.providers import NoProvider
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Outcome, Refused, Sent, Unknown
from starter.devstack.postgres import EmbeddedPostgres
from starter.versioning.publishing import publish
from tests.conformance.providers import Does
from tests.delivery.counter import Counter, message
from tests.delivery.slow_server import SlowServer
from tests.product import Shop, starter_document

T = TypeVar("T")


class WatchedLedger(Ledger):
    """Says when something could not be written."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.failed = asyncio.Event()
        self.loses_answer_to_open = False

    async def open(self, request: Deliver, lease: Lease, leaving: Leaving | None = None) -> bool | datetime:
        opened = await super().open(request, lease, leaving)
        if self.loses_answer_to_open:
            raise ConnectionResetError
        return opened

    async def release(self, request: Deliver, lease: Lease) -> None:
        await self._watched(lambda: super(WatchedLedger, self).release(request, lease))

    async def settle(
        self,
        request: Deliver,
        outcome: Sent | Refused | Unknown,
        lease: Lease | None = None,
        *,
        bad: BadMailbox | None = None,
    ) -> Outcome | None:
        return await self._watched(lambda: super(WatchedLedger, self).settle(request, outcome, lease, bad=bad))

    async def _watched(self, write: Callable[[], Awaitable[T]]) -> T:
        try:
            return await write()
        except Exception:
            self.failed.set()
            raise


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


@asynccontextmanager
async def away(postgres: EmbeddedPostgres, database_url: str) -> AsyncGenerator[None]:
    """Every connection to this database is cut, and none is taken, until the block ends."""
    connection = await asyncpg.connect(database_url)
    name = await connection.fetchval("select current_database()")
    await connection.close()
    other = await asyncpg.connect(postgres.dsn("postgres"))
    try:
        await other.execute(f'alter database "{name}" with allow_connections false')
        await other.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        yield
    finally:
        await other.execute(f'alter database "{name}" with allow_connections true')
        await other.close()


@pytest.mark.parametrize(
    ("saying", "ended", "state", "place"),
    [
        (None, "sent", "sent", ("told", ["used"])),
        (Does.LATER, "NotTaken", "ready", ("claimed", ["given"])),
        (Does.REFUSE, "refused", "refused", ("left", ["refused"])),
    ],
    ids=["250", "451", "550"],
)
@pytest.mark.parametrize("cancelled", [False, True], ids=["", "and the attempt was cancelled"])
async def test_what_the_server_answered_while_postgresql_was_away_is_on_record_when_it_is_back(
    counter: Counter,
    postgres: EmbeddedPostgres,
    database_url: str,
    saying: Does | None,
    ended: str,
    state: str,
    place: tuple[str, list[str]],
    cancelled: bool,
) -> None:
    (journey, _) = await counter.calls("first", "second")
    ledger = WatchedLedger(counter.pool)
    async with SlowServer() as server:
        server.saying = saying
        server.accepts.set()
        delivery = DeliverActivity(ledger, Senders(server.sender(Limits()), NoProvider()), "shop.example")
        attempt = asyncio.create_task(counter.outcome_or_later(delivery, message(journey)))
        await server.has_seen(bodies=1)
        async with away(postgres, database_url):
            server.answers.set()
            await ledger.failed.wait()
            if cancelled:
                attempt.cancel()
        assert await attempt == ended
    assert (await counter.entry(message(journey)))[0] == state
    assert await counter.place(journey) == place
    assert await counter.is_asked_to_look() == (state == "refused"), "the place of one who was refused passes on"


async def test_a_right_to_send_whose_grant_was_never_heard_of_is_given_back(counter: Counter) -> None:
    """It is on record, and certainly nothing was handed over: nobody waits for the lease, and it is not unknown."""
    (journey,) = await counter.calls("first")
    ledger = WatchedLedger(counter.pool)
    ledger.loses_answer_to_open = True
    with pytest.raises(ConnectionResetError):
        await DeliverActivity(ledger, counter.sender, "shop.example").deliver(message(journey))
    assert await counter.entry(message(journey)) == ("ready", 1)
    assert isinstance(await counter.tells(journey), Sent)
    assert len(counter.sender.taken) == 1


async def test_nobody_calls_unknown_what_an_attempt_with_a_lease_may_still_write(counter: Counter) -> None:
    (journey,) = await counter.calls("first")
    lease = counter.ledger.lease()
    assert await counter.ledger.open(message(journey), lease)
    assert await counter.ledger.settle(message(journey), Unknown()) is None
    await counter.loses_its_holder(message(journey))
    assert await counter.ledger.settle(message(journey), Unknown()) == Unknown()
