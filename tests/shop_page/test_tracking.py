"""What a shopper looks at stays in their browser until they are known and agree, and counts then from when it was."""

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import ConsoleMessage, Page, Request, Response, expect

from activities.postgres.pool import Pool
from starter.http.public.notify_me import TRACK_PATH, compressed, integrity
from tests.http.web import Web
from tests.markdown import ROOT, page
from tests.shop_page.test_answers import STORE, opened, send
from tests.shop_page.test_signing_up import ENGLISH, sell
from tests.shop_page.visit import visiting

KEPT = "(JSON.parse(localStorage.getItem('shelftalk')) ?? {})"
MOST_BYTES = 2 * 1024


def test_it_is_small() -> None:
    assert len(compressed(TRACK_PATH)) <= MOST_BYTES


def test_pages_and_samples_name_its_digest() -> None:
    samples = [each.read_text(encoding="utf-8") for each in (ROOT / "docs" / "samples").glob("*.html")]
    for text in (page("docs/tracking.md").text, *samples):
        assert set(re.findall(rf'{TRACK_PATH}"\s+integrity="([^"]+)"', text)) == {integrity(TRACK_PATH)}


async def test_nothing_leaves_the_browser_before_the_shopper_is_known_and_agrees(
    web: Web, pool: Pool, tab: Page
) -> None:
    await sell(web, STORE, "kettle-10", "kettle-17")
    asked: list[str] = []

    def heard(request: Request) -> None:
        asked.append(request.url.removeprefix(web.url))

    async with visiting(tab, web, "plain") as visit:
        visit.page.on("request", heard)
        await visit.page.locator(".buy").press("Enter")
        # Looked at an hour ago, and long ago.
        await visit.page.evaluate(
            f"(() => {{ const kept = {KEPT}; kept.seen[0].at -= 3600;"
            "kept.seen.push({...kept.seen[0], id: '7', at: 9});"
            "localStorage.setItem('shelftalk', JSON.stringify(kept)) })()"
        )
        shopper = await opened(visit)
        await send(shopper, "ada@example.com")
        await expect(shopper.get_by_role("status")).to_contain_text(ENGLISH.accepted)
        assert await visit.page.evaluate(f"{KEPT}.device.length") == 22
        assert "/v1/views" not in asked
        async with visit.page.expect_response("**/v1/views") as answer:
            await visit.page.evaluate("shelftalk.push({ consent: true })")
        assert (await answer.value).status == 202
        await visit.page.wait_for_function(f"!{KEPT}.seen.length")
        async with visit.page.expect_response("**/v1/views"):
            await visit.page.evaluate(
                "shelftalk.push({ kind: 'checkout_started', items: [{ product: 'kettle', variant: 'kettle-10' }] })"
            )
        await visit.page.wait_for_function(f"!{KEPT}.seen.length")
        await visit.page.evaluate("shelftalk.push({ consent: false })")
        assert await visit.page.evaluate("localStorage.length") == 0
        visit.page.remove_listener("request", heard)
    rows = await pool.fetch(
        "select e.kind, e.variant_id, c.email, e.happened_at from events e join contacts c on c.id = e.contact_id "
        "where e.id like 'page/%' order by e.happened_at"
    )
    assert [tuple(row)[:3] for row in rows] == [
        ("viewed_product", "kettle-10", "ada@example.com"),
        ("added_to_cart", "kettle-10", "ada@example.com"),
        ("checkout_started", "kettle-10", "ada@example.com"),
    ]
    assert rows[0]["happened_at"] < datetime.now(UTC) - timedelta(minutes=59) < rows[1]["happened_at"]


async def test_a_strict_page_keeps_nothing_before_that(web: Web, tab: Page) -> None:
    async with visiting(tab, web, "woocommerce") as visit:
        view = "({ kind: 'viewed_product', product: '71' })"
        await visit.page.evaluate(f"shelftalk.push{view}")
        assert await visit.page.evaluate("localStorage.length") == 0
        await visit.page.evaluate("shelftalk.push({ consent: true })")
        # The page's own view, and the same again: looked at once, lately. Of many, the latest are kept.
        assert await visit.page.evaluate(f"{KEPT}.seen.map(each => each.product)") == ["71"]
        await visit.page.evaluate(
            "for (let n = 0; n < 60; n++) shelftalk.push({ kind: 'viewed_product', product: `${n}` })"
        )
        kept = await visit.page.evaluate(f"{KEPT}.seen.map(each => each.product)")
        assert kept == [str(number) for number in range(10, 60)]


async def test_what_is_wrong_is_left_out_and_the_rest_is_told(web: Web, pool: Pool, tab: Page) -> None:
    await sell(web, STORE, "kettle-10", "kettle-17")
    async with visiting(tab, web, "plain") as visit:
        shopper = await opened(visit)
        await send(shopper, "ada@example.com")
        await expect(shopper.get_by_role("status")).to_contain_text(ENGLISH.accepted)
        for variant in ("kettle-17", "k" * 2000, "kettle-10"):
            await visit.page.evaluate(f"shelftalk.push({{ kind: 'added_to_cart', variant: '{variant}' }})")
        answers: list[int] = []
        complaints: list[str] = []

        def all_answered(answer: Response) -> bool:
            if answer.url.endswith("/v1/views") and answer.request.method == "POST":
                answers.append(answer.status)
            return len(answers) == 4

        def complained_twice(said: ConsoleMessage) -> bool:
            complaints.extend([said.text] * said.text.startswith("track:"))
            return len(complaints) == 2

        # Whoever builds the page is told in the browser's console.
        async with (
            visit.page.expect_response(all_answered),
            visit.page.expect_console_message(complained_twice),
        ):
            await visit.page.evaluate("shelftalk.push({ consent: true })")
        assert (answers[0], sorted(answers[1:])) == (422, [202, 202, 422])
        visit.errors.clear()
    rows = await pool.fetch("select variant_id from events where kind = 'added_to_cart' order by happened_at")
    assert sorted(row["variant_id"] for row in rows) == ["kettle-10", "kettle-17"]
