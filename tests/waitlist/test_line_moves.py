"""Lines that are moved: everyone comes to wait for the other thing with their place, and nobody is lost on the way."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from activities.intake.events import Events
from activities.postgres.pool import Pool
from activities.stock.products import UnknownProduct, UnknownVariant
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances
from activities.waitlist.late_alerts import NoSuchAlert
from activities.waitlist.line_moves import LineMoves
from schemas.errors import DomainError
from schemas.ids import AlertId, JourneyId, Level, Subject
from schemas.incoming.events import Event, EventKind
from schemas.reasons import Reason
from schemas.responses.line_moves import LineMoveReport
from starter.support.journeys import Journeys
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from starter.waitlists.line_moves import LineMoving, WantedMove
from starter.waitlists.move_refusals import MoreTold, MoveUnderWay, NoSuchMove, OtherLevel, SameSubject, TargetGone
from starter.waitlists.waitlists import Lines, Waitlists
from tests.allocation.rules import broken_rules
from tests.product import STORE, Shop, address, starter_document, subject
from tests.story.documents import back, cheaper, nearly_gone, programme

FROM_V_TO_W = WantedMove(subject("v"), subject("w"))


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    shop = await Shop.opened(pool)
    await shop.sells("v", "w")
    return shop


async def _moved(pool: Pool, wanted: WantedMove = FROM_V_TO_W, at_once: int = 2) -> LineMoveReport:
    """Asked for, and carried out as the shelf does."""
    asked = await LineMoving(pool).move(wanted, "test")
    while await LineMoves(pool, at_once).move_next(wanted.line):
        assert await broken_rules(pool) == []
    assert asked.move is not None
    return await LineMoving(pool).show(asked.move)


async def _line(pool: Pool, variant: str) -> list[JourneyId]:
    return [each.journey_id for each in (await Waitlists(pool).show(Lines(STORE, variant), None)).waiting]


async def _counted(pool: Pool, variant: str) -> dict[str, int]:
    rows = await pool.fetch(
        "select coalesce(reason, what) as what, sum(count)::int as n from line_counts where subject = $1 group by 1",
        f"variant/{variant}",
    )
    return {row["what"]: row["n"] for row in rows if row["n"]}


async def test_both_lines_become_one_in_the_order_in_which_everyone_signed_up(shop: Shop, pool: Pool) -> None:
    (ada,) = await shop.signs_up("ada")
    (bob,) = await shop.signs_up("bob", for_="w")
    cy, dee, eve = await shop.signs_up("cy", "dee", "eve")
    shown = await LineMoving(pool).would_move(FROM_V_TO_W)
    assert (shown.moved, shown.told_now, shown.done, shown.left) == (4, 0, False, {})
    assert await _line(pool, "v") == [ada, cy, dee, eve], "it was only looked at"
    report = await _moved(pool)
    assert (report.moved, report.left, report.finished_at is not None) == (4, {}, True)
    assert await _line(pool, "v") == []
    assert await _line(pool, "w") == [ada, bob, cy, dee, eve]
    assert await _counted(pool, "v") == {"entered": 4, "moved": 4}
    assert await _counted(pool, "w") == {"entered": 5, "waiting": 5}
    audit = await pool.fetch("select action, details from audit where action like '%waiting list' order by id")
    assert [row["action"] for row in audit] == ["move waiting list", "moved waiting list"]
    assert (audit[0]["details"]["people"], audit[1]["details"]["moved"]) == (4, 4)
    again = await _moved(pool)
    assert (again.moved, again.finished_at is not None) == (0, True), "nobody is left to move"


async def test_a_kill_between_two_batches_leaves_everyone_in_one_line_and_asking_again_finishes_it(
    shop: Shop, pool: Pool
) -> None:
    journeys = await shop.signs_up("ada", "bob", "cy")
    asked = await LineMoving(pool).move(FROM_V_TO_W, "test")
    assert await LineMoves(pool, 2).move_next(subject("v"))
    assert (await _line(pool, "v"), await _line(pool, "w")) == (journeys[2:], journeys[:2])
    again = await LineMoving(pool).move(FROM_V_TO_W, "another")
    assert (again.move, again.requested_by) == (asked.move, "test"), "it is the same move"
    assert (await _moved(pool)).move == asked.move
    assert await _line(pool, "w") == journeys


async def test_who_waits_there_already_keeps_the_better_place_and_the_other_wait_ends_with_its_reason(
    shop: Shop, pool: Pool
) -> None:
    early, _ = await shop.signs_up("ada", "bob")
    (first, ada) = await shop.signs_up("cy", "ada", for_="w")
    report = await _moved(pool)
    assert (report.moved, report.left) == (1, {Reason.THERE_ALREADY: 1})
    assert (await _line(pool, "w"))[0] == ada, "she asked first"
    assert first in await _line(pool, "w")
    leave = await pool.fetchrow("select journey_id, reason from outbox where kind = 'leave'")
    assert leave is not None
    assert (leave["journey_id"], leave["reason"]) == (early, "there_already")
    told = await Why(pool).contact(address("ada"), About(STORE, "v"))
    (entry,) = told.entries
    assert (entry.reason, entry.moves[0].to_subject) == (Reason.THERE_ALREADY, "variant/w")
    assert "was moved from variant/v to variant/w" in entry.sentence


async def test_what_is_there_is_told_at_once_by_both_places_and_nobody_is_told_of_it_twice(
    shop: Shop, pool: Pool
) -> None:
    await shop.signs_up("ada", "bob", "cy", "dee")
    await shop.signs_up("ada", for_="w")
    await shop.has("w", 2)
    waitlist = Waitlist(pool)
    assert (await waitlist.give_places(subject("w"))).to_notify == 1
    shown = await LineMoving(pool).would_move(FROM_V_TO_W)
    assert (shown.moved, shown.left) == (3, {Reason.THERE_ALREADY: 1})
    assert (shown.places, shown.told_now) == (1, 1), "of two units ada has one"
    with pytest.raises(MoreTold):
        await LineMoving(pool).move(FROM_V_TO_W, "test", tells_at_most=0)
    await _moved(pool)
    assert (await waitlist.give_places(subject("w"))).to_notify == 2
    assert await broken_rules(pool) == []


async def test_who_was_told_of_it_or_bought_it_since_is_not_moved_and_the_reason_is_on_record(
    shop: Shop, pool: Pool
) -> None:
    told, bought = await shop.signs_up("told", "bought")
    await shop.signs_up("told", for_="w")
    await shop.has("w", 5)
    await Waitlist(pool).give_places(subject("w"))
    await pool.execute("update claims set state = 'used', settled_at = now()")
    await pool.execute("update waiting set state = 'told' where state = 'claimed'")
    await pool.execute("update journeys set told_at = now() where subject = 'variant/w'")
    order = Event(
        id="e-order", store=STORE, kind=EventKind.ORDERED, email=address("bought"), product="p", variant="w", order="1"
    )
    await Events(pool).take(order)
    report = await _moved(pool)
    assert report.left == {Reason.TOLD_ALREADY: 1, Reason.PURCHASED: 1}
    assert await pool.fetchval("select reason from waiting where journey_id = $1", told) == "told_already"
    assert await pool.fetchval("select reason from waiting where journey_id = $1", bought) == "purchased"


async def test_who_is_just_being_called_forward_stays(shop: Shop, pool: Pool) -> None:
    called, moved = await shop.signs_up("called", "moved")
    await publish(pool, starter_document(contacts_per_unit=1))
    await shop.has("v", 1)
    await Waitlist(pool).give_places(subject("v"))
    shown = await LineMoving(pool).would_move(FROM_V_TO_W)
    assert (shown.moved, shown.called_forward) == (1, 1)
    await _moved(pool)
    assert (await _line(pool, "v"), await _line(pool, "w")) == ([called], [moved])


async def test_one_alerts_line_moves_alone_with_a_bound_of_the_price_there_and_what_is_carted_stays(pool: Pool) -> None:
    await publish(pool, programme("cheap", cheaper("10%")))
    await publish(pool, programme("seen", back(action="browse")))
    await publish(pool, programme("few", nearly_gone()))
    shop = await Shop.opened(pool)
    await shop.asks("50.00", "v")
    await shop.asks("80.00", "w")
    await shop.sees("ada")
    await shop.carts("bob")
    shown = await LineMoving(pool).would_move(FROM_V_TO_W)
    assert (shown.moved, shown.stay) == (2, {Reason.NOT_IN_CART: 1})
    only = WantedMove(subject("v"), subject("w"), AlertId("cheap"))
    report = await _moved(pool, only)
    assert (report.alert, report.moved) == ("cheap", 1)
    row = await pool.fetchrow("select alert_id, trigger_at, entry_price from waiting where subject = 'variant/w'")
    assert row is not None
    assert (row["alert_id"], row["trigger_at"], row["entry_price"]) == ("cheap", Decimal(72), Decimal(80))


async def test_consent_window_version_and_what_is_up_to_them_come_along(shop: Shop, pool: Pool) -> None:
    (ada,) = await shop.signs_up("ada")
    kept = "select version_id, entered_at, window_ends_at, contact_id from journeys where id = $1"
    before = await pool.fetchrow(kept, ada)
    await pool.execute("update waiting set passed_over_for = 'contact_paused'")
    await pool.execute("update contacts set paused_until = now() + interval '1 day'")
    asked = await LineMoving(pool).move(FROM_V_TO_W, "test")
    while await LineMoves(pool).move_next(subject("v")):
        pass
    assert asked.done
    assert await pool.fetchrow(kept, ada) == before
    assert await pool.fetchval("select passed_over_for from waiting") == "contact_paused"
    (move,) = (await Journeys(pool).show(ada)).moves
    assert (move.from_subject, move.to_subject, move.by, move.reason) == ("variant/v", "variant/w", "test", None)


async def _to_itself(shop: Shop) -> WantedMove:
    return WantedMove(subject("v"), subject("v"))


async def _to_the_product(shop: Shop) -> WantedMove:
    return WantedMove(subject("v"), Subject(store_id=STORE, level=Level.PRODUCT, id="p"))


async def _to_the_unknown(shop: Shop) -> WantedMove:
    return WantedMove(subject("v"), subject("nothing"))


async def _from_an_unknown_product(shop: Shop) -> WantedMove:
    product = Subject(store_id=STORE, level=Level.PRODUCT, id="p")
    return WantedMove(Subject(store_id=STORE, level=Level.PRODUCT, id="nothing"), product)


async def _of_an_unknown_alert(shop: Shop) -> WantedMove:
    return WantedMove(subject("v"), subject("w"), AlertId("nothing"))


async def _to_what_is_gone(shop: Shop) -> WantedMove:
    await shop.discontinues()
    return FROM_V_TO_W


async def _against_another(shop: Shop) -> WantedMove:
    await LineMoving(shop.pool).move(WantedMove(subject("w"), subject("v")), "test")
    return FROM_V_TO_W


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (_to_itself, SameSubject),
        (_to_the_product, OtherLevel),
        (_to_the_unknown, UnknownVariant),
        (_from_an_unknown_product, UnknownProduct),
        (_of_an_unknown_alert, NoSuchAlert),
        (_to_what_is_gone, TargetGone),
        (_against_another, MoveUnderWay),
    ],
)
async def test_what_cannot_be_moved_is_said_and_nothing_changes(
    shop: Shop, pool: Pool, wanted: Callable[[Shop], Awaitable[WantedMove]], error: type[DomainError]
) -> None:
    line = await shop.signs_up("ada")
    asked = await wanted(shop)
    with pytest.raises(error):
        await LineMoving(pool).move(asked, "test")
    assert await _line(pool, "v") == line


async def test_an_empty_line_a_target_that_goes_meanwhile_and_an_unknown_move(shop: Shop, pool: Pool) -> None:
    moving = LineMoving(pool)
    assert (await moving.latest()).moves == ()
    assert (await moving.would_move(FROM_V_TO_W)).moved == 0
    with pytest.raises(NoSuchMove):
        await moving.show(1)
    line = await shop.signs_up("ada")
    await moving.move(FROM_V_TO_W, "test")
    await shop.discontinues()
    while await LineMoves(pool).move_next(subject("v")):
        pass
    (report,) = (await moving.latest()).moves
    assert (report.moved, report.finished_at is not None) == (0, True)
    assert await _line(pool, "v") == line, "who could not be moved is dismissed as anyone is"
    assert datetime.now(UTC) > (report.created_at or datetime.now(UTC))


async def test_a_wanted_quantity_comes_along_and_who_is_told_at_once_is_counted_by_the_units_they_want(
    shop: Shop, pool: Pool
) -> None:
    await publish(pool, starter_document(contacts_per_unit=1))
    for name, units in (("ada", 2), ("bob", 1), ("cy", 1)):
        await Entrances(pool).sign_up(address(name), STORE, "v", "test", quantity=units)
    await shop.has("w", 3)
    shown = await LineMoving(pool).would_move(FROM_V_TO_W)
    assert (shown.moved, shown.places, shown.told_now) == (3, 3, 2), "three units are not enough for four"
    await _moved(pool)
    wanted = await pool.fetch("select quantity from waiting where subject = 'variant/w' order by place")
    assert [row["quantity"] for row in wanted] == [2, 1, 1]
    assert (await Waitlist(pool).give_places(subject("w"))).to_notify == 2, "two units for ada, one for bob"


@pytest.mark.parametrize("why", ["not_confirmed", "leaving"])
async def test_a_place_there_that_does_not_count_gives_way_to_the_one_that_is_moved(
    shop: Shop, pool: Pool, why: str
) -> None:
    (moved,) = await shop.signs_up("ada")
    (there,) = await shop.signs_up("ada", for_="w")
    if why == "leaving":
        await Journeys(pool).cancel(there, "test")
    else:
        await pool.execute("update waiting set passed_over_for = $2 where journey_id = $1", there, why)
    report = await _moved(pool)
    assert (report.moved, report.left) == (1, {})
    assert await _line(pool, "w") == [moved]
    left = await pool.fetchrow("select state, reason from waiting where journey_id = $1", there)
    assert left is not None
    expected = "there_already" if why == "not_confirmed" else "cancelled"
    assert (left["state"], left["reason"]) == ("left", expected)


HELD_UP = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@pytest.mark.parametrize("by", ["hold_product_in_line($1)", "hold_product_of($2, $3)"])
async def test_who_is_moved_to_another_product_while_it_is_waited_for_never_holds_two(
    shop: Shop, pool: Pool, by: str
) -> None:
    (ada,) = await shop.signs_up("ada", for_="w")
    await pool.execute(
        "insert into products (store_id, product_id, title, on_sale, observed_at) "
        "select store_id, 'o', title, on_sale, observed_at from products"
    )
    hold = "select from products where product_id = $1 for no key update"
    async with (
        pool.acquire() as changing,
        pool.acquire() as leaving,
        pool.acquire() as moving,
        asyncio.TaskGroup() as tasks,
        leaving.transaction(),
    ):
        # So that it is not itself that notices, if it does wrong.
        await leaving.execute("set local deadlock_timeout = '1h'")
        async with moving.transaction():
            async with changing.transaction():
                await changing.execute(hold, "p")
                asked = f"select {by}, $1::text, $2::text, $3::text"
                held = tasks.create_task(leaving.fetch(asked, ada, STORE, "variant/w"))
                await _held_up(pool, 1)
                await moving.execute(hold, "o")
                second = tasks.create_task(moving.execute(hold, "p"))
                await _held_up(pool, 2)
                await changing.execute("update variants set product_id = 'o' where variant_id = 'w'")
            await second
            assert not held.done()
        await held
        assert await pool.fetchval("select product_id from journeys where id = $1", ada) == "o"


async def _held_up(pool: Pool, most: int) -> None:
    """Until so many transactions wait for a lock."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    while await pool.fetchval(waiting) < most:
        await asyncio.sleep(0)
