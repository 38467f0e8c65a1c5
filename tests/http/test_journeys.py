"""What people with a key ask of journeys: listed, found, explained, cancelled."""

import pytest

from activities.postgres.pool import Pool
from tests.http.web import Web, level_message, problem, product_message
from tests.storefronts.shop import SHOP


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
