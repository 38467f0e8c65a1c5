"""Most wanted and list figures: counted as docs/reports.md says, and written so that no spreadsheet runs them."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from activities.delivery.ledger import Ledger
from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from activities.waitlist.line_counts import fold_line_counts
from schemas.ids import Level
from schemas.journey.outcome import Sent
from schemas.reasons import Ending, Reason
from starter.reporting.reports import BadPeriod, NoSuchList, Period, Reports
from starter.reporting.spreadsheets import list_csv, wanted_csv
from starter.versioning.publishing import publish
from tests.delivery.counter import message
from tests.product import STORE, address, starter_document
from tests.reports.shop import Counter

EVER = Period()


async def _tells(counter: Counter, name: str, variant: str = "v") -> None:
    (journey,) = await counter.shop.signs_up(name, for_=variant)
    await counter.shop.has(variant, 1)
    await counter.looks()
    await Ledger(counter.pool).settle(message(journey), Sent(message_id="m", at=datetime.now(UTC)))
    await counter.shop.has(variant, 0)


async def _loses(counter: Counter, name: str) -> None:
    (journey,) = await counter.shop.signs_up(name)
    await counter.pool.execute("update journeys set window_ends_at = now() where id = $1", journey)
    await counter.waitlist.leave_waitlist(journey, Reason.WINDOW_ENDED)
    await counter.waitlist.close(journey, Ending.EXPIRED, Reason.WINDOW_ENDED)


async def test_what_is_wanted_is_counted_by_what_became_of_it(counter: Counter, pool: Pool) -> None:
    await counter.shop.sells("v", "w")
    await _tells(counter, "buyer")
    await _tells(counter, "looker")
    await counter.bought("buyer")
    await _loses(counter, "late")
    await counter.shop.signs_up("one", "two", "three")
    await counter.shop.signs_up("four", for_="w")
    report = await Reports(pool).wanted("default", EVER)
    first, second = report.products
    assert (first.variant_id, second.variant_id) == ("v", "w")
    assert (first.entered, first.waiting, first.lost_to_window, first.told, first.bought_after) == (6, 3, 1, 2, 1)
    assert (first.to_order, second.to_order) == (3, 1)
    (product,) = (await Reports(pool).wanted(None, EVER, Level.PRODUCT)).products
    assert (product.variant_id, product.waiting, product.to_order, product.told) == (None, 4, 4, 2)
    assert len((await Reports(pool).wanted(None, EVER, limit=1)).products) == 1


@pytest.mark.parametrize(
    ("per_unit", "threshold", "waiting", "units", "to_order"),
    [(1, 1, 7, 0, 7), (3, 1, 7, 0, 3), (3, 1, 7, 2, 1), ("all", 1, 7, 0, 7), (1, 5, 2, 0, 5), (1, 1, 7, 10, 0)],
)
async def test_as_many_are_to_be_ordered_as_it_takes_to_tell_everyone(
    pool: Pool, per_unit: int | str, threshold: int, waiting: int, units: int, to_order: int
) -> None:
    await publish(pool, starter_document(contacts_per_unit=per_unit, quantity_threshold=threshold))
    counter = Counter.over(pool)
    await counter.shop.sells("v")
    await counter.shop.signs_up(*(f"shopper{number}" for number in range(waiting)))
    if units:
        await counter.shop.has("v", units)
    (row,) = (await Reports(pool).wanted(None, EVER)).products
    assert (row.waiting, row.to_order) == (waiting, to_order)
    if units:
        assert await counter.looks() == min(waiting, units * int(per_unit))
        assert (await Reports(pool).wanted(None, EVER)).products[0].to_order == to_order


async def test_as_many_are_to_be_ordered_as_those_want_who_want_several(pool: Pool) -> None:
    await publish(pool, starter_document(contacts_per_unit=1))
    counter = Counter.over(pool)
    await counter.shop.sells("v")
    for name, units in (("ada", 5), ("bob", 1), ("cy", 2)):
        await Entrances(pool).sign_up(address(name), STORE, "v", "test", quantity=units)
    (row,) = (await Reports(pool).wanted(None, EVER)).products
    assert (row.waiting, row.units, row.to_order) == (3, 8, 8)
    await pool.execute("update waiting set quantity = 4 where quantity = 5")
    (row,) = (await Reports(pool).wanted(None, EVER)).products
    assert (row.units, row.to_order) == (7, 7), "somebody wants fewer now"
    await counter.shop.has("v", 2)
    assert (await Reports(pool).wanted(None, EVER)).products[0].to_order == 6, "bob is told by the units there are"
    assert await counter.looks() == 1
    await fold_line_counts(pool)
    (row,) = (await Reports(pool).wanted(None, EVER)).products
    assert (row.waiting, row.units, row.to_order) == (2, 6, 6)


async def test_a_period_is_whole_days_by_the_clock_of_the_list(counter: Counter, pool: Pool) -> None:
    await pool.execute("update lists set time_zone = 'Pacific/Auckland' where code = 'default'")
    (journey,) = await counter.shop.signs_up("ada")
    late = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)  # the second of March in Auckland
    await pool.execute("update line_counts set quarter = $1 where what = 'entered'", late)
    await counter.waitlist.leave_waitlist(journey, Reason.CANCELLED)
    await counter.waitlist.close(journey, Ending.EXITED, Reason.CANCELLED)
    reports, second = Reports(pool), date(2026, 3, 2)
    for day, counted in ((second - timedelta(days=1), 0), (second, 1), (second + timedelta(days=1), 0)):
        report = await reports.wanted("default", Period(day, day))
        assert sum(row.entered for row in report.products) == counted
    figures = await reports.list_figures("default", Period(None, second))
    assert [(day.day, day.entered) for day in figures.days] == [(second, 1)]
    assert len((await reports.wanted(None, Period(date(2026, 3, 1), date(2026, 3, 1)))).products) == 1


async def test_a_lists_figures_add_up_by_alert_and_by_day(counter: Counter, pool: Pool) -> None:
    await _tells(counter, "buyer")
    await counter.bought("buyer")
    await _loses(counter, "late")
    await counter.shop.signs_up("one")
    report = await Reports(pool).list_figures("default", EVER)
    (alert,) = report.alerts
    assert (alert.entered, alert.waiting, alert.told, alert.bought_after) == (3, 1, 1, 1)
    assert alert.left == {Reason.WINDOW_ENDED: 1}
    assert sum(day.entered for day in report.days) == alert.entered
    rows = list(csv.DictReader(io.StringIO(list_csv(report).decode("utf-8-sig"))))
    assert {(row["measure"], row["reason"], row["count"]) for row in rows} == {
        ("entered", "", "3"),
        ("told", "", "1"),
        ("bought_after", "", "1"),
        ("left", "window_ended", "1"),
    }
    assert {alert.alert for alert in (await Reports(pool).list_figures("watchers", EVER)).alerts} == {
        "cheaper",
        "nearly-gone",
    }


async def test_a_product_called_like_a_formula_stays_a_text(counter: Counter, pool: Pool) -> None:
    await counter.shop.signs_up("ada")
    await pool.execute("update products set title = '=HYPERLINK(\"http://x\")'")
    (row,) = csv.DictReader(io.StringIO(wanted_csv(await Reports(pool).wanted(None, EVER)).decode("utf-8-sig")))
    assert row["product_title"] == '\'=HYPERLINK("http://x")'
    assert (row["variant_id"], row["waiting"]) == ("v", "1")


async def test_a_list_nobody_named_and_a_period_that_ends_before_it_begins_are_refused(pool: Pool) -> None:
    with pytest.raises(NoSuchList):
        await Reports(pool).wanted("none", EVER)
    with pytest.raises(BadPeriod):
        Period(date(2026, 3, 2), date(2026, 3, 1))
    with pytest.raises(BadPeriod):
        Period(date(1, 1, 1))
