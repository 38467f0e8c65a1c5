"""Where are they, and why are they stuck? Each has an answer, in numbers, and their whole path."""

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.journey.path import Why as WhyLeft
from schemas.reasons import Reason
from schemas.responses.journeys import JourneyStatus
from schemas.responses.why import NotYet, WhyEntry
from starter.ops.pausing import Pausable, Pausing
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.product import STORE, Product, address
from tests.story.documents import back, cheaper, programme


async def _why(product: Product, name: str) -> WhyEntry:
    (entry,) = (await Why(product.pool).contact(address(name), About())).entries
    return entry


async def test_everyone_who_was_not_told_has_a_reason_in_words_and_numbers(product: Product) -> None:
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada", "bob", "cy", "dee")
    await product.shop.signs_up("eve", for_="w")
    await product.shop.opts_out("ada")
    await product.shop.has("v", 1)
    await product.at_rest()
    assert (await _why(product, "ada")).reason is Reason.NO_CONSENT
    assert (await _why(product, "bob")).status is JourneyStatus.TOLD
    cy, dee, eve = [await _why(product, name) for name in ("cy", "dee", "eve")]
    assert cy.standing is not None
    assert dee.standing is not None
    assert (cy.standing.not_yet, cy.standing.ahead) == (NotYet.ALL_OFFERED, 0)
    assert dee.sentence == "1 stands before them, and there are places for 0 now."
    assert eve.sentence == "0 units to sell that the list counts; the alert waits for 1."
    assert eve.standing is not None
    counted = await Why(product.pool).product(STORE, About(variant_id="v"))
    assert (counted.waiting, counted.told) == (2, 1)
    assert [(each.reason, each.count) for each in counted.not_told] == [(Reason.NO_CONSENT, 1)]


async def test_one_who_is_stuck_is_told_what_it_would_take(product: Product) -> None:
    await publish(product.pool, programme("cheaper", cheaper("10%")))
    await publish(product.pool, programme("paused", back(), time_zone="Europe/Berlin"))
    await product.shop.sells("v", units=5, price="100")
    await product.shop.sees("ada")
    await product.shop.asks("95")
    assert (await _why(product, "ada")).sentence == "It costs 95 now; they are told at 90 or less."
    await Pausing(product.pool).pause(Pausable("alert", "paused"), "ops")
    await product.shop.signs_up("bob", list_code="paused")
    assert (await _why(product, "bob")).sentence == "The alert is paused; everyone keeps their place."
    await Pausing(product.pool).pause(Pausable("conversation", "paused"), "ops")
    assert (await _why(product, "bob")).sentence == "The conversation is paused; everyone keeps their place."


async def test_three_mails_to_one_person_are_shown_in_order_each_with_its_cause_and_why_again(product: Product) -> None:
    await publish(product.pool, programme("shelf", back(), AlertEvent.SUBSCRIPTION))
    await product.shop.sells("v")
    (first,) = await product.shop.signs_up("ada", list_code="shelf")
    await product.mail_to("ada")
    await product.shop.has("v", 1)
    await product.mail_to("ada", after=1)
    await product.at_rest()
    await product.shop.has("v", 0)
    (second,) = await product.shop.signs_up("ada", list_code="shelf")
    await product.mail_to("ada", after=2)
    await product.at_rest()
    messages = (await Why(product.pool).contact(address("ada"), About(store_id=STORE, variant_id="v"))).messages
    assert [(each.journey_id, each.subject) for each in messages] == [
        (first, "shelf subscription"),
        (first, "shelf alert"),
        (second, "shelf subscription"),
    ]
    assert messages[0].cause.startswith("They signed up on ")
    assert messages[0].cause.endswith(" UTC, and this confirms it.")
    assert messages[1].cause.endswith(" UTC, and it was back in stock and their turn.")
    assert [each.again for each in messages] == [
        None,
        "The same journey: 'alert' follows 'subscription'.",
        "They entered again after they had been told.",
    ]
    assert [each.sent_at for each in messages] == sorted(each.sent_at for each in messages)
    await product.shop.is_erased("ada")
    assert await product.pool.fetchval("select count(subject) from sends") == 0


async def test_the_path_of_one_who_was_told_says_what_happened_and_when(product: Product) -> None:
    await product.shop.sells("v")
    (ada,) = await product.shop.signs_up("ada")
    await product.shop.has("v", 1)
    await product.mail_to("ada")
    await product.at_rest()
    path = await product.path(ada)
    assert [entry.step for entry in path.entries][:2] == ["waiting-list", "it-is-back"]
    line = path.entries[0]
    assert line.why is WhyLeft.PLACE_GIVEN
    assert line.left_at is not None
    assert line.entered_at <= line.left_at
