"""What a message can show is what is true when it leaves; what it does not show is not looked up."""

from datetime import UTC, datetime
from decimal import Decimal

from activities.delivery.send_context import LONGEST_LINE_TOLD, SendContext, SendContexts
from activities.delivery.stored_message import StoredMessage
from activities.postgres.pool import Pool
from activities.rendering.templates import render
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument, MessageSection
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.incoming.facts import ProductFact
from schemas.journey.activities import Deliver
from starter.versioning.publishing import publish
from tests.product import STORE, Shop, starter_document

SAYS = (
    "{{ variant.units }} left; it was {{ wait.price|money }}, is {{ variant.price|money }}; place {{ wait.place }}; "
    "{{ wait.since|date('short') }}"
)


def saying(text: str) -> ConversationDocument:
    """The starter, whose message says this and has no HTML."""
    document = starter_document()
    message = MessageSection(channel=document.messages["it-is-back"].channel, subject="s", text=text)
    return document.model_copy(update={"messages": {**document.messages, "it-is-back": message}})


async def looked_up(pool: Pool, journey: JourneyId, version: str = "back-in-stock@1") -> SendContext:
    request = Deliver(
        journey_id=journey,
        event=AlertEvent.ALERT,
        version=VersionId(version),
        step=Send(id=StepId("it-is-back"), message="it-is-back"),
        round=1,
        give_up_at=datetime.now(UTC),
    )
    return await SendContexts(pool).look_up(request)


async def test_a_message_says_the_wait_and_the_offer_of_the_moment(pool: Pool) -> None:
    shop = await Shop.opened(pool, saying(SAYS))
    await shop.charges_in("EUR")
    await shop.asks("59.00")
    _, second = await shop.signs_up("first", "second")
    await shop.asks("49.00")
    await shop.has("v", 3)
    known = await looked_up(pool, second)
    assert known.message is not None
    today = f"{datetime.now(UTC):%-m/%-d/%y}"
    assert render(known.message.compiled, known.context).text == (f"3 left; it was €59.00, is €49.00; place 2; {today}")


async def test_a_place_is_told_to_those_near_the_front_of_a_long_line(pool: Pool) -> None:
    shop = await Shop.opened(pool, saying(SAYS))
    journeys = await shop.signs_up(*(f"n{number}" for number in range(LONGEST_LINE_TOLD + 1)))
    assert (await looked_up(pool, journeys[-2])).context.wait.place == LONGEST_LINE_TOLD
    assert (await looked_up(pool, journeys[-1])).context.wait.place is None


async def test_a_products_own_page_is_where_its_link_leads_and_else_it_is_made_from_the_handle(pool: Pool) -> None:
    shop = await Shop.opened(pool, saying("{{ product.url }}"))
    (ada,) = await shop.signs_up("ada")

    async def leads_to() -> str:
        known = await looked_up(pool, ada)
        assert known.message is not None
        return render(known.message.compiled, known.context).text

    assert await leads_to() == f"https://{STORE}/products/blue-kettle?variant=v"
    fact = ProductFact(
        product_id="p",
        title="Blue kettle",
        handle="blue-kettle",
        page_url="https://www.shop.example/kettles/blue?ref=1",
        on_sale=True,
        variants=(),
        observed_at=datetime.now(UTC),
    )
    await shop.intake.observe(STORE, "shopify", [fact])
    assert await leads_to() == "https://www.shop.example/kettles/blue?ref=1"


async def test_what_was_entered_in_another_currency_is_not_compared(pool: Pool) -> None:
    shop = await Shop.opened(pool, saying(SAYS))
    await shop.charges_in("EUR")
    await shop.asks("59.00")
    (ada,) = await shop.signs_up("ada")
    await shop.charges_in("USD")
    assert (await looked_up(pool, ada)).context.wait.price is None


async def test_what_no_template_names_is_not_looked_up(pool: Pool) -> None:
    shop = await Shop.opened(pool, saying("{{ product.title }} has a place in our heart, units and all"))
    await shop.has("v", 3)
    (ada,) = await shop.signs_up("ada")
    context = (await looked_up(pool, ada)).context
    assert (context.variant.units, context.wait.place) == (None, None)
    assert context.wait.since is not None


async def test_a_version_keeps_what_was_written_and_what_it_became(pool: Pool) -> None:
    await publish(pool, starter_document())
    kept = await pool.fetchrow(
        """select document -> 'messages' -> 'still-here' ->> 'mjml' as written,
                  messages -> 'still-here' -> 'wordings' -> 'en' ->> 'html' as html,
                  messages -> 'still-here' -> 'wordings' -> 'en' ->> 'text' as text from versions"""
    )
    assert kept is not None
    assert "<mj-button" in kept["written"]
    assert "<mj-" not in kept["html"]
    assert "{{ product.url }}" in kept["html"]
    assert "See it in the shop: {{ product.url }}" in kept["text"]


def test_a_message_knows_what_it_shows_however_it_is_spaced() -> None:
    stored = StoredMessage({"channel": "email", "wordings": {"en": {"text": "{{ wait . place }} in any wait. Price"}}})
    assert stored.shows("wait.place")
    assert not stored.shows("wait.price")
    assert not stored.shows("variant.units")


async def test_money_is_the_decimal_that_the_shop_tells(pool: Pool) -> None:
    shop = await Shop.opened(pool, saying(SAYS))
    await shop.charges_in("JPY")
    await shop.asks("1500")
    (ada,) = await shop.signs_up("ada")
    assert (await looked_up(pool, ada)).context.wait.price == Decimal(1500)
