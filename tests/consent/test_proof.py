"""What stays of a consent: the words, the page, when, and digests of who and from where."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import yaml

from activities.delivery.verdict import Go, judge
from activities.postgres.pool import Pool
from activities.waitlist.entrances import Shown
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.ids import StoreId
from schemas.journey.outcome import Refused
from schemas.reasons import Reason
from starter.authoring.marked_yaml import read_yaml
from starter.documents import STARTER_CONVERSATION, check
from starter.http.public.pages import LANGUAGES, WORDS
from tests.delivery.test_verdict import ALL_WELL
from tests.http.web import Web, problem, product_message
from tests.markdown import ROOT
from tests.storefronts.shop import SHOP

SHOWN = {"text": "Yes, write to me when it is back.", "page": "https://shop.example/mug?from=mail#top"}
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
async def shop(web: Web) -> Web:
    await web.webhook("products/update", product_message())
    return web


async def sign_up(web: Web, email: str = "ada@example.com", **more: object) -> None:
    answer = await web.open.post("/v1/signups", json={"store": SHOP, "variant": "31", "email": email} | more)
    assert answer.status_code == 202, answer.text


async def test_what_was_shown_is_on_record_without_what_may_be_somebodys_own(shop: Web, pool: Pool) -> None:
    await sign_up(shop, consent=SHOWN | {"purpose": "back-in-stock"}, language="pt-BR")
    row = await pool.fetchrow("select * from consents")
    assert row is not None
    assert (row["text"], row["page"], row["purpose"]) == (SHOWN["text"], "https://shop.example/mug", "back-in-stock")
    assert row["text_digest"] == await pool.fetchval("select sha256(convert_to($1, 'UTF8'))", SHOWN["text"])
    assert row["address_digest"] == await pool.fetchval("select new_digest('ada@example.com')")
    assert await pool.fetchval("select attributes ->> 'language' from contacts") == "pt-BR"


async def test_a_form_changes_no_language_that_is_known(shop: Web, pool: Pool) -> None:
    for language in ("pt-BR", "de"):
        await sign_up(shop, language=language)
    assert await pool.fetchval("select attributes ->> 'language' from contacts") == "pt-BR"


async def test_the_same_again_adds_nothing_other_words_do_and_not_without_end(shop: Web, pool: Pool) -> None:
    for _ in range(2):
        await sign_up(shop, consent=SHOWN)
    assert await pool.fetchval("select count(*) from consents") == 1
    for number in range(30):
        shown = Shown("sign-up form", text=f"Words {number}")
        await shop.services.sign_ups.sign_up("ada@example.com", StoreId(SHOP), "31", shown)
    assert await pool.fetchval("select count(*) from consents") == 20


async def test_a_form_does_not_undo_a_no(shop: Web, pool: Pool) -> None:
    await sign_up(shop)
    no = {"email": "ada@example.com", "granted": False, "source": "by phone"}
    assert (await shop.keyed.post("/v1/consents", json=no)).status_code == 200
    await sign_up(shop, consent=SHOWN)
    assert await pool.fetchval("select granted from consents order by id desc limit 1") is False


async def test_what_is_no_proof_is_named(shop: Web) -> None:
    asked = {"store": SHOP, "variant": "31", "email": "ada@example.com"}
    for wrong, path in (
        ({"consent": {"text": ""}}, "$.consent.text"),
        ({"consent": {"text": "x", "page": "mug"}}, "$.consent.page"),
        ({"consent": {"text": "x", "purpose": "Big Words"}}, "$.consent.purpose"),
        ({"language": "german, please"}, "$.language"),
    ):
        said = problem(await shop.open.post("/v1/signups", json=asked | wrong), 422, "invalid")
        assert said.path == path


async def test_contact_show_and_export_have_the_proof(shop: Web) -> None:
    await sign_up(shop, consent=SHOWN)
    found = await shop.services.people.find("ada@example.com", "test")
    (word,) = found.consents
    assert (word.granted, word.text, word.page) == (True, SHOWN["text"], "https://shop.example/mug")
    export = await shop.services.people.export("ada@example.com", "test")
    assert export.consents[0]["text"] == SHOWN["text"]
    assert export.consents[0]["address_digest"]


async def test_of_who_was_erased_stays_that_and_to_what_they_agreed_and_no_word(shop: Web, pool: Pool) -> None:
    await sign_up(shop, consent={"text": "Ada, shall we write to you?", "page": "https://shop.example/ada"})
    before = await pool.fetchrow("select given_at, text_digest, address_digest, network_digest from consents")
    await shop.services.people.erase("ada@example.com", "test")
    row = await pool.fetchrow("select * from consents")
    assert row is not None
    assert before is not None
    assert (row["text"], row["page"], row["source"]) == (None, None, "erased")
    assert [row[name] for name in before.keys()] == [*before.values()]  # noqa: SIM118 a record is no mapping


@pytest.mark.parametrize(
    "change",
    ["confirmed = true", "purpose = 'other'", "address_digest = null", "source = 'erased', text_digest = null"],
)
async def test_no_proof_is_ever_changed(shop: Web, pool: Pool, change: str) -> None:
    await sign_up(shop, consent=SHOWN)
    with pytest.raises(asyncpg.RaiseError, match="consents rows are never changed"):
        await pool.execute(f"update consents set {change}")


def test_the_documents_in_the_page_on_consent_are_right() -> None:
    text = (ROOT / "docs" / "consent.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    own: Any = read_yaml(example).value
    document: Any = read_yaml(STARTER_CONVERSATION.read_text(encoding="utf-8")).value
    document["list"] = document.get("list", {}) | own["list"]
    document["messages"] |= own["messages"]
    report = check(yaml.safe_dump(document), "consent.md")
    assert [str(each) for each in (*report.diagnostics, *report.warnings)] == []
    del document["messages"]["was-it-you"]["text"]
    document["messages"]["was-it-you"]["text"] = "Was it you?"
    (mistake,) = check(yaml.safe_dump(document), "consent.md").diagnostics
    assert "nothing to say yes by" in str(mistake)
    document["list"]["double_opt_in"] = "was-it-yu"
    assert "Did you mean 'was-it-you'?" in str(check(yaml.safe_dump(document), "consent.md").diagnostics[0])


def test_every_language_has_the_same_words_and_fills_in_the_same() -> None:
    assert set(WORDS) == set(LANGUAGES)
    for words in WORDS.values():
        assert {name: sorted(re.findall(r"{(\w+)}", text)) for name, text in words.items()} == {
            name: sorted(re.findall(r"{(\w+)}", text)) for name, text in WORDS["en"].items()
        }
        assert len(words["months"].split()) == 12


def test_a_transactional_message_needs_no_yes_and_never_leaves_against_a_no() -> None:
    nothing_said = replace(ALL_WELL, consented=False)
    assert judge(nothing_said, NOW) != Go()
    transactional = replace(nothing_said, transactional=True)
    assert judge(transactional, NOW) == Go()
    for against, reason in (({"refused": True}, Reason.NO_CONSENT), ({"suppressed": True}, Reason.SUPPRESSED)):
        verdict = judge(replace(transactional, **against), NOW)
        assert isinstance(verdict, Refused)
        assert verdict.reason is reason


def test_in_a_pause_a_place_passes_on_and_other_messages_wait() -> None:
    paused = replace(ALL_WELL, paused_until=NOW + timedelta(days=30))
    verdict = judge(replace(paused, event=AlertEvent.ALERT, claim="given"), NOW)
    assert isinstance(verdict, Refused)
    assert (verdict.reason, verdict.then) == (Reason.CONTACT_PAUSED, "back_in_line")
    later = judge(replace(paused, event=AlertEvent.FOLLOW_UP, claim="used"), NOW)
    assert getattr(later, "until", None) == NOW + timedelta(days=1)
    assert judge(replace(paused, paused_until=NOW), NOW) == Go()
