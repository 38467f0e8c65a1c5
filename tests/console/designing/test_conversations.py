"""The list of conversations and the tree of one: who sees them, and what they are shown."""

import re

import pytest

from activities.postgres.pool import Pool
from bench.busy_shop import LONG, long_conversation
from bench.console import MOST_PAGE_BYTES
from schemas.document.steps import MOST_STEPS, STEP_KINDS
from schemas.responses.users import Language, Role
from starter.documents import load_document
from starter.versioning.publishing import publish
from tests.console.designing.desk import EVERYTHING, Desk
from tests.product import starter_document


async def test_each_conversation_is_listed_with_its_state(desk: Desk) -> None:
    listed = (await desk.browser.get("/conversations")).text
    assert "Never published" in listed
    assert "Changed" in listed
    await publish(desk.services.versions._pool, load_document(EVERYTHING, "it"))  # pyright: ignore[reportPrivateUsage]
    listed = (await desk.browser.get("/conversations")).text
    assert "Live" in listed
    assert "Changed" not in listed


async def test_a_search_finds_by_name_and_answers_with_what_it_found_alone(desk: Desk) -> None:
    found = await desk.browser.get("/conversations", params={"search": "EVERY"})
    assert "/conversations/everything" in found.text
    nothing = await desk.browser.get("/conversations", params={"search": "nothing"}, headers={"HX-Request": "true"})
    assert "/conversations/everything" not in nothing.text
    assert "<html" not in nothing.text


async def test_a_shop_without_conversations_is_told_how_to_begin(desk: Desk) -> None:
    await desk.services.versions.discard("everything", "test")
    listed = (await desk.browser.get("/conversations")).text
    assert "There is no conversation yet" in listed
    assert 'href="/conversations/new"' in listed
    await desk.sign_in(Role.VIEWER)
    assert 'href="/conversations/new"' not in (await desk.browser.get("/conversations")).text


async def test_every_kind_of_step_is_shown_with_what_it_is_about(desk: Desk) -> None:
    shown = (await desk.browser.get("/conversations/everything")).text
    boxes = re.findall(r'id="([a-z_-]+):threads', shown)
    assert set(STEP_KINDS) <= set(boxes)
    for said in ("The whole way", "customer", "2 days", "orders.count is at least 5", "share 3", "Manual", "Draft"):
        assert said in shown


async def test_the_tree_is_in_the_readers_language(desk: Desk) -> None:
    await desk.sign_in(Role.VIEWER, language=Language.GERMAN)
    shown = (await desk.browser.get("/conversations/everything")).text
    assert "Wenn es nicht geschah" in shown


async def test_a_conversation_of_another_shop_is_not_there(desk: Desk) -> None:
    text = EVERYTHING.replace("{code: all,", "{stores: [mine.example], code: all,")
    await desk.services.versions.save(text, load_document(text, "it"), "test", None)
    for store, status in (("mine.example", 200), ("theirs.example", 404)):
        await desk.sign_in(Role.VIEWER, store)
        assert (await desk.browser.get("/conversations/everything")).status_code == status
        listed = (await desk.browser.get("/conversations")).text
        assert ("/conversations/everything" in listed) == (status == 200)


@pytest.mark.parametrize("version", ["3", "published", "../x"])
async def test_a_version_that_is_not_there_answers_as_such(desk: Desk, version: str) -> None:
    assert (await desk.browser.get("/conversations/everything", params={"version": version})).status_code == 404
    assert (await desk.browser.get("/conversations/nothing")).status_code == 404


async def test_a_published_version_can_be_looked_at_beside_the_working_one(desk: Desk) -> None:
    await publish(desk.services.versions._pool, starter_document())  # pyright: ignore[reportPrivateUsage]
    shown = (await desk.browser.get("/conversations/back-in-stock", params={"version": "1"})).text
    assert "Version 1" in shown
    assert "Waiting list" in shown


async def test_the_longest_tree_is_sent_in_less_than_a_hundred_kilobytes(desk: Desk, pool: Pool) -> None:
    await publish(pool, long_conversation(starter_document()))
    answer = await desk.browser.get(f"/conversations/{LONG}")
    assert answer.status_code == 200
    assert answer.text.count('class="plus"') >= MOST_STEPS - 1
    assert len(answer.content) < MOST_PAGE_BYTES
