"""What is asked of one person through the API: what is held of them, forgetting them, and what is known of them."""

from typing import Any

import pytest

from activities.postgres.pool import Pool
from tests.events.told import event, order, tell
from tests.http.web import Web, problem, product_message

UNKNOWN = "/v1/contacts/c-nobody"


async def search(web: Web, email: str = "ANN@example.com") -> dict[str, Any]:
    answer = await web.keyed.post("/v1/contacts/search", json={"email": email})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def ann(web: Web) -> str:
    """The path of somebody who signed up, bought something and is on a list."""
    await web.webhook("products/update", product_message())
    await web.sign_up("ann@example.com")
    await tell(
        web, order("51"), event("joined_list", list="default"), event(attributes={"size": "M"}, tags={"vip": True})
    )
    return f"/v1/contacts/{(await search(web))['contact']}"


async def audited(pool: Pool) -> list[tuple[str, str]]:
    rows = await pool.fetch("select actor, action, details from audit order by id")
    assert not any("@example.com" in str(row["details"]) for row in rows)
    return [(row["actor"], row["action"]) for row in rows if row["action"].startswith(("contact", "address", "supp"))]


async def test_everything_that_is_held_of_a_person_is_one_document(web: Web, pool: Pool, ann: str) -> None:
    await pool.execute("insert into suppressions (channel, address, reason) values ('email', 'ann@example.com', 'x')")
    await pool.execute(
        "insert into sends (key, journey_id, step, round, message, state) "
        "select id || '/s/0', id, 's', 0, 'm', 'ready' from journeys limit 1"
    )
    await pool.execute(
        "with said as (insert into message_events (provider, event_id, kind, channel, contact_id, happened_at) "
        "select 'p', 'e', 'said_something', 'sms', contact_id, now() from journeys limit 1 returning id) "
        "insert into revocations (event_id, channel, address, said, likely, due_at) "
        "select id, 'sms', '+15558675310', 'leave me alone', true, now() + interval '14 days' from said"
    )
    key = "k" * 22
    for insert in (
        "confirmations (journey_id, token, source, purpose, ends_at) select id, $1, 'x', 'alerts', now() from journeys",
        "shopper_links (token, contact_id, store_id) select $1, contact_id, store_id from journeys",
        "address_changes (contact_id, store_id, email, token, ends_at) "
        "select contact_id, store_id, 'new@example.com', $1, now() from journeys",
    ):
        await pool.execute(f"insert into {insert} limit 1", key)
    await web.sign_up("ben@example.com")
    held: dict[str, Any] = (await web.keyed.get(ann)).json()
    assert key not in str(held), "what opens a page is not handed out"
    assert held["contact"]["email"] == "ann@example.com"
    assert held["contact"]["attributes"] == {"size": "M"}
    counts = {name: len(rows) for name, rows in held.items() if name not in ("exported_at", "contact")}
    for nothing in ("calls", "clicks", "moves", "order_totals", "places"):
        assert counts.pop(nothing) == 0
    assert counts == dict.fromkeys(counts, 1) | {"events": 3}
    assert len(counts) == 15
    assert await audited(pool) == [("API key 'tests'", "contact looked up"), ("API key 'tests'", "contact exported")]


async def test_a_person_is_erased_by_hand_as_by_their_shop(web: Web, pool: Pool, ann: str) -> None:
    erased = await web.keyed.delete(ann)
    assert (erased.status_code, erased.json()) == (200, {"contact": ann.rpartition("/")[2]})
    assert await pool.fetchval("select count(*) from waiting where state = 'left' and reason = 'erased'") == 1
    assert await pool.fetchval("select count(*) from orders") == 0
    (again,) = await tell(web, order("51"))
    assert again["status"] == "refused"
    assert await audited(pool) == [("API key 'tests'", "contact looked up"), ("API key 'tests'", "contact erased")]
    for method in ("GET", "DELETE", "PATCH"):
        problem(await web.keyed.request(method, ann, json={}), 404, "not-found")


async def test_attributes_tags_consent_and_suppression_are_set_all_or_none(web: Web, pool: Pool, ann: str) -> None:
    wish: dict[str, object] = {"attributes": {"size": None, "points": 3}, "tags": {"vip": False, "vegan": True}}
    said = {"consent": False, "suppressed": True, "source": "by phone"}
    known = (await web.keyed.patch(ann, json=wish | said)).json()
    assert (known["attributes"], known["tags"], known["lists"]) == ({"points": 3}, ["vegan"], ["default"])
    assert (known["consent"], known["suppressed"]) == (False, "by phone")
    assert await search(web) == known
    large = [{f"{name}{n}": "x" * 900 for name in "abcd"} for n in range(5)]
    answers = [await web.keyed.patch(ann, json={"attributes": each, "tags": {"big": False}}) for each in large[:4]]
    assert [answer.status_code for answer in answers] == [200] * 4
    problem(await web.keyed.patch(ann, json={"attributes": large[4], "tags": {"fat": True}}), 409, "conflict")
    assert (await search(web))["tags"] == ["vegan"]
    lifted = await web.keyed.patch(ann, json={"suppressed": False, "consent": True})
    assert (lifted.json()["consent"], lifted.json()["suppressed"]) == (True, None)
    problem(await web.keyed.patch(ann, json={"suppressed": False}), 404, "not-found")
    assert {*await audited(pool)} == {("API key 'tests'", "contact looked up"), ("API key 'tests'", "contact set")}


async def test_an_address_is_suppressed_whoevers_it_is_and_lifted_again(web: Web, pool: Pool, ann: str) -> None:
    for email, contact in (("Ann@example.com", ann.rpartition("/")[2]), ("nobody@example.com", None)):
        wish = {"email": email, "suppressed": True, "reason": "asked by mail"}
        assert (await web.keyed.post("/v1/suppressions", json=wish)).json() == {"contact": contact, "suppressed": True}
    await web.keyed.delete(ann)
    assert await pool.fetchval("select count(*) from kept_refusals") == 1
    for email in ("ann@example.com", "nobody@example.com"):
        lift = {"email": email, "suppressed": False}
        assert (await web.keyed.post("/v1/suppressions", json=lift)).status_code == 200
        problem(await web.keyed.post("/v1/suppressions", json=lift), 404, "not-found")
    assert await pool.fetchval("select count(*) from suppressions") == 0


async def test_an_address_is_read_as_in_a_sign_up(web: Web, pool: Pool, ann: str) -> None:
    wide = "ａｎｎ@example.com"
    assert (await search(web, wide))["contact"] == ann.rpartition("/")[2]
    wish = {"email": wide, "suppressed": True}
    assert (await web.keyed.post("/v1/suppressions", json=wish)).status_code == 200
    assert await pool.fetchval("select address from suppressions") == "ann@example.com"
    for path, more in (("/v1/contacts/search", {}), ("/v1/suppressions", {"suppressed": True})):
        named = {"email": "Ann <ann@example.com>"} | more
        said = problem(await web.keyed.post(path, json=named), 422, "invalid")
        assert "without a name" in said.detail


async def test_of_somebody_unknown_it_says_so(web: Web, pool: Pool) -> None:
    for method in ("GET", "DELETE", "PATCH"):
        said = problem(await web.keyed.request(method, UNKNOWN, json={}), 404, "not-found")
        assert said.detail.startswith("Nobody is known by this id or address")
    problem(await web.keyed.post("/v1/contacts/search", json={"email": "no@example.com"}), 404, "not-found")
    assert await pool.fetchval("select count(*) from contacts") == 0
    assert await audited(pool) == []
