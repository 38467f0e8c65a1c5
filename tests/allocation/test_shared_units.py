"""Promise P2 for units that several share out: variants of one inventory item, alerts, levels and lists."""

from datetime import UTC, datetime
from random import Random

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist, give_up_place
from activities.waitlist.entrances import Entrances
from schemas.ids import JourneyId, Level, Subject
from schemas.incoming.facts import ProductFact, StockFact, VariantFact
from schemas.reasons import Reason
from starter.ops.pausing import Pausable, Pausing
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.allocation.rules import broken_rules
from tests.at_once import at_once
from tests.product import STORE, Shop, address, starter_document, subject
from tests.story.documents import back, programme

WHOLE = Subject(store_id=STORE, level=Level.PRODUCT, id="p")


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return shop


async def _sells_one_item(shop: Shop, product: str = "p", *variants: str) -> None:
    """Variants, of one product, that sell the units of `item-v`."""
    shown = tuple(
        VariantFact(variant_id=each, inventory_item_id="item-v", title=each) for each in variants or ("v", "w")
    )
    told = ProductFact(product_id=product, title=product, on_sale=True, variants=shown, observed_at=datetime.now(UTC))
    await shop.intake.observe(STORE, "shopify", [told])


async def _has(shop: Shop, units: int, at: str = "warehouse") -> None:
    told = StockFact(inventory_item_id="item-v", location_id=at, available=units, observed_at=datetime.now(UTC))
    await shop.intake.observe(STORE, "shopify", [told])


async def _told(pool: Pool, *subjects: Subject) -> list[str]:
    """Who has been called forward, after these shelves looked as often as anyone asked them to."""
    for each in subjects:
        await Waitlist(pool).give_places(each)
    while asked := await pool.fetch("delete from outbox where kind = 'look_again' returning store_id, subject"):
        for row in asked:
            await Waitlist(pool).give_places(Subject.from_key(row["store_id"], row["subject"]))
    assert await broken_rules(pool) == []
    called = await pool.fetch(
        "select split_part(c.email, '@', 1) as name from claims cl join journeys j on j.id = cl.journey_id "
        "join contacts c on c.id = j.contact_id where cl.state in ('given', 'used') order by cl.id"
    )
    return [row["name"] for row in called]


@pytest.mark.parametrize("product", ["p", "another"])
async def test_two_variants_of_one_inventory_item_share_its_units(shop: Shop, pool: Pool, product: str) -> None:
    await publish(pool, starter_document())
    await _sells_one_item(shop, "p", "v")
    await _sells_one_item(shop, product, "w")
    await shop.signs_up("ada", "bob", "cy", for_="v")
    await shop.signs_up("dee", "eve", "fay", for_="w")
    await _has(shop, 3)
    assert len(await _told(pool, subject("v"), subject("w"))) == 3


async def _ada_is_told_of_the_one_unit(shop: Shop, pool: Pool) -> JourneyId:
    """She waits for one variant of an item, and bob for the other. Returns her journey."""
    await publish(pool, starter_document())
    await _sells_one_item(shop)
    (ada,) = await shop.signs_up("ada", for_="v")
    await shop.signs_up("bob", for_="w")
    await _has(shop, 1)
    assert await _told(pool, subject("v")) == ["ada"]
    return ada


async def test_what_one_variant_gives_back_passes_to_who_waits_for_the_other(shop: Shop, pool: Pool) -> None:
    ada = await _ada_is_told_of_the_one_unit(shop, pool)
    async with pool.acquire() as connection, connection.transaction():
        await give_up_place(connection, ada, "refused", Reason.NO_CONSENT)
    assert await _told(pool) == ["bob"]


async def test_an_erased_contacts_unit_passes_to_who_waits_for_the_other_variant(shop: Shop, pool: Pool) -> None:
    await _ada_is_told_of_the_one_unit(shop, pool)
    await shop.is_erased("ada")
    assert await _told(pool) == ["bob"]


async def test_an_offer_that_lapses_passes_to_who_waits_for_the_other_variant(shop: Shop, pool: Pool) -> None:
    await _ada_is_told_of_the_one_unit(shop, pool)
    await pool.execute("update claims set state = 'used', settled_at = now(), lapses_at = now()")
    await pool.execute("update waiting set state = 'told' where state = 'claimed'")
    await pool.execute("update journeys set told_at = now() where id in (select journey_id from claims)")
    assert await Waitlist(pool).lapse_offers() == 1
    assert await _told(pool) == ["bob"]


async def test_a_sign_up_and_a_browse_alert_share_the_units(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document())
    await publish(pool, programme("looked", back(action="browse")))
    await shop.sees("cy", "dee", "eve")
    await shop.signs_up("ada", "bob")
    await shop.has("v", 2)
    assert await _told(pool, subject("v")) == ["ada", "bob"], "who asked comes first"
    await shop.has("v", 3)
    assert await _told(pool, subject("v")) == ["ada", "bob", "cy"]


async def test_who_waits_for_a_variant_and_who_waits_for_the_product_share_the_units(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document())
    await publish(pool, programme("any", back(level="product")))
    await shop.sells("v", "w")
    await shop.signs_up("ada", "bob", "cy", for_="v")
    await shop.signs_up("dee", "eve", "fay", for_="v", list_code="any")
    await shop.has("v", 2)
    await shop.has("w", 1)
    told = await _told(pool, WHOLE, subject("v"))
    assert len(told) == 3
    assert [name for name in told if name in {"dee", "eve", "fay"}] == ["dee", "eve", "fay"]


async def test_a_products_units_are_those_of_its_distinct_items(shop: Shop, pool: Pool) -> None:
    await publish(pool, programme("any", back(level="product")))
    await _sells_one_item(shop)
    await shop.signs_up("ada", "bob", "cy", "dee", for_="v", list_code="any")
    await _has(shop, 2)
    assert await pool.fetchval("select available from episodes where closed_at is null") == 2
    assert await _told(pool, WHOLE) == ["ada", "bob"]


async def test_who_waits_for_any_variant_takes_of_the_item_of_which_most_is_left(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document())
    await publish(pool, programme("any", back(level="product")))
    await shop.sells("v", "w")
    await shop.signs_up("ada", for_="v")
    await shop.signs_up("bob", for_="v", list_code="any")
    await shop.has("v", 1)
    await shop.has("w", 2)
    assert await _told(pool, WHOLE) == ["bob", "ada"]
    taken = await pool.fetch("select item, taken from supplies where locations is null order by item")
    assert [(row["item"], row["taken"]) for row in taken] == [("item-v", 1), ("item-w", 1)]


async def test_a_contact_of_two_for_a_unit_takes_half_of_one(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document())
    await publish(pool, programme("vip", back(contacts_per_unit=2)))
    await shop.signs_up("ada", for_="v")
    await shop.signs_up("bob", "cy", "dee", "eve", for_="v", list_code="vip")
    await shop.has("v", 2)
    assert await _told(pool, subject("v")) == ["ada", "bob", "cy"]


async def test_where_each_gets_two_units_five_are_enough_for_two(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document(units_per_contact=2))
    await publish(pool, programme("later", back()))
    await shop.signs_up("ada", "bob", "cy", for_="v")
    await shop.has("v", 1)
    assert await _told(pool, subject("v")) == []
    assert (await Why(pool).product(STORE, About(variant_id="v"))).entries[0].sentence == (
        "1 unit to sell that the list counts; the alert waits for 2."
    )
    await shop.has("v", 5)
    assert await _told(pool, subject("v")) == ["ada", "bob"]
    await shop.signs_up("dee", "eve", for_="v", list_code="later")
    assert await _told(pool, subject("v")) == ["ada", "bob", "dee"]
    assert await broken_rules(pool) == []


async def test_three_thirds_are_a_whole_unit(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document(contacts_per_unit=3))
    await publish(pool, programme("later", back()))
    await shop.signs_up("ada", "bob", "cy", for_="v")
    await shop.signs_up("dee", "eve", for_="v", list_code="later")
    await shop.has("v", 2)
    assert sorted(await _told(pool, subject("v"))) == ["ada", "bob", "cy", "dee"]


async def test_an_alert_that_tells_everyone_takes_no_units(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document())
    await publish(pool, programme("all", back(contacts_per_unit="all")))
    await shop.signs_up("ada", for_="v")
    await shop.signs_up("bob", "cy", for_="v", list_code="all")
    await shop.has("v", 1)
    assert sorted(await _told(pool, subject("v"))) == ["ada", "bob", "cy"]


async def test_a_product_that_is_a_draft_and_active_again_has_no_new_units(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document())
    await shop.signs_up("ada", "bob", "cy", "dee", "eve", "fay", for_="v")
    await shop.has("v", 1)
    for _ in range(4):
        assert await _told(pool, subject("v")) == ["ada"]
        await shop.unpublishes()
        await shop.publishes()
    assert await _told(pool, subject("v")) == ["ada"]
    await shop.has("v", 2)
    assert await _told(pool, subject("v")) == ["ada", "bob"], "this one did arrive"
    await shop.has("v", 0)
    await shop.has("v", 1)
    assert await _told(pool, subject("v")) == ["ada", "bob", "cy"]


async def test_units_that_were_promised_to_nobody_are_there_still_when_the_product_is_active_again(
    shop: Shop, pool: Pool
) -> None:
    await publish(pool, starter_document())
    await shop.signs_up("ada", for_="v")
    await shop.has("v", 2)
    assert await _told(pool, subject("v")) == ["ada"]
    await shop.unpublishes()
    await shop.signs_up("bob", "cy", for_="v")
    await shop.publishes()
    assert await _told(pool, subject("v")) == ["ada", "bob"]


async def test_a_variant_that_is_removed_and_added_again_has_no_new_units(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document())
    await shop.signs_up("ada", "bob", for_="v")
    await shop.has("v", 1)
    assert await _told(pool, subject("v")) == ["ada"]
    other = VariantFact(variant_id="w", inventory_item_id="item-w", title="w")
    await shop.tells(other, only=True)
    await pool.execute("delete from outbox where kind = 'look_again'")
    await shop.tells(other, VariantFact(variant_id="v", inventory_item_id="item-v", title="v"), only=True)
    assert await _told(pool, subject("v")) == ["ada"]


async def test_a_pause_and_a_resume_bring_no_new_units(shop: Shop, pool: Pool) -> None:
    await publish(pool, starter_document())
    await publish(pool, programme("looked", back(action="browse")))
    await shop.sees("cy", "dee")
    await shop.signs_up("ada", "bob", for_="v")
    await shop.has("v", 1)
    assert await _told(pool, subject("v")) == ["ada"]
    pausing, alerts = Pausing(pool), [Pausable("alert", code) for code in ("back-in-stock", "looked")]
    for alert in alerts:
        await pausing.pause(alert, "test")
    assert [(await pausing.resume(alert, "test")).told_now for alert in alerts] == [0, 0]
    assert await _told(pool, subject("v")) == ["ada"]


async def test_two_lists_of_the_same_locations_share_the_units_there(shop: Shop, pool: Pool) -> None:
    for code in ("one", "two"):
        await publish(pool, programme(code, back(), locations=("here",)))
        await shop.signs_up(*(f"{code}-{number}" for number in range(3)), for_="v", list_code=code)
    await shop.has("v", 2, at="here")
    await shop.has("v", 10, at="there")
    assert len(await _told(pool, subject("v"))) == 2


async def test_lists_of_different_locations_share_only_what_both_count(shop: Shop, pool: Pool) -> None:
    await publish(pool, programme("everywhere", back()))
    await publish(pool, programme("near", back(), locations=("here",)))
    await publish(pool, programme("far", back(), locations=("there",)))
    for code in ("near", "far", "everywhere"):
        await shop.signs_up(*(f"{code}-{number}" for number in range(5)), for_="v", list_code=code)
    await shop.has("v", 2, at="here")
    await shop.has("v", 1, at="there")
    assert len(await _told(pool, subject("v"))) == 3


async def test_many_shelves_at_once_never_tell_more_than_there_are_units(shop: Shop, pool: Pool) -> None:
    random = Random(1)
    await publish(pool, starter_document())
    await publish(pool, programme("any", back(level="product", contacts_per_unit=2)))
    await publish(pool, programme("near", back(), locations=("here",)))
    await _sells_one_item(shop)
    await _sells_one_item(shop, "another", "x")
    for variant in ("v", "w", "x"):
        for code in ("default", "any", "near"):
            names = [f"{variant}-{code}-{number}" for number in range(6)]
            await shop.signs_up(*names, for_=variant, list_code=code)
    subjects = [subject(each) for each in ("v", "w", "x")] + [WHOLE, Subject.from_key(STORE, "product/another")]

    async def leaves() -> None:
        claims = await pool.fetch("select journey_id from claims where state = 'given'")
        if claims:
            journey = JourneyId(random.choice(claims)["journey_id"])
            async with pool.acquire() as connection, connection.transaction():
                await give_up_place(connection, journey, "refused", Reason.NO_CONSENT)

    async def signs_up() -> None:
        variant = random.choice(("v", "w", "x"))
        await Entrances(pool).sign_up(address(f"new-{random.randrange(99)}"), STORE, variant, "test")

    async def looks() -> None:
        asked = "delete from outbox where kind = 'look_again' and subject = $1"
        each = random.choice(subjects)
        await pool.execute(asked, each.key)
        await Waitlist(pool).give_places(each)

    async def moves() -> None:
        await _has(shop, random.randrange(5), random.choice(("here", "there")))

    for _ in range(6):
        await at_once(*(random.choice((leaves, signs_up, looks, looks, moves))() for _ in range(30)))
        assert await broken_rules(pool) == []
