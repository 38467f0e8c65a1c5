"""The script itself: how large it is, how it is served, which words it has, and when the form shows itself."""

import gzip
import re
from importlib.resources import files

from playwright.async_api import Page, expect

from starter.http.public.notify_me import PATH, compressed, integrity, script
from starter.http.public.pages import LANGUAGES
from tests.http.web import Web
from tests.markdown import ROOT, page
from tests.shop_page.visit import Visit, visiting

MOST_BYTES = 5 * 1024
SOURCE = files("starter.http.public").joinpath(PATH.lstrip("/")).read_text(encoding="utf-8")


def test_it_is_small() -> None:
    assert len(compressed()) <= MOST_BYTES


def test_its_lines_are_as_long_as_ours_but_for_what_it_says() -> None:
    told = SOURCE.partition("const NAMES")
    assert [line for line in (told[1] + told[2]).splitlines() if len(line) > 120] == []


def test_every_language_has_every_word() -> None:
    names = re.findall(r"const NAMES = `([^`]+)`", SOURCE)[0].split()
    words = dict(re.findall(r"^    (\w\w): `(.*?)`,$", SOURCE, re.MULTILINE | re.DOTALL))
    assert set(words) == set(LANGUAGES)
    for text in words.values():
        lines = text.split("\n")
        assert len(lines) == len(names)
        assert all(line.strip() == line != "" for line in lines)


def test_nothing_is_lost_but_comments_and_space() -> None:
    told = [line.strip() for line in SOURCE.splitlines()]
    left = "".join(line for line in told if not line.startswith("//"))
    assert "".join(script().decode().split()) == "".join(left.split())


def test_pages_and_samples_name_its_digest() -> None:
    samples = sorted((ROOT / "docs" / "samples").glob("*.html"))
    assert len(samples) == 3
    for text in (page("docs/sign-up-form.md").text, *(each.read_text(encoding="utf-8") for each in samples)):
        assert set(re.findall(rf'{PATH}"\s+integrity="([^"]+)"', text)) == {integrity()}


def test_every_attribute_is_documented_and_none_that_it_does_not_read() -> None:
    read = set(re.findall(r'(?:get|has)Attribute\("([\w-]+)"\)', SOURCE)) | {"label", "consent-text", "sms-text", "sms"}
    read |= {"tags", "only-tags", "not-tags", "lang"}
    told = page("docs/sign-up-form.md").section("Attributes").rows
    assert {name for row in told for name in re.findall(r"`([^`]+)`", row[0])} == read


async def test_it_is_served_to_any_page_and_kept_for_long(web: Web) -> None:
    zipped = await web.open.get(PATH)
    plain = await web.open.get(PATH, headers={"Accept-Encoding": "identity"})
    assert (zipped.headers["content-encoding"], zipped.content) == ("gzip", script())
    assert "content-encoding" not in plain.headers
    assert plain.content == gzip.decompress(compressed()) == script()
    for answer in (zipped, plain, await web.open.head(PATH)):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "set-cookie" not in answer.headers


async def test_it_shows_itself_when_the_chosen_variant_is_sold_out_and_not_else(web: Web, tab: Page) -> None:
    async with visiting(tab, web, "shopify") as visit:
        buy = visit.page.locator(".product-form__submit")
        for variant, sold_out in (("40017", True), ("40013", False), ("40017", True)):
            await visit.page.locator(f"[data-variant='{variant}']").press("Space")
            await expect(visit.form).to_be_visible(visible=sold_out)
            await expect(buy).to_be_visible(visible=not sold_out)
        # Tags that allow, and tags that block.
        for name, tags, visible in (
            ("tags", "Küche, Auslauf", False),
            ("not-tags", "anderes", True),
            ("only-tags", "garten", False),
            ("only-tags", "garten, küche", True),
        ):
            await put(visit, **{name: tags})
            await expect(visit.form).to_be_visible(visible=visible)
        # A theme without the field is followed by its address.
        await visit.page.evaluate("document.querySelector('#product-form [name=id]').remove()")
        for variant, sold_out in (("40013", False), ("40017", True)):
            await visit.page.evaluate("to => history.replaceState({}, '', to)", f"?variant={variant}")
            await expect(visit.form).to_be_visible(visible=sold_out)
        # Gone with its dialog once it is there again; what it had replaced is back when it is taken away.
        await visit.form.get_by_role("button").press("Enter")
        await put(visit, **{"sold-out-variants": ""})
        await expect(visit.page.get_by_role("dialog")).to_be_hidden()
        await put(visit, **{"sold-out-variants": "40017"})
        await expect(buy).to_be_hidden()
        await visit.form.evaluate("form => form.remove()")
        await expect(buy).to_be_visible()


async def test_woocommerce_tells_of_many_variations_one_by_one(web: Web, tab: Page) -> None:
    async with visiting(tab, web, "woocommerce") as visit:
        # Before anything was chosen the page is one of more than 30 variations.
        await visit.page.evaluate("jQuery('.variations_form').attr('data-product_variations', 'false')")
        await visit.page.evaluate("jQuery('.variations_form').removeData('product_variations')")
        for chosen, visible in (("1,7 l", True), ("1,0 l", False), ("1,7 l", True), ("", False)):
            await visit.page.locator("#taille").select_option(chosen)
            await expect(visit.form).to_be_visible(visible=visible)


async def put(visit: Visit, **attributes: str) -> None:
    for each in attributes.items():
        await visit.form.evaluate("(form, [name, value]) => form.setAttribute(name, value)", list(each))
