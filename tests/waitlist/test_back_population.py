"""Back-population: who did something before the alert was at work enters where they would be by now."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from activities.intake.events import Events
from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import NotEntered
from schemas.document.conversation import ConversationDocument
from schemas.incoming.events import Event, EventKind, Item
from schemas.reasons import Reason
from starter.documents import load_document
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.allocation.rules import broken_rules
from tests.product import starter_document
from tests.waitlist.late import BLUE, ONE_SIZE, RED, SCARF, SHOP, LateShop, all_draft, days_ago

_BROWSERS = """
conversation: browsers
name: Browsers
list: {{code: browsers, name: Browsers}}
alerts:
  looked: {{type: back-in-stock, action: browse, relevancy_window: 30 days, tells_late_entrants: {tells}}}
  carted: {{type: low-inventory, action: cart, low_at: 3, relevancy_window: 30 days}}
threads:
  - {{name: Back, on: looked.alert, steps: [{{send: back}}]}}
  - {{name: Low, on: carted.alert, steps: [{{send: low}}]}}
messages:
  back: {{channel: email, subject: Back, text: It is back.}}
  low: {{channel: email, subject: Low, text: It is nearly gone.}}
"""


def browsers(*, tells: bool = False) -> ConversationDocument:
    """Back in stock for those who looked, low inventory for those who carted."""
    return load_document(_BROWSERS.format(tells=str(tells).lower()), "browsers.yaml")


async def looked(pool: Pool, name: str, at: datetime, variant: str = RED) -> None:
    """They looked at a variant, and it was told then or later."""
    event = Event(
        id=f"{name}/{variant}/{at.isoformat()}",
        store=SHOP,
        kind=EventKind.VIEWED_PRODUCT,
        email=f"{name}@shop.example",
        variant=variant,
        happened_at=at,
    )
    await Events(pool).take(event)


async def carted(pool: Pool, name: str, at: datetime, variants: Sequence[str]) -> None:
    """They put variants in the cart."""
    event = Event(
        id=f"cart/{name}/{at.isoformat()}",
        store=SHOP,
        kind=EventKind.ADDED_TO_CART,
        email=f"{name}@shop.example",
        items=tuple(Item(variant=variant) for variant in variants),
        happened_at=at,
    )
    await Events(pool).take(event)


async def test_who_looked_before_the_alert_was_there_enters_in_the_order_of_looking(shop: LateShop) -> None:
    for name, days in (("second", 5), ("first", 9), ("second", 2), ("too-long-ago", 40)):
        await looked(shop.pool, name, days_ago(days))
    await publish(shop.pool, browsers())
    before = await shop.everything()
    shown = await shop.back_populates("looked", keep=False)
    assert await shop.everything() == before, "a look changes nothing"
    done = await shop.back_populates("looked")
    assert done.counts == shown.counts
    assert (done.contacts, done.counts.entered, done.counts.there_already) == (2, 2, 0)
    assert await shop.line() == ["first", "second"]
    again = await shop.back_populates("looked")
    assert (again.counts.entered, again.counts.there_already) == (0, 2)
    assert await broken_rules(shop.pool) == []


async def test_the_window_counts_from_the_event_and_the_first_event_that_still_counts_is_the_one(
    shop: LateShop,
) -> None:
    for days in (45, 20, 10):
        await looked(shop.pool, "ada", days_ago(days))
    await looked(shop.pool, "bo", days_ago(45))
    await publish(shop.pool, browsers())
    report = await shop.back_populates("looked", days_ago(60))
    assert (report.counts.entered, report.counts.not_entered) == (1, {Reason.WINDOW_ENDED: 1})
    (entered,) = await shop.pool.fetch("select entered_at from waiting")
    assert entered["entered_at"] == days_ago(20)


async def test_only_what_was_done_since_the_day_that_is_named_counts(shop: LateShop) -> None:
    await looked(shop.pool, "ada", days_ago(10))
    await looked(shop.pool, "bo", days_ago(3))
    await publish(shop.pool, browsers())
    await shop.back_populates("looked", days_ago(5))
    assert await shop.line() == ["bo"]


async def test_who_bought_since_does_not_enter_unless_they_looked_again_after_that(shop: LateShop) -> None:
    for name in ("bought", "looked-again"):
        await looked(shop.pool, name, days_ago(10))
        await shop.bought(name, at=days_ago(5))
    await looked(shop.pool, "looked-again", days_ago(2))
    await publish(shop.pool, browsers())
    report = await shop.back_populates("looked")
    assert await shop.line() == ["looked-again"]
    assert report.counts.not_entered == {Reason.PURCHASED: 1}


async def test_who_looked_while_it_was_in_stock_has_nothing_to_wait_for(shop: LateShop) -> None:
    await shop.sells(SCARF, RED, BLUE, units=1)
    await shop.pool.execute("update episodes set opened_at = $1", days_ago(10))
    await shop.sells(SCARF, RED, BLUE, units=0)
    await shop.pool.execute("update episodes set closed_at = $1", days_ago(6))
    await looked(shop.pool, "in-stock", days_ago(8))
    await looked(shop.pool, "sold-out", days_ago(4))
    await publish(shop.pool, browsers())
    report = await shop.back_populates("looked")
    assert await shop.line() == ["sold-out"]
    assert report.counts.not_entered == {Reason.IN_STOCK: 1}


@pytest.mark.parametrize("tells", [False, True])
async def test_what_is_in_stock_now_is_told_at_once_if_the_alert_says_so(shop: LateShop, tells: bool) -> None:
    for number in range(3):
        await looked(shop.pool, f"n{number}", days_ago(9 - number))
    await publish(shop.pool, browsers(tells=tells))
    await shop.sells(SCARF, RED, BLUE, units=2)
    report = await shop.back_populates("looked")
    assert report.counts.in_stock_now == (3 if tells else 0)
    assert report.counts.not_entered == ({} if tells else {Reason.IN_STOCK: 3})
    assert await shop.looks() == (2 if tells else 0)


async def test_a_cart_enters_for_everything_that_was_in_it(shop: LateShop) -> None:
    await shop.sells(SCARF, RED, BLUE, units=9)
    await carted(shop.pool, "ada", days_ago(3), [RED, ONE_SIZE, "unheard-of"])
    await publish(shop.pool, browsers())
    report = await shop.back_populates("carted")
    assert (report.contacts, report.counts.entered) == (1, 2)
    assert await shop.line(RED) == await shop.line(ONE_SIZE) == ["ada"]


async def test_a_sign_up_that_came_while_every_message_was_a_draft_is_not_lost(shop: LateShop) -> None:
    await publish(shop.pool, all_draft())
    enlisting = Entrances(shop.pool)
    for name, days in (("second", 3), ("first", 5)):
        result = await enlisting.sign_up(f"{name}@shop.example", SHOP, RED, "form", days_ago(days), quantity=days)
        assert isinstance(result, NotEntered)
        assert result.reason is Reason.MESSAGE_DRAFT
    (entry,) = (await Why(shop.pool).contact("first@shop.example", About())).entries
    assert entry.reason is Reason.MESSAGE_DRAFT
    await publish(shop.pool, starter_document())
    await enlisting.sign_up("today@shop.example", SHOP, RED, "form")
    report = await shop.back_populates("back-in-stock")
    assert (report.contacts, report.counts.entered) == (2, 2)
    assert await shop.line() == ["first", "second", "today"]
    wanted = await shop.pool.fetch("select quantity from waiting order by entered_at")
    assert [row["quantity"] for row in wanted] == [5, 3, 1]
    assert (await shop.back_populates("back-in-stock")).counts.entered == 0


async def test_a_sign_up_that_something_else_spoke_against_stays_out(shop: LateShop) -> None:
    await shop.knows("ada")
    await shop.bought("ada", at=days_ago(1))
    result = await Entrances(shop.pool).sign_up("ada@shop.example", SHOP, RED, "form", days_ago(2))
    assert isinstance(result, NotEntered)
    assert result.reason is Reason.PURCHASED
    assert (await shop.back_populates("back-in-stock")).contacts == 0


async def test_who_was_erased_does_not_come_back(shop: LateShop) -> None:
    await looked(shop.pool, "ada", days_ago(3))
    await shop.pool.execute("update contacts set email = null, erased_at = now()")
    await publish(shop.pool, browsers())
    assert (await shop.back_populates("looked")).contacts == 0
