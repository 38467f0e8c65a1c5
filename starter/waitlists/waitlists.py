"""Waiting lists for ops: who waits, the list as a file, and writing to those who wait, once."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.products import UnknownProduct
from schemas.channels import Channel
from schemas.errors import DomainError, ErrorKind
from schemas.ids import JourneyId
from schemas.responses.waitlists import Saying, WaitingContact, WaitingLine
from starter.waitlists.files.writing import WaitlistEntry, write_waitlist

SQL = load_queries("starter.waitlists", "waitlists.sql")

READING_SECONDS = 120.0
"""A whole list may have a million people."""


class UnknownMessage(DomainError):
    """No published conversation has, or had, a message of this code."""

    code = "unknown_message"
    kind = ErrorKind.NOT_FOUND
    advice = "Put it into the conversation's document and publish that; those who sign up from then on have it."


class MoreRecipients(DomainError):
    """Since the count was shown, more contacts would get the message; nothing was done."""

    code = "more_than_shown"
    kind = ErrorKind.CONFLICT
    advice = "Look again, and answer anew."

    def __init__(self, shown: int, now: Saying) -> None:
        super().__init__(f"Agreed was to write to {shown}, and now it would be {now.to_hear}. Nothing was sent.")
        self.now = now


@dataclass(frozen=True, slots=True)
class Lines:
    """Which waiting lists; None means any.

    Attributes:
        product_id: those who wait for the product as a whole or for any variant of it.
    """

    store_id: str | None = None
    variant_id: str | None = None
    product_id: str | None = None
    alert: str | None = None


@dataclass(frozen=True, slots=True)
class WaitlistCsv:
    """Waiting lists as a file."""

    text: bytes
    contacts: int


@dataclass(frozen=True, slots=True)
class LineCounts:
    """How many are in line, and how many more have not confirmed yet that they are; `long_since`: as `WaitingLine`."""

    total: int
    unconfirmed: int
    long_since: datetime | None


class RecipientStatus(StrEnum):
    """Whether one in line would get a message now, or why not."""

    TO_HEAR = "to_hear"
    LACKING = "lacking"
    """Their version of the conversation has no such message."""
    SENT_BEFORE = "sent_before"
    """It was sent to them, or is about to be."""
    CALLED_FORWARD = "called_forward"
    """They hold a claim, and are being notified of that."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One in line, as a recipient of a message."""

    journey_id: JourneyId
    status: RecipientStatus


class Waitlists:
    """The waiting lists of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def show(
        self, lines: Lines, limit: int | None, *, addresses: bool = False, by: str | None = None
    ) -> WaitingLine:
        """Who waits, in order.

        Args:
            by: who asks; the audit has who saw addresses.

        Raises:
            UnknownProduct: the store has no such product or variant.
        """
        await self._require_known(lines)
        if addresses and by is not None:
            details = {"store": lines.store_id, "variant": lines.variant_id, "product": lines.product_id}
            await write_audit(self._pool, by, "show addresses of waiting list", details)
        chosen = {
            "store_id": lines.store_id,
            "variant_id": lines.variant_id,
            "product_id": lines.product_id,
            "alert": lines.alert,
        }
        counts = await SQL.count.one(self._pool, LineCounts, **chosen)
        waiting = await SQL.line.within(READING_SECONDS).rows(
            self._pool,
            WaitingContact,
            **chosen,
            addresses=addresses,
            sms=Channel.SMS,
            most=limit,
        )
        return WaitingLine(
            total=counts.total,
            unconfirmed=counts.unconfirmed,
            long_since=counts.long_since,
            successor=await SQL.successor.value(
                self._pool, store_id=lines.store_id, variant_id=lines.variant_id, product_id=lines.product_id
            ),
            waiting=tuple(waiting),
        )

    async def export(self, lines: Lines, actor: str) -> WaitlistCsv:
        """The lists with addresses, in the product's own CSV; the export is noted in the audit.

        Raises:
            UnknownProduct: as `show`.
        """
        line = await self.show(lines, None, addresses=True)
        details = {"store": lines.store_id, "variant": lines.variant_id, "alert": lines.alert, "contacts": line.total}
        await write_audit(self._pool, actor, "export waiting list", details)
        text = write_waitlist(
            WaitlistEntry(
                email=each.email or "",
                phone=each.phone or "",
                sms_consent=each.sms_consent,
                store=each.store_id,
                variant_id=each.subject.removeprefix("variant/") if each.subject.startswith("variant/") else "",
                product_title=each.product_title,
                alert=each.alert,
                entered_at=each.entered_at,
                place=each.place,
                product_id=each.product_id,
                quantity=each.quantity,
            )
            for each in line.waiting
        )
        return WaitlistCsv(text, line.total)

    async def would_broadcast(self, lines: Lines, message: str) -> Saying:
        """How many would get a message. Changes nothing.

        Raises:
            UnknownMessage, UnknownProduct: as they say.
        """
        await self._require_known(lines)
        if not await SQL.known_message.value(self._pool, message=message):
            raise UnknownMessage(f"No published conversation has a message '{message}'.")
        async with self._pool.acquire() as connection:
            saying, _ = await _recipients(connection, lines, message)
        return saying

    @retry_on_deadlock
    async def broadcast(self, lines: Lines, message: str, actor: str, at_most: int | None = None) -> Saying:
        """Send a message once to everyone in line now; they keep their place. A second call with it does nothing.

        Args:
            at_most: how many were agreed to; None: however many.

        Raises:
            MoreRecipients: nothing was done.
        """
        async with transaction(self._pool) as connection:
            saying, journeys = await _recipients(connection, lines, message)
            if at_most is not None and saying.to_hear > at_most:
                raise MoreRecipients(at_most, saying)
            await SQL.broadcast.run(connection, journeys=journeys, message=message)
            details = {"message": message, "store": lines.store_id, "variant": lines.variant_id}
            details |= {"product": lines.product_id, "alert": lines.alert, "contacts": str(saying.to_hear)}
            await write_audit(connection, actor, "message waiting list", details)
        return saying.model_copy(update={"done": True})

    async def _require_known(self, lines: Lines) -> None:
        if lines.store_id is None or (lines.variant_id is None and lines.product_id is None):
            return
        known = await SQL.known_product_or_variant.value(
            self._pool, store_id=lines.store_id, product_id=lines.product_id, variant_id=lines.variant_id
        )
        if not known:
            raise UnknownProduct(f"{lines.store_id}: {lines.product_id or lines.variant_id}")


async def _recipients(connection: Connection, lines: Lines, message: str) -> tuple[Saying, list[JourneyId]]:
    """How many would get the message and how many would not, by why; and the journeys of those who would."""
    found = await SQL.recipients.within(READING_SECONDS).rows(
        connection,
        Recipient,
        store_id=lines.store_id,
        variant_id=lines.variant_id,
        product_id=lines.product_id,
        alert=lines.alert,
        message=message,
    )
    counts = Counter(each.status for each in found)
    saying = Saying(
        message=message,
        to_hear=counts[RecipientStatus.TO_HEAR],
        lacking=counts[RecipientStatus.LACKING],
        sent_before=counts[RecipientStatus.SENT_BEFORE],
        called_forward=counts[RecipientStatus.CALLED_FORWARD],
        done=False,
    )
    return saying, [each.journey_id for each in found if each.status is RecipientStatus.TO_HEAR]
