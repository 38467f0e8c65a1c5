"""What a shop tells by itself and what it answers, whichever comes first: states of the shop are seen in their order.

Between two webhooks their own times decide, exact to the microsecond. Between a webhook and an answer no clock has to
be right: the shop's may be minutes off, and its answers tell whole seconds.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.connections.asking import now
from activities.intake.clock import CLOCK_TOLERANCE
from activities.intake.intake import Intake
from activities.intake.newest import Asked, Known, Verdict, judge
from activities.postgres.pool import Pool
from activities.storefronts.shop_clock import ShopClock
from schemas.ids import StoreId
from schemas.incoming.facts import Fact, ProductFact, StockFact, VariantFact
from tests.connections.conftest import STORE, Side

DAWN = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class State:
    """The shop after its change number `number`; `at` by its own clock."""

    number: int
    units: int
    at: datetime


@dataclass(frozen=True)
class Question:
    """One that was answered: as of a state."""

    asked: Asked
    answer: State


@dataclass
class Seen:
    """What is known of the shop: of which of its states, at least; and whether it is to be asked again."""

    known: Known | None = None
    state: State = State(-1, -1, DAWN)
    doubts: bool = False

    def take(self, state: State, heard_at: datetime, asked: Asked | None) -> None:
        same = self.known is not None and self.state.units == state.units
        at = state.at if asked is None else asked.until
        verdict = judge(self.known, at, asked, same=same)
        self.doubts |= verdict is Verdict.DOUBTFUL
        if verdict is not Verdict.NEWER:
            return
        assert same or state.number >= self.state.number, "an older state took the place of a newer one"
        as_of = max(at, self.known.observed_at) if self.known else at
        self.known = Known(as_of, heard_at, asked.since if asked else None)
        self.state = max(self.state, state, key=lambda each: each.number)


_STEPS = st.sampled_from(("change", "change", "ask", "answer", "deliver", "deliver"))
_PAUSES = st.sampled_from((timedelta(microseconds=1), timedelta(milliseconds=300), 2 * SECOND, timedelta(minutes=7)))


@given(
    st.lists(st.tuples(_STEPS, _PAUSES, st.integers(0, 3)), max_size=30),
    st.timedeltas(-CLOCK_TOLERANCE / 2, CLOCK_TOLERANCE / 2),
)
@settings(max_examples=2000, deadline=None)
def test_whatever_overlaps_a_shops_states_are_seen_in_their_order(
    steps: list[tuple[str, timedelta, int]], skew: timedelta
) -> None:
    ours, seen = DAWN, Seen()
    truth = State(0, 0, DAWN + skew)
    waiting: list[State] = []
    open_questions: list[Question] = []
    for step, pause, which in steps:
        ours += pause
        if step == "change":
            truth = State(truth.number + 1, which, ours + skew)
            waiting.append(truth)
        elif step == "ask":
            # As of now; what the shop's clock shows is cut to its second, and a second more is what it can be.
            its_second = (ours + skew).replace(microsecond=0) + SECOND
            open_questions.append(Question(Asked(ours, max(ours, its_second)), truth))
        elif step == "answer" and open_questions:
            question = open_questions.pop(which % len(open_questions))
            seen.take(question.answer, ours, question.asked)
        elif step == "deliver" and waiting:
            seen.take(waiting.pop(which % len(waiting)), ours, None)
    ours += SECOND
    seen.take(truth, ours, Asked(ours, max(ours, (ours + skew).replace(microsecond=0) + SECOND)))
    assert seen.state.units == truth.units, "once it is asked and nothing overlaps, what it has is known"


def test_what_is_long_past_is_older_without_a_question() -> None:
    known = Known(DAWN, DAWN, asked_at=DAWN)
    assert judge(known, DAWN - 2 * CLOCK_TOLERANCE, None) is Verdict.OLDER
    assert judge(known, DAWN - SECOND, None) is Verdict.DOUBTFUL
    assert judge(known, DAWN - SECOND, None, same=True) is Verdict.OLDER
    assert judge(replace(known, asked_at=None), DAWN - SECOND, None) is Verdict.OLDER


def test_an_answer_may_be_as_of_the_end_of_its_second() -> None:
    clock, ahead = ShopClock(), datetime.now(UTC) + timedelta(hours=1)
    clock.read({"date": f"{ahead:%a, %d %b %Y %H:%M:%S} GMT"})
    assert clock.latest() == ahead.replace(microsecond=0) + SECOND
    for told in ("yesterday", "Fri, 31 Dec 9999 23:59:59 GMT", f"Mon, 01 Jan {'9' * 30} 00:00:00 GMT"):
        clock.read({"date": told})
    assert clock.latest() == ahead.replace(microsecond=0) + SECOND
    assert abs(ShopClock().latest() - datetime.now(UTC)) < timedelta(minutes=1)


def level(units: int, at: datetime) -> StockFact:
    return StockFact(inventory_item_id="i", location_id="l", available=units, observed_at=at)


def product(title: str, at: datetime, quantity: int | None = None) -> ProductFact:
    variants = (VariantFact(variant_id="v", inventory_item_id="i", quantity=quantity),)
    return ProductFact(product_id="p", title=title, on_sale=True, variants=variants, observed_at=at)


@dataclass
class Far:
    """A connected shop, of which facts come."""

    side: Side
    intake: Intake

    @property
    def pool(self) -> Pool:
        return self.side.pool

    async def tell(self, *facts: Fact) -> None:
        await self.intake.learn(STORE, "simulated", facts)

    async def answer(self, since: datetime, *facts: Fact) -> None:
        await self.intake.learn(STORE, "simulated", facts, Asked(since, datetime.now(UTC)))

    async def known(self) -> tuple[str, int]:
        row = await self.pool.fetchrow(
            "select p.title, v.elsewhere + coalesce(sum(s.available), 0) as units from products p "
            "join variants v using (store_id, product_id) left join stock s on s.inventory_item_id = v.stock_item "
            "where p.product_id = 'p' group by p.title, v.elsewhere"
        )
        assert row is not None
        return row["title"], int(row["units"])

    async def hints(self) -> list[tuple[str, str | None]]:
        rows = await self.pool.fetch("delete from hints returning product_id, variant_id")
        return [(row["product_id"], row["variant_id"]) for row in rows]


@pytest.fixture
async def far(side: Side) -> Far:
    await side.connect()
    far = Far(side, Intake(side.pool))
    await far.answer(await now(side.pool), product("Mug", datetime.now(UTC)), level(3, datetime.now(UTC)))
    return far


async def test_a_webhook_whose_clock_is_behind_is_asked_about_after_a_poll_and_not_passed_over(far: Far) -> None:
    behind = datetime.now(UTC) - timedelta(minutes=2)
    await far.tell(level(0, behind), product("Cup", behind))
    assert await far.known() == ("Mug", 3)
    assert sorted(await far.hints(), key=str) == [("p", "v"), ("p", None)]
    await far.tell(level(3, behind), level(9, behind - CLOCK_TOLERANCE))
    assert await far.hints() == [], "it makes no difference, or is long past"
    await far.answer(await now(far.pool), product("Cup", behind), level(0, behind))
    assert await far.known() == ("Cup", 0)


async def test_who_tells_without_a_pause_does_not_put_off_that_it_is_asked_again(far: Far) -> None:
    behind = datetime.now(UTC) - timedelta(minutes=2)
    await far.tell(level(0, behind))
    due = await far.pool.fetchval("select due_at from hints")
    await far.tell(level(1, behind))
    assert await far.pool.fetchval("select due_at from hints") == due
    await far.pool.execute("update hints set attempts = 1")
    await far.tell(level(2, behind))
    assert await far.pool.fetchval("select due_at > $1 and attempts = 0 from hints", due), "it was taken meanwhile"


async def test_an_answer_is_newer_than_all_that_came_before_the_question_whatever_clocks_say(far: Far) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=4)
    await far.tell(product("Cup", ahead), level(5, ahead))
    await far.answer(await now(far.pool), product("Pot", datetime.now(UTC)), level(1, datetime.now(UTC)))
    assert await far.known() == ("Pot", 1)
    await far.tell(level(7, ahead - timedelta(minutes=1)))
    assert await far.known() == ("Pot", 1), "an older one by the shop's clock"


async def test_what_overtook_an_answer_stays_until_it_is_asked_again(far: Far) -> None:
    since, later = await now(far.pool), datetime.now(UTC) + SECOND
    await far.tell(level(8, later))
    await far.answer(since, product("Cup", datetime.now(UTC), quantity=2), level(2, datetime.now(UTC)))
    assert await far.known() == ("Mug", 8), "neither the level nor a total that leaves it out"
    assert sorted(await far.hints(), key=str) == [("p", "v"), ("p", None)]


async def test_of_two_who_ask_at_once_the_second_asks_again_where_they_differ(far: Far) -> None:
    first, second = await now(far.pool), await now(far.pool)
    await far.answer(first, level(5, datetime.now(UTC)))
    await far.answer(first, level(6, datetime.now(UTC)))
    assert await far.known() == ("Mug", 6), "two pages of one answer"
    await far.answer(second, level(6, datetime.now(UTC)))
    assert await far.hints() == []
    await far.answer(first, level(3, datetime.now(UTC)))
    assert await far.known() == ("Mug", 6)
    assert await far.hints() == [("p", "v")]


async def test_a_shop_that_cannot_be_asked_is_not(pool: Pool) -> None:
    store = StoreId("elsewhere")
    known = Asked(await now(pool), datetime.now(UTC))
    await Intake(pool).learn(store, "open", [product("Mug", datetime.now(UTC)), level(3, datetime.now(UTC))], known)
    await Intake(pool).learn(store, "open", [level(2, datetime.now(UTC) - SECOND)])
    assert await pool.fetchval("select count(*) from hints") == 0
