"""A line that is moved to the successor, end to end: told of the new product, in the order of sign-up, once each."""

from datetime import UTC, datetime

from schemas.channels import Channel
from schemas.document.conversation import ConversationDocument, MessageSection
from schemas.ids import Level, StoreId, Subject
from schemas.incoming.facts import ProductFact, VariantFact
from schemas.reasons import Reason
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from starter.waitlists.line_moves import LineMoving, WantedMove
from starter.waitlists.successors import Successors
from tests.product import STORE, Product, address, addressees, starter_document, subject

SAYS_SO = MessageSection(
    channel=Channel.EMAIL,
    subject="{{ product.title }} is here",
    text="{% if wait.instead_of %}You waited for {{ wait.instead_of }}; its successor is here: {% endif %}"
    "{{ product.title }}, {{ product.url }}",
)


def _says_so() -> ConversationDocument:
    document = starter_document(contacts_per_unit=1)
    return document.model_copy(update={"messages": {**document.messages, "it-is-back": SAYS_SO}})


async def test_who_waited_for_the_old_is_told_of_its_successor_in_the_order_of_sign_up_and_only_once(
    product: Product,
) -> None:
    await publish(product.pool, _says_so())
    await product.shop.sells("old")
    successor = _green_kettle("new")
    await product.shop.intake.observe(StoreId(STORE), "shopify", [successor])
    (ada,) = await product.shop.signs_up("ada", for_="old")
    await product.shop.signs_up("bob", for_="new")
    first, _ = await product.shop.signs_up("bob", "cy", for_="old")
    await product.shop.has("new", 1)
    assert await product.mail_to("bob") == "Green kettle is here"
    await product.settled()
    report = await LineMoving(product.pool).move(WantedMove(subject("old"), subject("new")), "test")
    assert report.done
    await product.settled()
    report = await LineMoving(product.pool).show(report.move or 0)
    assert (report.moved, report.left, report.finished_at is not None) == (2, {Reason.TOLD_ALREADY: 1}, True)
    ended = await product.until(first, lambda journey: journey.ended_at is not None)
    assert ended.reason is Reason.TOLD_ALREADY
    await product.shop.has("new", 2)
    await product.mail_to("ada")
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob", "ada"], "one more unit, and she has waited for longest"
    words = product.mailbox.mails[-1].read().as_string()
    assert "You waited for Blue kettle; its successor is here: Green kettle" in words
    assert "green-kettle" in words
    (entry,) = (await Why(product.pool).contact(address("ada"), About(STORE, "old"))).entries
    assert entry.sentence.startswith("They were told. Their line was moved from variant/old to variant/new on ")
    assert [entry.step for entry in (await product.path(ada)).entries][:2] == ["waiting-list", "it-is-back"]


async def test_a_product_that_is_deleted_is_waited_for_as_its_successor_and_nobody_is_told_that_it_is_gone(
    product: Product,
) -> None:
    await publish(product.pool, _says_so())
    await product.shop.sells("old")
    await product.shop.intake.observe(StoreId(STORE), "shopify", [_green_kettle("old")])
    (ada,) = await product.shop.signs_up("ada", for_="old")
    old, new = (Subject(store_id=STORE, level=Level.PRODUCT, id=each) for each in "pq")
    await Successors(product.pool).set(old, new, "test")
    await product.shop.discontinues()
    await product.settled()
    (bob,) = await product.shop.signs_up("bob", for_="old")
    await product.shop.has("new", 2)
    await product.mail_to("ada")
    await product.mail_to("bob")
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob"]
    for mail in product.mailbox.mails:
        assert "You waited for Blue kettle; its successor is here: Green kettle" in mail.read().as_string()
    for name, journey, words in (("ada", ada, "Their line was moved from variant/old"), ("bob", bob, "They asked for")):
        (entry,) = (await Why(product.pool).contact(address(name), About(STORE, "old"))).entries
        assert entry.journey_id == journey
        assert words in entry.sentence


def _green_kettle(title: str) -> ProductFact:
    return ProductFact(
        product_id="q",
        title="Green kettle",
        handle="green-kettle",
        on_sale=True,
        variants=(VariantFact(variant_id="new", title=title, inventory_item_id="item-new", quantity=0),),
        observed_at=datetime.now(UTC),
    )
