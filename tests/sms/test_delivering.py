"""Text messages leave as mails do; what is missing for one passes over the message, never the contact (P3, P7)."""

import pytest
from temporalio.client import Client

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered
from schemas.channels import Channel
from schemas.ids import JourneyId, message_reference
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.journey.outcome import AfterRefusal, Refused, Sent
from schemas.reasons import Ending, Reason
from starter.devstack.mailbox import Mailbox
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter
from tests.feedback.told import tell, text
from tests.product import STORE, Shop, address, running_product
from tests.simulated.sender import Answer
from tests.simulated.sms import SimulatedTwilio
from tests.sms.told import NUMBER, TEXT_ALONE, deliver, document, over


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


async def signs_up(pool: Pool, name: str | None, phone: str | None, *, texts: bool = True) -> JourneyId:
    email = None if name is None else address(name)
    entered = await Entrances(pool).sign_up(email, STORE, "v", "test", phone=phone, texts=texts)
    assert isinstance(entered, Entered)
    return entered.journey_id


async def called(counter: Counter, name: str | None, phone: str | None, *, texts: bool = True) -> JourneyId:
    journey = await signs_up(counter.pool, name, phone, texts=texts)
    await counter.shop.has("v", 1)
    await counter.looks()
    return journey


async def test_a_text_message_is_one_line_to_the_number_known_by_the_ledgers_key(counter: Counter) -> None:
    journey = await called(counter, "ada", "0151 23456789")
    request = deliver(journey, "text")
    assert isinstance(await counter.deliver(request), Sent)
    (sms,) = counter.sender.texted
    assert sms.recipient == NUMBER
    assert sms.text == "Blue kettle is back: https://example.myshopify.com/products/blue-kettle?variant=v"
    assert sms.reference == message_reference(request.key)
    assert await counter.place(journey) == ("told", ["used"])
    assert isinstance(await counter.deliver(deliver(journey, "mail")), Sent)
    assert len(counter.sender.taken) == 1


@pytest.mark.parametrize(
    ("phone", "texts", "reason"), [(None, False, Reason.NO_ADDRESS), (NUMBER, False, Reason.NO_CONSENT)]
)
async def test_without_a_number_or_its_consent_the_text_is_passed_over_and_the_mail_tells(
    counter: Counter, phone: str | None, texts: bool, reason: Reason
) -> None:
    journey = await called(counter, "ada", phone, texts=texts)
    assert await counter.deliver(deliver(journey, "text")) == Refused(reason=reason, then=AfterRefusal.GO_ON)
    assert await counter.place(journey) == ("claimed", ["given"])
    assert isinstance(await counter.deliver(deliver(journey, "mail")), Sent)
    assert counter.sender.texted == ()
    assert await counter.place(journey) == ("told", ["used"])


async def test_a_number_that_is_suppressed_gets_no_text_and_its_owner_still_gets_the_mail(counter: Counter) -> None:
    journey = await called(counter, "ada", NUMBER)
    await counter.pool.execute("insert into suppressions (channel, address, reason) values ('sms', $1, 'stop')", NUMBER)
    passed = Refused(reason=Reason.SUPPRESSED, then=AfterRefusal.GO_ON)
    assert await counter.deliver(deliver(journey, "text")) == passed
    assert isinstance(await counter.deliver(deliver(journey, "mail")), Sent)


async def test_a_number_that_the_provider_refuses_takes_nobody_their_mail(counter: Counter) -> None:
    journey = await called(counter, "ada", NUMBER)
    counter.sender.answer_next(Answer.REFUSE)
    refused = Refused(reason=Reason.PROVIDER_REFUSED, then=AfterRefusal.GO_ON)
    assert await counter.deliver(deliver(journey, "text")) == refused
    assert isinstance(await counter.deliver(deliver(journey, "mail")), Sent)
    assert await counter.place(journey) == ("told", ["used"])


async def test_who_opted_out_at_the_provider_gets_no_text_until_they_say_start(counter: Counter) -> None:
    journey = await called(counter, "ada", NUMBER)
    counter.sender.answer_next(Answer.OPTED_OUT)
    refused = Refused(reason=Reason.SUPPRESSED, then=AfterRefusal.GO_ON)
    assert await counter.deliver(deliver(journey, "text")) == refused
    suppressed = "select array_agg(channel || ' ' || address || ' ' || reason) from suppressions"
    assert await counter.pool.fetchval(suppressed) == [f"sms {NUMBER} stop"]
    await tell(counter.pool, text(Kind.SAID_START, "START", NUMBER))
    assert await counter.pool.fetchval(suppressed) is None


async def test_who_gave_a_number_alone_gets_the_text_and_no_mail(counter: Counter) -> None:
    journey = await called(counter, None, NUMBER)
    assert isinstance(await counter.deliver(deliver(journey, "text")), Sent)
    passed = Refused(reason=Reason.NO_ADDRESS, then=AfterRefusal.GO_ON)
    assert await counter.deliver(deliver(journey, "mail")) == passed


async def test_who_took_back_their_consent_to_mails_still_gets_the_text(counter: Counter) -> None:
    journey = await called(counter, "ada", NUMBER)
    await counter.hears_no_from(journey)
    assert await counter.deliver(deliver(journey, "mail")) == Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.GO_ON)
    assert isinstance(await counter.deliver(deliver(journey, "text")), Sent)


async def test_who_cannot_be_told_on_any_channel_is_told_why(counter: Counter) -> None:
    await signs_up(counter.pool, "ada", None)
    await signs_up(counter.pool, None, NUMBER)
    reachable = await Why(counter.pool).contact(address("ada"), About())
    assert reachable.entries[0].would_refuse is None
    await Shop(counter.pool, Intake(counter.pool)).opts_out("ada")
    (silent,) = (await Why(counter.pool).contact(address("ada"), About())).entries
    assert silent.would_refuse is Reason.NO_CONSENT
    (by_number,) = (await Why(counter.pool).contact(NUMBER, About())).entries
    assert by_number.would_refuse is None


async def test_an_alert_whose_only_message_is_passed_over_ends_and_its_place_passes_on(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    """And the next is told by text message, over the provider of the settings."""
    async with SimulatedTwilio() as twilio:
        running = running_product(pool, client, mailbox, "texts", document(TEXT_ALONE), **over(twilio))
        async with running as product:
            await product.shop.sells("v")
            first = await signs_up(pool, "first", None)
            second = await signs_up(pool, None, NUMBER)
            await product.shop.has("v", 1)

            passed_over = await product.until(first, lambda report: report.ended_at is not None)
            told = await product.until(second, lambda report: report.told_at is not None)

            assert (passed_over.ending, passed_over.reason) == (Ending.COMPLETED, Reason.NO_ADDRESS)
            assert told.reason is None
            (sms,) = twilio.taken
            assert (sms.to, sms.text.startswith("Blue kettle is back: ")) == (NUMBER, True)
            assert sms.reference == message_reference(await pool.fetchval("select key from sends where state = 'sent'"))
            assert not mailbox.mails
            (why,) = (await Why(pool).contact(NUMBER, About())).messages
            assert (why.channel, why.subject) == (Channel.SMS, None)
