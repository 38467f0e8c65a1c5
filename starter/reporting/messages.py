"""What became of messages: sent, delivered, opened and clicked by people, bounced, complained of, unsubscribed by.

docs/reports.md gives every number its meaning. They are read as sums of quarters of an hour, which are brought up to
now first.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import StoreId
from schemas.responses.message_activity import ActivityBy, MessageActivity, MessageFigures
from starter.reporting.reports import LARGEST_REPORT, Period, instants_of

SQL = load_queries("starter.reporting", "messages.sql")

LIMIT_SECONDS = 30.0
"""To count what was told of some million messages, where nobody has asked since."""
USUAL_DAYS = 30
"""The period where none is named."""


def usual_period(period: Period) -> Period:
    """The period that was named, or else the last days up to today, by UTC."""
    if period.since is not None or period.until is not None:
        return period
    today = datetime.now(UTC).date()
    return Period(today - timedelta(days=USUAL_DAYS - 1), today)


class MessageReports:
    """The report over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def activity(
        self,
        period: Period,
        by: ActivityBy = ActivityBy.MESSAGE,
        list_code: str | None = None,
        conversation: str | None = None,
        alert: str | None = None,
        store: StoreId | None = None,
        stores: Sequence[StoreId] | None = None,
        limit: int = LARGEST_REPORT,
    ) -> MessageActivity:
        """What became of the messages that were sent in the period; without one, in the last `USUAL_DAYS`.

        Args:
            list_code, conversation, alert, store: only of these; None: of all.
            stores: only to people of these; None: of all. `store` is one of them.

        Raises:
            NoSuchList: as it says.
        """
        period = usual_period(period)
        since, until = await instants_of(self._pool, period, list_code)
        await SQL.count.within(LIMIT_SECONDS).run(self._pool)
        rows = await SQL.activity.rows(
            self._pool,
            MessageFigures,
            since=since,
            until=until,
            by=by,
            list_code=list_code,
            conversation=conversation,
            alert=alert,
            store=store,
            stores=stores,
            most=max(1, min(limit, LARGEST_REPORT)),
        )
        return MessageActivity(
            list_code=list_code,
            conversation=conversation,
            alert=alert,
            store=store,
            since=period.since,
            until=period.until,
            by=by,
            messages=tuple(rows),
        )
