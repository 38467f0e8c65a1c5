"""One click in a mail program, and nothing more is sent (RFC 8058)."""

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from starter.versioning.publishing import publish
from tests.consent.asked import TOKEN, link_of, word_of
from tests.delivery.counter import Counter
from tests.http.conftest import web_over
from tests.http.web import Web, product_message
from tests.product import Product, Shop, addressees, starter_document
from tests.strict_mail import LONGEST_URL, PUBLIC_URL, parse_strictly

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def linked(web: Web, pool: Pool) -> str:
    """Ada is in line, and has the link of a mail: its path."""
    await web.webhook("products/update", product_message())
    await web.sign_up("ada@example.com")
    return f"/u/{await link_of(pool, 'ada@example.com')}"


async def test_a_get_shows_a_button_and_changes_nothing(web: Web, pool: Pool, linked: str) -> None:
    shown = await web.open.get(linked)
    assert shown.status_code == 200
    assert '<form method="post">' in shown.text
    assert (await web.open.head(linked)).status_code in (200, 405)
    assert await word_of(pool, "ada@example.com") is True


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
async def test_one_click_takes_the_consent_back_at_once_and_is_answered_with_nothing(
    web: Web, pool: Pool, linked: str, form: str
) -> None:
    for _ in range(3):
        if form == "urlencoded":
            answer = await web.open.post(linked, data=ONE_CLICK)
        else:
            answer = await web.open.post(linked, files={"List-Unsubscribe": (None, "One-Click")})
        assert (answer.status_code, answer.content, answer.history) == (200, b"", [])
        assert "set-cookie" not in answer.headers
    assert await word_of(pool, "ada@example.com") is False
    assert await pool.fetchval("select count(*) from consents where not granted") == 1
    assert await pool.fetchval("select source from consents where not granted") == "a link in a mail"


async def test_a_person_presses_a_button_and_is_told(web: Web, pool: Pool, linked: str) -> None:
    told = await web.open.post(linked, data={"do": "yes"}, headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert told.status_code == 200
    assert '<html lang="de">' in told.text
    assert await word_of(pool, "ada@example.com") is False


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=Two-Clicks", b"\xff\0", b"a=1&" * 9000])
async def test_a_post_that_is_neither_changes_nothing(web: Web, pool: Pool, linked: str, body: bytes) -> None:
    answer = await web.open.post(linked, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400
    assert '<form method="post">' in answer.text
    assert await word_of(pool, "ada@example.com") is True


@pytest.mark.parametrize("token", ["x", "B" * 22, "%00", "c-0199", "..%2F..%2Fetc"])
async def test_a_link_that_nobody_made_is_not_found(web: Web, token: str) -> None:
    for path in (f"/u/{token}", f"/s/{token}", f"/c/{token}", f"/a/{token}"):
        for answer in (await web.open.get(path), await web.open.post(path, data={"do": "yes"} | ONE_CLICK)):
            assert answer.status_code == 404


@pytest.mark.usefixtures("linked")
async def test_a_link_works_for_years_though_its_page_is_closed(web: Web, pool: Pool) -> None:
    old = await link_of(pool, "ada@example.com", days_old=2000, token="O" * 22)
    page = await web.open.get(f"/s/{old}")
    assert page.status_code == 410
    assert "ada@" not in page.text
    assert (await web.open.post(f"/u/{old}", data=ONE_CLICK)).status_code == 200
    assert await word_of(pool, "ada@example.com") is False


async def test_who_was_erased_is_answered_kindly_and_stays_erased(web: Web, linked: str) -> None:
    await web.services.people.erase("ada@example.com", "test")
    assert (await web.open.get(linked)).status_code == 410
    assert (await web.open.get(f"/s/{TOKEN}")).status_code == 410
    assert (await web.open.post(linked, data=ONE_CLICK)).status_code == 200


async def test_one_network_may_not_open_links_without_end(
    pool: Pool, nowhere: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.http.public.shoppers.LINKS_PER_MINUTE", 3)
    await publish(pool, starter_document())
    async with web_over(pool, nowhere) as web:
        answers = [await web.open.get(f"/u/{TOKEN}") for _ in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 2 <= len(refused) <= 5
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60


async def test_every_alert_says_how_to_unsubscribe_in_a_short_line_and_after_it_no_message_leaves(
    product: Product,
) -> None:
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada")
    (second,) = await product.shop.signs_up("ada", for_="w")
    await product.shop.has("v", 1)
    await product.mail_to("ada")
    strict = parse_strictly(product.mailbox.mails[0].file.read_bytes())
    assert strict.fields["list-id"] == "<default.localhost>"
    assert strict.unsubscribe is not None
    assert len(strict.unsubscribe) <= LONGEST_URL
    async with web_over(product.pool, product.client) as web:
        answer = await web.open.post(strict.unsubscribe.removeprefix(PUBLIC_URL), data=ONE_CLICK)
        assert answer.status_code == 200
    await product.shop.has("w", 1)
    ended = await product.until(second, lambda report: report.ended_at is not None)
    assert (ended.ending, ended.reason) == ("exited", "no_consent")
    assert addressees(product.mailbox) == ["ada"]


async def test_all_mails_to_one_person_in_a_month_have_the_same_link_and_no_two_people_do(product: Product) -> None:
    await product.shop.sells("v", "w")
    await product.shop.signs_up("ada", "ben")
    await product.shop.signs_up("ada", for_="w")
    await product.shop.has("v", 2)
    await product.shop.has("w", 1)
    await product.at_rest()
    links = {mail.recipients[0]: parse_strictly(mail.file.read_bytes()).unsubscribe for mail in product.mailbox.mails}
    assert len(product.mailbox.mails) == 3
    assert len({*links.values()}) == 2
    assert await product.pool.fetchval("select count(*) from shopper_links") == 2


async def test_without_a_public_address_no_header_is_written(pool: Pool) -> None:
    shop = await Shop.opened(pool)
    counter = Counter(pool, shop)
    (journey,) = await counter.calls("ada")
    await counter.tells(journey)
    (mail,) = counter.sender.taken
    assert mail.unsubscribe is None
    assert mail.list_id == "default.shop.example"


async def test_a_template_can_show_both_links(product: Product) -> None:
    document = starter_document()
    message = document.messages["it-is-back"]
    shown = message.model_copy(update={"text": "{{ links.page }} or {{ links.unsubscribe }}", "html": None})
    await publish(product.pool, _with(document, shown))
    await product.shop.sells("v")
    await product.shop.signs_up("ada")
    await product.shop.has("v", 1)
    await product.mail_to("ada")
    text = parse_strictly(product.mailbox.mails[0].file.read_bytes()).texts["text/plain"]
    token = await product.pool.fetchval("select token from shopper_links")
    assert text.strip() == f"{PUBLIC_URL}/s/{token} or {PUBLIC_URL}/u/{token}"


def _with(document: ConversationDocument, message: object) -> ConversationDocument:
    return document.model_copy(update={"messages": {**document.messages, "it-is-back": message}})
