"""An alert that a newer version no longer has goes on for those who entered under it (promise P5)."""

import pytest

from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.conversation import ConversationDocument
from starter.documents import STARTER_CONVERSATION, load_document
from starter.versioning.live_settings import AlertTaken
from starter.versioning.publishing import publish
from tests.allocation.rules import broken_rules
from tests.product import Shop, subject


def _with_another_alert() -> ConversationDocument:
    text = STARTER_CONVERSATION.read_text(encoding="utf-8")
    renamed = text.replace("\n  back-in-stock:\n", "\n  restock:\n").replace(
        "on: back-in-stock.alert", "on: restock.alert"
    )
    return load_document(renamed, "renamed")


def _on_another_list(document: ConversationDocument) -> ConversationDocument:
    return document.model_copy(update={"list": document.list.model_copy(update={"code": "other"})})


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    return await Shop.opened(pool)


async def test_those_in_line_of_a_retired_alert_are_called_when_stock_comes(shop: Shop, pool: Pool) -> None:
    (early,) = await shop.signs_up("early")
    await publish(pool, _on_another_list(_with_another_alert()))
    await shop.has("v", 1)
    assert await broken_rules(pool) == []
    waitlist = Waitlist(pool)
    assert (await waitlist.give_places(subject("v"))).to_notify == 1
    assert [claim.journey_id for claim in await waitlist.claims_to_notify(subject("v"), 10)] == [early]


async def test_an_alert_that_people_wait_under_cannot_be_given_another_name(shop: Shop, pool: Pool) -> None:
    """Two lines for the same units would tell twice as many people as there are units."""
    await shop.signs_up("early")
    with pytest.raises(AlertTaken, match="1 people wait under 'back-in-stock'"):
        await publish(pool, _with_another_alert())
    assert await pool.fetchval("select count(*) from alerts where not retired") == 1


async def test_what_a_retired_alert_opened_closes_when_it_is_sold_out(shop: Shop, pool: Pool) -> None:
    """Else a reminder would say that it is still here."""
    await shop.has("v", 1)
    await publish(pool, _with_another_alert())
    await shop.has("v", 0)
    assert await pool.fetchval("select count(*) from episodes where closed_at is null") == 0
    await shop.has("v", 1)
    assert await pool.fetch("select alert_id from episodes where closed_at is null") == [("restock",)]
