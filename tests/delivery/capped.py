"""Eight sizes of one product on a list with a cap, for one person who waits for each of them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Outcome
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter
from tests.product import Shop, subject
from tests.story.documents import back, programme

SIZES = tuple(f"size-{number}" for number in range(8))


def capped(code: str = "capped", messages: int = 1, per: str = "4 hours", *answers: AlertEvent) -> ConversationDocument:
    return programme(code, back(), *answers, at_most={"messages": messages, "per": per})


def request_of(journey: JourneyId, event: AlertEvent = AlertEvent.ALERT, code: str = "capped") -> Deliver:
    return Deliver(
        journey_id=journey,
        event=event,
        version=VersionId(f"{code}@1"),
        step=Send(id=StepId(event), message=event),
        round=1,
        give_up_at=datetime.now(UTC) + timedelta(hours=24),
    )


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    """Eight sizes of one product, none there."""
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await publish(pool, capped())
    await counter.shop.sells(*SIZES)
    return counter


async def come_back(counter: Counter, sizes: Sequence[str] = SIZES, list_code: str = "capped") -> list[JourneyId]:
    """Ada waits for each of these sizes; all come back, and she has a place for each."""
    journeys = [(await counter.shop.signs_up("ada", for_=size, list_code=list_code))[0] for size in sizes]
    for size in sizes:
        await counter.shop.has(size, 1)
        await counter.waitlist.give_places(subject(size))
    return journeys


async def pass_by(pool: Pool, time: timedelta) -> None:
    """All that was sent or put off is so much longer ago."""
    await pool.execute(
        "update sends set settled_at = settled_at - $1::interval, put_off_until = put_off_until - $1::interval", time
    )


async def deliver_at_once(counter: Counter, journeys: Sequence[JourneyId]) -> dict[JourneyId, Outcome]:
    outcomes = await asyncio.gather(*(counter.deliver(request_of(journey)) for journey in journeys))
    return dict(zip(journeys, outcomes, strict=True))
