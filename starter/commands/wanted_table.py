"""What was wanted most, as a table."""

from rich.table import Column, Table

from schemas.ids import Level
from schemas.responses.reports import WantedReport
from starter.commands.terminal.output import clock


def wanted_table(report: WantedReport) -> Table | str:
    """What was wanted most, for people; a column for lines that are long, where one is."""
    if not report.products:
        return "Nothing was wanted."
    names = ("store", "product", *(("variant",) if report.by is Level.VARIANT else ()))
    figures = ("waiting", "units", "not confirmed", "to order", "lost to window", "told", "bought after", "entered")
    long = any(row.long_since for row in report.products)
    columns = (*names, *(Column(name, justify="right") for name in figures), *(("long since (UTC)",) if long else ()))
    table = Table(*columns, box=None, pad_edge=False)
    for row in report.products:
        product = f"{row.product_title} ({row.product_id})"
        variant = f"{row.variant_title or ''} ({row.variant_id})".strip() if row.variant_id else "any"
        numbers = (
            row.waiting,
            row.units,
            row.unconfirmed,
            row.to_order,
            row.lost_to_window,
            row.told,
            row.bought_after,
            row.entered,
        )
        named = (row.store_id, product, *((variant,) if report.by is Level.VARIANT else ()))
        since = (clock(row.long_since) if row.long_since else "",) if long else ()
        table.add_row(*named, *map(str, numbers), *since)
    return table
