"""Consent that a shop collected itself: at its checkout, in its account pages, on a form."""

from collections.abc import Sequence
from datetime import UTC, datetime

from activities.intake.known_stores import only_others_know
from activities.journeys.contact_events import UNSUBSCRIBED, Happened, signal_journeys
from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.entrances import NumberOfAnother, contact
from schemas.channels import Channel
from schemas.errors import DomainError, ErrorKind
from schemas.ids import ContactId, StoreId

SQL = load_queries("starter.shops", "consents.sql")


class ContactOfOthers(DomainError):
    """Only other stores than the key's know this contact; a consent holds in all stores."""

    code = "forbidden"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This contact is known to other stores only, and the key is not for those.")


class SaidNo(DomainError):
    """The contact has said no to messages, and the key that says yes for them is for certain stores only."""

    code = "forbidden"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        super().__init__(
            "They said no to messages, in whichever store, and a key of certain stores does not undo that: use one for "
            "all stores."
        )


class Consents:
    """The append-only record of consent."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_on_deadlock
    async def record(
        self,
        email: str | None,
        source: str,
        *,
        granted: bool,
        by: str,
        stores: Sequence[StoreId] | None = None,
        phone: str | None = None,
        channel: Channel = Channel.EMAIL,
    ) -> ContactId:
        """Record that a contact granted or withdrew consent to messages on a channel. The newest record counts.

        Args:
            email, phone: who it is; a number in E.164. With both, the number is given to who has the address and none.
            by: who says so, for the audit.
            stores: those that whoever says so is for. They say nothing of a contact whom only other stores know,
                and no yes for one who said no; None: all stores.

        Raises:
            ContactOfOthers, SaidNo, NumberOfAnother: as they say.
        """
        async with transaction(self._pool) as connection:
            contact_id = await contact(connection, email, phone)
            if stores is not None and await only_others_know(connection, contact_id, stores):
                raise ContactOfOthers
            if (
                stores is not None
                and granted
                and await SQL.said_no.value(connection, contact_id=contact_id, channel=channel)
            ):
                raise SaidNo
            if phone is not None and not await SQL.has_phone.value(connection, contact_id=contact_id, phone=phone):
                raise NumberOfAnother
            if await record_word(connection, contact_id, source, granted=granted, channel=channel):
                details = {"contact": contact_id, "granted": granted, "channel": channel}
                await write_audit(connection, by, "record consent", details)
        return contact_id


async def record_word(
    connection: Connection, contact_id: ContactId, source: str, *, granted: bool, channel: Channel = Channel.EMAIL
) -> bool:
    """Record a contact's word on a channel; they are held by this transaction. False: it was their word already."""
    # After the contact is held, so that it is later than the entry of whoever held it before.
    now = datetime.now(UTC)
    consent_id: int | None = await SQL.record.value(
        connection, contact_id=contact_id, channel=channel, granted=granted, source=source, given_at=now
    )
    if consent_id is not None and not granted and channel is Channel.EMAIL:
        happened = Happened(None, contact_id, f"consent/{consent_id}", (UNSUBSCRIBED,), now)
        await signal_journeys(connection, happened)
    return consent_id is not None
