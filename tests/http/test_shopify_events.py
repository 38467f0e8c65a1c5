"""An Event of Shopify's through the web server: the price that it tells is the variant's."""

from decimal import Decimal

from activities.postgres.pool import Pool
from tests.http.web import Web
from tests.storefronts.shop import PAYLOADS, event_headers


async def test_an_event_at_the_same_address_sets_the_price_and_comes_once(web: Web, pool: Pool) -> None:
    body = (PAYLOADS / "event_product_update_price_with_query.json").read_bytes()
    for receipt in ("applied", "repeated"):
        sent = event_headers(body, "Product", "update")
        answer = await web.open.post("/v1/webhooks/shopify", content=body, headers=sent)
        assert (answer.status_code, answer.json()) == (200, {"receipt": receipt})
    found = await pool.fetchrow("select price, policy, inventory_item_id from variants where variant_id = '456'")
    assert found is not None
    assert tuple(found) == (Decimal("19.90"), "continue", "789")
