"""What people with a key say of stores, products and their stock."""

from urllib.parse import quote

import pytest

from activities.postgres.pool import Pool
from tests.http.web import Web, problem
from tests.storefronts.shop import SHOP

KETTLE = {
    "title": "Blue kettle",
    "handle": "blue-kettle",
    "variants": [
        {"variant": "v1", "title": "Small", "price": "19.99", "quantity": 0},
        {"variant": "v2", "title": "Large", "sku": "K-L", "quantity": 4, "tracked": True},
    ],
}


async def test_a_product_put_in_by_hand_can_be_signed_up_for(web: Web) -> None:
    put = await web.keyed.put("/v1/stores/corner-shop/products/kettle", json=KETTLE)
    assert (put.status_code, put.json()) == (
        200,
        {"store": "corner-shop", "product": "kettle", "variants": ["v1", "v2"], "moved": []},
    )
    signed_up = await web.open.post(
        "/v1/signups", json={"store": "corner-shop", "variant": "v1", "email": "a@example.com"}
    )
    assert signed_up.status_code == 202
    shown = (await web.keyed.get("/v1/stores/corner-shop/variants/v1")).json()
    assert (shown["price"], shown["units"], shown["waiting"], shown["on_sale"]) == ("19.99", 0, 1, True)


async def test_a_product_that_takes_a_variant_of_another_says_so(web: Web) -> None:
    await web.keyed.put("/v1/stores/s/products/old", json={"title": "Old", "variants": [{"variant": "v1"}]})
    put = await web.keyed.put("/v1/stores/s/products/kettle", json=KETTLE)
    assert put.json()["moved"] == [{"variant": "v1", "from_product": "old"}]
    assert (await web.keyed.put("/v1/stores/s/products/kettle", json=KETTLE)).json()["moved"] == []


async def test_a_variant_left_out_of_its_product_is_no_longer_on_sale(web: Web) -> None:
    await web.keyed.put("/v1/stores/s/products/kettle", json=KETTLE)
    await web.keyed.put("/v1/stores/s/products/kettle", json=KETTLE | {"variants": [{"variant": "v2"}]})
    left_out = (await web.keyed.get("/v1/stores/s/variants/v1")).json()
    kept = (await web.keyed.get("/v1/stores/s/variants/v2")).json()
    assert (left_out["on_sale"], kept["on_sale"], kept["units"]) == (False, True, 4)


@pytest.mark.parametrize("id_", ["a/b", "/", "a%2Fb", "50% off/é", "stock"])
async def test_an_id_may_hold_a_slash(web: Web, id_: str) -> None:
    name = quote(id_, safe="")
    variants = [{"variant": id_, "quantity": 0, "price": "5"}]
    put = await web.keyed.put(f"/v1/stores/{name}/products/{name}", json={"title": "Kettle", "variants": variants})
    assert put.json() == {"store": id_, "product": id_, "variants": [id_], "moved": []}
    set_ = await web.keyed.put(f"/v1/stores/{name}/variants/{name}/stock", json={"available": 2})
    assert set_.json()["variant"]["units"] == 2
    assert (await web.keyed.get(f"/v1/stores/{name}/variants/{name}")).json()["variant_id"] == id_
    assert (await web.keyed.get(f"/v1/stores/{name}/variants/{name}/why")).json()["variant_id"] == id_
    assert (await web.keyed.delete(f"/v1/stores/{name}/products/{name}")).status_code == 204


@pytest.mark.parametrize(
    ("currency", "price", "shown"),
    [("EUR", "500", "500.00"), ("JPY", "1500", "1500"), ("KWD", "1.25", "1.250"), ("EUR", "0.0125", "0.0125")],
)
async def test_a_price_is_shown_with_its_currencys_decimals(web: Web, currency: str, price: str, shown: str) -> None:
    named = {"name": "S", "url": "https://s.example", "currency": currency}
    await web.keyed.put("/v1/stores/s", json=named)
    await web.keyed.put(
        "/v1/stores/s/products/p", json={"title": "P", "variants": [{"variant": "v", "price": price, "quantity": 1}]}
    )
    variant = (await web.keyed.get("/v1/stores/s/variants/v")).json()
    assert (variant["price"], variant["currency"]) == (shown, currency)


@pytest.mark.parametrize("url", ["https://s.example/?shop=1", "https://s.example/#top", "https://s.example?"])
async def test_a_shops_address_with_a_query_is_refused(web: Web, url: str) -> None:
    answer = await web.keyed.put("/v1/stores/s", json={"name": "S", "url": url})
    problem(answer, 422, "invalid")
    assert "$.url" in answer.text


async def test_a_product_is_removed_and_an_order_cancelled(web: Web, pool: Pool) -> None:
    await web.keyed.put("/v1/stores/s/products/kettle", json=KETTLE)
    assert (await web.keyed.delete("/v1/stores/s/products/kettle")).status_code == 204
    assert (await web.keyed.get("/v1/stores/s/variants/v2")).json()["on_sale"] is False
    assert await pool.fetchval("select discontinued_at is not null from products")
    problem(await web.keyed.delete("/v1/stores/s/products/pot"), 404, "not-found")
    ordered = {
        "id": "1",
        "store": "s",
        "kind": "ordered",
        "order": "o/1",
        "email": "a@example.com",
        "product": "kettle",
    }
    assert (await web.keyed.post("/v1/events", json=ordered)).status_code == 200
    assert (await web.keyed.delete("/v1/stores/s/orders/o%2F1")).status_code == 204
    assert await pool.fetchval("select cancelled from orders")
    problem(await web.keyed.delete("/v1/stores/s/orders/o%2F2"), 404, "not-found")


async def test_stock_is_set_by_location(web: Web) -> None:
    await web.keyed.put("/v1/stores/s/products/kettle", json=KETTLE)
    await web.keyed.put("/v1/stores/s/variants/v1/stock", json={"available": 2, "location": "shop"})
    answer = await web.keyed.put("/v1/stores/s/variants/v1/stock", json={"available": 3})
    assert answer.status_code == 200
    assert answer.json()["variant"]["units"] == 5
    levels = (await web.keyed.get("/v1/stores/s/variants/v1/stock")).json()["levels"]
    assert {level["location_id"]: level["available"] for level in levels} == {"shop": 2, "by-hand": 3}


@pytest.mark.parametrize("path", ["/v1/stores/s/variants/v", "/v1/stores/s/variants/v/stock"])
async def test_an_unknown_variant_is_not_found(web: Web, path: str) -> None:
    problem(await web.keyed.get(path), 404, "not-found")


BAD_STOCK: list[tuple[object, str]] = [
    ({}, "$.available"),
    ({"available": "3"}, "$.available"),
    ({"available": True}, "$.available"),
    ({"available": 2**31}, "$.available"),
    ({"available": 1, "location": ""}, "$.location"),
    ({"available": 1, "where": "x"}, "$.where"),
]


async def test_stock_that_is_not_valid_names_its_field(web: Web) -> None:
    for body, path in BAD_STOCK:
        await web.keyed.put("/v1/stores/s/products/kettle", json=KETTLE)
        assert problem(await web.keyed.put("/v1/stores/s/variants/v1/stock", json=body), 422, "invalid").path == path


BAD_PRODUCTS: list[tuple[dict[str, object], str]] = [
    ({"variants": []}, "$.variants"),
    ({"variants": [{"variant": "v"}, {"variant": "v"}]}, "$"),
    ({"variants": [{"variant": "v", "price": "-1"}]}, "$.variants[0].price"),
    ({"variants": [{"variant": "v", "price": "1" * 15}]}, "$.variants[0].price"),
    ({"image_url": "javascript:alert(1)"}, "$.image_url"),
    ({"title": ""}, "$.title"),
]


async def test_a_product_that_is_not_valid_names_its_field(web: Web) -> None:
    for changed, path in BAD_PRODUCTS:
        answer = await web.keyed.put("/v1/stores/s/products/kettle", json=KETTLE | changed)
        assert problem(answer, 422, "invalid").path == path


async def test_a_store_gets_the_name_that_messages_show(web: Web, pool: Pool) -> None:
    answer = await web.keyed.put("/v1/stores/s", json={"name": "Bread & Butter", "url": "https://shop.example"})
    assert answer.json() == {
        "store": "s",
        "name": "Bread & Butter",
        "url": "https://shop.example",
        "currency": None,
        "at_most": None,
    }
    assert await pool.fetchval("select name from stores where id = 's'") == "Bread & Butter"
    bad = await web.keyed.put("/v1/stores/s", json={"name": "Bread & Butter", "url": "shop.example"})
    assert problem(bad, 422, "invalid").path == "$.url"


async def test_variants_are_paged_to_the_last(web: Web) -> None:
    names = [f"v{number:02}" for number in range(7)]
    await web.keyed.put("/v1/stores/s/products/p", json={"title": "P", "variants": [{"variant": n} for n in names]})
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await web.keyed.get("/v1/stores/s/variants", params=params)).json()
        seen += [variant["variant_id"] for variant in page["variants"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == names


async def test_a_stores_currency_stays_when_it_is_left_out(web: Web) -> None:
    named = {"name": "Example Shop", "url": "https://shop.example"}
    assert (await web.keyed.put(f"/v1/stores/{SHOP}", json={**named, "currency": "EUR"})).json()["currency"] == "EUR"
    assert (await web.keyed.put(f"/v1/stores/{SHOP}", json=named)).json()["currency"] == "EUR"


async def test_a_stores_cap_is_set_kept_where_nothing_is_said_of_it_and_taken_away(web: Web, pool: Pool) -> None:
    named = {"name": "Example Shop", "url": "https://shop.example"}
    cap = {"messages": 3, "per": "1 day"}
    for said, known in (({"at_most": cap}, cap), ({}, cap), ({"at_most": None}, None)):
        answer = await web.keyed.put(f"/v1/stores/{SHOP}", json=named | said)
        assert (answer.status_code, answer.json()["at_most"]) == (200, known)
    answer = await web.keyed.put(f"/v1/stores/{SHOP}", json=named | {"at_most": {"messages": 0, "per": "1 day"}})
    assert problem(answer, 422, "invalid").path == "$.at_most.messages"
    assert await pool.fetchval("select cap_messages from stores where id = $1", SHOP) is None
