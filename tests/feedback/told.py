"""What providers tell of the messages of a shop, for tests: events, texts, and what is kept of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

import pytest

from activities.feedback.feedback import Feedback
from activities.intake.intake import Intake, Receipt
from activities.postgres.pool import Pool
from activities.providers.postmark import Postmark
from schemas.channels import Channel
from schemas.ids import JourneyId, message_reference
from schemas.incoming.message_events import MessageEvent
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.journey.outcome import Unknown
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message
from tests.product import Shop, address, starter_document
from tests.simulated.sender import Answer

_numbers = count(1)
PHONE = "+15558675310"


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


def of(
    journey: JourneyId, kind: Kind, *, name: str = "first", step: str = "it-is-back", **fields: object
) -> MessageEvent:
    """An event of a message to one who signed up."""
    return MessageEvent.model_validate(
        {
            "kind": kind,
            "id": f"e-{next(_numbers)}",
            "reference": message_reference(message(journey, step).key),
            "address": address(name),
            "at": datetime.now(UTC),
        }
        | fields
    )


def text(kind: Kind, said: str = "", number: str = PHONE, **fields: object) -> MessageEvent:
    return MessageEvent.model_validate(
        {"kind": kind, "id": f"t-{next(_numbers)}", "channel": Channel.SMS, "address": number, "text": said} | fields
    )


async def tell(pool: Pool, *events: MessageEvent, key: str | None = None) -> Receipt:
    return await Feedback(pool).receive(Postmark().delivery(key or f"d-{next(_numbers)}"), events)


async def unknown(counter: Counter, *names: str, units: int = 1) -> list[JourneyId]:
    """These signed up; the first was written to, and nobody knows whether the message left."""
    journeys = await counter.calls(*names, units=units)
    counter.sender.answer_next(Answer.LOSE)
    assert await counter.tells(journeys[0]) == Unknown()
    return journeys


async def ledger(pool: Pool, journey: JourneyId) -> Sequence[object]:
    row = await pool.fetchrow(
        "select state, delivery_state(key), resolved_at is not null from sends where journey_id = $1", journey
    )
    assert row is not None
    return tuple(row)


async def suppressed(pool: Pool) -> dict[str, str]:
    return {row["address"]: row["reason"] for row in await pool.fetch("select address, reason from suppressions")}
