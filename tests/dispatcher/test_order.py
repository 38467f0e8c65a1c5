"""What the dispatcher tells Temporal first: what somebody waits for, then what there is much of, and no store alone."""

import asyncio
import json
from collections import Counter
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.priority import PriorityKey
from starter.runtime.dispatcher import AT_ONCE, LONGEST_ROOM, OUTBOX_NOTIFICATION, ROOM, SQL, URGENT_LASTS, Call, room
from starter.versioning.publishing import publish
from tests.product import STORE, Shop, starter_document

BEHIND = 20_000


async def _many(pool: Pool, stores: int, of_each: int) -> None:
    """An outbox as after a large import: so many calls of each of so many stores."""
    await pool.execute(
        "insert into outbox (kind, store_id, subject) select 'look_again', 'store-' || s, 'variant/' || n "
        "from generate_series(1, $1::int) s, generate_series(1, $2::int) n",
        stores,
        of_each,
    )
    await pool.execute("analyze outbox")


async def _due(pool: Pool, priority: PriorityKey, most: int = AT_ONCE, after: str = "") -> list[Call]:
    async with pool.acquire() as connection, connection.transaction():
        return await SQL.due.rows(connection, Call, priority=priority, after=after, most=most)


async def test_who_enters_late_waits_for_those_who_enter_now_and_both_for_what_somebody_waits_for(pool: Pool) -> None:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    [now] = await shop.signs_up("now")
    await pool.execute("delete from outbox")
    await pool.execute("update journeys set late = true")
    await pool.execute("insert into outbox (kind, journey_id) values ('start_journey', $1)", now)
    await pool.execute("update journeys set late = false")
    await pool.execute(
        "insert into outbox (kind, journey_id, reason, message, payload) values "
        "('broadcast', $1, null, 'news', null), ('start_journey', $1, null, null, null), "
        "('leave', $1, 'cancelled', null, null), ('contact_event', $1, null, null, '{}'), "
        "('intervene', $1, null, null, '{}')",
        now,
    )
    await shop.has("v", 1)
    kinds = {key: [call.kind for call in await _due(pool, key)] for key in PriorityKey}
    assert kinds[PriorityKey.URGENT] == ["leave", "contact_event", "intervene", "look_again"]
    assert kinds[PriorityKey.ORDINARY] == ["start_journey"]
    assert kinds[PriorityKey.BACKGROUND] == ["start_journey", "broadcast"]
    assert {call.store_id for key in PriorityKey for call in await _due(pool, key)} == {STORE}


async def test_no_store_s_many_calls_hold_up_another_s_few(pool: Pool) -> None:
    await _many(pool, 1, 1000)
    await pool.execute("insert into outbox (kind, store_id, subject) values ('look_again', 'zz', 'variant/1')")
    stores = Counter(call.store_id for call in await _due(pool, PriorityKey.URGENT))
    assert stores == {"store-1": AT_ONCE // 2, "zz": 1}


async def test_a_thousand_stores_make_no_larger_batch_and_each_has_its_turn(pool: Pool) -> None:
    await _many(pool, 1000, 2)
    served: Counter[str] = Counter()
    after = ""
    for _ in range(1000 // AT_ONCE):
        batch = await _due(pool, PriorityKey.URGENT, after=after)
        assert len(batch) == AT_ONCE
        served.update(call.store_id for call in batch)
        after = batch[-1].store_id
    assert len(served) == 1000
    assert set(served.values()) == {1}
    again = await _due(pool, PriorityKey.URGENT, after="store-990")
    assert [call.store_id for call in again[9:11]] == ["store-1", "store-10"]  # The turns go round.


async def test_stores_whose_calls_are_not_due_yet_leave_their_turn_to_the_next(pool: Pool) -> None:
    await _many(pool, 3 * AT_ONCE, 1)
    await pool.execute("update outbox set next_at = now() + interval '1 hour' where store_id < 'store-3'")
    due: int = await pool.fetchval("select count(*) from outbox where next_at <= now()")
    assert len(await _due(pool, PriorityKey.URGENT)) == min(due, AT_ONCE)


async def test_two_dispatchers_side_by_side_take_different_calls(pool: Pool) -> None:
    await _many(pool, 3, 100)
    async with pool.acquire() as connection, connection.transaction():
        first = await SQL.due.rows(connection, Call, priority=PriorityKey.URGENT, after="", most=AT_ONCE)
        second = await _due(pool, PriorityKey.URGENT)
    assert len(first) == len(second) == AT_ONCE // 3 * 3
    assert not {call.id for call in first} & {call.id for call in second}


async def test_the_next_calls_are_found_by_the_index_however_many_lie_behind_them(pool: Pool) -> None:
    await _many(pool, 4, BEHIND // 4)
    explained = await pool.fetchval(
        f"explain (analyze, format json) {SQL.due.sql}",
        *SQL.due.arguments({"priority": PriorityKey.URGENT, "after": "", "most": AT_ONCE}),
    )
    nodes = list(_nodes(json.loads(explained)[0]["Plan"]))
    on_outbox = [node for node in nodes if node.get("Relation Name") == "outbox" and node["Node Type"] != "LockRows"]
    assert {node["Index Name"] for node in on_outbox} == {"outbox_due"}
    assert "Sort" not in {node["Node Type"] for node in nodes}
    assert max(node["Actual Rows"] for node in on_outbox) <= AT_ONCE


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", []) for node in _nodes(part))]


async def test_every_dispatcher_hears_of_what_is_urgent_and_of_nothing_where_nothing_came(
    pool: Pool, database_url: str
) -> None:
    heard: asyncio.Queue[object] = asyncio.Queue()

    def hear(*said: object) -> None:
        heard.put_nowait(said[-1])

    listener = await asyncpg.connect(database_url)
    await listener.add_listener(OUTBOX_NOTIFICATION, hear)
    await pool.execute("insert into outbox (kind, store_id, operation_id) select 'run_bulk', '', id from operations")
    await pool.execute("insert into outbox (kind, store_id, subject) values ('look_again', 's', 'variant/1')")
    assert await heard.get() == str(PriorityKey.URGENT.value)
    await listener.close()


@given(st.floats(0, 1e6), st.floats(0, 1e9))
def test_background_calls_make_room_for_what_is_urgent_and_never_stop(took: float, since_urgent: float) -> None:
    left = room(took, since_urgent)

    if since_urgent >= URGENT_LASTS.total_seconds():
        assert left == 0
    else:
        assert left == ROOM * took or LONGEST_ROOM.total_seconds() == left < ROOM * took
