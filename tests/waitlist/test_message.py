"""Writing to the people of a waiting list, once, on real Temporal; and who enters late is told as everyone is."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.postgres.pool import Pool
from activities.stock.products import UnknownProduct
from schemas.channels import Channel
from schemas.document.conversation import ConversationDocument, MessageSection
from starter.documents import load_document
from starter.versioning.publishing import publish
from starter.waitlists.files.files import read_waitlist
from starter.waitlists.importing import WaitlistImport
from starter.waitlists.waitlists import Lines, MoreRecipients, UnknownMessage, Waitlists
from tests.documents.starters import REMINDERS
from tests.product import STORE, Product, addressees, starter_document
from tests.waitlist.late import ignore

LATER = MessageSection(
    channel=Channel.EMAIL, subject="It takes a little longer", text="Sorry, {{ product.title }} is late."
)
LINE = Lines(STORE, "v")


def with_news() -> ConversationDocument:
    """The starter conversation with one message more, that no thread sends."""
    document = starter_document()
    return document.model_copy(update={"messages": {**document.messages, "news": LATER}})


async def test_those_in_line_are_written_to_once_keep_their_place_and_are_told_as_ever(product: Product) -> None:
    await product.shop.sells("v")
    (without,) = await product.shop.signs_up("without")
    await publish(product.pool, with_news())
    first, second = await product.shop.signs_up("first", "second")
    await product.settled()
    waitlists = Waitlists(product.pool)
    shown = await waitlists.would_broadcast(LINE, "news")
    assert (shown.to_hear, shown.lacking, shown.sent_before, shown.done) == (2, 1, 0, False)
    with pytest.raises(MoreRecipients):
        await waitlists.broadcast(LINE, "news", "test", at_most=1)
    assert (await waitlists.broadcast(LINE, "news", "test", at_most=2)).done
    assert "longer" in await product.mail_to("first")
    assert "longer" in await product.mail_to("second")
    await product.settled()
    again = await waitlists.broadcast(LINE, "news", "test")
    assert (again.to_hear, again.sent_before) == (0, 2)
    for journey in (first, second):  # even if somebody asks behind its back
        await product.pool.execute(
            "insert into outbox (kind, journey_id, message) values ('broadcast', $1, 'news')", journey
        )
    await product.settled()
    line = await waitlists.show(LINE, None)
    assert [each.journey_id for each in line.waiting] == [without, first, second]
    await product.shop.has("v", 2)
    for name in ("without", "first"):
        assert "back" in await product.mail_to(name, after=2)
    await product.settled()
    assert sorted(addressees(product.mailbox)) == ["first", "first", "second", "without"]
    path = await product.path(first)
    assert [entry.step for entry in path.entries][:3] == ["waiting-list", "broadcast/news", "waiting-list"]
    audit = await product.pool.fetch(
        "select details ->> 'contacts' as contacts from audit where action = 'message waiting list' order by id"
    )
    assert [row["contacts"] for row in audit] == ["2", "0"]


async def test_a_message_or_product_that_is_not_known_is_said(pool: Pool, product: Product) -> None:
    with pytest.raises(UnknownProduct):
        await Waitlists(pool).would_broadcast(LINE, "it-is-back")
    await product.shop.sells("v")
    with pytest.raises(UnknownMessage):
        await Waitlists(pool).would_broadcast(LINE, "unheard-of")


async def test_who_was_imported_is_told_in_their_turn_and_not_thanked_for_signing_up(product: Product) -> None:
    await publish(product.pool, load_document(REMINDERS, "reminders.yaml"))
    await product.shop.sells("v")
    await product.shop.signs_up("today")
    assert "We will tell you" in await product.mail_to("today")
    long_ago = datetime.now(UTC) - timedelta(days=30)
    text = f"email,variant_id,signed_up_at\nimported@example.com,v,{long_ago.isoformat()}\n"
    await WaitlistImport(product.pool, read_waitlist(text.encode()), STORE).run(ignore, ignore, keep=True, actor="test")
    await product.settled()
    await product.shop.has("v", 1)  # of which two are told
    for name in ("imported", "today"):
        assert "back" in await product.mail_to(name, after=1)
    await product.settled()
    assert sorted(addressees(product.mailbox)) == ["imported", "today", "today"]


async def test_who_enters_late_for_what_is_in_stock_is_told_at_once(product: Product) -> None:
    await publish(product.pool, starter_document(tells_late_entrants=True))
    await product.shop.sells("v")
    await product.shop.has("v", 1)
    text = "email,variant_id,signed_up_at\n" + "".join(
        f"{name}@example.com,v,{(datetime.now(UTC) - timedelta(days=days)).isoformat()}\n"
        for name, days in (("second", 1), ("first", 2))
    )
    await WaitlistImport(product.pool, read_waitlist(text.encode()), STORE).run(ignore, ignore, keep=True, actor="test")
    assert "back" in await product.mail_to("first")
    await product.settled()
    assert addressees(product.mailbox) == ["first"], "one unit, one person"
