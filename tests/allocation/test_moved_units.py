"""Variants that get another item, or another product, while places for them are given."""

from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.conversation import ConversationDocument
from schemas.incoming.facts import VariantFact
from starter.versioning.publishing import publish
from tests.product import Shop, starter_document, subject
from tests.story.documents import back, programme


async def test_a_first_inventory_item_is_no_new_supply(pool: Pool) -> None:
    shop = await Shop.opened(pool)
    await shop.tells(VariantFact(variant_id="n", quantity=0))
    await shop.signs_up("ada", for_="n")
    await shop.tells(VariantFact(variant_id="n", quantity=1))
    assert (await Waitlist(pool).give_places(subject("n"))).to_notify == 1
    await shop.tells(VariantFact(variant_id="n", inventory_item_id="item-n", quantity=1))
    supplies = "select available, arrived, taken from supplies where item = 'item-n'"
    assert await pool.fetch(supplies) == [(1, 1, 1)]
    assert await pool.fetchval("select count(*) from supplies where item = 'by-variant-n'") == 0
    await Waitlist(pool).lapse_offers()
    await pool.execute("update claims set state = 'returned', settled_at = now()")
    assert await pool.fetch(supplies) == [(1, 1, 0)]


def _whole() -> ConversationDocument:
    return programme("whole", back(level="product"))


async def test_who_has_two_places_when_a_variant_moves_is_told_by_one(pool: Pool) -> None:
    """Both places were given while the two were different things; of one thing one person is told once."""
    await publish(pool, starter_document())
    await publish(pool, _whole())
    shop = await Shop.opened(pool)
    await shop.signs_up("ada", for_="v", list_code="default")
    await shop.has("v", 2)
    await Waitlist(pool).give_places(subject("v"))
    [other] = await shop.signs_up("bob", for_="v", list_code="default")
    ada: str = await pool.fetchval("select contact_id from claims c join journeys j on j.id = c.journey_id")
    # The same contact has a place in another line for what has become the same thing.
    await pool.execute("update journeys set contact_id = $1 where id = $2", ada, other)
    await pool.execute(
        "update waiting set contact_id = $1, state = 'claimed', subject = 'product/p' where journey_id = $2", ada, other
    )
    await pool.execute("update claims set state = 'used', settled_at = now() where state = 'given'")
    assert await pool.fetch("select journey_id from yields") == [(other,)]
    leaves = await pool.fetch("select journey_id, reason from outbox where kind = 'leave'")
    assert leaves == [(other, "told_already")]
