"""Calling forward by hand: within the units that are there, and nobody's offer ends that was not shown before."""

import pytest

from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.ids import AlertId, Subject
from starter.ops.pausing import Pausable, Pausing
from starter.waitlists.calling_forward import CallingForward, CannotCall, MoreTakenBack, WantedCall
from tests.allocation.rules import broken_rules
from tests.product import Shop, address, starter_document, subject

ALERT = AlertId("back-in-stock")


def wanted(people: int, what: Subject | None = None) -> WantedCall:
    return WantedCall(what or subject("v"), ALERT, people)


async def tell(pool: Pool, expected: int) -> None:
    """The shelf gives places to so many, and they are told."""
    waitlist = Waitlist(pool)
    given = await waitlist.give_places(subject("v"))
    assert given.to_notify == expected
    claims = await waitlist.claims_to_notify(subject("v"), 100)
    await waitlist.mark_notified(claims)
    await pool.execute("update claims set state = 'used', settled_at = now() where state = 'given'")
    await pool.execute(
        "update journeys set told_at = now() where id in (select journey_id from waiting where state = 'claimed')"
    )
    await pool.execute("update waiting set state = 'told' where state = 'claimed'")


async def in_line(pool: Pool, state: str) -> list[str]:
    rows = await pool.fetch(
        "select c.email from waiting w join contacts c on c.id = w.contact_id where w.state = $1 order by w.place",
        state,
    )
    return [row["email"] for row in rows]


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    shop = await Shop.opened(pool, starter_document(contacts_per_unit=1))
    await shop.signs_up("ada", "bob", "cy", "dora", "eve")
    return shop


async def test_offers_that_nobody_took_up_pass_to_the_next_in_line(shop: Shop, pool: Pool) -> None:
    await shop.has("v", 3)
    await tell(pool, 3)
    calling = CallingForward(pool)
    shown = await calling.would_call(wanted(2))
    assert (shown.available, shown.free, shown.held_back, shown.offered) == (3, 0, 0, 3)
    assert (shown.calls, shown.units, shown.takes_back, shown.done) == (2, 2, 2, False)
    assert await pool.fetchval("select count(*) from claims where state = 'lapsed'") == 0
    done = await calling.call(wanted(2), "test", shown.takes_back)
    assert done == shown.model_copy(update={"done": True})
    await tell(pool, 2)
    assert await in_line(pool, "told") == [address(each) for each in ("ada", "bob", "cy", "dora", "eve")]
    assert await broken_rules(pool) == []
    assert (
        await pool.fetchval("select details ->> 'takes_back' from audit where action = 'call forward by hand'") == "2"
    )


async def test_who_bought_keeps_what_they_were_offered(shop: Shop, pool: Pool) -> None:
    await shop.has("v", 2)
    await tell(pool, 2)
    await shop.buys("ada")
    shown = await CallingForward(pool).would_call(wanted(2))
    assert (shown.open_offers, shown.calls, shown.takes_back) == (1, 1, 1)


async def test_units_that_are_too_few_for_the_alert_are_given_by_hand_and_no_more_of_them(pool: Pool) -> None:
    shop = await Shop.opened(pool, starter_document(contacts_per_unit=1, quantity_threshold=5))
    await shop.signs_up("ada", "bob", "cy", "dora")
    await shop.has("v", 3)
    assert (await Waitlist(pool).give_places(subject("v"))).to_notify == 0
    shown = await CallingForward(pool).call(wanted(2), "test")
    assert (shown.available, shown.held_back, shown.calls, shown.takes_back) == (3, 3, 2, 0)
    await tell(pool, 2)
    assert await in_line(pool, "told") == [address("ada"), address("bob")]
    again = await CallingForward(pool).call(wanted(2), "test")
    assert (again.held_back, again.calls, again.takes_back) == (1, 2, 1), "the last unit, and one that was offered"
    await tell(pool, 2)
    assert await broken_rules(pool) == []


async def test_who_wants_several_is_called_for_as_many(shop: Shop, pool: Pool) -> None:
    await pool.execute(
        "update waiting set quantity = 3 where contact_id = (select id from contacts where email = $1)", address("dora")
    )
    await shop.has("v", 3)
    await tell(pool, 3)
    shown = await CallingForward(pool).call(wanted(1), "test")
    assert (shown.calls, shown.units, shown.takes_back) == (1, 3, 3)
    await tell(pool, 1)
    assert (await in_line(pool, "waiting"), await broken_rules(pool)) == ([address("eve")], [])


async def test_more_offers_than_were_shown_do_not_end(shop: Shop, pool: Pool) -> None:
    await shop.has("v", 3)
    await tell(pool, 3)
    with pytest.raises(MoreTakenBack):
        await CallingForward(pool).call(wanted(2), "test", 1)
    assert await pool.fetchval("select count(*) from claims where state = 'lapsed'") == 0


async def test_what_cannot_be_called_forward_says_why(shop: Shop, pool: Pool) -> None:
    calling = CallingForward(pool)
    with pytest.raises(CannotCall, match="no units"):
        await calling.would_call(wanted(2))
    await shop.has("v", 1)
    await Pausing(pool).pause(Pausable("alert", "back-in-stock"), "test")
    with pytest.raises(CannotCall, match="paused"):
        await calling.call(wanted(2), "test")


async def test_two_who_call_at_once_end_each_offer_once(shop: Shop, pool: Pool) -> None:
    await shop.has("v", 2)
    await tell(pool, 2)
    calling = CallingForward(pool)
    await calling.call(wanted(1), "one")
    await calling.call(wanted(1), "another")
    await tell(pool, 1)
    assert await pool.fetchval("select count(*) from claims where state = 'lapsed'") == 1
    assert await broken_rules(pool) == []
