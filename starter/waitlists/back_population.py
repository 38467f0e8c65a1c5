"""Back-population: contacts whose event lies in the past enter where they would be by now.

What feeds the alert is read from the events on record: views, carts, and the sign-ups that came while every message
was a draft. Each counts as if it had just been told, in its order and at its time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from activities.postgres.pool import Connection, Pool, Row
from activities.postgres.queries import load_queries
from activities.waitlist.entry import Interest
from activities.waitlist.late import EntryCounts, KnownContact, LateAlert, LateEntry, enter_known_contacts
from activities.waitlist.unfulfilled_sign_ups import SIGNED_UP
from schemas.document.alert_types.vocabulary import Action
from schemas.ids import ContactId
from schemas.incoming.events import EventKind
from schemas.reasons import Reason
from schemas.responses.waitlists import BackPopulation
from starter.waitlists.late_entries import Progress, Total, enter_in_batches

SQL = load_queries("starter.waitlists", "waitlists.sql")

FIRST_LOOK_SECONDS = 300.0
"""Finding everyone who did something may read a large part of the events."""

_FED_BY = {
    Action.SIGN_UP: (EventKind.CUSTOM,),
    Action.BROWSE: (EventKind.VIEWED_PRODUCT,),
    Action.CART: (EventKind.ADDED_TO_CART, EventKind.CHECKOUT_STARTED),
}


class BackPopulating:
    """Back-population over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def run(
        self, code: str, since: datetime | None, total: Total, progress: Progress, *, keep: bool, actor: str
    ) -> BackPopulation:
        """Let them enter or, without `keep`, find out exactly who would.

        Args:
            since: aware; by default as far back as the alert's relevancy window can reach.
            total, progress: told how many people there are, and of those that were looked at.
            actor: who does it, for the audit.

        Raises:
            NoSuchAlert, AlertDraft: as they say.
        """
        alert = await LateAlert.named(self._pool, code)
        since = since or datetime.now(UTC) - timedelta(days=alert.window_days + 1)
        what = [*_FED_BY[alert.action]], SIGNED_UP, Reason.MESSAGE_DRAFT, alert.list_code, since
        rows = await self._pool.fetch(SQL["people_of_events"], *what, timeout=FIRST_LOOK_SECONDS)
        people = [ContactId(row["contact_id"]) for row in rows]
        total(len(people))

        async def enter(connection: Connection, some: Sequence[ContactId]) -> EntryCounts:
            events = await connection.fetch(SQL["events_of_people"], *what, some)
            return await enter_known_contacts(connection, _acquaintances(alert, events))

        counts = await enter_in_batches(self._pool, people, enter, progress, keep=keep)
        report = BackPopulation(alert=code, since=since, contacts=len(people), counts=counts, done=keep)
        if keep:
            details: dict[str, Any] = report.model_dump(mode="json", exclude={"done"})
            await self._pool.execute(SQL["audit"], actor, "back-populate alert", details)
        return report


def _acquaintances(alert: LateAlert, events: Sequence[Row]) -> list[KnownContact]:
    """Each contact with what they did, from rows that are in order of contact and time."""
    return [
        KnownContact(
            contact_id,
            tuple(
                LateEntry(alert, Interest(row["store_id"], row["product_id"], row["variant_id"], row["happened_at"]))
                for row in theirs
            ),
        )
        for contact_id, theirs in groupby(events, key=lambda row: row["contact_id"])
    ]
