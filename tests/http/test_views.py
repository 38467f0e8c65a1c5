"""What shoppers' browsers tell: believed within bounds, and answered alike whether it is or not."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.postgres.pool import Pool
from activities.waitlist.devices import MOST_A_DAY, forget_devices
from tests.http.web import Web, product_message
from tests.storefronts.shop import SHOP

NOBODYS = "A" * 22
VIEW: dict[str, object] = {"id": "1", "kind": "viewed_product", "ago": 3600, "variant": "31"}


async def signed_up(web: Web, email: str = "ada@example.com") -> str:
    """The token of the browser that did."""
    await web.webhook("products/update", product_message())
    answer = await web.sign_up(email)
    assert answer.status_code == 202
    return answer.json()["device"]


async def told(pool: Pool) -> list[tuple[str, str]]:
    rows = await pool.fetch("select kind, contact_id from events where id like 'page/%' order by happened_at")
    return [(row["kind"], row["contact_id"]) for row in rows]


async def test_it_counts_once_from_when_it_was_and_agrees_to_nothing(web: Web, pool: Pool) -> None:
    device = await signed_up(web)
    cart = {"id": "2", "kind": "added_to_cart", "ago": 60, "variant": "31", "quantity": 2}
    before = await pool.fetchval("select count(*) from consents")
    for _ in range(2):
        answer = await web.open.post("/v1/views", json={"device": device, "seen": [cart, VIEW]})
        assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    ada = await pool.fetchval("select id from contacts where email = 'ada@example.com'")
    assert await told(pool) == [("viewed_product", ada), ("added_to_cart", ada)]
    at = await pool.fetchval("select min(happened_at) from events where id like 'page/%'")
    assert timedelta(0) <= datetime.now(UTC) - timedelta(hours=1) - at < timedelta(minutes=5)
    assert await pool.fetchval("select count(*) from consents") == before


async def test_known_and_unknown_browsers_are_answered_alike_and_too_much_is_not_believed(web: Web, pool: Pool) -> None:
    device = await signed_up(web)
    answers = [
        await web.open.post("/v1/views", json={"device": each, "seen": [VIEW]}) for each in (device, NOBODYS, device)
    ]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    await pool.execute("update devices set told = $1 where told > 0", MOST_A_DAY)
    more = await web.open.post("/v1/views", json={"device": device, "seen": [VIEW | {"id": "3"}]})
    assert more.content == answers[0].content
    assert len(await told(pool)) == 1
    # The next day it may again; half a year later no more.
    await pool.execute("update devices set day = day - 1")
    await web.open.post("/v1/views", json={"device": device, "seen": [VIEW | {"id": "4"}]})
    assert len(await told(pool)) == 2
    await pool.execute("update devices set made_at = now() - interval '181 days'")
    await web.open.post("/v1/views", json={"device": device, "seen": [VIEW | {"id": "5"}]})
    assert len(await told(pool)) == 2
    await forget_devices(pool)
    assert await pool.fetchval("select count(*) from devices") == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "ordered"},
        {"kind": "custom"},
        {"ago": -1},
        {"ago": 31 * 24 * 3600},
        {"quantity": 0},
        {"variant": None},
        {"items": [{"variant": "31"}]},
        {"email": "eve@example.com"},
    ],
    ids=str,
)
async def test_a_browser_tells_of_views_and_carts_of_a_month_and_of_nothing_else(
    web: Web, wrong: dict[str, object]
) -> None:
    answer = await web.open.post("/v1/views", json={"device": NOBODYS, "seen": [VIEW | wrong]})
    assert answer.status_code == 422


async def test_who_is_erased_has_no_browser(web: Web, pool: Pool) -> None:
    device = await signed_up(web)
    await web.services.people.erase("ada@example.com", "test")
    assert await pool.fetchval("select count(*) from devices") == 0
    assert (await web.open.post("/v1/views", json={"device": device, "seen": [VIEW]})).status_code == 202
    assert await told(pool) == []


async def test_what_fills_in_the_hidden_field_is_given_a_token_that_is_nobodys(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    asked = {"store": SHOP, "variant": "31", "email": "bot@example.com", "homepage": "http://spam.example"}
    trapped = await web.open.post("/v1/signups", json=asked)
    assert len(trapped.json()["device"]) == 22
    assert await pool.fetchval("select count(*) from devices") == 0
