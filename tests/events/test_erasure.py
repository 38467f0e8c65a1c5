"""Forgetting people: nothing of them is left, their places pass on, and others stay (P8)."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from structlog.testing import capture_logs

from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.price_drop import PriceDrop
from schemas.document.alert_types.registry import AlertSection
from schemas.document.alert_types.vocabulary import Action, AlertType
from schemas.ids import StoreId, Subject
from starter.versioning.publishing import publish
from tests.events.told import claimed, conversation, event, line, only, order, tell
from tests.http.web import Web, product_message
from tests.storefronts.shop import SHOP

SMALL = Subject(store_id=StoreId(SHOP), id="31")
ALERTS: dict[str, AlertSection] = {
    "back": BackInStock(type=AlertType.BACK_IN_STOCK, action=Action.SIGN_UP),
    "drop": PriceDrop.model_validate({"type": "price-drop", "action": "browse", "drops_by": "10%"}),
}
ELSEWHERE = "elsewhere.myshopify.com"


async def everywhere(pool: Pool, text: str) -> list[str]:
    """Every column of every table in which this text stands anywhere, whatever its case."""
    columns = await pool.fetch(
        """
        select table_name, column_name, data_type
        from information_schema.columns join information_schema.tables using (table_schema, table_name)
        where table_schema = 'public' and table_type = 'BASE TABLE'
          and data_type in ('text', 'jsonb', 'ARRAY', 'bytea', 'character varying')"""
    )
    found: list[str] = []
    for row in columns:
        shown = f"encode({row['column_name']}, 'escape')" if row["data_type"] == "bytea" else row["column_name"]
        query = f"select exists (select from {row['table_name']} where {shown}::text ilike '%' || $1 || '%')"
        if await pool.fetchval(query, text):
            found.append(f"{row['table_name']}.{row['column_name']}")
    return found


_requests = count(1)
"""No two requests have the same body: a body that comes again is the same request."""


async def redact(web: Web, who: str = "ann") -> None:
    person = {"id": 7, "email": f"{who.title()}@Example.com", "phone": "555-625-1199"}
    asked = {"shop_id": 1, "shop_domain": SHOP, "customer": person, "orders_to_redact": [next(_requests)]}
    assert (await web.webhook("customers/redact", asked)).json() == {"receipt": "applied"}


@pytest.fixture
async def known(web: Web, pool: Pool) -> Callable[[str], Awaitable[None]]:
    """Makes a contact known in every way there is."""
    await publish(pool, conversation(ALERTS))
    await web.webhook("products/update", product_message())

    async def make_known(who: str) -> None:
        address = f"{who}@example.com"
        assert (await web.sign_up(address)).status_code == 202
        personal: dict[str, Any] = {"properties": {"mail": address}, "attributes": {"mail": address.upper()}}
        await tell(web, event(who=who, **personal), event("custom", who, name="n"), order(f"o-{who}", who))
        await tell(
            web, event("clicked_message", who, message=f"<1.{address}>"), event("joined_list", who, list="default")
        )
        tag = "insert into contact_tags (contact_id, tag) select id, 'vip' from contacts where email = $1"
        await pool.execute(tag, address)
        await web.webhook("orders/create", {"id": "no id", "email": address, "line_items": []})
        await pool.execute(
            "insert into suppressions (channel, address, reason) values ('email', $1, 'complaint')", address
        )

    return make_known


async def test_of_an_erased_contact_nothing_is_left(
    web: Web, pool: Pool, known: Callable[[str], Awaitable[None]]
) -> None:
    with capture_logs() as logs:
        await known("ann")
        await known("ben")
        assert len(await everywhere(pool, "ann@example.com")) == 6, "the test would see it"
        await redact(web)
    assert await everywhere(pool, "ann@") == []
    erased = await only(pool, "select * from contacts where erased_at is not null")
    assert (erased["email"], erased["attributes"], erased["attributes_at"]) == (None, {}, None)
    assert await pool.fetchval("select count(*) from orders where contact_id = $1", erased["id"]) == 0
    assert len(await everywhere(pool, "ben@")) == 6
    for table in ("list_members", "contact_tags"):
        (row,) = await pool.fetch(f"select contact_id from {table}")
        assert row["contact_id"] != erased["id"], "ben's"
    audit = await only(pool, "select action, details from audit where action = 'contact erased'")
    assert tuple(audit) == ("contact erased", {"store": SHOP, "contact": erased["id"]})
    assert logs
    assert "ann@" not in repr(logs).lower()


async def test_the_erased_leave_the_line_and_their_place_passes_on(web: Web, pool: Pool) -> None:
    await publish(pool, conversation(ALERTS))
    await web.webhook("products/update", product_message())
    for who in ("ann", "ben", "cat"):
        await web.sign_up(f"{who}@example.com")
    await web.webhook("products/update", product_message(1, units=1))
    await Waitlist(pool).give_places(SMALL)
    assert await claimed(pool) == ["ann"]
    await pool.execute("delete from outbox")
    await redact(web, "ann")
    asked = await pool.fetch("select kind, reason, subject from outbox order by id")
    assert [tuple(row) for row in asked] == [("leave", "erased", None), ("look_again", None, "variant/31")]
    await Waitlist(pool).give_places(SMALL)
    assert await claimed(pool) == ["ben"]
    await redact(web, "cat")
    assert await line(pool, "back") == []
    reasons = [row["reason"] for row in await pool.fetch("select reason from waiting where state = 'left'")]
    assert reasons == ["erased", "erased"]


async def test_an_event_that_is_sent_again_brings_nobody_back(web: Web, pool: Pool) -> None:
    told = event()
    (first,) = await tell(web, told)
    await redact(web)
    (again,) = await tell(web, told)
    assert again["status"] == "repeated"
    (by_id,) = await tell(web, event(email=None, contact=first["contact"]))
    assert (by_id["status"], by_id["contact"]) == ("refused", None)
    assert await everywhere(pool, "ann@") == []


async def test_someone_erased_who_comes_back_is_someone_new(web: Web, pool: Pool) -> None:
    (first,) = await tell(web, event())
    await redact(web)
    (later,) = await tell(web, event())
    assert (later["status"], later["contact"] == first["contact"]) == ("accepted", False)


async def test_whom_nobody_knows_is_forgotten_already(web: Web, pool: Pool) -> None:
    await web.webhook("products/update", product_message())
    await redact(web)
    await redact(web)
    assert await pool.fetchval("select count(*) from contacts") == 0
    assert await pool.fetchval("select count(*) from audit where action = 'contact erased'") == 2


async def test_a_shop_that_leaves_takes_its_people_with_it_and_no_others(
    web: Web, pool: Pool, known: Callable[[str], Awaitable[None]]
) -> None:
    for who in ("ann", "ben"):
        await known(who)
    await web.keyed.put(f"/v1/stores/{ELSEWHERE}/products/p", json={"title": "P", "variants": [{"variant": "v"}]})
    there = {"store": ELSEWHERE, "variant": "v", "email": "ben@example.com"}
    await web.open.post("/v1/signups", json=there)
    await tell(web, event(who="cat", store=ELSEWHERE))
    list_of_cat = event("joined_list", "cat", store=ELSEWHERE, list="default")
    await tell(web, list_of_cat, event("custom", "cat", name="quiz"), event("joined_list", "cat", list="default"))
    await pool.execute("delete from outbox")
    answer = await web.webhook("shop/redact", {"shop_id": 1, "shop_domain": SHOP})
    assert answer.json() == {"receipt": "applied"}
    assert await everywhere(pool, "ann@") == []
    assert await line(pool, "back") == ["ben"], "elsewhere"
    left = await pool.fetch("select distinct store_id, reason from waiting where state = 'left'")
    assert [tuple(row) for row in left] == [(SHOP, "erased")]
    assert await pool.fetchval("select count(*) from events where store_id = $1", SHOP) == 0
    assert await pool.fetchval("select count(*) from orders") == 0
    members = "select c.email from list_members m join contacts c on c.id = m.contact_id"
    assert (await only(pool, members))["email"] == "cat@example.com", "whom the other shop told of as well"
    assert await pool.fetchval("select count(*) from contacts where email is not null") == 2
    assert await pool.fetchval("select count(*) from outbox where kind = 'leave'") == 4, "two each"


async def test_a_data_request_is_put_on_record_by_ids(web: Web, pool: Pool) -> None:
    (told,) = await tell(web, event())
    asked = {"shop_domain": SHOP, "customer": {"email": "ann@example.com"}, "data_request": {"id": 9999}}
    assert (await web.webhook("customers/data_request", asked)).json() == {"receipt": "applied"}
    audit = await only(pool, "select action, details from audit where action = 'data requested'")
    assert tuple(audit) == ("data requested", {"store": SHOP, "contact": told["contact"], "request": "9999"})
    assert await everywhere(pool, "ann@") == ["contacts.email", "contacts.mailbox"]


@pytest.mark.parametrize("topic", ["customers/redact", "shop/redact"])
async def test_a_header_that_was_changed_on_the_way_forgets_nobody(web: Web, pool: Pool, topic: str) -> None:
    await tell(web, event())
    asked = {"shop_domain": ELSEWHERE, "customer": {"email": "ann@example.com"}}
    assert (await web.webhook(topic, asked)).status_code == 400
    assert await everywhere(pool, "ann@") == ["contacts.email", "contacts.mailbox"]
