"""Two shops in one installation: each person hears from the shop they asked in."""

from datetime import UTC, datetime

from activities.waitlist.entrances import Entrances
from schemas.ids import StoreId, Subject
from schemas.incoming.facts import ProductFact, VariantFact
from starter.devstack.mailbox import is_to
from starter.shops.stock import Stock
from starter.versioning.publishing import publish
from tests.product import PATIENCE, address
from tests.story.conftest import Meanwhile
from tests.story.documents import back, programme

DE, US = StoreId("de.example"), StoreId("us.example")


async def test_a_sign_up_is_answered_by_the_sender_of_its_own_shops_list(meanwhile: Meanwhile) -> None:
    german, american = (
        programme(code, back(), stores=[store], sender=f"{code} <hello@{store}>", only_by_name=False)
        for code, store in (("de", DE), ("us", US))
    )
    await publish(meanwhile.pool, american)
    async with meanwhile.writes(german) as product:
        for store in (DE, US):
            variant = VariantFact(variant_id="v", inventory_item_id="item-v", quantity=0)
            kettle = ProductFact(
                product_id="p", title="Kettle", on_sale=True, variants=(variant,), observed_at=datetime.now(UTC)
            )
            await product.shop.intake.observe(store, "api", [kettle])
        for name, store in (("ada", US), ("bob", DE)):
            await Entrances(product.pool).sign_up(address(name), store, "v", "test")
            await Stock(product.pool, product.shop.intake).set_stock(
                Subject(store_id=store, id="v"), 1, "test", "warehouse"
            )
        senders = [
            str((await product.mailbox.wait_for(is_to(address(name)), PATIENCE)).read()["From"])
            for name in ("ada", "bob")
        ]
    assert senders == ["us <hello@us.example>", "de <hello@de.example>"]
