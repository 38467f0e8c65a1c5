"""Shoppers sign up on the pages of three shops, in a real browser, without a mouse, on a small telephone."""

from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect

from activities.postgres.pool import Pool
from tests.http.web import Web
from tests.shop_page.visit import Visit, visiting


@dataclass(frozen=True)
class Words:
    """What the form says in a language, as far as this test knows it."""

    open: str
    email: str
    send: str
    close: str
    consent: str
    wrong: str
    accepted: str
    place: str


@dataclass(frozen=True)
class Sample:
    """A page of the documentation: its shop, the variant that is sold out, how that is chosen with the keyboard."""

    name: str
    store: str
    variant: str
    chooser: str
    keys: tuple[str, ...]
    language: str
    words: Words


ENGLISH = Words(
    "Tell me when it is back",
    "E-mail address",
    "Sign up",
    "Close",
    "By signing up you agree that we write to you by e-mail when this is back. You can unsubscribe at any time.",
    "Write an e-mail address like name@example.com.",
    "Thank you. Unless something speaks against it, we write to you when it is back.",
    "Place in line, at most:",
)
GERMAN = Words(
    "Sagt mir, wenn es wieder da ist",
    "E-Mail-Adresse",
    "Anmelden",
    "Schließen",
    "Mit der Anmeldung stimmen Sie zu, dass wir Ihnen eine E-Mail schreiben, wenn dies wieder da ist. "
    "Sie können sich jederzeit abmelden.",
    "Schreiben Sie eine E-Mail-Adresse wie name@example.com.",
    "Danke. Wenn nichts dagegen spricht, schreiben wir Ihnen, wenn es wieder da ist.",
    "Platz in der Reihe, höchstens:",
)
FRENCH = Words(
    "Prévenez-moi de son retour",
    "Adresse e-mail",
    "M’inscrire",
    "Fermer",
    "En vous inscrivant, vous acceptez que nous vous écrivions par e-mail dès son retour. "
    "Vous pouvez vous désinscrire à tout moment.",
    "Indiquez une adresse e-mail comme nom@example.com.",
    "Merci. Sauf empêchement, nous vous écrirons dès son retour.",
    "Place dans la file, au plus :",
)
SAMPLES = [
    Sample("plain", "corner.example", "kettle-17", "#size", ("ArrowDown",), "en", ENGLISH),
    Sample("shopify", "eckladen.myshopify.com", "40017", "[data-variant='40013']", ("ArrowDown",), "de", GERMAN),
    Sample("woocommerce", "boutique.example", "717", "#taille", ("ArrowDown", "ArrowDown"), "fr-FR", FRENCH),
]


async def sell(web: Web, store: str, *variants: str) -> None:
    """The store has a kettle of these variants."""
    body = {"title": "Blue kettle", "variants": [{"variant": each, "quantity": 0} for each in variants]}
    answer = await web.keyed.put(f"/v1/stores/{store}/products/kettle", json=body)
    assert answer.status_code == 200, answer.text


async def choose(visit: Visit, sample: Sample) -> None:
    """With the keyboard, the variant that is sold out."""
    await visit.page.locator(sample.chooser).focus()
    for key in sample.keys:
        await visit.page.keyboard.press(key)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
async def test_a_shopper_signs_up_by_keyboard_alone(web: Web, pool: Pool, tab: Page, sample: Sample) -> None:
    await sell(web, sample.store, sample.variant)
    words = sample.words
    async with visiting(tab, web, sample.name, dark=sample.name == "shopify") as visit:
        page, keyboard = visit.page, visit.page.keyboard
        buy = page.locator("main button").first
        await expect(buy).to_be_visible()
        await expect(visit.form).to_be_hidden()
        await choose(visit, sample)
        button = page.get_by_role("button", name=words.open)
        await expect(buy).to_be_hidden()
        await visit.tab_to(button)
        await keyboard.press("Enter")
        email = page.get_by_label(words.email)
        await expect(email).to_be_focused()
        await expect(page.get_by_role("dialog", name=words.open)).to_be_visible()
        await keyboard.type("ada at example")
        await keyboard.press("Enter")
        await visit.says(words.wrong, of=words.email)
        await expect(email).to_be_focused()
        assert await visit.complaints() == []
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        await keyboard.press("ControlOrMeta+a")
        await keyboard.type("ada@example.com")
        if sample.name != "plain":
            await visit.tab_to(page.get_by_role("button", name=words.send))
        await keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_have_text(f"{words.accepted} {words.place} 1")
        await expect(page.get_by_role("status")).to_be_focused()
        assert await visit.complaints() == []
        await visit.tab_to(page.get_by_role("button", name=words.close))
        await keyboard.press("Enter")
        await expect(button).to_be_focused()
        url = page.url.partition("?")[0]
    rows = await pool.fetch(
        "select c.email, c.attributes ->> 'language' as language, j.store_id, j.subject, n.text, n.page "
        "from journeys j join contacts c on c.id = j.contact_id join consents n on n.contact_id = c.id"
    )
    assert [tuple(row) for row in rows] == [
        ("ada@example.com", sample.language, sample.store, f"variant/{sample.variant}", words.consent, url)
    ]
