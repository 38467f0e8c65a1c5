"""What is done with a line costs no more when it is long: the rows that PostgreSQL reads, with few and with many."""

from collections.abc import Awaitable, Callable

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool, open_pool
from activities.waitlist.claims import Waitlist
from activities.waitlist.line_counts import fold_line_counts
from activities.waitlist.staying import keep_in_line
from schemas.ids import JourneyId, Level
from starter.devstack.postgres import EmbeddedPostgres
from starter.documents import load_document
from starter.ops.pausing import Pausing
from starter.reporting.reports import Period, Reports
from starter.shops.forecast import Forecasts
from starter.support.journeys import Journeys
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from starter.waitlists.waitlists import Lines, Waitlists
from tests.conftest import TEMPLATE
from tests.documents.starters import PRICE
from tests.product import STORE, Shop, subject

FEW, MANY = 1_200, 30_000
"""Both longer than what is counted of those before one, and than a report shows."""

_PEOPLE = """
with people as (
    select 'c-' || n as contact_id, 'j-' || n as journey_id, n, now() - interval '9 days' + n * interval '1 s' as at
    from generate_series(1, $1::int) n
), contact as (
    insert into contacts (id, email) select contact_id, 'n' || n || '@example.com' from people
), journey as (
    insert into journeys
        (id, contact_id, store_id, subject, product_id, alert_id, conversation, version_id, entered_at, window_ends_at)
    select journey_id, contact_id, $2, 'variant/v', 'p', a.id, a.conversation, c.published, at, at + interval '90 days'
    from people, alerts a join conversations c on c.code = a.conversation
)
insert into waiting (journey_id, alert_id, type, contact_id, store_id, subject, entered_at)
select journey_id, a.id, a.type, contact_id, $2, 'variant/v', at from people, alerts a order by n"""

_TOLD = """
with claim as (
    insert into claims (episode_id, journey_id, state, settled_at, stays)
    select e.id, w.journey_id, 'used', now(), true from episodes e, waiting w
), place as (
    update waiting set state = 'told'
)
update journeys set told_at = now(), ended_at = now(), ending = 'completed'"""

_ROWS_READ = """
select (select sum(seq_tup_read) from pg_stat_user_tables) + (select sum(idx_tup_read) from pg_stat_user_indexes)"""

Work = Callable[[Shop, int], Awaitable[object]]


async def _is_restocked(shop: Shop, _: int) -> None:
    await shop.has("v", 10)
    assert (await Waitlist(shop.pool).give_places(subject("v"))).to_notify == 10


async def _signs_up(shop: Shop, _: int) -> None:
    await shop.signs_up("new")


async def _forecast(shop: Shop, _: int) -> None:
    forecast = await Forecasts(shop.pool).of_units(subject("v"), 50)
    assert (forecast.told, forecast.more) == (50, False)


async def _why_contact(shop: Shop, people: int) -> None:
    (entry,) = (await Why(shop.pool).contact(f"n{people}@example.com", About())).entries
    assert entry.standing is not None
    assert entry.standing.ahead == 101


async def _why_product(shop: Shop, people: int) -> None:
    found = await Why(shop.pool).product(STORE, About(STORE, "v"), limit=20)
    assert (found.waiting, len(found.entries)) == (people, 20)


async def _shows_the_last(shop: Shop, people: int) -> None:
    assert (await Journeys(shop.pool).show(JourneyId(f"j-{people}"))).ahead == 101


async def _shows_the_line(shop: Shop, people: int) -> None:
    line = await Waitlists(shop.pool).show(Lines(STORE, variant_id="v"), 20)
    assert (line.total, [each.place for each in line.waiting]) == (people, [*range(1, 21)])


async def _reports(shop: Shop, people: int) -> None:
    (row,) = (await Reports(shop.pool).wanted("default", Period(), Level.VARIANT)).products
    assert (row.entered, row.waiting, row.to_order) == (people, people, people)
    (alert,) = (await Reports(shop.pool).list_figures("default", Period())).alerts
    assert (alert.entered, alert.waiting) == (people, people)
    assert (await Pausing(shop.pool).alerts()).alerts[0].waiting == people


async def _is_sold_out_again(shop: Shop, _: int) -> None:
    await shop.has("v", 10)
    await shop.has("v", 0)


async def _goes_off_sale(shop: Shop, _: int) -> None:
    await shop.unpublishes()
    await shop.publishes()


async def _is_discontinued(shop: Shop, _: int) -> None:
    await shop.discontinues()
    assert (await Waitlist(shop.pool).give_places(subject("v"))).more


@pytest.fixture(scope="module")
async def lines(postgres: EmbeddedPostgres) -> dict[int, str]:
    """Databases with so many in line, to copy."""
    for people in (FEW, MANY):
        pool = await open_pool(await postgres.create_database(_name(people), template=TEMPLATE), 1)
        await Shop.opened(pool)
        await pool.execute(_PEOPLE, people, STORE, timeout=120)
        await fold_line_counts(pool)
        await pool.execute("delete from outbox")
        await pool.execute("vacuum analyze", timeout=120)
        await pool.close()
    return {people: _name(people) for people in (FEW, MANY)}


@pytest.mark.parametrize(
    "work",
    [
        _is_restocked,
        _signs_up,
        _forecast,
        _why_contact,
        _why_product,
        _shows_the_last,
        _shows_the_line,
        _reports,
        _is_sold_out_again,
        _goes_off_sale,
        _is_discontinued,
    ],
)
async def test_no_more_rows_are_read_with_twenty_five_times_as_many_in_line(
    postgres: EmbeddedPostgres, lines: dict[int, str], work: Work
) -> None:
    few, many = [await _rows_read_by(postgres, work, people, lines[people]) for people in (FEW, MANY)]
    assert many <= 1.2 * few + 200  # A small table is read as a whole, or not, as the planner likes.


async def test_those_who_want_more_than_there_is_are_not_walked_past(
    postgres: EmbeddedPostgres, lines: dict[int, str]
) -> None:
    """All but the last twenty want more than there is, in fifty numbers."""
    read: dict[int, int] = {}
    for people, template in lines.items():
        pool = await open_pool(await postgres.create_database("copy", template=template), 1)
        wants = "update waiting set quantity = 11 + place % 50 where place <= (select max(place) - 20 from waiting)"
        await pool.execute(wants, timeout=120)
        await pool.execute("vacuum analyze", timeout=120)
        before = await _rows_read(pool)
        await _is_restocked(Shop(pool, Intake(pool)), people)
        read[people] = await _rows_read(pool) - before
        told = await pool.fetch("select journey_id from waiting where state = 'claimed' order by place")
        assert [row["journey_id"] for row in told] == [f"j-{people - 19 + at}" for at in range(10)]
        await pool.close()
        await postgres.drop_database("copy")
    assert read[MANY] <= 1.2 * read[FEW] + 200


async def test_who_was_told_of_what_is_there_still_is_not_read_to_find_who_stays(
    postgres: EmbeddedPostgres, lines: dict[int, str]
) -> None:
    """Asked every few seconds, for as long as it is there."""
    read: dict[int, int] = {}
    for people, template in lines.items():
        pool = await open_pool(await postgres.create_database("copy", template=template), 1)
        await Shop(pool, Intake(pool)).has("v", people)
        await pool.execute("update alerts set stay_until_bought = 1")
        await pool.execute("set session_replication_role = replica")  # No trigger: what is counted is not asked for.
        await pool.execute(_TOLD, timeout=120)
        await pool.execute("reset session_replication_role")
        await pool.execute("vacuum analyze", timeout=120)
        before = await _rows_read(pool)
        assert await keep_in_line(pool) == 0
        read[people] = await _rows_read(pool) - before
        await pool.close()
        await postgres.drop_database("copy")
    assert read[MANY] <= 1.2 * read[FEW] + 200


async def _rows_read_by(postgres: EmbeddedPostgres, work: Work, people: int, template: str) -> int:
    # One session, whose figures are there once it is asked for them.
    pool = await open_pool(await postgres.create_database("copy", template=template), 1)
    before = await _rows_read(pool)
    await work(Shop(pool, Intake(pool)), people)
    read = await _rows_read(pool) - before
    await pool.close()
    await postgres.drop_database("copy")
    return read


async def test_of_a_long_line_in_which_nobodys_price_is_reached_nobody_is_said_to_be_ahead(pool: Pool) -> None:
    await publish(pool, load_document(PRICE, "price-drop.yaml"))
    await Shop(pool, Intake(pool)).sells("v")
    await pool.execute(_PEOPLE, FEW, STORE)
    asked = f"select ahead_of(w, 90, 1000) from waiting w where journey_id = 'j-{FEW}'"
    await pool.execute("update waiting set trigger_at = 50")
    assert await pool.fetchval(asked) is None, "of the first 1,000 nobody is, and 199 more were not looked at"
    await pool.execute("update waiting set trigger_at = 90")
    assert await pool.fetchval(asked) == 1001
    await pool.execute("update waiting set trigger_at = 50 where journey_id <> 'j-7'")
    assert await pool.fetchval(f"select ahead_of(w, 90, {FEW}) from waiting w where journey_id = 'j-{FEW}'") == 1


def _name(people: int) -> str:
    return f"line_of_{people}"


async def _rows_read(pool: Pool) -> int:
    await pool.execute("select pg_stat_force_next_flush()")
    return int(await pool.fetchval(_ROWS_READ))
