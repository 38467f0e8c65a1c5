"""A provider is handed so many messages a second, by all workers together; lists share that in equal parts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.delivery.deliver import DeliverActivity
from activities.delivery.pace import Pace, Rate, Turn
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.senders.sender import Mail, NoTurn, receiving_domain
from schemas.channels import Channel
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.journey.outcome import Sent
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message
from tests.product import Shop, starter_document

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PER_SECOND = 10.0


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Turns:
    """Turns taken at moments that are made up. One rate, unless said otherwise."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(
        self, lane: str, at: datetime, domains: Sequence[str] = ("",), rates: Sequence[float] = (PER_SECOND,)
    ) -> Turn:
        row = await self._pool.fetchrow(
            "select given, wait from take_turn('email', $1, $2::text[], $3::float8[], true, $4)",
            lane,
            list(domains),
            list(rates),
            at,
        )
        assert row is not None
        return Turn(row["given"], row["wait"])

    async def all_sent(self, asking: dict[str, int], ends_within: float) -> dict[str, list[float]]:
        """When the messages of each lane left, in seconds: all ask at once, and again when they are told to."""
        left: dict[str, list[float]] = {lane: [] for lane in asking}
        agenda = sorted((0.0, lane) for lane, count in asking.items() for _ in range(count))
        while agenda:
            now, lane = agenda.pop(0)
            assert now < ends_within, "somebody is never sent"
            turn = await self.take(lane, later(now))
            then = now + turn.wait.total_seconds()
            if turn.given:
                left[lane].append(then)
            else:
                agenda.append((then, lane))
                agenda.sort()
        return left


@pytest.fixture
def turns(pool: Pool) -> Turns:
    return Turns(pool)


def most_within(moments: Sequence[float], seconds: float) -> int:
    """The most of them that lie within so many seconds of each other."""
    return max(sum(1 for other in moments if moment <= other < moment + seconds) for moment in moments)


async def test_one_list_alone_has_the_whole_rate_and_no_more(turns: Turns) -> None:
    moments = (await turns.all_sent({"kettles": 100}, 30))["kettles"]
    assert most_within(moments, 1.0) <= PER_SECOND + 1
    assert max(moments) < 20, "about the ten seconds that it takes"


async def test_lists_that_send_at_once_share_the_rate_in_equal_parts(turns: Turns) -> None:
    left = await turns.all_sent({"kettles": 100, "cups": 20}, 40)
    assert max(left["cups"]) < 6, "twenty of five a second"
    together = [*left["kettles"], *left["cups"]]
    # What was given out before the other list began is sent beside it.
    assert most_within(together, 1.0) <= 2 * PER_SECOND + 2
    assert most_within([moment for moment in together if moment > 2], 1.0) <= PER_SECOND + 2


@pytest.mark.slow
async def test_a_hundred_thousand_of_one_list_delay_neither_ten_of_another_nor_a_confirmation(
    pool: Pool, turns: Turns
) -> None:
    # Each commits, as it would if each were a message.
    await pool.execute(
        "do $$ begin for n in 1 .. 100000 loop perform take_turn('email', 'kettles', '{\"\"}', '{10}', true, "
        "'2026-05-01 12:00+00'); commit; end loop; end $$",
        timeout=300,
    )
    waiting = await turns.take("kettles", NOON)
    assert (waiting.given, waiting.wait > timedelta(hours=2)) == (False, True)
    confirmation = await turns.take("", NOON)
    assert (confirmation.given, confirmation.wait) == (True, timedelta(0))
    ten = (await turns.all_sent({"cups": 10}, 20))["cups"]
    assert max(ten) < 6, "ten of a third of ten a second"


async def test_a_rate_of_one_domain_bounds_what_goes_there_and_nothing_else(turns: Turns) -> None:
    there, elsewhere = ("", "gmail.com"), ("", "example.org")
    both = (1000.0, 1.0)
    assert (await turns.take("kettles", NOON, there, both)).given
    second = await turns.take("kettles", NOON, there, both)
    assert (second.given, second.wait) == (True, timedelta(seconds=1))
    assert not (await turns.take("kettles", NOON, there, both)).given
    assert (await turns.take("kettles", NOON, elsewhere, both)).given


async def test_lanes_that_are_long_silent_are_forgotten(pool: Pool, turns: Turns) -> None:
    await turns.take("kettles", NOON)
    await turns.take("cups", datetime.now(UTC))
    await load_queries("starter.runtime", "outbox.sql").forget_turns.run(pool)
    assert [row["lane"] for row in await pool.fetch("select lane from sending_turns")] == ["cups"]


async def test_without_a_rate_nothing_is_asked(pool: Pool) -> None:
    await Pace(pool).turn(Channel.EMAIL, "kettles", "example.com", comes_back=True)
    await Pace(pool, {Channel.EMAIL: Rate()}).turn(Channel.EMAIL, "kettles", "example.com", comes_back=True)
    assert await pool.fetchval("select count(*) from sending_turns") == 0


async def test_only_who_comes_back_is_told_when_and_counts(pool: Pool) -> None:
    pace = Pace(pool, {Channel.EMAIL: Rate(all=0.1)})
    await pace.turn(Channel.EMAIL, "kettles", "example.com", comes_back=False)
    for comes_back in (False, True):
        with pytest.raises(NoTurn) as sent_away:
            await pace.turn(Channel.EMAIL, "kettles", "example.com", comes_back=comes_back)
        assert (sent_away.value.retry_after is not None) == comes_back


async def test_a_message_that_has_no_turn_is_tried_again_when_it_is_told_to_and_a_confirmation_passes_it(
    pool: Pool,
) -> None:
    await publish(pool, starter_document())
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await counter.shop.sells("v")
    first, second, third = await counter.calls("first", "second", "third", units=3)
    pace = Pace(pool, {Channel.EMAIL: Rate(all=0.1)})
    delivery = DeliverActivity(counter.ledger, counter.sender, "shop.example", pace=pace)
    assert isinstance((await delivery.deliver(message(first))).outcome, Sent)
    with pytest.raises(ApplicationError, match="its turn at the provider") as sent_away:
        await delivery.deliver(message(second))
    assert sent_away.value.next_retry_delay is not None
    assert timedelta(seconds=5) < sent_away.value.next_retry_delay < timedelta(seconds=30)
    assert await counter.entry(message(second)) == ("ready", 0)
    thanks = message(third).model_copy(update={"event": AlertEvent.SUBSCRIPTION})
    assert isinstance((await delivery.deliver(thanks)).outcome, Sent)


def test_the_domain_that_counts_is_that_of_the_address() -> None:
    assert receiving_domain(Mail("1@x", "ada@Example.ORG", "s", "t")) == "example.org"
