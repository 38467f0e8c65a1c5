"""A message looked at as a contact would read it: of one's own stores alone, in their language, and on record."""

import pytest

from activities.postgres.pool import Pool
from schemas.responses.users import Role
from starter.documents import load_document
from tests.console.designing.desk import EVERYTHING, Desk
from tests.console.designing.test_writing import AT
from tests.product import Shop

HELLO = {
    "place": "messages.hello",
    "act": "save",
    "f.channel": "email",
    "f.subject": "Hello {{ contact.attributes.first_name }}",
    "f.text": "Good day",
}


@pytest.fixture
async def ann(pool: Pool, desk: Desk) -> str:
    """Ann, who waits in a shop. Returns her id."""
    shop = await Shop.opened(pool)
    await shop.signs_up("ann")
    named = {"first_name": "Ann-Marie"}
    return await pool.fetchval(
        "update contacts set attributes = $1 where email = 'ann@example.com' returning id", named
    )


async def looks(pool: Pool) -> int:
    """How many looks at a person are on record."""
    return await pool.fetchval("select count(*) from audit where action = 'look at contact'")


async def test_a_message_is_shown_as_a_contact_reads_it_and_the_look_is_on_record(
    desk: Desk, pool: Pool, ann: str
) -> None:
    for asked in (ann, " ANN@example.com "):
        shown = await desk.post(f"{AT}/preview", for_contact=asked, **HELLO)
        assert "Hello Ann-Marie" in shown.text
    assert await looks(pool) == 1, "once for each hour"
    assert "Ann-Marie" not in (await desk.post(f"{AT}/preview", **HELLO)).text


async def test_nobody_of_another_store_is_shown(desk: Desk, pool: Pool, ann: str) -> None:
    for asked in ("ann@", "c-nobody", "a"):
        shown = await desk.post(f"{AT}/preview", for_contact=asked, **HELLO)
        assert "Nobody in your stores is known" in shown.text
    text = EVERYTHING.replace("conversation: everything", "conversation: theirs")
    text = text.replace("{code: all,", "{code: theirs, stores: [theirs.example],").replace(
        "list: all\n", "list: theirs\n"
    )
    await desk.services.versions.save(text, load_document(text, "it"), "test", None)
    await desk.sign_in(Role.EDITOR, "theirs.example")
    shown = await desk.post("/conversations/theirs/preview", for_contact=ann, **HELLO)
    assert "Nobody in your stores is known" in shown.text
    assert (await desk.post(f"{AT}/preview", for_contact=ann, **HELLO)).status_code == 403
    assert await looks(pool) == 0
