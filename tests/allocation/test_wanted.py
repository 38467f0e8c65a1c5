"""Who wants several units is told once so many are there, stands in nobody's way, and keeps their place."""

from dataclasses import replace
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any

import pytest

from activities.postgres.pool import Pool
from activities.waitlist.allocation import Episode, Supply
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered
from activities.waitlist.shared_units import SharedUnits
from schemas.ids import JourneyId, Level, Subject
from schemas.journey.outcome import AfterRefusal, Refused, Sent
from schemas.reasons import Reason
from schemas.responses.why import NotYet
from starter.shops.forecast import Forecasts
from starter.support.journeys import Journeys
from starter.support.why import About, Why
from starter.waitlists.waitlists import Lines, Waitlists
from tests.allocation.rules import broken_rules
from tests.delivery.counter import Counter, message
from tests.product import STORE, Shop, address, starter_document, subject


async def _wants(shop: Shop, name: str, quantity: int | None, variant: str = "v") -> JourneyId:
    entered = await Entrances(shop.pool).sign_up(address(name), STORE, variant, "test", quantity=quantity)
    assert isinstance(entered, Entered)
    return entered.journey_id


async def _called(pool: Pool, what: Subject | None = None) -> list[str]:
    """Whom the shelf calls forward now, in order."""
    last = await pool.fetchval("select coalesce(max(id), 0) from claims")
    while (await Waitlist(pool).give_places(what or subject("v"))).more:
        pass
    rows = await pool.fetch(
        "select split_part(x.email, '@', 1) as name from claims c join journeys j on j.id = c.journey_id "
        "join contacts x on x.id = j.contact_id where c.id > $1 order by c.id",
        last,
    )
    assert await broken_rules(pool) == []
    return [row["name"] for row in rows]


async def _asked(pool: Pool) -> bool:
    """Whether the shelf was asked to look; it is asked anew from then on."""
    return bool(await pool.fetch("delete from outbox where kind = 'look_again' returning id"))


async def test_who_wants_five_is_passed_over_for_three_and_told_once_five_more_are_there(pool: Pool) -> None:
    shop = await Shop.opened(pool)
    ann = await _wants(shop, "ann", 5)
    await shop.signs_up("ben")
    await _wants(shop, "cy", 2)
    await shop.signs_up("dee")
    await _asked(pool)
    await shop.has("v", 3)
    assert await _asked(pool)
    assert await _called(pool) == ["ben", "cy"]

    report = await Journeys(pool).show(ann)
    assert (report.quantity, report.reason, report.ahead) == (5, Reason.FEWER_THAN_WANTED, 0)
    (entry,) = (await Why(pool).contact(address("ann"), About())).entries
    assert entry.standing is not None
    assert (entry.standing.not_yet, entry.standing.quantity) == (NotYet.FEWER_THAN_WANTED, 5)
    assert entry.sentence.startswith("They want 5 units; 3 are there.")
    line = await Waitlists(pool).show(Lines(STORE, variant_id="v"), 20)
    assert [(each.quantity, each.claimed) for each in line.waiting] == [(1, True), (2, True), (5, False), (1, False)]

    forecast = await Forecasts(pool).of_units(subject("v"), 5)
    assert [each.journey_id for each in forecast.first] == [ann]
    await shop.has("v", 8)
    assert await _called(pool) == ["ann"], "who stands before dee, and takes all that came"
    assert (await Journeys(pool).show(ann)).reason is None
    assert await pool.fetchval("select taken from supplies where locations is null") == 8
    await shop.has("v", 10)
    assert await _called(pool) == ["dee"]
    assert await pool.fetchval("select taken from supplies where locations is null") == 9


async def test_another_number_keeps_the_place_and_is_looked_at_at_once(pool: Pool) -> None:
    shop = await Shop.opened(pool)
    ann = await _wants(shop, "ann", 5)
    await shop.signs_up("ben")
    await shop.has("v", 1)
    assert await _called(pool) == ["ben"]
    await shop.has("v", 4)
    await _asked(pool)
    assert await _wants(shop, "ann", None) == ann
    assert not await _asked(pool), "who does not say how many wants as many as before"
    assert await _wants(shop, "ann", 4) == ann
    assert not await _asked(pool), "of the four that are there one is promised"
    (entry,) = (await Why(pool).contact(address("ann"), About())).entries
    assert entry.sentence.startswith("They want 4 units; 4 are there, and 3 of them not promised yet.")
    assert await _wants(shop, "ann", 3) == ann
    assert await _asked(pool)
    assert await _called(pool) == ["ann"]


async def test_another_number_said_by_who_is_called_forward_is_what_check_and_claim_go_by(pool: Pool) -> None:
    counter = Counter(pool, await Shop.opened(pool))
    ann = await _wants(counter.shop, "ann", 1)
    await counter.shop.signs_up("ben")
    await counter.shop.has("v", 3)
    assert await _called(pool) == ["ann", "ben"]
    await _wants(counter.shop, "ann", 5)
    refused = Refused(reason=Reason.FEWER_THAN_WANTED, then=AfterRefusal.BACK_IN_LINE)
    assert await counter.tells(ann) == refused, "three are there, and no five"
    await _wants(counter.shop, "ann", 2)
    assert await _called(pool) == ["ann"], "the two that are there are enough for her now"
    await _wants(counter.shop, "ann", 3)
    assert await counter.deliver(message(ann, round_=2)) == refused, "three are there, and her place is for two of them"
    assert await _called(pool) == [], "one is ben's"
    await counter.shop.has("v", 4)
    assert await _called(pool) == ["ann"]
    assert isinstance(await counter.deliver(message(ann, round_=3)), Sent)
    assert await pool.fetchval("select units from claims where state = 'used'") == 3


async def test_where_everyone_is_told_only_those_are_for_whom_there_is_enough(pool: Pool) -> None:
    shop = await Shop.opened(pool, starter_document(contacts_per_unit="all"))
    await _wants(shop, "ann", 5)
    await shop.signs_up("ben", "cy", "dee")
    await _wants(shop, "eve", 2)
    await shop.has("v", 2)
    assert await _called(pool) == ["ben", "cy", "dee", "eve"]
    await shop.has("v", 4)
    assert await _called(pool) == []
    await shop.has("v", 5)
    assert await _called(pool) == ["ann"]


async def test_several_units_of_a_whole_product_are_of_one_variant(pool: Pool) -> None:
    shop = await Shop.opened(pool, starter_document(level=Level.PRODUCT))
    await shop.sells("v", "w")
    await _wants(shop, "ann", 3)
    await shop.signs_up("ben")
    whole = Subject(store_id=STORE, level=Level.PRODUCT, id="p")
    await shop.has("v", 2)
    await shop.has("w", 2)
    assert await _called(pool, whole) == ["ben"], "four are there, and no three of one variant"
    await shop.has("w", 4)
    assert await _called(pool, whole) == ["ann"]
    assert await pool.fetchval("select item from claims order by id desc limit 1") == "item-w"


@pytest.mark.parametrize(
    "terms",
    [{"contacts_per_unit": 1}, {"contacts_per_unit": 3}, {"units_per_contact": 2}, {"contacts_per_unit": "all"}],
)
async def test_the_line_is_walked_as_plainly_as_it_is_said(pool: Pool, terms: dict[str, Any]) -> None:
    """In order: whoever fits into what is left is told, and whoever does not is passed over. Whatever is wanted."""
    chance = Random(repr(terms))
    shop = await Shop.opened(pool, starter_document(**terms))
    per_unit = None if terms.get("contacts_per_unit") == "all" else int(str(terms.get("contacts_per_unit", 1)))
    for number, newest in product(range(2), (False, True)):
        variant = f"v{number}-{int(newest)}"
        await shop.sells(variant)
        await pool.execute("update alerts set newest_first = $1", newest)
        people = {f"{variant}-{at}": chance.choice([1, 1, 1, 2, 3, 4, 7]) for at in range(8)}
        for name, quantity in people.items():
            await _wants(shop, name, quantity, variant)
        units = 0
        shared = SharedUnits({("item", None): Supply()})
        episode = Episode(per_unit, 0, 0, units_per_contact=int(str(terms.get("units_per_contact", 1))))
        waiting = list(reversed(people)) if newest else list(people)
        for _ in range(3):
            units += (more := chance.randint(2, 5))
            await shop.has(variant, units)
            episode = replace(episode, available=units, arrived=episode.arrived + more)
            taken = Decimal(0) if per_unit is None else Decimal(episode.claimed) / per_unit
            shared = SharedUnits({("item", None): Supply(units, units, taken)})
            told: list[str] = []
            for name in waiting:
                if shared.fits(episode, ["item"], None, people[name]):
                    episode = shared.take(episode, ["item"], None, people[name])
                    told.append(name)
            assert await _called(pool, subject(variant)) == told
            waiting = [name for name in waiting if name not in told]
