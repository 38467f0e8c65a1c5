"""The story of `shelftalk demo`: one real journey over HTTP, Temporal and SMTP, told while it happens."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import TypeVar

import httpx

from schemas.channels import Channel
from schemas.document.conversation import ConversationDocument, MessageSection
from schemas.document.steps import SendStep, StepSection, WaitStep
from schemas.journey.path import JourneyPath
from schemas.model import Model
from schemas.responses.journeys import JourneyReport
from schemas.responses.revenue import RevenueReport
from schemas.settings import Settings
from schemas.time.durations import format_duration
from starter.devstack.demo_roles import PUBLIC_URL, Clicked, Shop, Shopper, Support
from starter.devstack.failures import DevstackError
from starter.devstack.gateway import SmsGateway, TakenText
from starter.devstack.mailbox import Mail, Mailbox, is_to
from starter.devstack.stack import Stack, api_key
from starter.documents import STARTER_CONVERSATION, load_document

FIRST, SECOND = "first@example.com", "second@example.com"
PHONE, SHOPS_NUMBER = "+46701740605", "+46701740699"
"""Numbers that Sweden keeps for stories; a text message may come there at any hour."""
TEXT = MessageSection(channel=Channel.SMS, text="{{ product.title }} is back:\n{{ product.url }}\nReply STOP to end.")
TWO_DAYS = timedelta(seconds=5)
"""What the starter conversation's two days are in the story. Only its document differs; the product is the same."""
READING = timedelta(seconds=2.5)
"""From the messages to the click: what asks for a link within two seconds is a scanner, and no person."""
PATIENCE = timedelta(seconds=60)
"""For anything that should take a moment; a small machine that has just started everything may be slow."""
POLL_SECONDS = 0.2

Seen = TypeVar("Seen")
Tell = Callable[[str], None]
"""Takes the next lines of the story."""
Show = Callable[[JourneyPath | RevenueReport], None]
"""Shows an answer as the commands do."""


class Told(Model):
    """What came of it.

    Attributes:
        mails: the subjects of the mails to the first contact, in order.
        unsubscribe: what the first mail says to mail programs of how to unsubscribe, both headers.
        text: the text message to them.
        clicked: the link of the first mail.
        earned: what the messages earned, in this folder's whole life.
        path: the first contact's path, replayed from the workflow's history.
        not_told: the second contact's journey, with the reason.
    """

    mails: tuple[str, ...]
    unsubscribe: dict[str, str]
    text: TakenText
    clicked: Clicked
    earned: RevenueReport
    path: JourneyPath
    not_told: JourneyReport


def demo_settings(settings: Settings) -> Settings:
    """The settings for the story: everything embedded, on free ports, and a shop on this machine may be called."""
    nothing_named = {"database_url": None, "temporal_address": None, "smtp_host": None, "email_provider": "smtp"}
    # The simulated shop is on this machine, where nothing is called otherwise.
    here = {"http_port": 0, "public_url": PUBLIC_URL, "webhook_private_hosts": True}
    return settings.model_copy(update={**nothing_named, **here})


def demo_conversation() -> ConversationDocument:
    """The starter conversation, with short waits, a text message after each first mail, and clicks that are known.

    It is without its scenarios, which expect the long waits.
    """
    document = load_document(STARTER_CONVERSATION.read_bytes(), STARTER_CONVERSATION.name)
    (thread,) = document.threads
    first, *later = (_shortened(step) for step in thread.steps)
    steps = (first, SendStep(send="back-by-text", id="back-by-text"), *later)
    return document.model_copy(
        update={
            "list": document.list.model_copy(update={"track_clicks": True}),
            "threads": (thread.model_copy(update={"steps": steps}),),
            "messages": {**document.messages, "back-by-text": TEXT},
            "scenarios": (),
        }
    )


def _shortened(step: StepSection) -> StepSection:
    return step.model_copy(update={"wait": TWO_DAYS}) if isinstance(step, WaitStep) else step


async def tell_story(stack: Stack, gateway: SmsGateway, tell: Tell, show: Show) -> Told:
    """Play the story on a running stack.

    Raises:
        DevstackError: something did not happen that should have; it says what.
    """
    assert stack.mailbox is not None  # demo_settings names no mail server.
    web = stack.endpoints.web_url
    async with (
        httpx.AsyncClient(base_url=web, timeout=30, trust_env=False) as http,
        Shop.open(stack.services.connections, web) as shop,
    ):
        support = Support(http, shop.store, api_key(stack.api_key_file))
        shoppers = Shopper(http, FIRST, PHONE), Shopper(http, SECOND)
        return await _Story(shop, shoppers, support, stack.mailbox, gateway, tell, show).play()


@dataclass(frozen=True, slots=True)
class _Story:
    """The story, in order."""

    shop: Shop
    shoppers: tuple[Shopper, Shopper]
    support: Support
    mailbox: Mailbox
    gateway: SmsGateway
    tell: Tell
    show: Show

    async def play(self) -> Told:
        where = f"a simulated {self.shop.platform} shop, at {self.shop.url}"
        self.tell(f"\n1. A shop opens: {where}.")
        topics, products = await self.shop.is_connected()
        self.tell("   It is connected as yours would be:")
        self.tell(f"   {topics} kinds of webhooks are subscribed, and {products} product is read.")
        self.tell("   It is a blue kettle, and it is sold out.")
        await self._two_sign_up()
        mail, text = await self._one_is_told()
        clicked = await self._the_first_clicks(mail)
        await self._is_reminded()
        not_told = await self._the_second_was_not_told()
        first = await self.support.journey_of(FIRST, self.shop.variant)
        path = await self._until(
            lambda: self.support.path(first.journey_id), lambda path: path.ending is not None, "The journey's end"
        )
        earned = await self._the_first_orders()
        self.tell(f"\n7. Support asks what happened to {FIRST}. The answer is the workflow's history, replayed:\n")
        self.show(path)
        return Told(
            mails=tuple(str(each.read()["Subject"]) for each in self.mailbox.mails),
            unsubscribe={name: str(mail.read()[name]) for name in UNSUBSCRIBE},
            text=text,
            clicked=clicked,
            earned=earned,
            path=path,
            not_told=not_told,
        )

    async def _two_sign_up(self) -> None:
        self.tell("\n2. Two shoppers sign up on its page, the first one for text messages too. The page is there:")
        self.tell(f"   {self.shop.page}")
        for shopper in self.shoppers:
            await shopper.signs_up(self.shop.page)
            journey = await self.support.journey_of(shopper.email, self.shop.variant)
            self.tell(f"   {shopper.email} stands in line, {journey.ahead} ahead: journey {journey.journey_id}")

    async def _one_is_told(self) -> tuple[Mail, TakenText]:
        self.tell("\n3. One kettle comes back. The shop says so by a signed webhook; one unit is for one shopper.")
        began = time.monotonic()
        await self.shop.restocks(1)
        mail = await self._mail(0)
        self.tell(f"   {time.monotonic() - began:.1f} s later a mail arrives over SMTP:\n")
        self._quote(*_head(mail, "From", "To", "Subject", *UNSUBSCRIBE), "", *_text(mail).splitlines())
        try:
            text = await self.gateway.next(PATIENCE.total_seconds())
        except TimeoutError:
            raise _missing(f"The text message to {FIRST}") from None
        segments = f"{text.segments} segment{'' if text.segments == 1 else 's'}"
        self.tell(f"\n   and an SMS gateway is asked for a text message to {text.to} ({text.encoding}, {segments}):\n")
        self._quote(*text.text.splitlines())
        return mail, text

    async def _the_first_clicks(self, mail: Mail) -> Clicked:
        await asyncio.sleep(READING.total_seconds())
        clicked = await self.shoppers[0].opens_link(_text(mail))
        self.tell(f"\n   They open the mail's link in a browser. ({PUBLIC_URL} is the web server above.)\n")
        self._quote(f"GET {clicked.path}", f"302 {clicked.led_to}")
        return clicked

    async def _is_reminded(self) -> None:
        short = format_duration(TWO_DAYS)
        self.tell(f"\n4. Two days pass. (Here they last {short}: the demo published the starter conversation with")
        self.tell(f"   `wait: {short}` in the place of `wait: 2 days`, the text message and `track_clicks: true`.)")
        reminder = await self._mail(1)
        self.tell("   It was checked again: the kettle is still there, so there is a reminder:\n")
        self._quote(*_head(reminder, "Subject"))

    async def _the_first_orders(self) -> RevenueReport:
        price = f"{self.shop.price} EUR"
        self.tell(f"\n6. {FIRST} orders the kettle for {price}; the shop says so by a signed webhook.")
        self.tell("   The order counts for the message that they touched last. What messages earned:\n")
        await self.shop.sells_to(FIRST)
        earned = await self.support.earned()
        self.show(earned)
        return earned

    async def _the_second_was_not_told(self) -> JourneyReport:
        second = await self._until(
            lambda: self.support.journey_of(SECOND, self.shop.variant),
            lambda journey: journey.why is not None,
            "The reason",
        )
        self.tell(f"\n5. {SECOND} was not told, and it is on record why:\n   {second.why} ({second.reason})")
        if stray := [mail for mail in self.mailbox.mails if SECOND in mail.recipients]:
            raise DevstackError(f"The demo stopped: {len(stray)} mails went to {SECOND}, who is not next in line.")
        self.tell("   The next kettle is theirs.")
        return second

    async def _mail(self, after: int) -> Mail:
        try:
            return await self.mailbox.wait_for(is_to(FIRST), PATIENCE.total_seconds(), after=after)
        except TimeoutError:
            raise _missing(f"Mail {after + 1} to {FIRST}") from None

    def _quote(self, *lines: str) -> None:
        self.tell("\n".join(f"   | {line}".rstrip() for line in lines))

    async def _until(self, look: Callable[[], Awaitable[Seen]], holds: Callable[[Seen], bool], what: str) -> Seen:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                while not holds(seen := await look()):
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise _missing(what) from None
        return seen


UNSUBSCRIBE = ("List-Unsubscribe", "List-Unsubscribe-Post")


def _head(mail: Mail, *names: str) -> list[str]:
    message = mail.read()
    return [f"{name}: {message[name]}" for name in names]


def _text(mail: Mail) -> str:
    body = mail.read().get_body(("plain",))
    return body.get_content().strip() if isinstance(body, EmailMessage) else ""


def _missing(what: str) -> DevstackError:
    return DevstackError(
        f"The demo stopped: {what} did not come within {PATIENCE.total_seconds():.0f} s. The log says what went wrong."
    )
