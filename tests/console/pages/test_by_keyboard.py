"""The main things of Home and Operations by the keyboard alone, from signing in to the result."""

from playwright.async_api import Page, expect

from schemas.responses.users import Language, Role
from tests.accounts.staff import ADMIN_EMAIL, PASSWORD
from tests.console.pages.conftest import Console
from tests.console.pages.world import WAITING


async def _reach(tab: Page, name: str) -> None:
    """Go on with the Tab key until this has the focus."""
    for _ in range(80):
        await tab.keyboard.press("Tab")
        focused: str = await tab.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || '').trim()"
        )
        if focused.startswith(name):
            return
    raise AssertionError(f"the Tab key does not lead to {name!r}")


async def test_who_signs_in_sees_what_needs_them_and_approves_a_message(console: Console, tab: Page) -> None:
    await tab.context.clear_cookies()
    await tab.set_viewport_size({"width": 1280, "height": 860})
    await tab.goto(console.url)
    await tab.get_by_label("E-mail").focus()
    await tab.keyboard.type(ADMIN_EMAIL)
    await tab.keyboard.press("Tab")
    await tab.keyboard.type(PASSWORD)
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("heading", name="What needs somebody now")).to_be_visible()
    await _reach(tab, "Messages that wait for approval")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("heading", name="2 messages wait for approval")).to_be_visible()
    await expect(tab.frame_locator("iframe.letter").get_by_text("Blue kettle").first).to_be_visible()
    await _reach(tab, "Approve those ticked")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("status")).to_contain_text("Approved")
    approved = await console.world.services.audit_log.page(action="approve messages")
    assert approved.entries[0].actor == f"user {console.world.admin.user_id}"
    assert len(WAITING) > len(console.world.held)


async def test_support_sees_what_is_held_and_cannot_approve_it(console: Console, tab: Page) -> None:
    await console.seen_by(tab, await console.let_in(Role.SUPPORT, Language.GERMAN))
    await tab.goto(f"{console.url}/operations/approvals")
    await expect(tab.get_by_role("heading", name="Freigaben")).to_be_visible()
    await expect(tab.get_by_role("button", name="Angekreuzte freigeben")).to_have_count(0)
    await expect(tab.get_by_role("link", name="Einstellungen")).to_have_count(0)
