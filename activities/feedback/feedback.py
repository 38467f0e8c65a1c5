"""One transaction for everything that one delivery of a provider means: its events, each once, and what follows.

What follows depends on which events there are and not on their order, nor on how often they come: how far a message
has come is the furthest that any event shows (`delivery_state` in the schema), a refusal stays, and an unknown is
settled by all that is known of it (activities/delivery/settling.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from activities.delivery.replying import ask_for_reply, leave_reply
from activities.delivery.settling import settle_unknowns
from activities.feedback.engagement import engage
from activities.feedback.refusals import Refuser, refuse, start_again
from activities.feedback.revocations import ask_for_review
from activities.intake.deliveries import Receipt, record_delivery
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.channels import Channel
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent, MessageEventKind

SQL = load_queries("activities.feedback", "feedback.sql")
log = structlog.get_logger()

REFUSING_RECEIVERS = 3
"""A sender stops when so many refuse it: domains of e-mail, contacts of other channels. One alone may be wrong."""
REFUSED_WITHIN = timedelta(hours=1)

SAID = frozenset(
    {
        MessageEventKind.SAID_STOP,
        MessageEventKind.SAID_START,
        MessageEventKind.SAID_HELP,
        MessageEventKind.SAID_SOMETHING,
    }
)
"""Kinds of what somebody wrote, which concerns us whoever they are."""


@dataclass(frozen=True, slots=True)
class About:
    """Which message an event is about, and whose it is; all None: none of ours, and nobody we know.

    Attributes:
        known_address: somebody has the event's address now.
    """

    send_key: str | None
    journey_id: JourneyId | None
    store_id: StoreId | None
    contact_id: ContactId | None
    known_address: bool


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that was not here before: its row, and its number among those that were given."""

    id: int
    number: int


class Feedback:
    """Takes what providers tell."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_on_deadlock
    async def receive(self, delivery: WebhookDelivery, events: Sequence[MessageEvent]) -> Receipt:
        """Apply a delivery once, and each of its events once, whichever delivery brings it."""
        async with transaction(self._pool) as connection:
            abouts = await _look_up(connection, events)
            ours = [
                (event, about)
                for event, about in zip(events, abouts, strict=True)
                if about.send_key is not None or about.contact_id is not None or event.kind in SAID
            ]
            receipt = Receipt.APPLIED if ours else Receipt.IGNORED
            if not await record_delivery(connection, delivery, receipt):
                return Receipt.REPEATED
            await SQL.hold.run(
                connection, contact_ids=sorted({about.contact_id for _, about in ours if about.contact_id})
            )
            new = await _add(connection, delivery.source, ours)
            # First what holds products and claims; what follows holds journeys, which come after these everywhere.
            keys = sorted({key for row in new if (key := ours[row.number][1].send_key) is not None})
            await settle_unknowns(connection, keys)
            for row in new:
                await _apply(connection, delivery.source, row.id, *ours[row.number])
            await engage(connection, [row.id for row in new])
        log.info("provider told", provider=delivery.source, events=len(events), new=len(new))
        return receipt


async def _look_up(connection: Connection, events: Sequence[MessageEvent]) -> list[About]:
    return await SQL.look_up.rows(
        connection,
        About,
        references=[event.reference for event in events],
        addresses=[event.address for event in events],
    )


async def _add(connection: Connection, provider: str, ours: Sequence[tuple[MessageEvent, About]]) -> Sequence[NewEvent]:
    return await SQL.add.rows(
        connection,
        NewEvent,
        provider=provider,
        event_ids=[event.id for event, _ in ours],
        kinds=[event.kind.value for event, _ in ours],
        channels=[event.channel for event, _ in ours],
        keys=[about.send_key for _, about in ours],
        contact_ids=[about.contact_id for _, about in ours],
        codes=[event.code for event, _ in ours],
        links=[event.link for event, _ in ours],
        happened=[event.at for event, _ in ours],
    )


async def _apply(connection: Connection, provider: str, row: int, event: MessageEvent, about: About) -> None:
    """What a new event means for whoever it is of."""
    who = Refuser(event.channel, event.address, about.contact_id, about.known_address)
    match event.kind:
        case MessageEventKind.BOUNCED:
            await refuse(connection, who, suppressed_for="bounced")
        case MessageEventKind.SUPPRESSED:
            await refuse(connection, who, suppressed_for="on the provider's list")
        case MessageEventKind.COMPLAINED:
            await refuse(connection, who, suppressed_for="complained", said="complaint", at=event.at)
        case MessageEventKind.UNSUBSCRIBED:
            await refuse(connection, who, said=f"unsubscribed at {provider}", at=event.at)
        case MessageEventKind.SAID_STOP:
            if event.address is not None:
                await ask_for_reply(connection, row, "stop", event.channel, event.address)
            await refuse(connection, who, suppressed_for="stop", said="stop", at=event.at)
        case MessageEventKind.SAID_START:
            await start_again(connection, who)
            if event.address is not None:
                await leave_reply(connection, event.address)
        case MessageEventKind.SAID_HELP if event.address is not None:
            await ask_for_reply(connection, row, "help", event.channel, event.address)
        case MessageEventKind.SAID_SOMETHING if event.address is not None:
            await ask_for_review(connection, row, event.channel, event.address, event.text or "", datetime.now(UTC))
        case MessageEventKind.SENDER_AT_FAULT:
            log.error("sender at fault", provider=provider, channel=event.channel, code=event.code)
            why = f"{provider} refused a message for what its sender is ({event.code})"
            # Nobody is suppressed. If several say so, what is not sent yet waits until people have mended that.
            await SQL.stop_sender.run(
                connection,
                channel=event.channel,
                named=Channel.EMAIL,
                send_key=about.send_key,
                why=why,
                lately=REFUSED_WITHIN,
                receivers=REFUSING_RECEIVERS,
            )
        case _:
            pass
