"""docs/tutorial.md, played: each of its steps in a browser, from the first link to the mail and the answer to why.

What the tutorial sets in bold stands on the pages of its step. With PICTURES=1 the run also takes its pictures.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from pydantic import SecretStr

from schemas.settings import Settings
from starter.commands.up import console_set_up
from starter.devstack.demo_roles import PUBLIC_URL, Shop
from starter.devstack.mailbox import is_to
from starter.devstack.stack import Ports, Stack, running_stack
from starter.devstack.temporal import EmbeddedTemporal
from tests.accounts.staff import PASSWORD
from tests.databases import Databases
from tests.history import PATIENCE
from tests.markdown import ROOT
from tests.markdown import Page as Document
from tests.namespaces import new_namespace
from tests.pictures import TAKES_PICTURES, take_picture
from tests.shop_page.conftest import tab

__all__ = ["tab"]

TUTORIAL = Document(ROOT / "docs" / "tutorial.md")
EMAIL = "ada@example.com"
SUBJECT = "The {{ product.title }} you wanted is here"


@dataclass
class Player:
    """Somebody who follows the tutorial.

    Attributes:
        read: all that stood on the pages of the step that is played.
    """

    tab: Page
    stack: Stack
    shop: Shop
    read: list[str] = field(default_factory=list[str])

    async def opens(self, path: str) -> None:
        """A page of the console."""
        await self.tab.goto(f"{self.stack.endpoints.web_url}{path}")
        await self.looks()

    async def looks(self) -> None:
        """Reads what there is, with what only opens at a click."""
        self.read.append(await self.tab.evaluate("document.body.textContent"))

    async def clicks(self, name: str) -> None:
        """A button, and reads the page that comes."""
        await self.tab.locator("main").get_by_role("button", name=name, exact=True).first.click()
        await self.tab.wait_for_load_state()
        await self.looks()

    async def follows(self, name: str) -> None:
        """A link, likewise."""
        await self.tab.get_by_role("link", name=name, exact=True).first.click()
        await self.tab.wait_for_load_state()
        await self.looks()

    async def takes(self, title: str) -> None:
        """The picture that the tutorial has of this step, where pictures are taken."""
        for picture in pictures_of(title):
            if TAKES_PICTURES:
                await take_picture(self.tab, picture)
            assert picture.exists(), f"{picture} is not there: take it with PICTURES=1"


def pictures_of(title: str) -> list[Path]:
    """Those that stand in a step."""
    found = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TUTORIAL.section(title).text)
    return [TUTORIAL.file.parent / each for each in found]


async def _starts_it(player: Player) -> None:
    link = await console_set_up(player.stack.services, "")
    assert link is not None
    await player.opens(link)


async def _lets_themselves_in(player: Player) -> None:
    tab = player.tab
    await player.looks()
    await player.takes("Let yourself in")
    await tab.get_by_label("Name", exact=True).fill("Ada")
    await tab.get_by_label("E-mail address").fill("ada@shop.example")
    await tab.locator("input[type=password]").fill(PASSWORD)
    await player.clicks("Set up")
    await expect(tab.get_by_role("heading", name="Home")).to_be_visible()


async def _connects_a_shop(player: Player) -> None:
    await player.shop.is_connected()
    await player.opens("/stores")
    await expect(player.tab.get_by_role("link", name=player.shop.store)).to_be_visible()
    await player.takes("Connect a shop")


async def _begins_a_conversation(player: Player) -> None:
    tab = player.tab
    await player.follows("Conversations")
    await player.follows("Back in stock")
    await player.follows("Publish")
    await tab.locator("summary", has_text="Retire").click()
    await tab.get_by_label("I mean it").check()
    await player.clicks("Retire")
    await expect(tab.get_by_role("status")).to_contain_text("Retired.")
    await player.follows("Conversations")
    await player.follows("New conversation")
    await expect(tab.locator("input[value=back-in-stock]")).to_be_checked()
    await tab.get_by_label("Name", exact=True).fill("Kettles are back")
    await tab.get_by_label("Short name").fill("kettles")
    await player.clicks("Begin")
    await expect(tab.get_by_role("heading", name="Kettles are back")).to_be_visible()
    await player.takes("Begin a conversation")


async def _says_it_in_their_words(player: Player) -> None:
    tab = player.tab
    await tab.get_by_role("link", name="it-is-back").last.click()
    await tab.get_by_label("Subject", exact=True).fill(SUBJECT)
    await expect(tab.locator("#checked")).to_contain_text("No mistakes")
    await expect(tab.frame_locator("iframe[name=preview]").locator("body")).to_contain_text("is back in stock")
    await player.looks()
    await player.takes("Say it in your words")
    await player.clicks("Save")
    await expect(tab.get_by_text(SUBJECT).first).to_be_visible()
    await player.looks()


async def _tries_it_on_nobody(player: Player) -> None:
    tab = player.tab
    await player.follows("Run tester")
    await tab.get_by_label("Scenario").select_option(label="Told when it is back, and reminded once")
    await player.clicks("Run")
    await expect(tab.get_by_text("All went as the scenario expects")).to_be_visible()
    await player.takes("Try it on nobody")


async def _publishes_it(player: Player) -> None:
    await player.follows("Publish")
    await player.takes("Publish it")
    await player.clicks("Publish now")
    await expect(player.tab.get_by_role("status")).to_contain_text("Published.")


async def _signs_up(player: Player) -> None:
    tab = player.tab
    await tab.goto(player.shop.page)
    form = tab.locator("notify-me")
    await form.get_by_role("button").first.click()
    await form.get_by_label("E-mail", exact=False).first.fill(EMAIL)
    await tab.keyboard.press("Enter")
    await expect(form).to_contain_text("Thank you.")
    player.read += await form.locator("*").all_inner_texts()
    await player.takes("Sign up as a shopper does")
    await player.opens("/lines")
    await expect(tab.get_by_role("link", name="Blue kettle")).to_be_visible()


async def _lets_it_come_back(player: Player) -> None:
    assert player.stack.mailbox is not None
    await player.shop.restocks(1)
    mail = await player.stack.mailbox.wait_for(is_to(EMAIL), PATIENCE)
    assert mail.read()["Subject"] == "The Blue kettle you wanted is here"
    tab = player.tab
    await player.opens("/")
    async with asyncio.timeout(PATIENCE):
        # The mail is there a moment before it is on record as sent.
        while "E-mails that left" not in await tab.locator("main").inner_text():
            await tab.reload()
    await player.looks()
    await player.takes("Let it come back")


async def _sees_why(player: Player) -> None:
    tab = player.tab
    await player.follows("Contacts")
    await tab.get_by_role("searchbox").fill("ada@")
    await player.follows(EMAIL)
    await expect(tab.get_by_text("The Blue kettle you wanted is here", exact=True)).to_be_visible()
    await player.takes("See why")


STEPS: dict[str, Callable[[Player], Awaitable[None]]] = {
    "Start it": _starts_it,
    "Let yourself in": _lets_themselves_in,
    "Connect a shop": _connects_a_shop,
    "Begin a conversation": _begins_a_conversation,
    "Say it in your words": _says_it_in_their_words,
    "Try it on nobody": _tries_it_on_nobody,
    "Publish it": _publishes_it,
    "Sign up as a shopper does": _signs_up,
    "Let it come back": _lets_it_come_back,
    "See why": _sees_why,
}
"""By the headings of the tutorial, in its order."""


@pytest.fixture
async def player(databases: Databases, temporal: EmbeddedTemporal, tab: Page, tmp_path: Path) -> AsyncGenerator[Player]:
    """Everything as `shelftalk up` runs it for the first time, a simulated shop, and a browser that knows neither."""
    database = await databases.take()
    client = await new_namespace(temporal.address)
    settings = Settings(
        data_dir=tmp_path,
        database_url=SecretStr(database.url),
        temporal_address=temporal.address,
        temporal_namespace=client.namespace,
        http_port=0,
        public_url=PUBLIC_URL,
        webhook_private_hosts=True,
    )
    await tab.context.clear_cookies()
    await tab.emulate_media(color_scheme="light")
    await tab.set_viewport_size({"width": 1280, "height": 800})
    async with AsyncExitStack() as parts:
        stack = await parts.enter_async_context(running_stack(settings, Ports(), lambda _: None))
        shop = await parts.enter_async_context(Shop.open(stack.services.connections, stack.endpoints.web_url))
        yield Player(tab, stack, shop)
        await tab.goto("about:blank")
        await tab.context.clear_cookies()
    await databases.give_back(database)


async def test_whoever_follows_the_tutorial_publishes_a_conversation_that_tells_a_shopper(player: Player) -> None:
    assert [section.title for section in TUTORIAL.sections if section.title != "Your first conversation"] == list(STEPS)
    for title, step in STEPS.items():
        player.read.clear()
        await step(player)
        stood = " ".join(" ".join(player.read).split())
        bold = re.findall(r"\*\*([^*]+)\*\*", TUTORIAL.section(title).text)
        assert [each for each in bold if each not in stood] == [], title
