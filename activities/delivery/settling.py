"""Unknown no more: the provider tells what became of a message of which nobody knew whether it was taken.

It is sent, if the provider took it; refused, if it reached nobody, and then the place it used passes on as after any
refusal, unless nothing but our own sender was at fault. What was known when the message left stays as it is: that is
the ledger's alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from activities.delivery.verdict import TELLING
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.waitlist.claims import give_up_used_place
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.ids import JourneyId
from schemas.journey.outcome import AfterRefusal, Refused, Sent
from schemas.reasons import Reason

SQL = load_queries("activities.delivery", "settling.sql")

REACHED_NOBODY = ("failed", "bounced")
"""States of a delivery, as the function `delivery_state` has them."""


@dataclass(frozen=True, slots=True)
class WasUnknown:
    """A message that is unknown, or was until its provider told.

    Attributes:
        told_in: the message that it was told in; mostly itself.
        told: how far it has come by all that was told; None: nothing of that was.
        gave_up: it was refused, and its place passed on.
        sender_alone: nothing else was told to be wrong with it than its sender.
        alone: no other message of its journey has told the contact anything.
    """

    key: str
    told_in: str
    journey_id: JourneyId
    state: str
    event: AlertEvent | None
    told: str | None
    gave_up: bool
    sender_alone: bool
    alone: bool


async def settle_unknowns(connection: Connection, keys: list[str]) -> None:
    """Settle those of these messages that are unknown by what their providers have told so far. Safe to repeat."""
    await SQL.hold.run(connection, keys=keys)
    for message in await SQL.were_unknown.rows(connection, WasUnknown, keys=keys):
        if message.told is None or message.gave_up:
            continue
        if message.told in REACHED_NOBODY and message.sender_alone:
            # Nobody loses their place over the shop's own sender: it is kept, and the journey goes on.
            await _settle(connection, message, Refused(reason=Reason.SENDER_AT_FAULT, then=AfterRefusal.GO_ON))
        elif message.told in REACHED_NOBODY:
            await _settle(connection, message, Refused(reason=Reason.PROVIDER_REFUSED, then=AfterRefusal.LEAVE))
            if message.event in TELLING and message.alone:
                await give_up_used_place(connection, message.journey_id, Reason.PROVIDER_REFUSED)
        elif message.state == "unknown":
            # As deliver names it, without the domain, which only the worker that sent it knows.
            await _settle(connection, message, Sent(message_id=message.told_in.replace("/", "."), at=datetime.now(UTC)))


async def _settle(connection: Connection, message: WasUnknown, outcome: Sent | Refused) -> None:
    await SQL.settle.run(
        connection, key=message.key, state=outcome.kind, outcome=outcome.model_dump(mode="json"), now=datetime.now(UTC)
    )
