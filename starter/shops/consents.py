"""Consent that a shop collected itself: at its checkout, in its account pages, on a form."""

from datetime import UTC, datetime

from activities.journeys.contact_events import UNSUBSCRIBED, Happened, signal_journeys
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.entrances import contact
from schemas.channels import Channel
from schemas.ids import ContactId

SQL = load_queries("starter.shops", "consents.sql")


class Consents:
    """The append-only record of consent."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_on_deadlock
    async def record(self, email: str, source: str, *, granted: bool) -> ContactId:
        """Record that a contact granted or withdrew consent to e-mail. The newest record counts."""
        async with transaction(self._pool) as connection:
            contact_id = await contact(connection, email)
            await record_word(connection, contact_id, source, granted=granted)
        return contact_id


async def record_word(connection: Connection, contact_id: ContactId, source: str, *, granted: bool) -> None:
    """Record a contact's word on e-mail; they are held by this transaction."""
    # After the contact is held, so that it is later than the entry of whoever held it before.
    now = datetime.now(UTC)
    consent_id: int | None = await SQL.record.value(
        connection, contact_id=contact_id, channel=Channel.EMAIL, granted=granted, source=source, given_at=now
    )
    if consent_id is not None and not granted:
        happened = Happened(None, contact_id, f"consent/{consent_id}", (UNSUBSCRIBED,), now)
        await signal_journeys(connection, happened)
