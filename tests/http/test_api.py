"""What people with a key ask: stores, variants, stock, journeys, conversations."""

from urllib.parse import quote

import pytest

from activities.postgres.pool import Pool
from starter.documents import STARTER_CONVERSATION
from tests.http.web import Web, level_message, problem, product_message
from tests.storefronts.shop import SHOP

KEYED = [
    ("GET", "/v1/journeys"),
    ("POST", "/v1/journeys/search"),
    ("GET", "/v1/journeys/j-1"),
    ("GET", "/v1/journeys/j-1/path"),
    ("POST", "/v1/journeys/j-1/cancel"),
    ("POST", "/v1/events"),
    ("POST", "/v1/consents"),
    ("POST", "/v1/contacts/search"),
    ("GET", "/v1/contacts/c-1"),
    ("PATCH", "/v1/contacts/c-1"),
    ("DELETE", "/v1/contacts/c-1"),
    ("POST", "/v1/suppressions"),
    ("PUT", "/v1/stores/s"),
    ("PUT", "/v1/stores/s/products/p"),
    ("DELETE", "/v1/stores/s/products/p"),
    ("DELETE", "/v1/stores/s/orders/o"),
    ("GET", "/v1/stores/s/variants"),
    ("GET", "/v1/stores/s/variants/v"),
    ("GET", "/v1/stores/s/variants/v/stock"),
    ("PUT", "/v1/stores/s/variants/v/stock"),
    ("POST", "/v1/conversations"),
    ("POST", "/v1/conversations/check"),
    ("POST", "/v1/conversations/test-run"),
]
KETTLE = {
    "title": "Blue kettle",
    "handle": "blue-kettle",
    "variants": [
        {"variant": "v1", "title": "Small", "price": "19.99", "quantity": 0},
        {"variant": "v2", "title": "Large", "sku": "K-L", "quantity": 4, "tracked": True},
    ],
}


async def test_without_a_valid_key_nothing_is_even_read(web: Web) -> None:
    wrong = "Bearer shelftalk_wrong"
    for authorization in (None, wrong, "Bearer other", "Bearer", "Basic c2hlbGZ0YWxrXw=="):
        headers = {"Authorization": authorization} if authorization else {}
        for method, path in KEYED:
            answer = await web.open.request(method, path, headers=headers, content=b"{not json")
            if authorization == wrong and answer.status_code == 429:
                problem(answer, 429, "too-many-requests")
                continue
            problem(answer, 401, "key-needed")
            assert answer.headers["www-authenticate"].startswith('Bearer realm="shelftalk"')


async def test_a_revoked_key_opens_nothing(web: Web) -> None:
    assert (await web.keyed.get("/v1/journeys")).status_code == 200
    await web.services.keys.revoke("tests", "test")
    problem(await web.keyed.get("/v1/journeys"), 401, "key-needed")


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


async def test_what_is_wrong_with_a_value_is_said_in_our_words(web: Web) -> None:
    negative = {"title": "Kettle", "variants": [{"variant": "v", "price": "-1"}]}
    said = problem(await web.keyed.put("/v1/stores/s/products/p", json=negative), 422, "invalid")
    assert (said.path, said.detail) == ("$.variants[0].price", "the least is 0")
    said = problem(await web.keyed.get("/v1/journeys", params={"limit": "many"}), 422, "invalid")
    assert (said.path, said.detail) == ("query.limit", "write a whole number")
    answer = (await web.keyed.post("/v1/events", json={"events": [{"id": "e", "kind": "sang"}]})).json()
    told = {each["path"]: each["detail"] for each in answer["outcomes"][0]["diagnostics"]}
    assert told["$.events[0].store"] == "it is missing"


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


async def test_journeys_are_listed_newest_first_and_paged(web: Web) -> None:
    await web.webhook("products/update", product_message())
    for number in range(5):
        await web.sign_up(f"{number}@example.com")
    first = (await web.keyed.get("/v1/journeys", params={"limit": 3, "store": SHOP, "variant": "31"})).json()
    second = (await web.keyed.get("/v1/journeys", params={"limit": 3, "cursor": first["next"]})).json()
    journeys = first["journeys"] + second["journeys"]
    assert [journey["entered_at"] for journey in journeys] == sorted((j["entered_at"] for j in journeys), reverse=True)
    assert second["next"] is None
    assert (await web.keyed.get("/v1/journeys", params={"status": "told"})).json()["journeys"] == []


async def test_a_contacts_journeys_are_found_by_address_in_a_body(web: Web) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("a@example.com")
    await web.sign_up("b@example.com")
    found = (await web.keyed.post("/v1/journeys/search", json={"email": "B@example.com", "store": SHOP})).json()
    (journey,) = found["journeys"]
    assert journey["ahead"] is None  # counted for a single journey only
    assert "example.com" not in str(found).replace(SHOP, "")
    shown = (await web.keyed.get(f"/v1/journeys/{journey['journey_id']}")).json()
    assert shown == {**journey, "ahead": 1}
    theirs = (await web.keyed.get("/v1/journeys", params={"contact": journey["contact_id"]})).json()
    assert theirs == found
    nobody = (await web.keyed.post("/v1/journeys/search", json={"email": "c@example.com"})).json()
    assert nobody == {"journeys": [], "next": None}


async def test_who_waits_while_others_are_told_reads_why(web: Web) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("a@example.com")
    await web.sign_up("b@example.com")
    await web.webhook("inventory_levels/update", level_message(1, 1))
    (second, _) = (await web.keyed.get("/v1/journeys")).json()["journeys"]
    assert (second["status"], second["reason"]) == ("waiting", "not_next_in_line")
    assert second["why"]


async def test_a_cancelled_journey_leaves_the_line_once(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("a@example.com")
    (journey,) = (await web.keyed.get("/v1/journeys")).json()["journeys"]
    cancelled = await web.keyed.post(f"/v1/journeys/{journey['journey_id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "ended")
    assert cancelled.json()["reason"] == "cancelled"
    await pool.execute("update journeys set ended_at = now(), ending = 'exited'")
    problem(await web.keyed.post(f"/v1/journeys/{journey['journey_id']}/cancel"), 409, "conflict")


@pytest.mark.parametrize("path", ["/v1/journeys/j-1", "/v1/journeys/j-1/path", "/v1/journeys/search"])
async def test_an_unknown_journey_is_not_found(web: Web, path: str) -> None:
    problem(await web.keyed.get(path), 404, "not-found")
    problem(await web.keyed.post("/v1/journeys/j-1/cancel"), 404, "not-found")


BAD_QUERIES = [
    ("limit=0", "query.limit"),
    ("limit=x", "query.limit"),
    ("status=asleep", "query.status"),
    ("cursor=nonsense", "query.cursor"),
    ("cursor=%C3%BC", "query.cursor"),
    ("store=%00", None),
]


async def test_a_query_that_is_not_valid_names_its_parameter(web: Web) -> None:
    for query, path in BAD_QUERIES:
        assert problem(await web.keyed.get(f"/v1/journeys?{query}"), 422, "invalid").path == path


async def test_a_path_cannot_be_replayed_while_temporal_is_down(web: Web) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("a@example.com")
    (journey,) = (await web.keyed.get("/v1/journeys")).json()["journeys"]
    answer = await web.keyed.get(f"/v1/journeys/{journey['journey_id']}/path")
    problem(answer, 503, "temporal-unavailable")
    assert answer.headers["retry-after"]


async def test_a_document_is_checked_and_published_once(web: Web) -> None:
    text = STARTER_CONVERSATION.read_text(encoding="utf-8").replace("goal: The", "goal: That the")
    checked = (await web.keyed.post("/v1/conversations/check", content=text)).json()
    assert (checked["ok"], checked["diagnostics"]) == (True, [])
    published = await web.keyed.post("/v1/conversations", content=text)
    assert published.status_code == 201
    assert published.json() == {
        "conversation": "back-in-stock",
        "version": "back-in-stock@2",
        "number": 2,
        "new": True,
        "given_ids": [],
        "warnings": [],
    }
    again = await web.keyed.post("/v1/conversations", content=text)
    assert (again.status_code, again.json()["new"]) == (200, False)


async def test_a_document_with_mistakes_is_answered_line_by_line(web: Web) -> None:
    text = STARTER_CONVERSATION.read_text(encoding="utf-8").replace("wait: 2 days", "wait: two days")
    checked = (await web.keyed.post("/v1/conversations/check", content=text)).json()
    assert not checked["ok"]
    said = problem(await web.keyed.post("/v1/conversations", content=text), 422, "invalid")
    assert said.path == checked["diagnostics"][0]["path"] == "threads[0].steps[1].wait"
    assert said.errors[0].line == checked["diagnostics"][0]["line"]


async def test_a_document_is_rehearsed_with_everyone_in_its_scenario(web: Web) -> None:
    text = STARTER_CONVERSATION.read_text(encoding="utf-8")
    at = "/v1/conversations/test-run"
    usual = (await web.keyed.post(at, content=text)).json()
    assert (usual["told"], usual["ending"]) == (["somebody"], "completed")
    two_people = "\nscenarios:\n  - name: Two\n    others: [{name: ann, before: 1 day}]\n    happens: [{stock: 1}]\n"
    crowd = text[: text.index("\nscenarios:")] + two_people
    two = (await web.keyed.post(at, content=crowd, params={"scenario": "Two"})).json()
    assert [(each["name"], each["not_told"]) for each in two["contacts"]] == [
        ("somebody", None),
        ("ann", None),
    ], "nobody takes the offer up, so the place passes on"
    assert two["told"] == ["ann", "somebody"]
    assert {line["who"] for line in two["lines"]} == {None, "ann", "somebody"}
    said = problem(await web.keyed.post(at, content=text, params={"scenario": "None"}), 422, "invalid")
    assert said.path == "query.scenario"
    problem(await web.keyed.post(at, content=text.replace("wait: 2 days", "wait: soon")), 422, "invalid")


async def test_an_alert_that_another_conversation_has_is_a_conflict(web: Web) -> None:
    text = STARTER_CONVERSATION.read_text(encoding="utf-8")
    other = text.replace("conversation: back-in-stock", "conversation: other")
    problem(await web.keyed.post("/v1/conversations", content=other), 409, "conflict")


@pytest.mark.parametrize("body", [b"", b"\xff", b"a: [", b"&a [*a, *a]", b"- - - x"])
async def test_any_bytes_can_be_checked(web: Web, body: bytes) -> None:
    answer = await web.keyed.post("/v1/conversations/check", content=body)
    assert (answer.status_code, answer.json()["ok"]) == (200, False)
    problem(await web.keyed.post("/v1/conversations", content=body), 422, "invalid")


async def test_the_newest_word_on_consent_counts_and_the_same_word_adds_nothing(web: Web, pool: Pool) -> None:
    wish = {"email": "a@example.com", "granted": True, "source": "checkout"}
    for granted in (True, True, False, True):
        answer = await web.keyed.post("/v1/consents", json={**wish, "granted": granted})
        assert (answer.status_code, answer.json()["granted"]) == (200, granted)
    rows = await pool.fetch("select granted from consents order by id")
    assert [row["granted"] for row in rows] == [True, False, True]


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
