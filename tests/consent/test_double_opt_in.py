"""Double opt-in: nothing but the question is sent, and a place counts once its contact has said yes."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from activities.delivery.deliver import DeliverActivity
from activities.delivery.ledger import Ledger
from activities.delivery.shopper_links import ShopperLinks
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances, Shown
from activities.waitlist.line_counts import fold_line_counts
from activities.waitlist.up_to_them import lapse_unconfirmed
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.activities import QUESTION_STEP, Deliver
from schemas.journey.outcome import AfterRefusal, Refused, Sent, Stopped
from schemas.reasons import Reason
from starter.ops.database_checkup import examine_questions
from starter.ops.findings import Health
from starter.reporting.reports import Period, Reports
from starter.shops.consents import Consents
from starter.shops.shoppers import Shoppers
from starter.support.journeys import Journeys
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from starter.waitlists.waitlists import Lines, Waitlists
from tests.consent.asked import ASKED, QUESTION, asking, link_in, tokens, word_of
from tests.history import PATIENCE
from tests.http.conftest import web_over
from tests.product import STORE, Product, Shop, address, addressees, next_change, subject
from tests.simulated.sender import SimulatedSender
from tests.strict_mail import PUBLIC_URL, parse_strictly


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    """It asks first, and has run out of `v` and `w`."""
    await publish(pool, asking(contacts_per_unit=1))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v", "w")
    return shop


async def names_called(pool: Pool) -> list[str]:
    await Waitlist(pool).give_places(subject("v"))
    rows = await pool.fetch(
        "select c.email from claims k join journeys j on j.id = k.journey_id join contacts c on c.id = j.contact_id "
        "order by k.id"
    )
    return [row["email"].removesuffix("@example.com") for row in rows]


async def test_thirty_made_up_addresses_take_none_of_five_units_and_who_says_yes_later_has_their_old_place(
    shop: Shop, pool: Pool
) -> None:
    await shop.signs_up(*(f"alias{number:02}" for number in range(30)), list_code=ASKED)
    await shop.has("v", 5)
    assert await names_called(pool) == []
    questions = await tokens(pool)
    for late in (17, 3, 29):
        await Shoppers(pool).confirm(questions[late])
    assert await names_called(pool) == ["alias03", "alias17", "alias29"]
    assert await pool.fetchval("select available - claimed from episodes") == 2
    for each in (0, 1, 2):
        await Shoppers(pool).confirm(questions[each])
    assert await names_called(pool) == ["alias03", "alias17", "alias29", "alias00", "alias01"]


async def test_whatever_becomes_of_the_stock_an_unconfirmed_place_does_not_count(shop: Shop, pool: Pool) -> None:
    (journey,) = await shop.signs_up("ada", list_code=ASKED)
    for units in (1, 0, 3, 4):
        await shop.has("v", units)
        assert await names_called(pool) == []
    await shop.unpublishes()
    await shop.publishes()
    assert await names_called(pool) == []
    report = await Journeys(pool).show(journey)
    assert report.reason == "not_confirmed"
    with pytest.raises(asyncpg.RaiseError, match="is not confirmed"):
        await pool.execute("update waiting set passed_over_for = null")
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("update waiting set state = 'claimed'")


async def test_who_has_not_confirmed_yet_is_counted_apart_wherever_a_line_is_shown(shop: Shop, pool: Pool) -> None:
    await shop.signs_up("ada", "ben", "cy", list_code=ASKED)
    line = Lines(STORE, variant_id="v")

    async def counted() -> tuple[tuple[int, int], ...]:
        shown = await Waitlists(pool).show(line, 50)
        assert len(shown.waiting) == shown.total
        assert [each.place for each in shown.waiting] == [*range(1, shown.total + 1)]
        (wanted,) = (await Reports(pool).wanted(None, Period())).products
        (figures,) = (await Reports(pool).list_figures(ASKED, Period())).alerts
        product = await Why(pool).product(STORE, About(variant_id="v"))
        of = (shown.total, shown.unconfirmed), (wanted.waiting, wanted.unconfirmed)
        return (*of, (figures.waiting, figures.unconfirmed), (product.waiting, product.unconfirmed))

    assert {*await counted()} == {(0, 3)}
    await Shoppers(pool).confirm((await tokens(pool))[1])
    assert {*await counted()} == {(1, 2)}
    await pool.execute("update confirmations set ends_at = now() where confirmed_at is null")
    await lapse_unconfirmed(pool)
    assert {*await counted()} == {(1, 0)}
    await fold_line_counts(pool)
    assert {*await counted()} == {(1, 0)}


async def test_unconfirmed_places_are_gone_after_seven_days_and_it_is_on_record(shop: Shop, pool: Pool) -> None:
    (journey,) = await shop.signs_up("ada", list_code=ASKED)
    assert await pool.fetchval("select round(extract(epoch from ends_at - asked_at) / 86400) from confirmations") == 7
    assert await lapse_unconfirmed(pool) == 0
    await pool.execute("update confirmations set ends_at = now()")
    assert not (await Shoppers(pool).confirm((await tokens(pool))[0])).answered, "too late"
    assert await lapse_unconfirmed(pool) == 1
    assert await lapse_unconfirmed(pool) == 0
    assert await pool.fetchval("select state || ' ' || reason from waiting") == "left not_confirmed"
    assert await pool.fetchval("select kind || ' ' || reason from outbox where kind = 'leave'") == "leave not_confirmed"
    assert (await Journeys(pool).show(journey)).reason == "not_confirmed"
    assert (await Shoppers(pool).question((await tokens(pool))[0])).over
    (again,) = await shop.signs_up("ada", list_code=ASKED)
    assert again != journey, "they may ask anew"


async def test_nothing_is_agreed_to_before_the_yes_which_is_on_record_with_what_was_shown(
    shop: Shop, pool: Pool
) -> None:
    shown = Shown("sign-up form", "alerts", "Tell me", "https://shop.example/v", "192.0.2.1", "de")
    await Entrances(pool).sign_up(address("ada"), STORE, "v", shown, list_code=ASKED)
    assert await word_of(pool, address("ada")) is None
    await Shoppers(pool).confirm((await tokens(pool))[0])
    row = await pool.fetchrow("select * from consents")
    assert row is not None
    assert (row["granted"], row["confirmed"], row["source"]) == (True, True, "sign-up form")
    assert (row["text"], row["page"], row["purpose"]) == ("Tell me", "https://shop.example/v", "alerts")
    assert row["network_digest"] == await pool.fetchval("select new_digest('192.0.2.1')")
    assert row["address_digest"] == await pool.fetchval("select new_digest($1)", address("ada"))


async def test_who_has_said_yes_is_not_asked_again_until_they_say_no(shop: Shop, pool: Pool) -> None:
    await shop.signs_up("ada", list_code=ASKED)
    await Shoppers(pool).confirm((await tokens(pool))[0])
    await shop.signs_up("ada", for_="w", list_code=ASKED)
    assert await pool.fetchval("select count(*) from confirmations") == 1
    await shop.opts_out("ada")
    await pool.execute("update waiting set state = 'left', reason = 'cancelled'")
    await shop.signs_up("ada", for_="w", list_code=ASKED)
    assert await pool.fetchval("select count(*) from confirmations") == 2


@pytest.mark.usefixtures("shop")
async def test_the_check_up_says_that_nobody_can_answer_while_no_address_leads_here(pool: Pool) -> None:
    without = await examine_questions(pool, None)
    assert without.health is Health.BAD
    assert "SHELFTALK_PUBLIC_URL" in without.advice
    assert (await examine_questions(pool, PUBLIC_URL)).found == "on asked"


@pytest.mark.usefixtures("shop")
async def test_without_an_address_the_question_is_not_sent_but_stopped(shop: Shop, pool: Pool) -> None:
    (journey,) = await shop.signs_up("ada", list_code=ASKED)
    sender = SimulatedSender()
    asked = question_of(journey)
    for links in (None, ShopperLinks(pool, None)):
        delivery = DeliverActivity(Ledger(pool), sender, "shop.example", shopper_links=links)
        assert (await delivery.deliver(asked)).outcome == Stopped(reason=Reason.MESSAGE_BROKEN)
    assert sender.taken == ()
    mended = DeliverActivity(Ledger(pool), sender, "shop.example", shopper_links=ShopperLinks(pool, PUBLIC_URL))
    assert isinstance((await mended.deliver(asked)).outcome, Sent)


async def test_one_yes_counts_for_all_that_wait_for_it_in_the_same_shop_and_again_changes_nothing(
    shop: Shop, pool: Pool
) -> None:
    await shop.signs_up("ada", list_code=ASKED)
    await shop.signs_up("ada", for_="w", list_code=ASKED)
    await shop.signs_up("ben", list_code=ASKED)
    for _ in range(2):
        assert (await Shoppers(pool).confirm((await tokens(pool))[1])).answered
        assert await pool.fetchval("select count(*) from waiting where passed_over_for is null") == 2
        assert await pool.fetchval("select count(*) from outbox where kind = 'contact_event'") == 2
        assert await pool.fetchval("select count(*) from consents") == 2


async def test_only_the_question_is_sent_then_what_answers_the_sign_up_then_the_alert(product: Product) -> None:
    await publish(product.pool, asking())
    await product.shop.sells("v", units=0)
    (journey,) = await product.shop.signs_up("ada", list_code=ASKED)
    assert await product.mail_to("ada") == "Was it you?"
    (question,) = product.mailbox.mails
    strict = parse_strictly(question.file.read_bytes())
    assert strict.unsubscribe is None, "there is nothing to unsubscribe from yet"
    assert "list-id" not in strict.fields
    await product.shop.has("v", 1)
    await product.settled()
    link = link_in(question.read())
    async with web_over(product.pool, product.client) as web:
        page = await web.open.get(link)
        assert page.status_code == 200
        assert "Blue kettle" in page.text
        assert await word_of(product.pool, address("ada")) is None, "a GET is a scanner's, and changes nothing"
        assert (await web.open.post(link, data={"something": "else"})).status_code == 200
        assert await word_of(product.pool, address("ada")) is None
        assert (await web.open.post(link, data={"do": "yes"})).status_code == 200
    assert await product.mail_to("ada", after=1) == "asked subscription"
    assert await product.mail_to("ada", after=2) == "asked alert"
    await product.until(journey, lambda report: report.told_at is not None)
    path = await product.path(journey)
    assert [entry.step for entry in path.entries][:5] == [
        "double-opt-in",
        "until-confirmed",
        "subscription",
        "waiting-list",
        "alert",
    ]
    assert await product.told(journey) == path
    assert addressees(product.mailbox) == ["ada"] * 3


async def test_two_sign_ups_within_a_day_bring_one_question(product: Product) -> None:
    await publish(product.pool, asking())
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada", list_code=ASKED)
    await product.mail_to("ada")
    (second,) = await product.shop.signs_up("ada", for_="w", list_code=ASKED)
    await outcome_of_question(product, second, "asked_already")
    await Shoppers(product.pool).confirm((await tokens(product.pool))[0])
    await product.shop.has("w", 1)
    await product.until(second, lambda report: report.told_at is not None)


async def test_a_yes_by_an_older_question_counts_for_a_sign_up_whose_question_is_held_up(product: Product) -> None:
    await publish(product.pool, asking())
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada", list_code=ASKED)
    await product.mail_to("ada")
    await product.pool.execute("update sends set opened_at = now() - interval '2 days'")
    await product.pool.execute("update conversations set paused_at = now()")
    (second,) = await product.shop.signs_up("ada", for_="w", list_code=ASKED)
    assert (await product.held_up(second)).reason is Reason.CONVERSATION_PAUSED
    await Shoppers(product.pool).confirm((await tokens(product.pool))[0])
    async with asyncio.timeout(PATIENCE):
        while await product.pool.fetchval("select at_step from journeys where id = $1", second) != "subscription":
            await next_change(product.pool)
    path = await product.path(second)
    assert [entry.step for entry in path.entries] == ["double-opt-in", "subscription"]
    assert await product.told(second) == path


async def test_a_question_that_is_answered_already_is_not_sent_and_holds_nothing_up(shop: Shop, pool: Pool) -> None:
    (journey,) = await shop.signs_up("ada", list_code=ASKED)
    await Shoppers(pool).confirm((await tokens(pool))[0])
    sender = SimulatedSender()
    delivery = DeliverActivity(Ledger(pool), sender, "shop.example", shopper_links=ShopperLinks(pool, PUBLIC_URL))
    refused = Refused(reason=Reason.ASKED_ALREADY, then=AfterRefusal.GO_ON)
    assert (await delivery.deliver(question_of(journey))).outcome == refused
    assert sender.taken == ()


@pytest.mark.parametrize(
    "gone",
    [
        "update confirmations set ends_at = now()",
        "update confirmations set lapsed_at = now()",
        "update journeys set leaving = 'left_by_themselves'",
        "update journeys set ended_at = now(), ending = 'exited', reason = 'left_by_themselves'",
    ],
)
async def test_who_cannot_answer_the_last_question_any_more_is_asked_anew(shop: Shop, pool: Pool, gone: str) -> None:
    sender = SimulatedSender()
    delivery = DeliverActivity(Ledger(pool), sender, "shop.example", shopper_links=ShopperLinks(pool, PUBLIC_URL))
    (first,) = await shop.signs_up("ada", list_code=ASKED)
    assert isinstance((await delivery.deliver(question_of(first))).outcome, Sent)
    await pool.execute(gone)
    (second,) = await shop.signs_up("ada", for_="w", list_code=ASKED)
    assert isinstance((await delivery.deliver(question_of(second))).outcome, Sent)


async def test_no_transactional_message_leaves_before_the_yes(pool: Pool) -> None:
    document = asking()
    messages = {
        name: each if name == QUESTION else each.model_copy(update={"transactional": True})
        for name, each in document.messages.items()
    }
    await publish(pool, document.model_copy(update={"messages": messages}))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    (journey,) = await shop.signs_up("ada", list_code=ASKED)
    sender = SimulatedSender()
    delivery = DeliverActivity(Ledger(pool), sender, "shop.example", shopper_links=ShopperLinks(pool, PUBLIC_URL))
    message = next(name for name in messages if name != QUESTION)
    step = Send(id=StepId("another"), message=message)
    outcome = (await delivery.deliver(question_of(journey).model_copy(update={"step": step}))).outcome
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.NO_CONSENT


async def test_who_has_said_no_to_mails_is_not_even_asked(product: Product) -> None:
    await publish(product.pool, asking())
    await product.shop.sells("v")
    await Consents(product.pool).record(address("ada"), "test", granted=False, by="test")
    (journey,) = await product.shop.signs_up("ada", list_code=ASKED)
    ended = await product.until(journey, lambda report: report.ended_at is not None)
    assert (ended.ending, ended.reason) == ("exited", "no_consent")
    assert addressees(product.mailbox) == []


async def test_who_does_not_answer_leaves_and_their_workflow_ends(product: Product) -> None:
    await publish(product.pool, asking())
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("ada", list_code=ASKED)
    await product.mail_to("ada")
    await product.pool.execute("update confirmations set ends_at = now()")
    ended = await product.until(journey, lambda report: report.ended_at is not None)
    assert (ended.ending, ended.reason) == ("exited", "not_confirmed")
    assert addressees(product.mailbox) == ["ada"]


def question_of(journey: JourneyId) -> Deliver:
    return Deliver(
        journey_id=journey,
        event=AlertEvent.SUBSCRIPTION,
        version=VersionId("asked@1"),
        step=Send(id=QUESTION_STEP, message=QUESTION),
        round=1,
        give_up_at=datetime.now(UTC) + timedelta(days=1),
    )


async def outcome_of_question(product: Product, journey: JourneyId, reason: str) -> None:
    """Wait until this journey's question was refused for this reason."""
    outcome = "select outcome ->> 'reason' from sends where journey_id = $1"
    async with asyncio.timeout(PATIENCE):
        while await product.pool.fetchval(outcome, journey) != reason:
            await next_change(product.pool)
