"""Offers that lapse while another dispatcher lets offers lapse too."""

import asyncio

from activities.postgres.pool import Pool
from activities.waitlist.claims import CLAIMS_AT_ONCE, SQL, Waitlist
from tests.product import STORE, Shop

DUE = CLAIMS_AT_ONCE + 100

_USED_AND_DUE = """
with open as (
    insert into episodes (alert_id, store_id, subject, available, arrived)
    select id, $1, 'variant/v', 1, 1 from alerts returning id
), contact as (
    insert into contacts (id, email) select 'c-' || n, n || '@example.com' from generate_series(1, $2::int) n
    returning id
), journey as (
    insert into journeys (id, contact_id, store_id, subject, product_id, alert_id, conversation, version_id, entered_at,
                          window_ends_at)
    select 'j-' || contact.id, contact.id, $1, 'variant/v', 'p', a.id, a.conversation, c.published, now(), 'infinity'
    from contact, alerts a join conversations c on c.code = a.conversation
    returning id
)
insert into claims (episode_id, journey_id, state, settled_at, lapses_at)
select open.id, journey.id, 'used', now(), now() from open, journey"""


async def test_two_dispatchers_let_each_offer_lapse_once(pool: Pool) -> None:
    await Shop.opened(pool)
    await pool.execute(_USED_AND_DUE, STORE, DUE)
    async with asyncio.timeout(60):
        lapsed = await asyncio.gather(Waitlist(pool).lapse_offers(), Waitlist(pool).lapse_offers())
    assert sum(lapsed) + await Waitlist(pool).lapse_offers() == DUE
    assert await pool.fetch("select state, lapsed_reason, count(*) from claims group by 1, 2") == [
        ("lapsed", "offer_lapsed", DUE)
    ]


async def test_what_lapses_is_what_was_held(pool: Pool) -> None:
    """What falls due after the products are locked waits for the next look: its product is not locked."""
    await Shop.opened(pool)
    await pool.execute(_USED_AND_DUE, STORE, 2)
    first: int = await pool.fetchval("select min(id) from claims")
    async with pool.acquire() as connection:
        await SQL.lapse_offers.run(connection, claim_ids=[first])
    assert await pool.fetch("select id = $1, state from claims order by id", first) == [
        (True, "lapsed"),
        (False, "used"),
    ]
