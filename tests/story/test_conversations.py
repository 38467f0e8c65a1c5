"""What a change of the conversation means to those in it: versions, drafts, pauses, farewells, a message once."""

from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import NotEntered
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import SendStep, Status
from schemas.incoming.facts import VariantFact
from schemas.reasons import Ending, Reason
from starter.ops.pausing import Pausable, Pausing
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from starter.waitlists.waitlists import Lines, Waitlists
from tests.product import STORE, Product, address, addressees
from tests.story.conftest import Meanwhile
from tests.story.documents import back, programme

PROGRAMME = Pausable("conversation", "paused")


async def test_a_step_added_to_a_live_conversation_reaches_those_who_enter_later_and_nobody_twice(
    product: Product,
) -> None:
    """A version never changes: those who are in it walk it to its end."""
    first = programme("steps", back())
    (thread,) = first.threads
    longer = thread.model_copy(update={"steps": (*thread.steps, SendStep(send="alert", id="once-more"))})
    await publish(product.pool, first)
    await product.shop.sells("v")
    (ada,) = await product.shop.signs_up("ada", list_code="steps")
    await publish(product.pool, first.model_copy(update={"threads": (longer,)}))
    (bob,) = await product.shop.signs_up("bob", list_code="steps")
    await product.shop.has("v", 2)
    for journey in (ada, bob):
        await product.until(journey, lambda report: report.ended_at is not None)
    assert sorted(addressees(product.mailbox)) == ["ada", "bob", "bob"]
    paths = [await product.path(journey) for journey in (ada, bob)]
    assert [path.version for path in paths] == ["steps@1", "steps@2"]


async def test_a_conversation_of_drafts_collects_nobody_and_surprises_nobody_when_it_goes_live(
    product: Product,
) -> None:
    await publish(product.pool, programme("drafts", back(), status=Status.DRAFT))
    await product.shop.sells("v")
    ada = await Entrances(product.pool).sign_up(address("ada"), STORE, "v", "test", list_code="drafts")
    assert isinstance(ada, NotEntered)
    assert ada.reason is Reason.MESSAGE_DRAFT
    await publish(product.pool, programme("drafts", back()))
    await product.shop.signs_up("bob", list_code="drafts")
    await product.shop.has("v", 9)
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob"]
    (entry,) = (await Why(product.pool).contact(address("ada"), About())).entries
    assert (entry.reason, entry.journey_id) == (Reason.MESSAGE_DRAFT, None)


async def test_a_pause_keeps_everyone_in_their_place_and_its_end_tells_as_many_as_it_showed(product: Product) -> None:
    pausing = Pausing(product.pool)
    await publish(product.pool, programme("paused", back()))
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob", list_code="paused")
    await pausing.pause(PROGRAMME, "ops")
    (cy,) = await product.shop.signs_up("cy", list_code="paused")
    await product.shop.has("v", 5)
    await product.shop.has("v", 2)
    await product.at_rest()
    assert addressees(product.mailbox) == []
    assert (await product.journeys.show(cy)).ahead == 2
    shown = await pausing.would_resume(PROGRAMME)
    assert shown.at_most == 2
    await pausing.resume(PROGRAMME, "ops", at_most=shown.at_most)
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob"]


async def test_a_message_that_was_called_for_is_held_while_paused(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens(programme("paused", back()))
    await meanwhile.shop.sells("v")
    (ada,) = await meanwhile.shop.signs_up("ada", list_code="paused")
    await meanwhile.shop.has("v", 1)
    assert await meanwhile.calls_forward() == 1
    await Pausing(meanwhile.pool).pause(PROGRAMME, "ops")
    async with meanwhile.writes(document) as product:
        found = await product.held_up(ada)
        assert found.reason is Reason.CONVERSATION_PAUSED
        assert addressees(product.mailbox) == []


async def test_a_discontinued_product_says_farewell_once_to_those_who_wait(product: Product) -> None:
    await publish(product.pool, programme("ends", back(), AlertEvent.DISCONTINUED))
    await product.shop.sells("v")
    ada, bob, cy = await product.shop.signs_up("ada", "bob", "cy", list_code="ends")
    await product.shop.opts_out("bob")
    await product.shop.has("v", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]
    await product.shop.discontinues()
    await product.shop.discontinues()
    await product.at_rest()
    assert await product.mail_to("cy") == "ends discontinued"
    assert addressees(product.mailbox) == ["ada", "cy"]
    reports = [await product.journeys.show(journey) for journey in (ada, bob, cy)]
    assert [report.ending for report in reports] == [Ending.COMPLETED, Ending.EXITED, Ending.DISCONTINUED]


async def test_a_variant_that_is_gone_says_farewell_to_those_who_wait_for_it_and_not_to_others(
    product: Product,
) -> None:
    await publish(product.pool, programme("ends", back(), AlertEvent.DISCONTINUED))
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada", list_code="ends")
    (bob,) = await product.shop.signs_up("bob", for_="w", list_code="ends")
    await product.shop.tells(VariantFact(variant_id="w", inventory_item_id="item-w", title="w"), only=True)
    await product.mail_to("ada")
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]
    assert (await product.journeys.show(bob)).ended_at is None


async def test_a_sign_up_is_confirmed_at_once_and_told_later(product: Product) -> None:
    await publish(product.pool, programme("yes", back(), AlertEvent.SUBSCRIPTION))
    await product.shop.sells("v")
    await product.shop.signs_up("ada", list_code="yes")
    assert await product.mail_to("ada") == "yes subscription"
    await product.shop.has("v", 1)
    assert await product.mail_to("ada", after=1) == "yes alert"


async def test_a_message_to_those_in_line_is_said_once_and_costs_nobody_their_place(product: Product) -> None:
    waitlists = Waitlists(product.pool)
    await publish(product.pool, programme("delays", back(), AlertEvent.DISCONTINUED))
    await product.shop.sells("v")
    ada, bob = await product.shop.signs_up("ada", "bob", list_code="delays")
    for _ in range(2):
        await waitlists.broadcast(Lines(store_id=STORE, variant_id="v"), "discontinued", "ops")
    await product.mail_to("ada")
    await product.mail_to("bob")
    await product.at_rest()
    await waitlists.broadcast(Lines(store_id=STORE, variant_id="v"), "discontinued", "ops")
    assert [(await product.journeys.show(journey)).ahead for journey in (ada, bob)] == [0, 1]
    await product.shop.has("v", 1)
    assert await product.mail_to("ada", after=2) == "delays alert"
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "ada", "bob"]
