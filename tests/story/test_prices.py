"""Price drops: against the price they saw, in the same currency, and only if it is still true when the mail leaves."""

from datetime import timedelta

import pytest

from activities.postgres.pool import Pool
from activities.waitlist.zero_prices import believe_zero_prices
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


WHOLE = Subject(store_id=StoreId(STORE), level=Level.PRODUCT, id="p")


async def test_what_is_cheaper_because_another_variant_can_be_bought_again_is_no_price_drop(
    meanwhile: Meanwhile,
) -> None:
    document = await meanwhile.opens(programme("cheaper", cheaper(level="product")))
    await meanwhile.shop.sells("v", units=5, price="100")
    await meanwhile.shop.sells("w", units=0, price="50")
    await meanwhile.shop.sees("ada")
    await meanwhile.shop.has("w", 1)
    assert await meanwhile.calls_forward(WHOLE) == 0
    await meanwhile.shop.asks("44", "v")
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]


async def test_the_lower_price_of_a_variant_of_a_product_is_told_when_that_can_be_bought(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens(programme("cheaper", cheaper(level="product")))
    await meanwhile.shop.sells("v", units=5, price="100")
    await meanwhile.shop.sells("w", units=0, price="100")
    await meanwhile.shop.sees("ada")
    await meanwhile.shop.asks("50", "w")
    assert await meanwhile.calls_forward(WHOLE) == 0
    await meanwhile.shop.has("w", 1)
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]


@pytest.mark.parametrize(
    ("price", "reason"),
    [("0.00", Reason.FREE), ("3.00", Reason.TOO_CHEAP), (None, Reason.PRICE_UNKNOWN)],
)
@pytest.mark.parametrize("level", ["variant", "product"])
async def test_a_price_that_cannot_drop_by_so_much_is_not_waited_for(
    meanwhile: Meanwhile, level: str, price: str | None, reason: Reason
) -> None:
    await meanwhile.opens(programme("cheaper", cheaper("5.00", level=level)))
    await meanwhile.shop.sells("v", units=5, price=price)
    assert await meanwhile.shop.sees("ada") == []
    assert await _why_not(meanwhile.pool, "ada") is reason


async def test_what_is_not_on_sale_has_no_price_to_drop(meanwhile: Meanwhile) -> None:
    await meanwhile.opens(programme("cheaper", cheaper()))
    await meanwhile.shop.sells("v", units=5, price="100", on_sale=False)
    assert await meanwhile.shop.sees("ada") == []
    assert await _why_not(meanwhile.pool, "ada") is Reason.INACTIVE


@pytest.mark.parametrize("level", ["variant", "product"])
async def test_a_price_of_nothing_is_a_glitch_until_it_has_held(meanwhile: Meanwhile, level: str) -> None:
    document = await meanwhile.opens(programme("cheaper", cheaper(level=level)))
    of = WHOLE if level == "product" else None
    await meanwhile.shop.sells("v", units=5, price="100")
    await meanwhile.shop.sees("ada")
    await meanwhile.shop.asks("0.00")
    assert await meanwhile.calls_forward(of) == 0
    await meanwhile.shop.asks("100")
    await meanwhile.shop.asks("0.00")
    hour = timedelta(hours=1)
    assert await believe_zero_prices(meanwhile.pool, hour) == 0
    await meanwhile.pool.execute("update variants set zero_since = zero_since - $1::interval", hour)
    await meanwhile.shop.asks("0.00")
    assert await meanwhile.calls_forward(of) == 0
    assert await believe_zero_prices(meanwhile.pool, hour) == 1
    assert await believe_zero_prices(meanwhile.pool, hour) == 0, "once"
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == ["ada"]


@pytest.mark.parametrize("level", ["variant", "product"])
async def test_support_reads_that_a_price_of_nothing_is_a_glitch_so_far(meanwhile: Meanwhile, level: str) -> None:
    await meanwhile.opens(programme("cheaper", cheaper(level=level)))
    await meanwhile.shop.sells("v", units=5, price="100")
    await meanwhile.shop.sees("ada")
    await meanwhile.shop.asks("0.00")
    (entry,) = (await Why(meanwhile.pool).contact(address("ada"), About())).entries
    assert "or has been 0.00 for too short a time to be believed" in entry.sentence


async def test_a_glitch_that_is_corrected_is_told_to_nobody(product: Product) -> None:
    await publish(product.pool, programme("cheaper", cheaper()))
    await product.shop.sells("v", units=5, price="100")
    await product.shop.sees("ada")
    await product.shop.asks("0.00")
    await product.shop.asks("99")
    await product.at_rest()
    assert addressees(product.mailbox) == []
    await product.shop.asks("90")
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]
