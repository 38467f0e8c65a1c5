"""Messages are looked at for real contacts and products, and sent to oneself, without any journey."""

from dataclasses import replace

import pytest

from activities.postgres.pool import Pool
from activities.rendering.samples import FULL
from activities.senders.registry import Senders
from activities.stock.products import UnknownProduct
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox
from starter.documents import load_document
from starter.ops.chosen_message import NoSuchMessage
from starter.ops.handing_over import CannotSendTest
from starter.ops.previews import (
    About,
    AddressRefusesTests,
    NoSuchContact,
    Previews,
    previews_of,
)
from starter.runtime.ports import free_port
from tests.conformance.providers import At, BarePeer, Does, Plan
from tests.product import STORE, Shop, address, starter_document
from tests.simulated.sms import FROM, SimulatedTwilio
from tests.sms.told import BOTH, NUMBER

DOCUMENT = starter_document()


def previews(pool: Pool, smtp_port: int) -> Previews:
    settings = Settings(smtp_host="127.0.0.1", smtp_port=smtp_port, sender="The Shop <hello@shop.example>")
    return Previews(pool, settings, Senders.from_settings)


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    shop = await Shop.opened(pool)
    await shop.charges_in("EUR")
    await shop.asks("12.50")
    await shop.has("v", 7)
    return shop


async def test_a_message_shows_the_product_and_the_contact_that_it_is_asked_for(shop: Shop, mailbox: Mailbox) -> None:
    await shop.signs_up("ada")
    contact = await shop.pool.fetchval(
        """update contacts set attributes = '{"language": "de-AT", "first_name": "Ada"}' returning id"""
    )
    facts = await previews(shop.pool, mailbox.port).facts(About(contact, STORE, variant_id="v"))
    assert (facts.product.title, facts.variant.title, facts.variant.units) == ("Blue kettle", "v", 7)
    assert facts.product.url.endswith("/products/blue-kettle?variant=v")
    assert (str(facts.variant.price), facts.variant.currency, facts.language) == ("12.50", "EUR", "de-AT")
    (shown,) = previews_of(DOCUMENT, facts, "it-is-back", None).messages
    assert "Blue kettle (v) is back" in shown.text
    assert "€12.50" in (shown.html or "")
    whole = await previews(shop.pool, mailbox.port).facts(About(store_id=STORE, product_id="p"))
    assert (whole.variant.title, whole.variant.units, str(whole.variant.price)) == ("", 7, "12.50")


async def test_who_and_what_is_not_there_is_said(shop: Shop, mailbox: Mailbox) -> None:
    asked = previews(shop.pool, mailbox.port)
    with pytest.raises(NoSuchContact):
        await asked.facts(About(contact_id="nobody"))
    with pytest.raises(UnknownProduct):
        await asked.facts(About(store_id=STORE, variant_id="x"))
    with pytest.raises(NoSuchMessage, match="It has: it-is-back, still-here"):
        previews_of(DOCUMENT, FULL, "x", None)
    with pytest.raises(NoSuchMessage, match="written in 'fr'"):
        previews_of(DOCUMENT, FULL, None, "fr")


async def test_a_test_reaches_oneself_marked_and_no_ledger(shop: Shop, mailbox: Mailbox) -> None:
    sent = await previews(shop.pool, mailbox.port).send_test(DOCUMENT, "it-is-back", "me@shop.example", FULL, "ann")
    (mail,) = mailbox.mails
    read = mail.read()
    assert mail.recipients == ("me@shop.example",)
    assert read["Subject"] == sent.subject == "[Test] Blue kettle is back"
    assert read["Message-ID"] == f"<{sent.message_id}>"
    assert read["From"].addresses[0].addr_spec == "hello@shop.example"
    html = read.get_body(("html",))
    assert html is not None
    assert "See it in the shop" in html.get_content()
    assert await shop.pool.fetchval("select count(*) from sends") == 0
    rows = await shop.pool.fetch("select details::text as details from audit where action = 'send test message'")
    assert len(rows) == 1
    assert "me@shop.example" not in rows[0]["details"]


async def test_an_address_that_said_no_gets_no_test_nor_one_whose_person_was_erased(
    shop: Shop, mailbox: Mailbox
) -> None:
    await shop.signs_up("ada", "ben")
    await shop.bounces("ada")
    await shop.bounces("ben")
    await shop.is_erased("ben")
    for name in ("ada", "ben"):
        with pytest.raises(AddressRefusesTests):
            await previews(shop.pool, mailbox.port).send_test(DOCUMENT, "it-is-back", address(name), FULL, "ann")
    assert mailbox.mails == ()


async def test_a_no_on_one_channel_refuses_tests_there_and_a_yes_after_it_takes_them(
    shop: Shop, mailbox: Mailbox
) -> None:
    await shop.signs_up("ada")
    said = "insert into consents (contact_id, channel, granted, source) select id, $1, $2, 'till' from contacts"
    asked = previews(shop.pool, mailbox.port)
    await shop.pool.execute(said, "sms", False)
    await asked.send_test(DOCUMENT, "it-is-back", address("ada"), FULL, "ann")
    await shop.pool.execute(said, "email", False)
    with pytest.raises(AddressRefusesTests):
        await asked.send_test(DOCUMENT, "it-is-back", address("ada"), FULL, "ann")
    with pytest.raises(AddressRefusesTests):
        await asked.send_check(address("ada"), "ann")
    await shop.pool.execute(said, "email", True)
    await asked.send_test(DOCUMENT, "it-is-back", address("ada"), FULL, "ann")
    assert len(mailbox.mails) == 2


async def test_where_no_mail_server_answers_it_is_said_without_the_address(shop: Shop) -> None:
    with pytest.raises(CannotSendTest) as caught:
        await previews(shop.pool, free_port()).send_test(DOCUMENT, "it-is-back", "me@shop.example", FULL, "ann")
    assert "me@" not in str(caught.value)


async def test_what_perhaps_left_is_in_the_audit_by_a_digest_of_where_it_went(shop: Shop) -> None:
    async with BarePeer() as peer:
        peer.plan = Plan(At.TAKEN, Does.DROP)
        asked = previews(shop.pool, peer.port)
        with pytest.raises(CannotSendTest, match="Perhaps"):
            await asked.send_test(DOCUMENT, "it-is-back", "me@shop.example", FULL, "ann")
        with pytest.raises(CannotSendTest, match="Perhaps"):
            await asked.send_check("me@shop.example", "ben")
    noted = await shop.pool.fetch(
        "select actor, action, details ->> 'recipient_digest' in "
        "(select encode(each, 'hex') from digests('me@shop.example') each) "
        "from audit where action like 'send %' order by id"
    )
    assert [tuple(each) for each in noted] == [("ann", "send test message", True), ("ben", "send check mail", True)]


async def test_a_test_is_in_the_language_that_is_asked_for(shop: Shop, mailbox: Mailbox) -> None:
    german = replace(FULL, attributes={"language": "de"})
    message = DOCUMENT.messages["it-is-back"]
    words = message.model_copy(
        update={"language": "en", "locales": {"de": message.model_copy(update={"subject": "Wieder da"})}}
    )
    document = DOCUMENT.model_copy(update={"messages": {"it-is-back": words}})
    sent = await previews(shop.pool, mailbox.port).send_test(document, "it-is-back", "me@shop.example", german, "ann")
    assert (sent.language, sent.subject) == ("de", "[Test] Wieder da")


async def test_a_text_message_is_tried_out_on_ones_own_phone(pool: Pool) -> None:
    document = load_document(BOTH, "both.yaml")
    (shown,) = previews_of(document, FULL, "text", None).messages
    assert (shown.subject, shown.html) == (None, None)
    async with SimulatedTwilio() as twilio:
        found = {
            "smtp_host": "127.0.0.1",
            "sms_provider": "twilio",
            "sms_key_id": "AC1",
            "sms_secret": "token",
            "sms_sender": FROM,
        }
        settings = Settings.model_validate({**found, "sms_url": twilio.url})
        sent = await Previews(pool, settings, Senders.from_settings).send_test(document, "text", NUMBER, FULL, "ann")
    (took,) = twilio.taken
    assert (took.to, took.text, sent.subject) == (NUMBER, f"[Test] {shown.text}", None)


async def test_where_no_mail_server_is_named_the_setting_is_told(shop: Shop) -> None:
    without = Previews(shop.pool, Settings(), Senders.from_settings)
    with pytest.raises(CannotSendTest, match="SHELFTALK_SMTP_HOST"):
        await without.send_test(DOCUMENT, "it-is-back", "me@shop.example", FULL, "ann")
