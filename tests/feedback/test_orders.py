"""In whatever order, in whatever batches and however often events come, the end is the same."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from schemas.ids import JourneyId
from schemas.incoming.message_events import MessageEvent
from schemas.incoming.message_events import MessageEventKind as Kind
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter
from tests.feedback.told import of, tell, unknown
from tests.product import Shop, starter_document

ABOUT_MESSAGES = [kind for kind in Kind if not kind.value.startswith("said_")]
END = """
select (select array[s.state, delivery_state(s.key), w.state, c.state, j.leaving] from sends s
        join journeys j on j.id = s.journey_id join waiting w on w.journey_id = j.id
        join claims c on c.journey_id = j.id
        where j.id = $1)
    || (select array[max(u.reason)] from suppressions u
        join journeys j on j.id = $1 join contacts c on c.id = j.contact_id
        where u.address = c.email)
    || (select array[n.granted::text] from consents n join journeys j on j.id = $1 and n.contact_id = j.contact_id
        order by n.id desc limit 1)
    || (select array[count(*)::text, (count(*) filter (where kind = 'clicked_message'))::text] from events e
        join journeys j on j.id = $1 and e.contact_id = j.contact_id)"""


async def end(pool: Pool, journey: JourneyId) -> list[str | None]:
    return await pool.fetchval(END, journey)


async def person(counter: Counter, number: int) -> JourneyId:
    """Somebody who was called forward and written to, perhaps."""
    (journey,) = await unknown(counter, f"p{number}", units=1000 + number)
    return journey


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


def events(journey: JourneyId, number: int, kinds: list[Kind]) -> list[MessageEvent]:
    """Of one message, with ids by their places among these."""
    return [
        of(journey, kind, name=f"p{number}", id=f"{number}-{place}", link=str(place))
        for place, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    "kinds",
    [
        [Kind.ACCEPTED, Kind.DELIVERED, Kind.BOUNCED],
        [Kind.ACCEPTED, Kind.DEFERRED, Kind.DELIVERED],
        [Kind.DELIVERED, Kind.COMPLAINED, Kind.UNSUBSCRIBED],
        [Kind.ACCEPTED, Kind.FAILED, Kind.SUPPRESSED],
    ],
)
async def test_every_order_of_the_usual_courses_ends_the_same(counter: Counter, pool: Pool, kinds: list[Kind]) -> None:
    ends: list[list[str | None]] = []
    for number, order in enumerate(permutations(range(len(kinds)))):
        journey = await person(counter, number)
        told = events(journey, number, kinds)
        for place in order:
            await tell(pool, told[place])
        ends.append(await end(pool, journey))
    assert ends == ends[:1] * len(ends)


async def test_any_events_in_any_order_and_batches_end_the_same(counter: Counter, pool: Pool) -> None:
    numbers = iter(range(100_000))

    async def course(kinds: list[Kind], order: list[int], batched: bool) -> list[str | None]:
        number = next(numbers)
        journey = await person(counter, number)
        told = events(journey, number, kinds)
        if batched:
            await tell(pool, *(told[place] for place in order))
        else:
            for place in order:
                await tell(pool, told[place])
        return await end(pool, journey)

    cases = st.lists(st.sampled_from(ABOUT_MESSAGES), min_size=1, max_size=5).flatmap(
        lambda kinds: st.tuples(
            st.just(kinds),
            st.permutations(list(range(len(kinds)))),
            st.lists(st.sampled_from(range(len(kinds))), max_size=3),
            st.booleans(),
        )
    )
    examples: list[tuple[list[Kind], list[int], list[int], bool]] = []

    @settings(max_examples=25, database=None)
    @given(cases)
    def collect(case: tuple[list[Kind], list[int], list[int], bool]) -> None:
        examples.append(case)

    collect()
    for kinds, order, again, batched in examples:
        straight = await course(kinds, list(range(len(kinds))), batched=False)
        assert await course(kinds, [*order, *again], batched) == straight, (kinds, order, again)
