"""Keys: what each opens, for which stores and until when; whose key did what; and wrong ones."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from structlog.testing import capture_logs

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.responses.keys import Scope
from starter.http.app import create_app
from starter.http.auth import KeyedRoute, keyed_router
from starter.http.networks import client_network
from starter.http.wrong_keys import FRESH, MINUTE, WRONG_KEYS_A_MINUTE, WrongKeys
from starter.shops.keys import KeyUseless, digest
from tests.history import PATIENCE
from tests.http.web import SETTINGS, Web, problem

HERE, THERE = StoreId("here.example"), StoreId("there.example")
KETTLE = {"title": "Kettle", "variants": [{"variant": "v", "quantity": 0, "price": "5"}]}
SENT = """
    insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
    select id || '/s/0', id, 's', 0, 'm', 'sent', '{}', now() from journeys"""
SAMPLES = {"store:id": HERE, "variant:id": "v", "product:id": "p", "order:id": "o"}


@asynccontextmanager
async def key_for(
    web: Web, *scopes: Scope, stores: Sequence[StoreId] | None = None, until: datetime | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client with a key of its own."""
    key = await web.services.keys.create(f"{'+'.join(scopes)} of {stores}", "test", scopes, stores, until)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=web.url, timeout=PATIENCE, headers=headers) as client:
        yield client


def keyed_routes(web: Web) -> list[KeyedRoute]:
    app: FastAPI = create_app(web.services, SETTINGS)
    return [route for route in _flat(app.routes) if isinstance(route, KeyedRoute)]


def _flat(routes: Sequence[Any]) -> list[Any]:
    return [each for route in routes for each in ([route] if isinstance(route, APIRoute) else _flat(_below(route)))]


def _below(route: Any) -> Sequence[Any]:
    return getattr(getattr(route, "original_router", route), "routes", ())


def method_of(route: KeyedRoute) -> str:
    return next(iter(route.methods or ()))


def address(route: KeyedRoute) -> str:
    path = route.path
    for name, sample in SAMPLES.items():
        path = path.replace("{" + name + "}", sample)
    return path.replace("{journey}", "j-1").replace("{", "").replace("}", "")


async def told(pool: Pool, action: str) -> list[tuple[str, dict[str, Any]]]:
    rows = await pool.fetch("select actor, details from audit where action = $1 order by id", action)
    return [(row["actor"], row["details"]) for row in rows]


async def try_key(web: Web, number: int) -> httpx.Response:
    return await web.open.get("/v1/journeys", headers={"Authorization": f"Bearer shelftalk_{number}"})


async def put_in(web: Web) -> None:
    for store in (HERE, THERE):
        assert (await web.keyed.put(f"/v1/stores/{store}/products/p", json=KETTLE)).status_code == 200
        for who in ("ann", store):
            asked = {"store": store, "variant": "v", "email": f"{who}@example.com"}
            assert (await web.open.post("/v1/signups", json=asked)).status_code == 202


async def test_every_route_behind_a_key_needs_a_scope_and_says_which(web: Web) -> None:
    routes = keyed_routes(web)
    assert len(routes) > 40
    for scope in Scope:
        if scope is Scope.ADMIN:
            continue
        async with key_for(web, scope) as client:
            for route in routes:
                method = method_of(route)
                answer = await client.request(method, address(route), content=b"{not json")
                if route.scope is scope:
                    assert answer.status_code not in (401, 403), route.path
                else:
                    said = problem(answer, 403, "forbidden")
                    assert f"'{route.scope}'" in said.detail, "which scope is needed"


def test_a_route_behind_a_key_that_declares_no_scope_is_not_served() -> None:
    with pytest.raises(ValueError, match="declares one scope"):
        keyed_router("x").get("/v1/x")(lambda: None)


async def test_a_tag_managers_key_tells_events_and_does_nothing_else(web: Web) -> None:
    viewed = {"id": "e", "store": HERE, "kind": "viewed_product", "email": "ann@example.com", "product": "p"}
    async with key_for(web, Scope.EVENTS) as client:
        assert (await client.post("/v1/events", json=viewed)).json()["outcomes"][0]["status"] == "accepted"
        for method, path in (("POST", "/v1/why"), ("POST", "/v1/conversations"), ("POST", "/v1/consents")):
            problem(await client.request(method, path, json={}), 403, "forbidden")


async def test_everything_about_a_person_is_not_for_whoever_reads_reports(web: Web) -> None:
    async with key_for(web, Scope.READ) as client:
        said = problem(await client.get("/v1/contacts/c-1"), 403, "forbidden")
        assert "'admin'" in said.detail


async def test_a_key_of_one_store_neither_reads_nor_writes_another(web: Web, pool: Pool) -> None:
    await put_in(web)
    journeys = {row["store_id"]: row["id"] for row in await pool.fetch("select id, store_id from journeys")}
    await pool.execute(SENT)
    async with key_for(web, Scope.ADMIN, stores=[HERE]) as client:
        for method, path, body in (
            ("PUT", f"/v1/stores/{THERE}/variants/v/stock", {"available": 9}),
            ("PUT", f"/v1/stores/{THERE}", {"name": "Mine", "url": "https://evil.example"}),
            ("PUT", f"/v1/stores/{THERE}/products/p", KETTLE),
            ("DELETE", f"/v1/stores/{THERE}/products/p", None),
            ("DELETE", f"/v1/stores/{THERE}/orders/o", None),
            ("GET", f"/v1/stores/{THERE}/variants", None),
            ("GET", f"/v1/stores/{THERE}/variants/v/stock", None),
            ("GET", f"/v1/stores/{THERE}/variants/v/why", None),
            ("GET", f"/v1/journeys?store={THERE}", None),
            ("POST", "/v1/journeys/search", {"email": "ann@example.com", "store": THERE}),
            ("POST", "/v1/why", {"email": "ann@example.com", "store": THERE}),
        ):
            problem(await client.request(method, path, json=body), 403, "forbidden")
        for method, end in (("GET", ""), ("GET", "/path"), ("POST", "/cancel"), ("POST", "/repair")):
            asked = {"repair": "retry", "why": "to try"} if end == "/repair" else None
            answer = await client.request(method, f"/v1/journeys/{journeys[THERE]}{end}", json=asked)
            problem(answer, 404, "not-found")
        assert {each["store_id"] for each in (await client.get("/v1/journeys")).json()["journeys"]} == {HERE}
        ann = {"email": "ann@example.com"}
        found = (await client.post("/v1/journeys/search", json=ann)).json()["journeys"]
        assert [each["store_id"] for each in found] == [HERE]
        why = (await client.post("/v1/why", json=ann)).json()
        assert [each["store_id"] for each in why["entries"]] == [HERE]
        assert [each["store_id"] for each in why["messages"]] == [HERE], "of what they were sent too"
        assert not (await client.post("/v1/why", json={"email": f"{THERE}@example.com"})).json()["known"]
        wanted = (await client.get("/v1/reports/wanted")).json()["products"]
        assert [each["store_id"] for each in wanted] == [HERE]
        assert (await client.get(f"/v1/journeys/{journeys[HERE]}")).status_code == 200
        assert (await client.put(f"/v1/stores/{HERE}/variants/v/stock", json={"available": 0})).status_code == 200


async def test_a_key_of_one_store_tells_nothing_of_anothers_people(web: Web, pool: Pool) -> None:
    await put_in(web)
    theirs = await pool.fetchval("select id from contacts where email = $1", f"{THERE}@example.com")
    viewed = {"kind": "viewed_product", "product": "p"}
    async with key_for(web, Scope.ADMIN, stores=[HERE]) as client:
        there = viewed | {"id": "1", "store": THERE, "email": "ann@example.com"}
        problem(await client.post("/v1/events", json=there), 403, "forbidden")
        by_id = viewed | {"id": "2", "store": HERE, "contact": theirs, "attributes": {"vip": True}}
        here = viewed | {"id": "3", "store": HERE, "email": "ann@example.com"}
        answer = await client.post("/v1/events", json={"events": [there, by_id, here]})
        assert [each["status"] for each in answer.json()["outcomes"]] == ["refused", "refused", "accepted"]
        consent = {"granted": False, "source": "form"}
        answer = await client.post("/v1/consents", json=consent | {"email": f"{THERE}@example.com"})
        problem(answer, 403, "forbidden")
        for who in ("ann", "new"):
            answer = await client.post("/v1/consents", json=consent | {"email": f"{who}@example.com"})
            assert answer.status_code == 200, "their own, and whom nobody knows"


async def test_a_key_of_one_store_says_no_yes_for_who_said_no_to_another(web: Web, pool: Pool) -> None:
    """An event makes anybody known to a store, so that is no leave to undo their no."""
    await put_in(web)
    theirs = f"{THERE}@example.com"
    no = {"email": theirs, "granted": False, "source": "footer"}
    assert (await web.keyed.post("/v1/consents", json=no)).status_code == 200
    viewed = {"id": "1", "store": HERE, "kind": "viewed_product", "product": "p", "email": theirs}
    yes = no | {"granted": True}
    async with key_for(web, Scope.EVENTS, Scope.SEND, stores=[HERE]) as client:
        assert (await client.post("/v1/events", json=viewed)).json()["outcomes"][0]["status"] == "accepted"
        said = problem(await client.post("/v1/consents", json=yes), 403, "forbidden")
        assert "use one for all stores" in said.detail
        assert (await client.post("/v1/consents", json=no)).status_code == 200, "a no is heard from anybody"
    assert not await pool.fetchval("select granted from consents order by id desc limit 1")
    assert (await web.keyed.post("/v1/consents", json=yes)).status_code == 200


async def test_what_is_about_all_stores_is_closed_to_a_key_of_some(web: Web) -> None:
    async with key_for(web, Scope.ADMIN, stores=[HERE]) as client:
        closed = [route for route in keyed_routes(web) if not route.within_stores]
        for route in closed:
            method = method_of(route)
            problem(await client.request(method, address(route)), 403, "forbidden")
        assert {"/v1/operations", "/v1/conversations", "/v1/alerts"} <= {route.path for route in closed}
        problem(await client.get("/v1/reports/lists/default"), 404, "not-found")


async def test_a_key_that_has_expired_opens_nothing(web: Web, pool: Pool) -> None:
    async with key_for(web, Scope.READ, until=datetime.now(UTC) + timedelta(hours=1)) as client:
        assert (await client.get("/v1/journeys")).status_code == 200
        past = "created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'"
        await pool.execute(f"update api_keys set {past} where expires_at is not null")
        problem(await client.get("/v1/journeys"), 401, "key-needed")
    with pytest.raises(KeyUseless):
        await web.services.keys.create("past", "test", [Scope.READ], expires_at=datetime.now(UTC))


async def test_the_last_use_of_a_key_is_known_and_not_written_at_every_request(web: Web, pool: Pool) -> None:
    async def last_used() -> datetime | None:
        (key,) = await web.services.keys.all()
        return key.last_used_at

    assert await last_used() is None
    await web.keyed.get("/v1/journeys")
    first = await last_used()
    assert first is not None
    await web.keyed.get("/v1/journeys")
    assert await last_used() == first
    await pool.execute("update api_keys set last_used_at = now() - interval '6 minutes'")
    await web.keyed.get("/v1/journeys")
    assert (await last_used() or first) > first


async def test_whoever_changes_something_is_on_record_without_an_address(web: Web, pool: Pool) -> None:
    await put_in(web)
    journey = await pool.fetchval("select id from journeys where store_id = $1 limit 1", HERE)
    consent = {"email": "ann@example.com", "granted": False, "source": "form"}
    await web.keyed.post("/v1/consents", json=consent)
    await web.keyed.put(f"/v1/stores/{HERE}/variants/v/stock", json={"available": 0})
    await web.keyed.put(f"/v1/stores/{HERE}", json={"name": "Here", "url": "https://here.example"})
    await web.keyed.post(f"/v1/journeys/{journey}/cancel")
    order = {"id": "o", "store": "new.example", "kind": "ordered", "order": "1", "product": "p"}
    await web.keyed.post("/v1/events", json=order | {"email": "ann@example.com"})
    await web.keyed.delete("/v1/stores/new.example/orders/1")
    await web.keyed.delete(f"/v1/stores/{THERE}/products/p")
    await web.keyed.post("/v1/journeys/search", json={"email": "ann@example.com"})
    await web.keyed.post("/v1/why", json={"email": "ann@example.com"})
    await web.services.keys.create("short", "ada", [Scope.READ], [HERE])
    await web.services.keys.revoke("short", "ada")
    key = "API key 'tests'"
    expected = {
        "make store": ["test", *[key] * 3],
        "put product": [key] * 2,
        "record consent": [key],
        "set stock": [key],
        "name store": [key],
        "cancel journey": [key],
        "cancel order": [key],
        "remove product": [key],
        "search journeys": [key],
        "ask why": [key],
        "create key": ["test", "ada"],
        "revoke key": ["ada"],
    }
    assert {action: [actor for actor, _ in await told(pool, action)] for action in expected} == expected
    assert await told(pool, "set stock") == [(key, {"store": HERE, "variant": "v", "location": "by-hand", "units": 0})]
    assert not await pool.fetchval("select exists (select from audit where details::text like '%@example.com%')")


async def test_the_log_says_whose_key_it_was_and_from_which_network(web: Web) -> None:
    with capture_logs() as logs:
        await web.keyed.get("/v1/journeys")
        await web.open.get("/v1/journeys")
        await web.open.post("/v1/signups", json={})
    keyed, without, shopper = (each for each in logs if each["event"] == "request")
    assert (keyed["key"], keyed["network"]) == ("tests", "127.0.0.0/24")
    assert (without.get("key"), without["network"]) == (None, "127.0.0.0/24")
    assert "network" not in shopper, "of shoppers nothing"


@pytest.mark.parametrize(
    ("client", "network"),
    [
        (("203.0.113.77", 1), "203.0.113.0/24"),
        (("::ffff:203.0.113.77", 1), "203.0.113.0/24"),
        (("2001:db8:1:2::9", 1), "2001:db8:1::/48"),
        (("nonsense", 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_of_an_address_only_its_network_is_known(client: tuple[str, int] | None, network: str) -> None:
    assert client_network(client) == network


async def test_keys_that_are_tried_out_are_not_looked_up_without_end_and_lock_nobody_out(web: Web) -> None:
    async with key_for(web, Scope.READ) as other:
        refused, tried = await try_key(web, 0), 1
        while refused.status_code == 401:
            refused, tried = await try_key(web, tried), tried + 1
        assert tried <= 2 * WRONG_KEYS_A_MINUTE + 1, "over the turn of a minute the count begins anew"
        problem(refused, 429, "too-many-requests")
        assert 1 <= int(refused.headers["retry-after"]) <= MINUTE
        for client in (web.keyed, other):
            assert (await client.get("/v1/journeys")).status_code == 200, "a key that was not used here before"


async def test_wrong_keys_are_counted_by_network_and_minute() -> None:
    now, read = 0.0, 0
    valid = {digest("mine")}

    async def read_valid() -> frozenset[bytes]:
        nonlocal read
        read += 1
        return frozenset(valid)

    counted = WrongKeys(read_valid, lambda: now)
    for _ in range(WRONG_KEYS_A_MINUTE):
        assert await counted.seconds_to_wait("a", "x") == 0
        counted.wrong("a")
    assert read == 0, "only beyond the limit"
    for _ in range(100):
        assert await counted.seconds_to_wait("a", "x") == MINUTE
    assert await counted.seconds_to_wait("b", "x") == 0
    assert await counted.seconds_to_wait("a", "mine") == 0
    assert read == 1
    valid.add(digest("new"))
    valid.remove(digest("mine"))
    now = FRESH
    assert await counted.seconds_to_wait("a", "new") == 0
    assert await counted.seconds_to_wait("a", "mine") > 0, "revoked since"
    now = MINUTE
    assert await counted.seconds_to_wait("a", "x") == 0
