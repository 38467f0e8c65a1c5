"""Publishing other terms looks at what people wait for already."""

import pytest

from activities.postgres.pool import Pool
from starter.documents import load_document
from starter.versioning.live_settings import AlertTaken
from starter.versioning.publishing import publish
from tests.documents.starters import CART_PRICE, PRICE
from tests.product import Shop, starter_document


async def test_a_lower_threshold_calls_those_who_wait_for_what_is_there(pool: Pool) -> None:
    shop = await Shop.opened(pool, starter_document(quantity_threshold=10))
    await shop.signs_up("a", "b")
    await shop.has("v", 5)
    assert await pool.fetchval("select count(*) from outbox where kind = 'look_again'") == 0
    await publish(pool, starter_document(quantity_threshold=1))
    assert await pool.fetchval("select count(*) from outbox where kind = 'look_again'") == 1
    assert await pool.fetchval("select arrived from episodes") == 5


async def test_a_second_alert_of_a_type_on_one_list_is_refused_and_told_to_use_a_second_list(pool: Pool) -> None:
    """By whatever action: in two lines of one list a contact would be told of one thing twice."""
    await publish(pool, load_document(PRICE, "price-drop.yaml"))
    on_the_same = CART_PRICE.replace("code: cart-price-watch", "code: price-watch")
    with pytest.raises(AlertTaken, match=r"'looked-at' of conversation 'price-drop', by 'browse'.* use a second list"):
        await publish(pool, load_document(on_the_same, "price-drop-cart.yaml"))
    await publish(pool, load_document(CART_PRICE, "price-drop-cart.yaml"))
    assert await pool.fetch("select id, list_code from alerts order by id") == [
        ("in-the-cart", "cart-price-watch"),
        ("looked-at", "price-watch"),
    ]


async def test_a_short_name_that_is_another_conversations_alert_is_said_to_be_taken(pool: Pool) -> None:
    await publish(pool, load_document(PRICE, "price-drop.yaml"))
    with pytest.raises(AlertTaken, match="conversation 'price-drop' has an alert of this short name"):
        await publish(pool, load_document(CART_PRICE.replace("in-the-cart", "looked-at"), "price-drop-cart.yaml"))
