"""Erasure leaves no words of or about a person behind: not in sources, names and ids, nor in bodies kept (P8)."""

import pytest

from activities.postgres.pool import Pool
from tests.events.test_erasure import everywhere, redact
from tests.events.told import event, only, tell
from tests.http.web import Web, payload, product_message
from tests.storefronts.shop import SHOP

NUMBER = "555-625-1199"


async def test_of_what_was_told_of_somebody_no_text_is_left(web: Web, pool: Pool) -> None:
    wish = {"email": "ann@example.com", "granted": True, "source": f"by phone, {NUMBER}"}
    assert (await web.keyed.post("/v1/consents", json=wish)).status_code == 200
    told = event("custom", name=f"call from {NUMBER}", id=f"call-{NUMBER}", properties={"number": NUMBER})
    await tell(web, told, event("clicked_message", message=f"<{NUMBER}@example.com>"))
    assert len(await everywhere(pool, NUMBER)) == 5, "the test would see it"
    await redact(web)
    assert await everywhere(pool, NUMBER) == []
    (again,) = await tell(web, told)
    assert again["status"] == "repeated"
    assert (await only(pool, "select granted, source from consents"))["source"] == "erased"


async def test_what_could_not_be_read_is_not_kept_where_it_is_about_people(web: Web, pool: Pool) -> None:
    """The topic is not signed: whoever passes a message on can say any."""
    order = payload("orders_create")
    for topic in ("products/update", "products/unheard_of", "inventory_levels/update"):
        assert (await web.webhook(topic, order)).status_code in (200, 400)
    assert await pool.fetchval("select count(*) from inbox") == 3
    assert await pool.fetchval("select count(*) from inbox where body is not null") == 0


@pytest.mark.parametrize("topic", ["customers/redact", "shop/redact"])
async def test_bodies_that_were_kept_go_with_the_first_who_is_forgotten(web: Web, pool: Pool, topic: str) -> None:
    assert (await web.webhook("products/update", {"id": 21, "title": "For Ann"})).status_code == 400
    assert await pool.fetchval("select count(*) from inbox where body is not null") == 1
    await web.webhook("products/update", product_message())
    about = {"customer": {"email": "ben@example.com"}} if topic == "customers/redact" else {}
    assert (await web.webhook(topic, {"shop_domain": SHOP} | about)).json() == {"receipt": "applied"}
    assert await pool.fetchval("select count(*) from inbox where body is not null") == 0
