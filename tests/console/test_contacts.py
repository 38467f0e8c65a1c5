"""Finding a person: by how their address or number begins, of one's own stores, each look on record."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.responses.users import Grant, Role
from tests.console.support import Console, console_over, of_all
from tests.product import STORE, Shop


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    """A shop whose variant `v` Ann, Anna and Bob wait for."""
    shop = await Shop.opened(pool)
    await shop.signs_up("ann", "anna", "bob")
    return shop


@pytest.fixture
async def console(pool: Pool, nowhere: Client, shop: Shop) -> AsyncGenerator[Console]:
    async with console_over(pool, nowhere, [of_all(Role.SUPPORT)]) as console:
        yield console


async def found(console: Console, asked: str) -> list[str | None]:
    page = await console.services.contacts.search(asked, "test")
    return [each.email or each.phone for each in page.contacts]


async def test_a_person_is_found_by_how_their_address_begins_in_any_letter_case(console: Console) -> None:
    assert await found(console, "ann") == ["ann@example.com", "anna@example.com"]
    assert await found(console, " ANNA@") == ["anna@example.com"]
    assert await found(console, "nna") == []
    assert await found(console, "an") == [], "nobody leafs through everyone"


async def test_a_number_is_found_however_it_is_written(console: Console, pool: Pool) -> None:
    await pool.execute("update contacts set phone = '+4917112345678' where email = 'bob@example.com'")
    for written in ("+49 171 1234", "0049 (171) 12", "49171", "+4917112345678"):
        assert await found(console, written) == ["bob@example.com"], written


async def test_signs_in_what_is_asked_for_are_no_wildcards(console: Console) -> None:
    assert await found(console, "a%n") == []
    assert await found(console, "ann_") == []
    assert await found(console, "ann\x00@") == ["ann@example.com"]


async def test_pages_follow_each_other_without_gap_or_repetition(console: Console, pool: Pool) -> None:
    await pool.execute(
        "insert into contacts (id, email) "
        "select 'c-many-' || n, 'many' || n || '@example.com' from generate_series(1, 25) n"
    )
    seen: list[str] = []
    after = None
    while True:
        page = await console.services.contacts.search("many", "test", after=after, limit=10)
        seen += [each.id for each in page.contacts]
        if (after := page.next) is None:
            break
    assert len(seen) == len(set(seen)) == 25


async def test_who_is_for_one_store_finds_only_whom_it_knows(pool: Pool, nowhere: Client, shop: Shop) -> None:
    await pool.execute("insert into contacts (id, email) values ('c-of-nobody', 'anne@example.com')")
    async with console_over(pool, nowhere, [Grant(role=Role.SUPPORT, store_id=STORE)]) as own:
        page = (await own.post("/contacts", asked="ann")).text
        assert ("anna@example.com" in page, "anne@example.com" in page) == (True, False)
        assert "Nobody was found" in (await own.post("/contacts", asked="c-of-nobody")).text
    async with console_over(pool, nowhere, [Grant(role=Role.SUPPORT, store_id=StoreId("other.example"))]) as other:
        assert "Nobody was found" in (await other.post("/contacts", asked="ann")).text


async def test_who_may_see_numbers_alone_finds_nobody(pool: Pool, nowhere: Client, shop: Shop) -> None:
    async with console_over(pool, nowhere, [of_all(Role.VIEWER)]) as viewers:
        assert (await viewers.post("/contacts", asked="ann")).status_code == 403


async def test_whoever_was_found_is_on_record_once_and_never_by_their_address(console: Console, pool: Pool) -> None:
    for asked in ("ann", "anna", "ann@"):
        await console.post("/contacts", asked=asked)
    rows = await pool.fetch("select actor, details::text from audit where action = 'find contact'")
    assert {row["actor"] for row in rows} == {f"user {console.user_id}"}
    assert len(rows) == 2


async def test_a_search_as_one_types_answers_with_the_people_alone(console: Console) -> None:
    asked = {"asked": "anna", "csrf": console.csrf}
    part = await console.client.post("/contacts", data=asked, headers={"HX-Request": "true"})
    assert "anna@example.com" in part.text
    assert "<html" not in part.text
