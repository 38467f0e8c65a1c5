"""Double opt-in of those who give a number: the question is about mails, and text messages have a box of their own."""

import pytest

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances, Shown
from schemas.channels import Channel
from schemas.document.conversation import MessageSection
from starter.shops.shoppers import Shoppers
from starter.versioning.publishing import publish
from tests.consent.asked import ASKED, QUESTION, asking, tokens
from tests.product import STORE, Shop, subject
from workflows.compiler.semantic_checks import find_semantic_errors

NUMBER = "+12025550123"
SHOWN = Shown("sign-up form", text="Text me when it is back.", page="https://shop.example/p", network="192.0.2.7")


@pytest.fixture
async def shop(pool: Pool) -> Shop:
    """It asks first, and has run out of `v`."""
    await publish(pool, asking(contacts_per_unit=1))
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return shop


async def words(pool: Pool) -> list[tuple[str, bool, str | None, bool]]:
    rows = await pool.fetch(
        "select channel, confirmed, text, address_digest = new_digest($1::text) as of_number from consents order by id",
        NUMBER,
    )
    return [tuple(row) for row in rows]


async def called(pool: Pool) -> int:
    await Waitlist(pool).give_places(subject("v"))
    return await pool.fetchval("select count(*) from claims where state = 'given'")


async def test_a_number_alone_is_not_asked_and_counts_by_its_own_consent_with_the_proof_of_it(
    shop: Shop, pool: Pool
) -> None:
    await Entrances(pool).sign_up(None, STORE, "v", SHOWN, list_code=ASKED, phone=NUMBER, texts=True)
    assert await tokens(pool) == []
    assert await words(pool) == [("sms", False, SHOWN.text, True)]
    await shop.has("v", 1)
    assert await called(pool) == 1


async def test_who_gives_both_is_asked_by_mail_and_their_place_waits_for_that(shop: Shop, pool: Pool) -> None:
    await Entrances(pool).sign_up("ada@example.com", STORE, "v", SHOWN, list_code=ASKED, phone=NUMBER, texts=True)
    await shop.has("v", 1)
    assert await called(pool) == 0
    (question,) = await tokens(pool)
    await Shoppers(pool).confirm(question)
    assert await called(pool) == 1
    assert await words(pool) == [("sms", False, SHOWN.text, True), ("email", True, SHOWN.text, False)]


def test_the_question_is_an_e_mail() -> None:
    document = asking()
    texted = MessageSection(channel=Channel.SMS, text="Was it you? {{ links.confirm }}")
    wrong = find_semantic_errors(document.model_copy(update={"messages": {**document.messages, QUESTION: texted}}))
    assert [each.path for each in wrong] == [("messages", QUESTION, "channel")]
