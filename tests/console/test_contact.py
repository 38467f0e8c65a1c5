"""One person's page: the answer first, the evidence below, and what support does for them."""

from collections.abc import AsyncGenerator, Sequence

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.responses.users import Grant, Language, Role
from starter.shops import contacts
from starter.shops.people import Changes
from starter.support import sent_messages, whereabouts
from tests.console.support import Console, console_over, of_all
from tests.product import STORE, Shop

OWN = [Grant(role=Role.SUPPORT, store_id=STORE)]


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    return await Shop.opened(pool)


@pytest.fixture
async def journeys(shop: Shop) -> list[JourneyId]:
    """Of Ann and Bob, who wait for the variant `v`."""
    return await shop.signs_up("ann", "bob")


@pytest.fixture
async def console(pool: Pool, nowhere: Client, journeys: Sequence[JourneyId]) -> AsyncGenerator[Console]:
    async with console_over(pool, nowhere, [of_all(Role.ADMIN)]) as console:
        yield console


async def contact(pool: Pool, name: str = "ann") -> ContactId:
    return await pool.fetchval("select id from contacts where email = $1", f"{name}@example.com")


async def test_the_answer_stands_first_and_their_place_below_it(console: Console, pool: Pool) -> None:
    page = (await console.client.get(f"/contacts/{await contact(pool, 'bob')}")).text
    answer = "Blue kettle: 0 units to sell that the list counts; the alert waits for 1."
    assert answer in page
    assert page.index(answer) < page.index("Where they are") < page.index("one before them")
    assert "At their turn: send &#39;it-is-back&#39;" in page


async def test_it_is_told_in_german_too(pool: Pool, nowhere: Client, journeys: Sequence[JourneyId]) -> None:
    async with console_over(pool, nowhere, [of_all(Role.SUPPORT)], language=Language.GERMAN) as console:
        page = (await console.client.get(f"/contacts/{await contact(pool)}")).text
    assert "In der Schlange, niemand vor ihnen" in page


async def test_a_look_is_on_record_once_an_hour(console: Console, pool: Pool) -> None:
    ann = await contact(pool)
    for _ in range(3):
        await console.client.get(f"/contacts/{ann}")
    looks = await pool.fetch("select actor, details ->> 'contact' as who from audit where action = 'look at contact'")
    assert [(row["actor"], row["who"]) for row in looks] == [(f"user {console.user_id}", ann)]


async def test_another_stores_people_and_journeys_are_not_there(
    pool: Pool, nowhere: Client, journeys: Sequence[JourneyId]
) -> None:
    others = [Grant(role=Role.SUPPORT, store_id=StoreId("other.example"))]
    ann, journey = await contact(pool), journeys[0]
    async with console_over(pool, nowhere, others) as other:
        for path in (f"/contacts/{ann}", f"/journeys/{journey}", f"/journeys/{journey}/repair?do=skip"):
            assert (await other.client.get(path)).status_code == 404, path
        assert (await other.client.get(f"/journeys/{journey}/messages/it-is-back")).status_code == 404
        for path in ("tags", "attributes", "consent", "suppression", "pause"):
            fields = {
                "tag": "vip",
                "name": "size",
                "value": "42",
                "channel": "email",
                "granted": "no",
                "suppressed": "yes",
                "days": "3",
            }
            assert (await other.post(f"/contacts/{ann}/{path}", **fields)).status_code == 404, path
        assert (await other.post(f"/journeys/{journey}/cancel")).status_code == 404
        assert (await other.post(f"/journeys/{journey}/repair", do="skip", why="x")).status_code == 404
    assert await pool.fetchval("select count(*) from contact_tags") == 0
    assert await pool.fetchval("select attributes from contacts where id = $1", ann) in (None, {}, "{}")
    assert await asked_to_leave(pool, journey) is None


async def asked_to_leave(pool: Pool, journey: JourneyId) -> str | None:
    """Why a journey was asked to leave; None: it was not."""
    return await pool.fetchval("select leaving from journeys where id = $1", journey)


async def test_attributes_are_set_and_removed_and_the_audit_has_who_but_not_what(console: Console, pool: Pool) -> None:
    ann = await contact(pool)
    for name, value in (("size", "42"), ("city", "Ulm"), ("vip", "true")):
        done = await console.post(f"/contacts/{ann}/attributes", name=name, value=value)
        assert (done.status_code, done.headers["location"]) == (303, f"/contacts/{ann}?done=set")
    assert (await console.services.people.find(ann, "test")).attributes == {"size": 42, "city": "Ulm", "vip": True}
    assert 'value="true"' in (await console.client.get(f"/contacts/{ann}")).text
    removed = await console.post(f"/contacts/{ann}/attributes", name="city", value="")
    assert removed.headers["location"] == f"/contacts/{ann}?done=removed"
    assert "city" not in (await console.services.people.find(ann, "test")).attributes
    assert (await console.post(f"/contacts/{ann}/attributes", name="", value="x")).status_code == 422
    by = await pool.fetch("select actor, details from audit where details ? 'attributes'")
    assert len(by) == 4
    assert {row["actor"] for row in by} == {f"user {console.user_id}"}
    assert not [row for row in by if "Ulm" in str(row["details"])]


async def test_tags_are_put_on_and_taken_off(console: Console, pool: Pool) -> None:
    ann = await contact(pool)
    done = await console.post(f"/contacts/{ann}/tags", tag="vip")
    assert (done.status_code, done.headers["location"]) == (303, f"/contacts/{ann}?done=tagged")
    assert 'aria-label="Take off “vip”"' in (await console.client.get(done.headers["location"])).text
    await console.post(f"/contacts/{ann}/tags", untag="vip")
    assert (await console.services.people.find(ann, "test")).tags == ()
    assert (await console.post(f"/contacts/{ann}/tags", tag="")).status_code == 422


async def test_a_no_is_noted_and_said_as_what_will_happen(console: Console, pool: Pool) -> None:
    ann = await contact(pool)
    await console.post(f"/contacts/{ann}/consent", channel="email", granted="no", source="on the phone")
    page = (await console.client.get(f"/contacts/{ann}")).text
    assert "And when their turn comes: The contact has not agreed to be written to." in page
    assert "on the phone" in page
    assert (await console.services.people.find(ann, "test")).consent is False


async def test_who_is_for_one_store_notes_a_no_and_never_a_yes(
    pool: Pool, nowhere: Client, journeys: Sequence[JourneyId]
) -> None:
    ann = await contact(pool)
    async with console_over(pool, nowhere, OWN) as own:
        assert (await own.post(f"/contacts/{ann}/consent", channel="email", granted="no")).status_code == 303
        assert (await own.post(f"/contacts/{ann}/suppression", channel="email", suppressed="yes")).status_code == 303
        assert "Note a yes" not in (await own.client.get(f"/contacts/{ann}")).text
        assert (await own.post(f"/contacts/{ann}/consent", channel="email", granted="yes")).status_code == 403
        assert (await own.post(f"/contacts/{ann}/suppression", channel="email", suppressed="no")).status_code == 403
        held = await own.services.people.find(ann, "test")
    assert (held.consent, held.suppressed) == (False, "support")


async def test_a_pause_keeps_their_place_and_is_ended(console: Console, pool: Pool) -> None:
    ann = await contact(pool)
    await console.post(f"/contacts/{ann}/pause", days="30")
    assert "They asked for no messages until" in (await console.client.get(f"/contacts/{ann}")).text
    assert await pool.fetchval("select state from waiting where contact_id = $1", ann) == "waiting"
    await console.post(f"/contacts/{ann}/pause")
    assert (await console.services.people.find(ann, "test")).paused_until is None


async def test_erasing_asks_for_their_address_and_for_an_admin(console: Console, pool: Pool, nowhere: Client) -> None:
    ann = await contact(pool)
    asked = await console.post(f"/contacts/{ann}/erase", typed="bob@example.com")
    assert (asked.status_code, "This is something else." in asked.text) == (422, True)
    async with console_over(pool, nowhere, OWN) as support:
        assert (await support.post(f"/contacts/{ann}/erase", typed="ann@example.com")).status_code == 403
        assert "Erase this person" not in (await support.client.get(f"/contacts/{ann}")).text
    assert (await console.post(f"/contacts/{ann}/erase", typed="Ann@example.com")).status_code == 303
    page = (await console.client.get(f"/contacts/{ann}")).text
    assert "ann@example.com" not in page
    assert "nothing that names them is kept" in page


async def test_an_order_and_what_it_came_to_are_shown(console: Console, pool: Pool, shop: Shop) -> None:
    await shop.buys("ann")
    page = (await console.client.get(f"/contacts/{await contact(pool)}")).text
    assert page.index("Orders") < page.rindex("Blue kettle")
    assert "No orders are known" not in page


async def test_what_is_further_back_than_a_page_shows_is_a_link_away_and_nothing_is_passed_over(
    console: Console, pool: Pool
) -> None:
    ann = await contact(pool)
    await pool.execute(
        "insert into orders (store_id, order_id, contact_id, product_id, ordered_at, observed_at) "
        "select $1, 'o-' || n, $2, 'p', now() - n / 2 * interval '1 hour', now() from generate_series(1, 250) n",
        STORE,
        ann,
    )
    seen: list[str] = []
    until = None
    while True:
        view = await console.services.contacts.view(ann, "test", until=until)
        seen += [each.order_id for each in view.orders if each.order_id not in seen]
        page = (await console.client.get(f"/contacts/{ann}", params={"until": until.isoformat()} if until else {})).text
        assert ("The newest" in page, "Further back" in page) == (until is not None, view.earlier is not None)
        if view.earlier is None:
            break
        assert until is None or view.earlier < until
        until = view.earlier
    assert seen == [f"o-{n}" for n in sorted(range(1, 251), key=lambda n: (n // 2, f"o-{n}"))]


async def test_a_cancelled_journey_leaves_and_says_so(
    console: Console, pool: Pool, journeys: Sequence[JourneyId]
) -> None:
    done = await console.post(f"/journeys/{journeys[0]}/cancel")
    assert done.status_code == 303
    assert "It was asked to leave" in (await console.client.get(f"/contacts/{await contact(pool)}")).text
    assert (await console.post(f"/journeys/{journeys[0]}/cancel")).status_code in (303, 409)


async def test_what_a_contact_page_and_a_search_ask_is_answered_by_indexes(pool: Pool, shop: Shop) -> None:
    await pool.execute(
        "insert into contacts (id, email) select 'c-' || n, 'a' || md5(n::text) || '@example.com' "
        "from generate_series(1, 20000) n"
    )
    await pool.execute(
        "insert into journeys (id, contact_id, conversation, version_id, alert_id, store_id, subject, product_id, "
        "entered_at, window_ends_at) "
        "select 'j-' || n, 'c-' || n, a.conversation, c.published, a.id, $1, 'variant/v', 'p', now(), now() + '1 day' "
        "from generate_series(1, 20000) n cross join alerts a join conversations c on c.code = a.conversation",
        STORE,
    )
    await pool.execute("analyze contacts, journeys, sends, events, orders, order_totals, waiting")
    for name, sql, arguments in questions():
        async with pool.acquire() as connection:
            await connection.execute("set plan_cache_mode = force_generic_plan")
            statement = await connection.prepare(f"explain (costs off) {sql}")
            plan = "\n".join(row[0] for row in await statement.fetch(*arguments))
            await connection.execute("reset plan_cache_mode")
        for table in ("contacts", "journeys"):
            assert f"Seq Scan on {table}" not in plan, f"{name}:\n{plan}"


def questions() -> list[tuple[str, str, list[object]]]:
    """What the two pages ask, by name, with what is asked about."""
    bounds: dict[str, object] = {"begins": "abc", "ends": "abc\U0010ffff", "after": "", "stores": [STORE], "most": 21}
    of_one: dict[str, object] = {"contact_id": "c-77", "stores": [STORE], "most": 100, "until": None}
    return [
        (query.name, query.sql, query.arguments(given))
        for query, given in (
            (contacts.SQL.by_email, bounds),
            (contacts.SQL.by_phone, bounds),
            (contacts.SQL.by_id, {"contact_id": "c-77", "stores": [STORE]}),
            (contacts.SQL.orders, of_one),
            (whereabouts.SQL.under_way, of_one),
            (sent_messages.SQL.every_of_contact, of_one | {"otherwise": "email"}),
        )
    ]


async def test_what_is_set_is_shown(console: Console, pool: Pool) -> None:
    ann = await contact(pool)
    await console.services.people.change(ann, Changes(attributes={"city": "Kyoto"}), "test")
    page = (await console.client.get(f"/contacts/{ann}")).text
    assert ">city</label>" in page
    assert 'value="Kyoto"' in page
