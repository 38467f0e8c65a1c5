"""Price drops: against the price they saw, in the same currency, and only if it is still true when the mail leaves."""

from activities.postgres.pool import Pool
from schemas.ids import Level, StoreId, Subject
from schemas.reasons import Reason
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.product import STORE, Product, address, addressees
from tests.story.conftest import Meanwhile
from tests.story.documents import cheaper, programme


async def _why_not(pool: Pool, name: str) -> Reason | None:
    (entry,) = (await Why(pool).contact(address(name), About())).entries
    return entry.reason


async def test_a_price_that_went_back_up_before_the_mail_is_told_to_nobody_and_said(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens(programme("cheaper", cheaper()))
    await meanwhile.shop.sells("v", units=5, price="100")
    (ada,) = await meanwhile.shop.sees("ada")
    await meanwhile.shop.asks("85")
    assert await meanwhile.calls_forward() == 1
    await meanwhile.shop.asks("100")
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == []
        refused = await product.pool.fetchval("select outcome ->> 'reason' from sends where journey_id = $1", ada)
        assert refused == Reason.PRICE_BACK_UP
        await product.shop.asks("90")
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"], "the next drop counts"


async def test_a_price_is_compared_with_the_one_they_saw_and_small_steps_add_up(product: Product) -> None:
    await publish(product.pool, programme("cheaper", cheaper("10%")))
    await product.shop.sells("v", units=5, price="100")
    await product.shop.sees("ada")
    await product.shop.asks("120")
    await product.shop.sees("bob")
    await product.shop.asks("108")
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob"]
    for price in ("97", "93", "90"):
        await product.shop.asks(price)
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob", "ada"]
    await product.shop.asks("50")
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob", "ada"], "once"


async def test_a_lower_price_of_something_sold_out_is_told_when_it_can_be_bought(product: Product) -> None:
    await publish(product.pool, programme("cheaper", cheaper("5.00")))
    await product.shop.sells("v", units=5, price="100")
    await product.shop.sees("ada")
    await product.shop.sells("v", units=0, price="90")
    await product.at_rest()
    assert addressees(product.mailbox) == []
    await product.shop.sells("v", units=1, price="95")
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]


async def test_prices_in_two_currencies_are_never_compared(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens(programme("cheaper", cheaper(), currency="EUR"))
    await meanwhile.shop.sells("v", units=5, price="100")
    await meanwhile.shop.charges_in("EUR")
    (ada,) = await meanwhile.shop.sees("ada")
    await meanwhile.shop.charges_in("USD")
    assert await meanwhile.shop.sees("bob") == []
    assert await _why_not(meanwhile.pool, "bob") is Reason.CURRENCY_CHANGED
    await meanwhile.shop.asks("80")
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == []
        assert (await product.journeys.show(ada)).reason is Reason.CURRENCY_CHANGED


async def test_the_price_of_a_whole_product_is_that_of_its_cheapest_variant_on_hand(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens(programme("cheaper", cheaper(level="product")))
    await meanwhile.shop.sells("v", units=5, price="100")
    await meanwhile.shop.sees("ada")
    await meanwhile.shop.sells("w", units=0, price="50")
    whole = Subject(store_id=StoreId(STORE), level=Level.PRODUCT, id="p")
    assert await meanwhile.calls_forward(whole) == 0
    await meanwhile.shop.has("w", 1)
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]
