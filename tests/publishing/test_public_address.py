"""What needs the installation's public address is refused, or said, where there is none."""

import pytest

from activities.postgres.pool import Pool
from schemas.document.conversation import ListSection
from starter.runtime.ports import free_port
from starter.versioning.public_address import NoPublicAddress, public_address_notes
from starter.versioning.publishing import Publishing
from starter.versioning.versions import Versions
from tests.consent.asked import ASKED, asking
from tests.http.conftest import web_over
from tests.http.web import problem
from tests.product import starter_document
from tests.strict_mail import PUBLIC_URL
from worker import connect


async def test_a_double_opt_in_that_nobody_could_answer_is_not_published(pool: Pool) -> None:
    document = asking()
    met = await Publishing(pool).try_out(document)
    assert met.refused is not None
    assert met.refused.startswith("list.double_opt_in: ")
    with pytest.raises(NoPublicAddress, match="SHELFTALK_PUBLIC_URL"):
        await Publishing(pool).publish(document)
    assert await pool.fetchval("select count(*) from versions") == 0
    reached = Publishing(pool, PUBLIC_URL)
    assert (await reached.try_out(document)).refused is None
    assert (await reached.publish(document)).new
    await reached.publish(document.model_copy(update={"name": "Another"}))
    with pytest.raises(NoPublicAddress):
        await Versions(pool).rollback(ASKED, 1, "test", None)


async def test_links_that_there_would_be_none_of_are_named(pool: Pool) -> None:
    document = starter_document()
    back = document.messages["it-is-back"]
    told = back.model_copy(update={"mjml": None, "text": "{{ product.url }} {{ links . page }}{{ links.unsubscribe }}"})
    uses = document.model_copy(
        update={
            "list": ListSection.model_validate({"track_clicks": True, "track_opens_in": ["US"]}),
            "messages": document.messages | {"it-is-back": told},
        }
    )
    notes = (await Publishing(pool).try_out(uses)).warnings
    assert [note.partition(":")[0] for note in notes] == [
        *("list.track_clicks", "list.track_opens_in", "messages.it-is-back", "messages.still-here")
    ]
    assert "'links.page', 'links.unsubscribe'" in notes[2]
    assert all("Set SHELFTALK_PUBLIC_URL" in note for note in notes)
    assert (await Publishing(pool, PUBLIC_URL).try_out(uses)).warnings == ()


def test_what_uses_no_link_needs_no_address() -> None:
    plain = starter_document()
    words = {
        name: each.model_copy(update={"mjml": None, "text": "It is back."}) for name, each in plain.messages.items()
    }
    assert public_address_notes(plain.model_copy(update={"messages": words}), None) == ()


async def test_the_server_answers_so_too(pool: Pool) -> None:
    nowhere = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    yaml = asking().model_dump_json(by_alias=True, exclude_defaults=True)
    async with web_over(pool, nowhere) as web:
        problem(await web.keyed.post("/v1/conversations", content=yaml), 409, "conflict")
