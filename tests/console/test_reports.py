"""The part Reports: what its tables and files say, and for which stores."""

import pytest

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.responses.daily import DailyBy
from starter.http.console.charts import HEIGHT, WIDTH, column_chart
from starter.reporting.daily import DailyReports
from starter.reporting.reports import Period
from tests.http.web import Web
from tests.revenue.told import did, enters, ordered, sent
from tests.storefronts.shop import SHOP

EVER = Period()


@pytest.fixture
async def earned(web: Web, pool: Pool) -> Web:
    """A shop that sent three messages, of which one earned."""
    ann, ben = await enters(web, pool, "ann", "ben")
    clicked = await sent(pool, ann, 3)
    await sent(pool, ann, 2, number=2)
    await sent(pool, ben, 2)
    await did(web, "clicked_message", clicked, 2.5)
    await ordered(web, "o-1", "129.50", 1)
    return web


async def test_each_day_has_what_left_and_what_was_ordered_on_it(earned: Web, pool: Pool) -> None:
    report = await DailyReports(pool).report(EVER, DailyBy.STORE)
    assert [(each.of, each.sent, each.orders) for each in report.days] == [(SHOP, 1, 0), (SHOP, 2, 0), (SHOP, 0, 1)]
    assert [str(amount) for each in report.days for amount in each.earned.values()] == ["129.50"]
    for by, of in ((DailyBy.CONVERSATION, "back-in-stock"), (DailyBy.ALERT, "back-in-stock"), (DailyBy.CHANNEL, "")):
        split = await DailyReports(pool).report(EVER, by)
        assert {each.of for each in split.days} == {of}
        assert sum(each.sent for each in split.days) == 3


async def test_what_is_of_another_store_is_not_counted(earned: Web, pool: Pool) -> None:
    assert (await DailyReports(pool).report(EVER, DailyBy.STORE, stores=[StoreId("elsewhere")])).days == ()


def test_a_chart_has_a_column_for_each_value_and_says_all_of_them_in_words() -> None:
    chart = column_chart([("Mon", 2.0), ("Tue", 0.0), ("Wed", 4.0)], lambda value: f"{value:.0f}")
    monday, wednesday = chart.columns
    assert (float(monday.height), float(wednesday.height)) == (HEIGHT / 2, HEIGHT)
    assert 0 < float(monday.x) < float(wednesday.x) < WIDTH
    assert (chart.most, chart.first, chart.last, chart.description) == ("4", "Mon", "Wed", "Mon: 2; Wed: 4")


def test_a_chart_of_nothing_is_empty() -> None:
    chart = column_chart([], str)
    assert (chart.columns, chart.description) == ((), "")
