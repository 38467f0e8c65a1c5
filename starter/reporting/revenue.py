"""What messages earned. Reads PostgreSQL only; docs/revenue.md gives every number its meaning."""

from collections.abc import Sequence

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import StoreId
from schemas.money import in_currency
from schemas.responses.revenue import CurrencyRevenue, MessageRevenue, RevenueReport
from starter.reporting.reports import Period, instants_of

SQL = load_queries("starter.reporting", "revenue.sql")


class Revenue:
    """What was earned, over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def report(
        self, list_code: str | None, period: Period, stores: Sequence[StoreId] | None = None
    ) -> RevenueReport:
        """What each message earned, by currency, of what was ordered in the period.

        Args:
            stores: only of these; None: of all.

        Raises:
            NoSuchList: no published conversation has named the list.
        """
        since, until = await instants_of(self._pool, period, list_code)
        asked = {"list_code": list_code, "since": since, "until": until, "stores": stores}
        currencies = await SQL.currencies.rows(self._pool, CurrencyRevenue, **asked)
        messages = await SQL.messages.rows(self._pool, MessageRevenue, **asked)
        return RevenueReport(
            list_code=list_code,
            since=period.since,
            until=period.until,
            currencies=tuple(_total(each) for each in currencies),
            messages=tuple(_message(each) for each in messages),
        )


def _total(row: CurrencyRevenue) -> CurrencyRevenue:
    money = {name: in_currency(getattr(row, name), row.currency) for name in ("net", "credited_net")}
    return row.model_copy(update=money)


def _message(row: MessageRevenue) -> MessageRevenue:
    money = {name: in_currency(getattr(row, name), row.currency) for name in ("gross", "deducted", "net")}
    return row.model_copy(update=money)
