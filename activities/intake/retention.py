"""Retention: each kind of data is forgotten once it is older than its setting says.

Run by a Temporal Schedule. In batches, each a transaction of its own that holds little for a moment; an attempt that is
killed loses nothing, for the next one goes on with what is left. What is kept for good says docs/settings.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from temporalio import activity

from activities.postgres.pool import Pool
from activities.postgres.queries import Query, load_queries
from schemas.journey.names import Activity
from schemas.responses.retention import Kept, Retain, Retained, RetentionReport

SQL = load_queries("activities.intake", "retention.sql")
log = structlog.get_logger()

BATCH = 1000
"""Rows in one transaction: done in well under a second."""
COUNT_SECONDS = 120.0
"""Counting what is due reads all of it; so may forgetting the notes of what was told late."""


@dataclass(frozen=True, slots=True)
class _Kind:
    forget: Query
    count: Query


@dataclass(frozen=True, slots=True)
class _Left:
    """How many rows are too old, and since when the oldest of all that are kept is there; None: nothing is."""

    due: int
    oldest: datetime | None


_KINDS: Mapping[Kept, _Kind] = {
    Kept.INBOX: _Kind(SQL.forget_inbox, SQL.count_inbox),
    Kept.EVENT: _Kind(SQL.forget_event, SQL.count_event),
    Kept.SUBJECT: _Kind(SQL.forget_subject, SQL.count_subject),
    Kept.CLICK: _Kind(SQL.forget_click, SQL.count_click),
    Kept.LINK: _Kind(SQL.forget_link, SQL.count_link),
    Kept.QUESTION: _Kind(SQL.forget_question, SQL.count_question),
    Kept.PROOF: _Kind(SQL.forget_proof, SQL.count_proof),
    Kept.TEXT: _Kind(SQL.forget_text, SQL.count_text),
}


class Retention:
    """The retention activity.

    Args:
        days: for how many days each kind is kept.
    """

    def __init__(self, pool: Pool, days: Mapping[Kept, int]) -> None:
        self._pool = pool
        self._days = days

    @activity.defn(name=Activity.RETAIN)
    async def retain(self, request: Retain) -> RetentionReport:
        """Forget what is too old, or count it. Safe to repeat."""
        last_run_at: datetime | None = await SQL.last_run.value(self._pool)
        kinds = [await self._one(kind, request) for kind in Kept]
        report = RetentionReport(kinds=tuple(kinds), last_run_at=last_run_at)
        if not request.only_count:
            for query in (SQL.forget_told_late, SQL.count_messages):
                await query.within(COUNT_SECONDS).run(self._pool)
            await SQL.record_run.run(self._pool, report=report.model_dump(mode="json"))
            log.info("old data forgotten", rows={str(each.kind): each.forgotten for each in report.kinds})
        return report

    async def _one(self, kind: Kept, request: Retain) -> Retained:
        age = timedelta(days=self._days[kind])
        forgotten = 0
        while not request.only_count and forgotten < request.most:
            _sign_of_life()
            done = len(await _KINDS[kind].forget.values(self._pool, age=age, most=min(BATCH, request.most - forgotten)))
            forgotten += done
            if done < BATCH:
                break
        _sign_of_life()
        left = await _KINDS[kind].count.within(COUNT_SECONDS).one(self._pool, _Left, age=age)
        return Retained(kind=kind, days=self._days[kind], forgotten=forgotten, due=left.due, oldest=left.oldest)


def _sign_of_life() -> None:
    if activity.in_activity():
        activity.heartbeat()
