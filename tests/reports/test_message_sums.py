"""Sums of what became of messages are what counting all of them says, whatever is told of them and when."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from activities.postgres.pool import Pool
from tests.reports.whole import read_whole

FIGURES = (
    *("sent", "told", "unknown", "delivered", "bounced", "opened", "machine_opened", "clicked", "machine_clicked"),
    *("complained", "unsubscribed"),
)
OF = ("quarter", "conversation", "alert_id", "version_id", "store_id", "step", "message")
A_MESSAGE = "select key from sends where state = 'sent' order by key limit 1"
AN_EVENT = """
insert into message_events (provider, event_id, kind, channel, send_key, happened_at)
select 'smtp', '{kind}', '{kind}', 'email', key, now() from ({which}) m
"""
CHANGES = {
    "one more message": (
        """
        insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
        select id || '/x/1', id, 'x', 1, 'x', 'sent', '{}', told_at from journeys where told_at is not null limit 1
        """,
    ),
    "a bounce": (AN_EVENT.format(kind="bounced", which=A_MESSAGE),),
    "a complaint": (AN_EVENT.format(kind="complained", which=A_MESSAGE),),
    "a click, which was a scanner's": (
        AN_EVENT.format(kind="clicked", which=A_MESSAGE),
        "update message_events set kind = 'machine_clicked' where kind = 'clicked'",
    ),
    "what nobody knew of, and what became of it": (
        f"update sends set state = 'unknown' where key = ({A_MESSAGE})",
        "update sends set state = 'refused', resolved_at = now() where state = 'unknown'",
    ),
    "what was told in another message": (
        f"update sends set told_with = ({A_MESSAGE}) where key = (select max(key) from sends where state = 'sent')",
        "update sends set told_with = null where told_with is not null",
    ),
    "what did not leave after all": (
        f"update sends set state = 'ready', outcome = null, settled_at = null where key = ({A_MESSAGE})",
    ),
    "a journey that goes by another version": (
        """
        update journeys set version_id = (select id from versions where id <> journeys.version_id limit 1)
        where id = (select journey_id from sends where state = 'sent' order by key limit 1)
        """,
    ),
}


async def _sums(pool: Pool) -> Sequence[asyncpg.Record]:
    await pool.execute("select count_messages()")
    return await pool.fetch(f"select * from message_sums where sent > 0 order by {', '.join(OF)}")


async def _counted(pool: Pool) -> Sequence[asyncpg.Record]:
    of, figures = ", ".join(OF), ", ".join(f"sum({each})::bigint as {each}" for each in FIGURES)
    return await pool.fetch(f"select {of}, {figures} from messages_that_left group by {of} order by {of}")


@pytest.mark.parametrize("change", CHANGES)
async def test_whatever_changes_of_a_message_is_counted(filled: Pool, change: str) -> None:
    before = await _sums(filled)
    assert before == await _counted(filled)
    for statement in CHANGES[change]:
        assert (await filled.execute(statement)).endswith(" 1")
        after = await _sums(filled)
        assert after != before
        assert after == await _counted(filled)
        before = after
    assert not await filled.fetchval("select count(*) from messages_to_count")


async def test_what_leaves_no_message_leaves_no_figure(filled: Pool) -> None:
    await _sums(filled)
    await filled.execute("update sends set state = 'ready', outcome = null, settled_at = null where state = 'sent'")
    assert not await _sums(filled)
    assert not await filled.fetchval(
        f"select count(*) from message_sums where num_nulls({', '.join(FIGURES)}) > 0 or told <> 0"
    )
    assert not await filled.fetchval("select count(*) from counted_messages")


async def test_what_is_told_while_messages_are_counted_is_counted(filled: Pool) -> None:
    async with filled.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(AN_EVENT.format(kind="bounced", which=A_MESSAGE))
        before = await _sums(filled)
        await transaction.commit()
    assert await _counted(filled) == await _sums(filled) != before


async def test_several_who_count_at_once_count_each_message_once(filled: Pool) -> None:
    await asyncio.gather(*(_sums(filled) for _ in range(4)))
    assert await _sums(filled) == await _counted(filled)


async def test_one_message_is_counted_without_reading_the_others(filled: Pool) -> None:
    await _sums(filled)
    await filled.execute(AN_EVENT.format(kind="bounced", which=A_MESSAGE))
    assert await read_whole(filled, "select count_messages()") <= {"messages_to_count"}
