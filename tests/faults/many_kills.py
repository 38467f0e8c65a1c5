"""Twenty kills in five hundred tellings, and PostgreSQL away three times: `make faults`, some minutes.

What test_worker_killed.py and test_postgresql_away.py show of a message or two, counted at the mail server. It is no
part of `make test`, for its time is waiting: for workers, for PostgreSQL, for a mail server that takes 0.3 s a mail.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from temporalio.client import Client

from activities.delivery.lease import LONGEST_PAUSE_SECONDS
from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import Pool
from activities.senders.email.smtp_sender import CONNECTIONS
from starter.devstack.postgres import EmbeddedPostgres
from starter.devstack.temporal import EmbeddedTemporal
from tests.delivery.test_postgresql_away import away
from tests.faults.killable import Setting, kill, worker_process
from tests.faults.test_worker_killed import SECONDS_A_MAIL, TakingItsTime
from tests.product import Shop

TELLINGS = 500
KILLS = 20
AWAY_AT = (4, 9, 14)
"""Before these kills PostgreSQL is away, while the worker lives."""
AWAY_SECONDS = 15
PATIENCE_SECONDS = 900.0
LAST_MOMENT_SECONDS = LONGEST_PAUSE_SECONDS + 1.0
"""In which what the server answered may not be written down yet: until it is tried again once PostgreSQL is back, and
on a loaded machine."""


@pytest.mark.timeout(3600)
async def test_twenty_kills_in_five_hundred_tellings(
    postgres: EmbeddedPostgres,
    scheduling_temporal: EmbeddedTemporal,
    database_url: str,
    pool: Pool,
    client: Client,
    tmp_path: Path,
) -> None:
    setting = Setting(database_url, scheduling_temporal.address, client.namespace, "faults", tmp_path)
    shop = await Shop.opened(pool)
    await shop.signs_up(*(f"n{number}" for number in range(TELLINGS)))
    on_their_way = in_part = 0
    unanswered, lately = set[str](), set[str]()
    async with TakingItsTime() as server:

        async def taken(so_many: int) -> bool:
            return len(server.taken) >= so_many

        for number in range(KILLS):
            async with worker_process(setting, server.port) as worker:
                if number == 0:
                    await shop.has("v", TELLINGS)
                so_many = (number + 1) * TELLINGS // (KILLS + 5)
                await _until(lambda so_many=so_many: taken(so_many))
                if number in AWAY_AT:
                    async with away(postgres, database_url):
                        await asyncio.sleep(AWAY_SECONDS)  # that it is away for so long is what this is about
                    so_many = len(server.taken) + CONNECTIONS
                    await _until(lambda so_many=so_many: taken(so_many))
                await asyncio.sleep(SECONDS_A_MAIL / 2)  # in the midst of the next bodies, and not as they are answered
                on_their_way += server.under_way
                in_part += server.under_way - len(server.unanswered)
                unanswered |= server.unanswered
                now = asyncio.get_running_loop().time()
                lately |= {name for name, at in server.answered.items() if now - at < LAST_MOMENT_SECONDS}
                await kill(worker)
            server.forget_under_way()
            await pool.expire_connections()
            await _until(lambda: _leases_run_out(pool))
        assert len(server.taken) < TELLINGS, "the workers were killed too late to prove anything"
        async with worker_process(setting, server.port):
            await _until(lambda: _all_are_told(pool))
        told = Counter(str(message["To"]) for message in server.messages)
    unknown, sent = await _ended(pool, "unknown"), await _ended(pool, "sent")
    most = max(told.values())
    just_so, not_here = len((unknown & lately) - unanswered), len(unknown - told.keys())
    print(f"\n{len(told)} told, at most {most} times; {len(sent)} sent, {len(unknown)} unknown: {KILLS} kills, of")
    print(
        f"{on_their_way} bodies under way, {in_part} of them here in part; {len(unknown & unanswered)} unknown were not"
    )
    print(f"answered, {just_so} were in the last {LAST_MOMENT_SECONDS} s before, {not_here} are not here")
    assert most == 1
    assert len(sent) + len(unknown) == TELLINGS, "everyone else was told"
    assert sent <= told.keys()
    assert unknown & told.keys() <= unanswered | lately, "handed over, and not answered or just so"
    assert not_here <= in_part + KILLS, "and of each kill who had the right to send, and had not begun"


async def _ended(pool: Pool, state: str) -> set[str]:
    """The addresses of those whose message ended so."""
    asked = (
        "select c.email from sends s join journeys j on j.id = s.journey_id join contacts c on c.id = j.contact_id "
        "where s.state = $1"
    )
    return {row["email"] for row in await pool.fetch(asked, state)}


async def _leases_run_out(pool: Pool) -> bool:
    """The time passes for which a worker that was killed keeps others from its messages."""
    try:
        await pool.execute("update sends set lease_until = now() where state = 'sending'")
    except POSTGRES_AWAY:
        return False
    return True


async def _all_are_told(pool: Pool) -> bool:
    return not await pool.fetchval("select exists (select from journeys where told_at is null)")


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():
            await asyncio.sleep(0.05)  # between two looks at what nobody signals
