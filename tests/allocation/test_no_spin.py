"""No path may spin: a place that was refused is not given again to the same journey until something has changed."""

from datetime import UTC, datetime
from itertools import product

import pytest

from activities.delivery.ledger import Ledger
from activities.delivery.verdict import MessageFacts, judge
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.alert_types.vocabulary import AlertEvent, AlertType
from schemas.ids import JourneyId
from schemas.incoming.facts import ProductFact, VariantFact
from schemas.journey.outcome import AfterRefusal, Refused
from schemas.reasons import UP_TO_THEM, Reason
from starter.ops.database_checkup import OFTEN, examine_spinning
from starter.ops.findings import Health
from starter.versioning.publishing import publish
from tests.delivery.counter import message
from tests.product import STORE, Shop, starter_document, subject


class Line:
    """One who waits for `v`, of which there is a unit; and the shelf."""

    def __init__(self, pool: Pool) -> None:
        self.pool, self.shop = pool, Shop(pool, Intake(pool))
        self.waitlist, self.ledger = Waitlist(pool), Ledger(pool)
        self.rounds = 0

    async def opens(self) -> JourneyId:
        await publish(self.pool, starter_document())
        await self.shop.sells("v")
        (journey,) = await self.shop.signs_up("ada")
        await self.shop.has("v", 1)
        return journey

    async def is_given_a_place(self) -> bool:
        given = await self.waitlist.give_places(subject("v"))
        await self.pool.execute("update claims set notified_at = now() where notified_at is null")
        return given.to_notify > 0

    async def is_refused(self, journey: JourneyId, reason: Reason) -> None:
        self.rounds += 1
        refused = Refused(reason=reason, then=AfterRefusal.BACK_IN_LINE)
        assert await self.ledger.settle(message(journey, round_=self.rounds), refused) == refused

    async def is_looked_after(self) -> bool:
        """Whether somebody asks the shelf to look."""
        return await self.pool.fetchval("select exists (select from outbox where kind = 'look_again')")


@pytest.fixture
def line(pool: Pool) -> Line:
    return Line(pool)


async def test_no_reason_gives_a_place_twice_while_nothing_has_changed_unless_it_passes_by_itself(line: Line) -> None:
    journey = await line.opens()
    assert await line.is_given_a_place()
    for reason in (each for each in Reason if each not in UP_TO_THEM):
        await line.pool.execute("delete from outbox")
        await line.is_refused(journey, reason)
        assert await line.is_looked_after() is reason.passes_by_itself, reason
        again = await line.is_given_a_place()
        assert again is reason.passes_by_itself, reason
        if not again:
            await line.shop.has("v", 0)
            await line.shop.has("v", 1)
            assert await line.is_looked_after(), reason
            assert await line.is_given_a_place(), reason


async def test_who_is_passed_over_does_not_keep_the_next_from_the_place(line: Line) -> None:
    ada = await line.opens()
    (bob,) = await line.shop.signs_up("bob")
    assert await line.is_given_a_place()
    await line.is_refused(ada, Reason.INACTIVE)
    assert await line.is_looked_after()
    assert await line.is_given_a_place()
    assert await line.pool.fetchval("select state from waiting where journey_id = $1", bob) == "claimed"


async def test_a_change_between_the_place_and_its_refusal_lets_it_be_given_again(line: Line) -> None:
    journey = await line.opens()
    assert await line.is_given_a_place()
    await line.shop.has("v", 2)
    await line.is_refused(journey, Reason.INACTIVE)
    assert await line.is_given_a_place()


@pytest.mark.parametrize("change", ["units", "on sale", "moved", "told for two products"])
async def test_whatever_changes_of_what_they_wait_for_takes_up_again_who_was_passed_over(
    line: Line, change: str
) -> None:
    journey = await line.opens()
    assert await line.is_given_a_place()
    await line.is_refused(journey, Reason.INACTIVE)
    await line.pool.execute("delete from outbox")
    match change:
        case "units":
            await line.shop.has("v", 2)
        case "on sale":
            # By whatever hand: no episode changes.
            await line.pool.execute("update products set on_sale = not on_sale")
        case "moved":
            variant = VariantFact(variant_id="v", inventory_item_id="item-v")
            other = ProductFact(
                product_id="q", title="Q", on_sale=True, variants=(variant,), observed_at=datetime.now(UTC)
            )
            await line.shop.intake.observe(STORE, "shopify", [other])
        case _:
            await line.pool.execute(
                "insert into variants_named_twice (store_id, product_id, variant_id, contested) "
                "values ($1, 'q', 'v', true)",
                STORE,
            )
    assert await line.is_looked_after()
    assert await line.is_given_a_place()


async def test_the_check_up_finds_what_spins(line: Line) -> None:
    journey = await line.opens()
    assert (await examine_spinning(line.pool)).health is Health.GOOD
    for _ in range(OFTEN):
        assert await line.is_given_a_place()
        await line.is_refused(journey, Reason.PROVIDER_UNAVAILABLE)
    found = await examine_spinning(line.pool)
    assert found.health is Health.BAD
    assert f"{journey} {OFTEN} times" in found.found


def test_whom_a_verdict_sends_back_in_line_waits_for_a_change() -> None:
    """None of the reasons that a verdict finds passes by itself, so that the line remembers all of them."""
    now = datetime.now(UTC)
    flags = ("bought", "filtered", "on_sale", "in_stock", "same_currency", "other_product")
    for values in product((False, True), repeat=len(flags)):
        for type_ in AlertType:
            facts = MessageFacts(
                event=AlertEvent.ALERT,
                type=type_,
                draft=False,
                left=None,
                erased=False,
                consented=True,
                suppressed=False,
                paused=None,
                claim="given",
                **dict(zip(flags, values, strict=True)),
            )
            verdict = judge(facts, now)
            if isinstance(verdict, Refused) and verdict.then is AfterRefusal.BACK_IN_LINE:
                assert not verdict.reason.passes_by_itself
