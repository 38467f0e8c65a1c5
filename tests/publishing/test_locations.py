"""Publishing other locations: what was there already does not arrive, and whom a publication tells is shown before."""

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.conversation import ConversationDocument
from schemas.ids import Subject
from starter.versioning.lines import told_by_publishing
from starter.versioning.publishing import publish
from tests.allocation.rules import broken_rules
from tests.product import Shop, starter_document
from tests.story.documents import back, programme


def _counting(*locations: str, **terms: object) -> ConversationDocument:
    """Back in stock at these locations; at all, if none is named."""
    return programme("near", back(**terms), locations=locations or None)


async def _told(pool: Pool) -> int:
    """How many have been called forward, after every shelf that was asked to look did."""
    while asked := await pool.fetch("delete from outbox where kind = 'look_again' returning store_id, subject"):
        for row in asked:
            await Waitlist(pool).give_places(Subject.from_key(row["store_id"], row["subject"]))
    assert await broken_rules(pool) == []
    return await pool.fetchval("select count(*) from claims")


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    """Two units here and five there, and eight in the line of a list that counts those here: two were told."""
    shop = Shop(pool, Intake(pool))
    await publish(pool, _counting("here"))
    await shop.sells("v")
    await shop.signs_up(*(f"c{number}" for number in range(8)), list_code="near")
    await shop.has("v", 5, at="there")
    await shop.has("v", 2, at="here")
    assert await _told(pool) == 2
    return shop


@pytest.mark.parametrize("locations", [("here", "there"), ("there", "here"), ()])
async def test_other_locations_alone_tell_nobody_and_what_arrives_there_later_does(
    shop: Shop, pool: Pool, locations: tuple[str, ...]
) -> None:
    assert await told_by_publishing(pool, _counting(*locations)) == 0
    await publish(pool, _counting(*locations))
    assert await _told(pool) == 2
    await shop.has("v", 6, at="there")
    assert await _told(pool) == 3


async def test_a_location_that_is_out_and_in_again_counts_its_units_once(shop: Shop, pool: Pool) -> None:
    for locations in (("there",), ("here",), ("nowhere",), ("here",), ("here", "there"), ("here",)):
        await publish(pool, _counting(*locations))
        assert await _told(pool) == 2, locations
    await shop.has("v", 3, at="here")
    assert await _told(pool) == 3


async def test_locations_of_which_none_had_units_before_tell_nobody_by_the_edit_alone(pool: Pool) -> None:
    shop = Shop(pool, Intake(pool))
    await publish(pool, _counting("here"))
    await shop.sells("v")
    await shop.signs_up("ada", "bob", list_code="near")
    await shop.has("v", 5, at="there")
    assert await told_by_publishing(pool, _counting("there")) == 0
    await publish(pool, _counting("there"))
    assert await _told(pool) == 0
    await shop.signs_up("cy", list_code="near")
    assert await _told(pool) == 0, "nor by the next sign-up"
    await shop.has("v", 6, at="there")
    assert await _told(pool) == 1


async def test_units_promised_before_stay_promised_where_other_locations_count(shop: Shop, pool: Pool) -> None:
    await publish(pool, _counting("here", "nowhere"))
    await shop.unpublishes()
    await shop.publishes()
    assert await _told(pool) == 2
    await publish(pool, programme("too", back(), locations=("here", "nowhere")))
    await shop.signs_up("zoe", list_code="too")
    assert await _told(pool) == 2


async def test_a_new_list_shares_what_is_there_with_those_before_it(shop: Shop, pool: Pool) -> None:
    await publish(pool, programme("all", back()))
    await shop.signs_up(*(f"d{number}" for number in range(8)), list_code="all")
    assert await _told(pool) == 7


async def test_terms_that_tell_those_who_wait_are_counted_beforehand_and_nothing_is_changed(pool: Pool) -> None:
    shop = Shop(pool, Intake(pool))
    await publish(pool, starter_document(quantity_threshold=10))
    await shop.sells("v", "w")
    await shop.signs_up("ada", "bob", for_="v")
    await shop.signs_up("cy", "dee", "eve", for_="w")
    await shop.has("v", 5)
    await shop.has("w", 2)
    assert await told_by_publishing(pool, starter_document(quantity_threshold=1)) == 4
    assert await _told(pool) == 0
    await publish(pool, starter_document(quantity_threshold=1))
    assert await _told(pool) == 4
    assert await told_by_publishing(pool, starter_document(quantity_threshold=2)) == 0
