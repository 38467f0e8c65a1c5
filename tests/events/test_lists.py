"""Joining a list: once, at the earliest time told, and only a list that there is."""

import asyncio
from itertools import permutations

import pytest

from activities.intake.events import ALREADY_ON_LIST
from activities.postgres.pool import Pool
from starter.versioning.publishing import publish
from tests.events.test_enlisting import back
from tests.events.told import ago, considered, conversation, event, only, tell
from tests.http.web import Web, product_message
from tests.storefronts.shop import SHOP


@pytest.fixture(autouse=True)
async def default_list(web: Web, pool: Pool) -> None:
    """A conversation of the list is published, for those who are on it and have no tag."""
    untagged = {
        "all": [{"contact.lists": {"contains": "Default"}}, {"contact.tags": {"does_not_contain": "wholesale"}}]
    }
    await publish(pool, conversation({"back": back(profile_filter=untagged)}))
    await web.webhook("products/update", product_message())


async def test_who_joins_is_on_the_list_and_has_agreed_to_nothing(web: Web, pool: Pool) -> None:
    joined = event("joined_list", list="default", happened_at=ago(days=3))
    (outcome,) = await tell(web, joined)
    assert (outcome["status"], outcome["effect"]) == ("accepted", {"alerts": [], "conversations": [], "note": None})
    row = await only(pool, "select m.*, e.list_code as told from list_members m, events e")
    assert (row["contact_id"], row["list_code"], row["told"]) == (outcome["contact"], "default", "default")
    assert (row["joined_at"].isoformat(), row["source"]) == (joined["happened_at"], f"event/{SHOP}")
    assert await pool.fetchval("select count(*) from consents") == 0


async def test_a_list_that_there_is_not_is_refused_and_nothing_is_kept(web: Web, pool: Pool) -> None:
    refused, taken = await tell(web, event("joined_list", list="vip"), event("joined_list", "ben", list="default"))
    assert (refused["status"], taken["status"]) == ("refused", "accepted")
    assert refused["refused"].startswith("There is no list 'vip'.")
    assert (await only(pool, "select email from contacts"))["email"] == "ben@example.com"
    assert await pool.fetchval("select count(*) from events") == 1


@pytest.mark.parametrize("arrival", list(permutations(range(3))))
async def test_in_any_order_of_arrival_they_are_members_since_the_earliest(
    web: Web, pool: Pool, arrival: tuple[int, ...]
) -> None:
    told = [event("joined_list", list="default", happened_at=ago(days=days)) for days in (2, 9, 5)]
    outcomes = [(await tell(web, told[number]))[0] for number in arrival]
    assert [outcome["effect"]["note"] for outcome in outcomes] == [None, ALREADY_ON_LIST, ALREADY_ON_LIST]
    assert (await only(pool, "select joined_at from list_members"))["joined_at"].isoformat() == told[1]["happened_at"]


async def test_joining_twenty_times_at_once_is_joining_once(web: Web, pool: Pool) -> None:
    answers = await asyncio.gather(*(tell(web, event("joined_list", list="default")) for _ in range(20)))
    notes = [outcome["effect"]["note"] for (outcome,) in answers]
    assert (notes.count(None), notes.count(ALREADY_ON_LIST)) == (1, 19)
    await only(pool, "select from list_members")


async def test_criteria_know_the_lists_and_the_tags_of_a_contact(web: Web, pool: Pool) -> None:
    for who in ("ann", "ben"):
        await tell(web, event("joined_list", who, list="default"))
    tag = "insert into contact_tags (contact_id, tag) select id, 'Wholesale' from contacts where email = $1"
    await pool.execute(tag, "ben@example.com")
    stands = {who: (await considered(web, event(who=who)))["back"] for who in ("ann", "ben", "cat")}
    assert stands == {"ann": "entered", "ben": "filtered", "cat": "filtered"}
