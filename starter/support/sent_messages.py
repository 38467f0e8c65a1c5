"""What one person was sent, in order: under which subject, when, by what cause, and why again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.channels import Channel
from schemas.ids import ContactId, StoreId
from schemas.reasons import Reason
from schemas.responses.contacts import ContactMessage, MessageState
from schemas.responses.why import WhyMessage
from starter.support.message_causes import SentRow, again_of, again_sentence, cause_of, cause_sentence

SQL = load_queries("starter.support", "sent_messages.sql")


@dataclass(frozen=True, slots=True)
class MessageRow(SentRow):
    """A message in any state.

    Attributes:
        outcome: what came of it, as the ledger has it.
        put_off_until: while it is ready: until when.
        held_up_by: what holds its journey up.
        delivered, touches: as `ContactMessage` has them.
    """

    state: MessageState
    outcome: dict[str, object] | None
    put_off_until: datetime | None
    held_up_by: Reason | None
    delivered: str | None
    touches: list[str]

    @property
    def left(self) -> bool:
        """It left, or may have."""
        return self.state in (MessageState.SENT, MessageState.UNKNOWN)

    @property
    def why(self) -> Reason | None:
        """Why it was not sent, or is not yet."""
        match self.state:
            case MessageState.REFUSED:
                told = (self.outcome or {}).get("reason")
                return Reason(str(told)) if told is not None else None
            case MessageState.HELD:
                return Reason.AWAITING_APPROVAL
            case MessageState.READY:
                return self.held_up_by
            case MessageState.UNKNOWN:
                return Reason.PROVIDER_UNKNOWN
            case _:
                return None


async def every_message(
    connection: Connection, contact_id: ContactId, most: int, stores: Sequence[StoreId] | None, until: datetime | None
) -> tuple[ContactMessage, ...]:
    """The newest messages of a contact in these stores, in order of time: sent, skipped, or not sent yet.

    Args:
        until: later ones are left out.
    """
    rows = await SQL.every_of_contact.rows(
        connection, MessageRow, contact_id=contact_id, stores=stores, most=most, until=until, otherwise=Channel.EMAIL
    )
    return tuple(_every(rows))


def _every(rows: Sequence[MessageRow]) -> Iterator[ContactMessage]:
    left: list[MessageRow] = []
    for row in rows:
        yield ContactMessage(
            **_said(row, left if row.left else ()),
            round=row.round,
            state=row.state,
            at=row.sent_at,
            why=row.why,
            until=row.put_off_until,
            delivered=row.delivered,
            touches=tuple(row.touches),
        )
        if row.left:
            left.append(row)


async def sent_messages(
    connection: Connection,
    contact_id: ContactId,
    most: int,
    *,
    store_id: str | None,
    stores: Sequence[StoreId] | None,
    product_id: str | None,
    variant_id: str | None,
) -> tuple[WhyMessage, ...]:
    """The newest messages to a contact, in the order in which they left; None means any. `stores`: of no other."""
    rows = await SQL.of_contact.rows(
        connection,
        SentRow,
        contact_id=contact_id,
        store_id=store_id,
        stores=stores,
        product_id=product_id,
        variant_id=variant_id,
        most=most,
        otherwise=Channel.EMAIL,
    )
    return tuple(_messages(rows))


def _messages(rows: Sequence[SentRow]) -> Iterator[WhyMessage]:
    for index, row in enumerate(rows):
        yield WhyMessage(
            **_said(row, rows[:index]),
            sent_at=row.sent_at,
            unknown=row.unknown,
        )


def _said(row: SentRow, before: Sequence[SentRow]) -> dict[str, Any]:
    """What is said of a message wherever it is, after those that had left before."""
    cause, again = cause_of(row), again_of(row, before)
    return {
        "journey_id": row.journey_id,
        "store_id": row.store_id,
        "about": row.about,
        "product_title": row.product_title,
        "conversation": row.conversation,
        "alert": row.alert_id,
        "version": row.version_id,
        "step": row.step,
        "message": row.message,
        "subject": row.subject,
        "together": tuple(row.together),
        "channel": row.channel,
        "cause": cause_sentence(cause),
        "because": cause,
        "again": None if again is None else again_sentence(again),
        "again_because": again,
    }
