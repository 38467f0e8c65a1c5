"""What somebody says against being written to, and what is no good to write to, by way of a provider.

Of an address that nobody has any more, or yet, only a digest is kept: it holds again as soon as somebody gives it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from activities.journeys.contact_events import UNSUBSCRIBED, Happened, signal_journeys
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import ContactId

SQL = load_queries("activities.feedback", "refusals.sql")


@dataclass(frozen=True, slots=True)
class Refuser:
    """Whom it is about.

    Attributes:
        address: as the provider tells it; None: it does not.
        contact_id: None: nobody is known. They are held by this transaction.
        known_address: somebody has the address now.
    """

    channel: str
    address: str | None
    contact_id: ContactId | None
    known_address: bool


async def refuse(
    connection: Connection,
    who: Refuser,
    *,
    suppressed_for: str | None = None,
    said: str | None = None,
    at: datetime | None = None,
) -> None:
    """Suppress an address, take a consent back, or both.

    Args:
        suppressed_for: why nothing is sent to the address any more; of several reasons the gravest stands.
        said: where they said no; None: they said nothing.
        at: when they did; a yes that they said later stands.
    """
    if who.contact_id is not None and said is not None:
        await take_back(connection, who.contact_id, who.channel, said, at)
    if who.address is None:
        return
    if who.known_address:
        if suppressed_for is not None:
            await SQL.suppress.run(connection, channel=who.channel, address=who.address, reason=suppressed_for)
    else:
        await SQL.keep_refusal.run(
            connection, channel=who.channel, address=who.address, refused=said is not None, reason=suppressed_for
        )


async def take_back(
    connection: Connection, contact_id: ContactId, channel: str, source: str, at: datetime | None = None
) -> None:
    """Record that a contact says no to a channel, and tell their journeys. The same word again adds nothing."""
    # After the contact is held, so that it is later than the entry of whoever held it before.
    now = datetime.now(UTC)
    consent_id: int | None = await SQL.take_back.value(
        connection, contact_id=contact_id, channel=channel, source=source, now=now, said_at=at or now
    )
    if consent_id is not None:
        await signal_journeys(connection, Happened(None, contact_id, f"consent/{consent_id}", (UNSUBSCRIBED,), now))


async def start_again(connection: Connection, who: Refuser) -> None:
    """They say start: what their stop had ended goes on. It is no yes of somebody who had not said one before."""
    if who.address is not None:
        await SQL.forget_stop.run(connection, channel=who.channel, address=who.address)
    if who.contact_id is not None:
        await SQL.give_again.run(connection, contact_id=who.contact_id, channel=who.channel, now=datetime.now(UTC))
