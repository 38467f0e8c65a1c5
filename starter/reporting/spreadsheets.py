"""Reports as CSV that spreadsheets open as it is meant: no cell is a formula, whoever wrote the product's title."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from schemas.attribution import Touch
from schemas.responses.analytics import ConversationAnalytics, CountedContact
from schemas.responses.coupons import CouponList, CouponLists
from schemas.responses.daily import DailyReport
from schemas.responses.delays import DelayReport, LegFigures
from schemas.responses.experiments import ExperimentReport
from schemas.responses.lines import LineNow
from schemas.responses.message_activity import MessageActivity, MessageFigures
from schemas.responses.reports import ListReport, WantedProduct, WantedReport
from schemas.responses.revenue import MessageRevenue, RevenueReport
from starter.waitlists.files.cells import cover

MEDIA_TYPE = "text/csv; charset=utf-8"


def wanted_csv(report: WantedReport) -> bytes:
    """One line for each product or variant; the columns are the fields of `WantedProduct`."""
    columns = tuple(WantedProduct.model_fields)
    return _write(columns, ([getattr(row, name) for name in columns] for row in report.products))


def lines_csv(lines: Iterable[LineNow]) -> bytes:
    """One line for each variant or product that somebody waits for; the columns are the fields of `LineNow`."""
    columns = tuple(name for name in LineNow.model_fields if name != "alerts")
    rows = ([*(getattr(row, name) for name in columns), ", ".join(row.alerts)] for row in lines)
    return _write((*columns, "alerts"), rows)


def list_csv(report: ListReport) -> bytes:
    """One line for each day, alert and measure, for those who left each reason: what a pivot table likes."""
    return _write(("day", "alert", "measure", "reason", "count"), _measures(report))


def revenue_csv(report: RevenueReport) -> bytes:
    """One line for each message and currency; the touches are columns of their own."""
    columns = tuple(name for name in MessageRevenue.model_fields if name != "by_touch")
    rows = (
        [*(getattr(row, name) for name in columns), *(row.by_touch.get(touch, 0) for touch in Touch)]
        for row in report.messages
    )
    return _write((*columns, *Touch), rows)


def experiment_csv(report: ExperimentReport) -> bytes:
    """One line for orders, and one for the revenue in each currency."""
    columns = ("measure", "currency", "told", "held_out", "difference", "low", "high", "finding")
    rows: list[tuple[object, ...]] = []
    if (orders := report.orders) is not None:
        shares = (report.told.share, report.held_out.share)
        rows.append(("orders", "", *shares, orders.difference, orders.low, orders.high, orders.finding))
    for each in report.revenue:
        means = (each.told, each.held_out, each.difference, each.low, each.high)
        rows.append(("revenue", each.currency, *means, each.finding))
    return _write(columns, rows)


def messages_csv(report: MessageActivity) -> bytes:
    """One line for each that the report is by; the columns are the fields of `MessageFigures`."""
    columns = tuple(MessageFigures.model_fields)
    return _write(columns, ([getattr(row, name) for name in columns] for row in report.messages))


def delays_csv(report: DelayReport) -> bytes:
    """One line for each leg, lengths in seconds; the columns are the fields of `LegFigures`."""
    columns = tuple(LegFigures.model_fields)
    return _write(columns, ([getattr(row, name) for name in columns] for row in report.legs))


def daily_csv(report: DailyReport) -> bytes:
    """One line for each day, what it is of, and currency; messages and orders stand in the first of a day."""
    return _write(("day", report.by, "sent", "orders", "currency", "earned"), _days(report))


def analytics_csv(report: ConversationAnalytics) -> bytes:
    """One line for each place and measure; for those who were not told each reason, and each currency earned."""
    return _write(("place", "measure", "of", "value"), _places(report))


def people_csv(people: Iterable[CountedContact]) -> bytes:
    """One line for each behind a number; the columns are the fields of `CountedContact`."""
    columns = tuple(CountedContact.model_fields)
    return _write(columns, ([getattr(row, name) for name in columns] for row in people))


def coupons_csv(report: CouponLists) -> bytes:
    """One line for each list of codes."""
    columns = tuple(name for name in CouponList.model_fields if name != "alerts")
    return _write(
        (*columns, "alerts"),
        ([*(getattr(row, name) for name in columns), ", ".join(row.alerts)] for row in report.lists),
    )


def _days(report: DailyReport) -> Iterator[tuple[object, ...]]:
    for each in report.days:
        first, *others = sorted(each.earned.items()) or [("", "")]
        yield each.day, each.of, each.sent, each.orders, *first
        for currency, amount in others:
            yield each.day, each.of, 0, 0, currency, amount


def _places(report: ConversationAnalytics) -> Iterator[tuple[object, ...]]:
    for each in report.places:
        place = each.place or "entrance"
        for measure in ("entries", "people", "now", "orders"):
            yield place, measure, "", getattr(each, measure)
        for currency, amount in sorted(each.revenue.items()):
            yield place, "revenue", currency, amount
        for reason, count in sorted(each.why_not.items()):
            yield place, "why_not", reason, count


def _measures(report: ListReport) -> Iterator[tuple[object, ...]]:
    for day in report.days:
        for measure, count in (("entered", day.entered), ("told", day.told), ("bought_after", day.bought_after)):
            if count:
                yield day.day, day.alert, measure, "", count
        for reason, count in day.left.items():
            yield day.day, day.alert, "left", reason, count


def _write(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Every cell is quoted, lest what follows a semicolon begins a cell, and a formula, where lists are split there."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cover("" if cell is None else str(cell).replace("\0", "")) for cell in row])
    return file.getvalue().encode("utf-8-sig", errors="replace")
