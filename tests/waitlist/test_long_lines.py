"""A line that grows past the number of its list is said once, however many enter at once; again once it had fallen."""

import asyncio
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from activities.waitlist.line_counts import FOLDED_AT_ONCE, fold_line_counts
from schemas.ids import JourneyId
from schemas.reasons import Reason
from schemas.responses.reports import WantedReport
from schemas.responses.waitlists import WaitingLine
from starter.ops.backlog import Backlog
from starter.ops.findings import Health
from starter.ops.lines_checkup import examine_lines
from starter.reporting.reports import Period, Reports
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.product import STORE, Shop
from tests.story.documents import back, programme

SHELF = ("--store", STORE, "--variant", "v")


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    """One whose list tells of four in a line."""
    await tells_of(pool, 4)
    shop = Shop(pool, Intake(pool))
    await shop.sells("v", "w")
    return shop


async def tells_of(pool: Pool, number: int | None) -> None:
    await publish(pool, programme("line", back(), only_by_name=False, tell_when_waiting=number))


async def said(pool: Pool) -> list[tuple[str, int]]:
    """The lines that are said to be long by one fold, each with how many wait."""
    with capture_logs() as logs:
        await fold_line_counts(pool)
    return [(each["subject"], each["waiting"]) for each in logs if each["event"] == "long line"]


async def leave(pool: Pool, *journeys: JourneyId) -> None:
    for each in journeys:
        await Waitlist(pool).leave_waitlist(each, Reason.LEFT_BY_THEMSELVES)


async def test_it_is_said_once_when_the_number_is_reached(pool: Pool, shop: Shop) -> None:
    await shop.signs_up("ada", "bob", "cy")
    await shop.signs_up("ada", "bob", "cy", for_="w")
    assert await said(pool) == []
    await shop.signs_up("dee")
    assert await said(pool) == [("variant/v", 4)]
    await shop.signs_up("eve", "fay")
    assert await said(pool) == []


async def test_it_is_said_again_only_after_it_had_fallen_below_half(pool: Pool, shop: Shop) -> None:
    journeys = await shop.signs_up("ada", "bob", "cy", "dee")
    assert await said(pool) == [("variant/v", 4)]
    await leave(pool, *journeys[:2])
    assert await said(pool) == []
    await shop.signs_up("eve", "fay")
    assert await said(pool) == [], "two are half of four, and not less"
    await leave(pool, *journeys[2:])
    more = await shop.signs_up("gus")
    await leave(pool, *more)
    await pool.execute("update waiting set state = 'left', reason = 'cancelled' where state = 'waiting'")
    assert await said(pool) == []
    await shop.signs_up("hal", "ivy", "jo", "kim")
    assert await said(pool) == [("variant/v", 4)]


async def test_however_many_enter_and_fold_at_once_it_is_said_once(pool: Pool, shop: Shop) -> None:
    async def enters(first: int) -> None:
        for number in range(first, first + 5):
            await shop.signs_up(f"n{number}")
            await fold_line_counts(pool)

    with capture_logs() as logs:
        await asyncio.gather(*(enters(first) for first in range(0, 40, 5)))
        await fold_line_counts(pool)
    found = [each for each in logs if each["event"] == "long line"]
    assert len(found) == 1
    assert 4 <= found[0]["waiting"] <= 40
    assert await pool.fetchval("select count(*) from long_lines") == 1


async def test_many_thousands_that_come_in_are_said_once(pool: Pool, shop: Shop) -> None:
    await pool.execute(
        "insert into line_counts (alert_id, store_id, subject, what, count) "
        "select 'line', $1, 'variant/v', 'waiting', 1 from generate_series(1, $2::int)",
        STORE,
        2 * FOLDED_AT_ONCE + 1,
    )
    assert await said(pool) == [("variant/v", 2 * FOLDED_AT_ONCE + 1)]


async def test_a_list_that_tells_of_none_has_none(pool: Pool, shop: Shop) -> None:
    await shop.signs_up("ada", "bob", "cy", "dee")
    await said(pool)
    await tells_of(pool, None)
    await shop.signs_up("eve")
    assert await said(pool) == []
    assert await pool.fetchval("select count(*) from long_lines") == 0


async def test_a_number_that_is_set_later_holds_with_the_next_change(pool: Pool, shop: Shop) -> None:
    await shop.signs_up("ada", "bob")
    await said(pool)
    await tells_of(pool, 2)
    assert await said(pool) == []
    await shop.signs_up("cy")
    assert await said(pool) == [("variant/v", 3)]


async def test_doctor_metric_and_reports_show_it(pool: Pool, shop: Shop, shelftalk: Shelftalk) -> None:
    assert (await examine_lines(pool)).health is Health.GOOD
    assert (await Backlog(pool).figures()).long_lines == 0
    before = await shelftalk.run("report", "wanted")
    await shop.signs_up("ada", "bob", "cy", "dee")
    await said(pool)
    finding = await examine_lines(pool)
    assert (finding.health, "variant/v" in finding.found, "4 wait" in finding.found) == (Health.NOTE, True, True)
    assert (await Backlog(pool).figures()).long_lines == 1
    (product,) = (await Reports(pool).wanted(None, Period(None, None))).products
    assert product.long_since is not None
    assert product.long_since <= datetime.now(UTC)
    assert "long since" not in before.out
    assert "long since" in (await shelftalk.run("report", "wanted")).out
    assert (await shelftalk.run("report", "wanted", "--json")).answer(WantedReport).products[0].long_since
    assert "long since" in (await shelftalk.run("waitlist", "show", *SHELF)).out
    assert (await shelftalk.run("waitlist", "show", *SHELF, "--json")).answer(WaitingLine).long_since
