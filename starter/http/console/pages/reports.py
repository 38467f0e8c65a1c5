"""The part Reports: what went out and earned day by day, messages, delays, experiments and coupons.

Each is a table, a chart where there are days, and a file for a spreadsheet.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import Query, Request, Response

from schemas.ids import StoreId
from schemas.responses.daily import DailyBy, DailyReport
from schemas.responses.message_activity import ActivityBy
from schemas.responses.users import Role
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.charts import Chart, column_chart
from starter.http.console.choices import known_alerts, known_stores
from starter.http.console.periods import PeriodAsked
from starter.http.console.rendering import page, words
from starter.http.console.words import Words
from starter.http.dependencies import InjectedServices
from starter.reporting.spreadsheets import (
    MEDIA_TYPE,
    coupons_csv,
    daily_csv,
    delays_csv,
    experiment_csv,
    messages_csv,
)

router = console_router()

MOST_COLUMNS = 62
"""Of a chart; a longer period is drawn by the week or by the month, so that a column can be seen."""
AsFile = Annotated[str, Query(alias="format", max_length=4)]
Store = Annotated[str, Query(max_length=255)]


@dataclass(slots=True)
class Summed:
    """What one conversation, alert, channel or store sent and earned in the period."""

    of: str
    sent: int = 0
    orders: int = 0
    earned: dict[str, Decimal] = field(default_factory=dict[str, Decimal])


@router.get("/reports", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show_days(
    request: Request,
    viewer: CurrentViewer,
    services: InjectedServices,
    asked: PeriodAsked,
    by: DailyBy = DailyBy.CONVERSATION,
    format_: AsFile = "",
) -> Response:
    """What went out and what it earned, by the reader's days."""
    report = await services.daily_reports.report(asked.period, by, viewer.time_zone, viewer.stores(Role.VIEWER))
    if format_ == "csv":
        return csv_file(daily_csv(report), "days")
    t, rows = words(request), _summed(report)
    earned: dict[str, Decimal] = defaultdict(Decimal)
    for each in rows:
        for currency, amount in each.earned.items():
            earned[currency] += amount
    return page(
        request,
        "reports/days.html",
        asked=asked,
        kept={"by": None if by is DailyBy.CONVERSATION else by},
        report=report,
        rows=rows,
        sent=sum(each.sent for each in rows),
        orders=sum(each.orders for each in rows),
        earned=dict(earned),
        charts=_charts(t, report, sorted(earned)),
    )


@router.get("/reports/messages", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show_messages(
    request: Request,
    viewer: CurrentViewer,
    services: InjectedServices,
    asked: PeriodAsked,
    by: ActivityBy = ActivityBy.MESSAGE,
    alert: Annotated[str, Query(max_length=63)] = "",
    store: Store = "",
    format_: AsFile = "",
) -> Response:
    """What became of the messages that were sent: of all alerts or one, in all stores or one."""
    chosen = StoreId(store) if store and viewer.knows(store) else None
    report = await services.message_reports.activity(
        asked.period, by, alert=alert or None, store=chosen, stores=viewer.stores(Role.VIEWER)
    )
    if format_ == "csv":
        return csv_file(messages_csv(report), "messages")
    t = words(request)
    return page(
        request,
        "reports/messages.html",
        asked=asked,
        kept={"by": None if by is ActivityBy.MESSAGE else by, "alert": alert, "store": chosen},
        report=report,
        alert_options=await known_alerts(viewer, services, t("frame.all"), alert),
        store_options=await known_stores(viewer, services, t("frame.all_stores")),
    )


@router.get("/reports/delays", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show_delays(
    request: Request,
    viewer: CurrentViewer,
    services: InjectedServices,
    asked: PeriodAsked,
    store: Store = "",
    format_: AsFile = "",
) -> Response:
    """How long alerts took, leg by leg."""
    stores = viewer.stores(Role.VIEWER)
    chosen = StoreId(store) if store and viewer.knows(store) else None
    report = await services.delays.delays(asked.period, store=chosen, stores=stores)
    if format_ == "csv":
        return csv_file(delays_csv(report), "delays")
    longest = max((each.p95 for each in report.legs if each.p95 is not None), default=0.0)
    return page(
        request,
        "reports/delays.html",
        asked=asked,
        kept={"store": chosen},
        report=report,
        longest=longest,
        store_options=await known_stores(viewer, services, words(request)("frame.all_stores")),
    )


@router.get("/reports/experiments", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show_experiments(
    request: Request, viewer: CurrentViewer, services: InjectedServices, experiment: Store = "", format_: AsFile = ""
) -> Response:
    """What each experiment found so far."""
    stores = viewer.stores(Role.VIEWER)
    names = await services.experiments.names(stores=stores)
    if format_ == "csv" and experiment in names:
        return csv_file(experiment_csv(await services.experiments.report(experiment, stores)), "experiment")
    reports = [await services.experiments.report(name, stores) for name in names]
    return page(request, "reports/experiments.html", reports=reports)


@router.get("/reports/coupons", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def show_coupons(
    request: Request, viewer: CurrentViewer, services: InjectedServices, format_: AsFile = ""
) -> Response:
    """How many codes of each list there are, and what became of them."""
    report = await services.coupons.lists(viewer.stores(Role.VIEWER))
    if format_ == "csv":
        return csv_file(coupons_csv(report), "coupons")
    return page(request, "reports/coupons.html", report=report)


def csv_file(content: bytes, name: str) -> Response:
    """A file for a spreadsheet, which nobody keeps on the way."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


def _summed(report: DailyReport) -> list[Summed]:
    """Those who sent most first."""
    found: dict[str, Summed] = {}
    for day in report.days:
        row = found.setdefault(day.of, Summed(day.of))
        row.sent += day.sent
        row.orders += day.orders
        for currency, amount in day.earned.items():
            row.earned[currency] = row.earned.get(currency, Decimal(0)) + amount
    return sorted(found.values(), key=lambda row: (-row.sent, row.of))


def _charts(t: Words, report: DailyReport, currencies: list[str]) -> list[tuple[str, Chart]]:
    """Messages, and what was earned in each currency, by day; in a long period by several days."""
    length = (report.until - report.since).days + 1
    step = -(-length // MOST_COLUMNS)
    begins = [report.since + timedelta(days=offset) for offset in range(0, length, step)]

    def drawn(amounts: dict[date, float], currency: str | None) -> Chart:
        summed = [
            (t.day(begin), sum(amounts.get(begin + timedelta(days=n), 0.0) for n in range(step))) for begin in begins
        ]
        return column_chart(
            summed,
            lambda value: t.number(int(value)) if currency is None else t.money(Decimal(f"{value:.2f}"), currency),
        )

    sent: dict[date, float] = defaultdict(float)
    earned: dict[str, dict[date, float]] = {currency: defaultdict(float) for currency in currencies}
    for day in report.days:
        sent[day.day] += day.sent
        for currency, amount in day.earned.items():
            earned[currency][day.day] += float(amount)
    titled = [(t("reports.sent_by_day"), drawn(sent, None))]
    return titled + [(t("reports.earned_by_day", currency=each), drawn(earned[each], each)) for each in currencies]
