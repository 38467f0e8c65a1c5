"""One person is told of one thing once (promise P9), in however many lines they stand for it."""

import pytest

from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId
from schemas.reasons import Reason
from schemas.responses.why import NotYet
from starter.ops.pausing import Pausable, Pausing
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.product import Product, address, addressees
from tests.story.conftest import Meanwhile
from tests.story.documents import back, cheaper, nearly_gone, programme

ASKED = programme("asked", back())
SEEN = programme("seen", back(action="browse"))
SEEN_AT_ALL = programme("seen", back(action="browse", level="product"))


async def _subjects(product: Product) -> list[str]:
    await product.at_rest()
    return [str(mail.read()["Subject"]) for mail in product.mailbox.mails]


async def _ended(product: Product, journey: JourneyId) -> Reason | None:
    return (await product.journeys.show(journey)).reason


@pytest.mark.parametrize("seen", [SEEN, SEEN_AT_ALL], ids=["variant", "product"])
async def test_who_asked_and_looked_gets_one_mail_for_having_asked(
    product: Product, seen: ConversationDocument
) -> None:
    for document in (ASKED, seen):
        await publish(product.pool, document)
    await product.shop.sells("v")
    (looked,) = await product.shop.sees("ada")
    (asked,) = await product.shop.signs_up("ada", list_code="asked")
    await product.shop.has("v", 5)
    assert await _subjects(product) == ["asked alert"]
    assert await _ended(product, asked) is None
    assert await _ended(product, looked) is Reason.TOLD_ALREADY


async def test_the_place_of_the_one_who_gave_way_passes_on(product: Product) -> None:
    for document in (ASKED, SEEN):
        await publish(product.pool, document)
    await product.shop.sells("v")
    await product.shop.sees("ada", "bob")
    await product.shop.signs_up("ada", list_code="asked")
    await product.shop.has("v", 2)
    assert sorted(await _subjects(product)) == ["asked alert", "seen alert"]
    assert sorted(addressees(product.mailbox)) == ["ada", "bob"]


async def test_carted_is_a_stronger_reason_than_looked_at(product: Product) -> None:
    await publish(product.pool, programme("carted", cheaper("5%", action="cart")))
    await publish(product.pool, programme("looked", cheaper("10%")))
    await product.shop.sells("v", units=3, price="100.00")
    (looked,) = await product.shop.sees("ada")
    await product.shop.carts("ada")
    await product.shop.asks("80.00")
    assert await _subjects(product) == ["carted alert"]
    assert await _ended(product, looked) is Reason.TOLD_ALREADY


async def test_a_price_that_falls_further_later_is_another_thing(product: Product) -> None:
    await publish(product.pool, programme("carted", cheaper("5%", action="cart")))
    await publish(product.pool, programme("looked", cheaper("10%")))
    await product.shop.sells("v", units=3, price="100.00")
    await product.shop.sees("ada")
    await product.shop.carts("ada")
    await product.shop.asks("95.00")
    assert await _subjects(product) == ["carted alert"]
    await product.shop.asks("90.00")
    assert await _subjects(product) == ["carted alert", "looked alert"]


async def test_units_that_are_back_and_a_price_that_fell_are_two_things(product: Product) -> None:
    await publish(product.pool, ASKED)
    await publish(product.pool, programme("looked", cheaper("10%")))
    await product.shop.sells("v", price="100.00")
    await product.shop.sees("ada")
    await product.shop.signs_up("ada", list_code="asked")
    await product.shop.sells("v", units=1, price="80.00")
    assert sorted(await _subjects(product)) == ["asked alert", "looked alert"]


async def test_two_variants_that_were_asked_for_are_two_things(product: Product) -> None:
    await publish(product.pool, ASKED)
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada", list_code="asked")
    await product.shop.signs_up("ada", for_="w", list_code="asked")
    await product.shop.sells("v", "w", units=1)
    assert await _subjects(product) == ["asked alert", "asked alert"]


async def test_a_variant_that_arrives_after_the_product_was_told_of_is_news(product: Product) -> None:
    for document in (ASKED, SEEN_AT_ALL):
        await publish(product.pool, document)
    await product.shop.sells("v", "w")
    await product.shop.sees("ada")
    await product.shop.signs_up("ada", list_code="asked")
    await product.shop.has("w", 1)
    assert await _subjects(product) == ["seen alert"]
    await product.shop.has("v", 1)
    assert await _subjects(product) == ["seen alert", "asked alert"]


async def test_who_is_told_by_the_weaker_reason_leaves_the_line_of_the_stronger(product: Product) -> None:
    """The stronger was paused when the unit came."""
    for document in (ASKED, SEEN):
        await publish(product.pool, document)
    pausing, asks = Pausing(product.pool), Pausable("conversation", "asked")
    await product.shop.sells("v")
    await product.shop.sees("ada")
    (asked,) = await product.shop.signs_up("ada", list_code="asked")
    await pausing.pause(asks, "ops")
    await product.shop.has("v", 1)
    assert await _subjects(product) == ["seen alert"]
    await pausing.resume(asks, "ops", at_most=9)
    await product.shop.has("v", 2)
    assert await _subjects(product) == ["seen alert"]
    assert await _ended(product, asked) is Reason.TOLD_ALREADY


async def test_a_message_that_was_refused_tells_nobody_and_the_other_reason_counts_again(meanwhile: Meanwhile) -> None:
    asked, seen = ASKED, SEEN
    await meanwhile.opens(asked)
    await meanwhile.opens(seen)
    await meanwhile.shop.sells("v")
    await meanwhile.shop.sees("ada")
    (waits,) = await meanwhile.shop.signs_up("ada", list_code="asked")
    await meanwhile.shop.has("v", 1)
    assert await meanwhile.calls_forward() == 1
    entries = (await Why(meanwhile.pool).contact(address("ada"), About())).entries
    standings = {entry.alert: entry.standing.not_yet for entry in entries if entry.standing}
    assert standings == {"asked": NotYet.CALLED_FORWARD, "seen": NotYet.TOLD_BY_ANOTHER}
    await meanwhile.shop.ended(waits, reason=Reason.DECLINED)
    async with meanwhile.writes(asked) as product:
        assert await _subjects(product) == ["seen alert"]


async def test_the_last_ones_seen_and_carted_are_told_of_once(product: Product) -> None:
    await publish(product.pool, programme("carted", nearly_gone(3)))
    await publish(product.pool, programme("looked", nearly_gone(3, action="browse", level="product")))
    await product.shop.sells("v", units=9)
    await product.shop.sees("ada")
    await product.shop.carts("ada")
    await product.shop.has("v", 2)
    assert await _subjects(product) == ["carted alert"]


async def test_why_and_the_path_say_that_another_alert_told_them(product: Product) -> None:
    for document in (ASKED, SEEN):
        await publish(product.pool, document)
    await product.shop.sells("v")
    (looked,) = await product.shop.sees("ada")
    await product.shop.signs_up("ada", list_code="asked")
    await product.shop.has("v", 1)
    await product.at_rest()
    entries = (await Why(product.pool).contact(address("ada"), About())).entries
    assert {entry.alert: entry.sentence for entry in entries}["seen"] == Reason.TOLD_ALREADY.sentence
    assert (await product.path(looked)).reason is Reason.TOLD_ALREADY
