"""Eight sizes of a product on a list that tells together what comes back together, and one who waits for each."""

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
from schemas.journey.outcome import Deferred, Outcome
from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter
from tests.product import Shop, subject
from tests.story.documents import back, programme

SIZES = tuple(f"size-{number}" for number in range(8))
WINDOW = timedelta(minutes=15)
WORDS = """{% if together %}{% for item in together %}{{ item.title }}: {{ item.variant }}
{% endfor %}{% else %}{{ variant.title }} alone{% endif %}"""


def telling_together(within: str = "15 minutes") -> ConversationDocument:
    document = programme("sizes", back(), together_within=within)
    message = document.messages["alert"].model_copy(update={"text": WORDS})
    return document.model_copy(update={"messages": {"alert": message}})


def request(journey: JourneyId, *, last: bool = False) -> Deliver:
    return Deliver(
        journey_id=journey,
        event=AlertEvent.ALERT,
        version=VersionId("sizes@1"),
        step=Send(id=StepId("alert"), message="alert"),
        round=1,
        give_up_at=datetime.now(UTC) + timedelta(hours=24),
        last=last,
    )


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    """Eight sizes of one product, none there."""
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await publish(pool, telling_together())
    await counter.shop.sells(*SIZES)
    return counter


async def come_back(
    counter: Counter,
    sizes: Sequence[str] = SIZES,
    name: str = "ada",
    put_off_for: Reason = Reason.TOLD_TOGETHER,
) -> list[JourneyId]:
    """They wait for each of these sizes; all come back, they have a place for each, and each is looked at once."""
    journeys = [(await counter.shop.signs_up(name, for_=size, list_code="sizes"))[0] for size in sizes]
    for size in sizes:
        await counter.shop.has(size, 1)
        await counter.waitlist.give_places(subject(size))
    for journey in journeys:
        outcome = await counter.deliver(request(journey))
        assert isinstance(outcome, Deferred)
        assert outcome.reason is put_off_for
    return journeys


async def window_ends(counter: Counter) -> None:
    await counter.pool.execute("update sends set together_until = together_until - $1::interval", WINDOW)


async def leases_lapse(counter: Counter) -> None:
    await counter.pool.execute("update sends set lease_until = now() - interval '1 second' where state = 'sending'")


async def deliver_all(counter: Counter, journeys: Sequence[JourneyId]) -> list[Outcome]:
    return [await counter.deliver(request(journey)) for journey in journeys]


def said_by_mails(counter: Counter) -> list[list[str]]:
    """What each mail says, line by line."""
    return [each.text.strip().split("\n") for each in counter.sender.taken]


async def places_of(counter: Counter, journeys: Sequence[JourneyId]) -> set[tuple[str, ...]]:
    return {(state, *claims) for state, claims in [await counter.place(each) for each in journeys]}
