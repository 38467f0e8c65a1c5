"""Back-population: contacts whose event lies in the past enter where they would be by now.

The events on record that lead into the alert are views, carts, and the sign-ups that came while every message was a
draft. Each is treated as if it came now, in its order and with its own time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from activities.waitlist.interest import Interest
from activities.waitlist.late import EntryCounts, KnownContact, LateEntry, enter_known_contacts
from activities.waitlist.late_alerts import LateAlert
from activities.waitlist.unfulfilled_sign_ups import SIGNED_UP
from schemas.document.alert_types.vocabulary import Action
from schemas.ids import ContactId, StoreId
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


@dataclass(frozen=True, slots=True)
class PastInterest:
    """A contact's event about one product, or one variant of it; `quantity`: the units that a sign-up is for."""

    contact_id: ContactId
    store_id: StoreId
    happened_at: datetime
    product_id: str
    variant_id: str | None
    quantity: int | None


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
            total, progress: called with how many people there are, and how many more have been looked at.
            actor: who does it, for the audit.

        Raises:
            NoSuchAlert, AlertDraft: as they say.
        """
        alert = await LateAlert.named(self._pool, code)
        since = since or datetime.now(UTC) - timedelta(days=alert.window_days + 1)
        which: dict[str, object] = {
            "kinds": [*_FED_BY[alert.action]],
            "signed_up": SIGNED_UP,
            "draft": Reason.MESSAGE_DRAFT,
            "list_code": alert.list_code,
            "stores": alert.stores,
            "since": since,
        }
        people: list[ContactId] = await SQL.people_of_events.within(FIRST_LOOK_SECONDS).values(self._pool, **which)
        total(len(people))

        async def enter(connection: Connection, some: Sequence[ContactId]) -> EntryCounts:
            events = await SQL.events_of_people.rows(connection, PastInterest, contacts=some, **which)
            return await enter_known_contacts(connection, _known_contacts(alert, events))

        counts = await enter_in_batches(self._pool, people, enter, progress, keep=keep)
        report = BackPopulation(alert=code, since=since, contacts=len(people), counts=counts, done=keep)
        if keep:
            details: dict[str, Any] = report.model_dump(mode="json", exclude={"done"})
            await write_audit(self._pool, actor, "back-populate alert", details)
        return report


def _known_contacts(alert: LateAlert, events: Sequence[PastInterest]) -> list[KnownContact]:
    """Each contact with what they did, from rows in order of contact and time."""
    return [
        KnownContact(
            contact_id,
            tuple(
                LateEntry(
                    alert,
                    Interest(each.store_id, each.product_id, each.variant_id, each.happened_at, each.quantity),
                )
                for each in theirs
            ),
        )
        for contact_id, theirs in groupby(events, key=lambda event: event.contact_id)
    ]
