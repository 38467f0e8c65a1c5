"""A conversation written in a real browser: by the keyboard alone, and by whoever has pages read to them."""

import pytest
from playwright.async_api import Page, expect

from tests.console.designing.desk import EVERYTHING, Desk
from tests.console.support import complaints

AT = "/conversations/everything"


async def test_by_the_keyboard_alone_a_step_is_added_and_a_message_edited_saved_and_undone(
    desk: Desk, seat: Page
) -> None:
    await seat.goto(f"{desk.url}/conversations")
    keyboard = seat.keyboard
    await seat.get_by_role("link", name="Everything").focus()
    await keyboard.press("Enter")
    await seat.get_by_role("link", name="Add a step here").first.focus()
    await keyboard.press("Enter")
    await seat.get_by_role("link", name="Wait", exact=True).focus()
    await keyboard.press("Enter")
    await seat.get_by_label("Wait", exact=True).focus()
    await keyboard.type("a bit")
    await expect(seat.locator("#checked")).to_contain_text("threads[0].steps[0].wait")
    await keyboard.press("ControlOrMeta+A")
    await keyboard.type("2 hours")
    await expect(seat.locator("#checked")).to_contain_text("No mistakes")
    await keyboard.press("Enter")
    await expect(seat.locator(".box.chosen")).to_contain_text("2 hours")
    assert "wait: 2 hours" in await desk.source()

    await seat.get_by_role("link", name="bye").last.focus()
    await keyboard.press("Enter")
    await seat.get_by_label("Text", exact=True).focus()
    await keyboard.press("ControlOrMeta+A")
    await keyboard.type("Farewell")
    await expect(seat.frame_locator("iframe[name=preview]").locator("pre")).to_have_text("Farewell")
    await seat.get_by_role("button", name="Save").focus()
    await keyboard.press("Enter")
    await expect(seat.get_by_role("button", name="Redo")).to_be_disabled()
    assert "bye: {channel: sms, text: Farewell}" in await desk.source()
    for _ in range(2):
        await seat.get_by_role("button", name="Undo").focus()
        await keyboard.press("Enter")
        await expect(seat.get_by_role("button", name="Redo")).to_be_enabled()
    await expect(seat.get_by_role("button", name="Undo")).to_be_disabled()
    assert await desk.source() == EVERYTHING


@pytest.mark.parametrize(
    "path",
    [
        "/conversations",
        "/conversations/new",
        AT,
        f"{AT}?at=threads[0].steps[0]",
        f"{AT}?at=messages.hello",
        f"{AT}?add=threads[0].steps&index=1",
        f"{AT}/yaml",
        f"{AT}/versions",
    ],
)
async def test_every_page_of_the_designer_is_for_everyone(desk: Desk, seat: Page, path: str) -> None:
    await seat.goto(f"{desk.url}{path}")
    assert await complaints(seat) == []
