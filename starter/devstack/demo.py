"""The story of `shelftalk demo`: one real journey over HTTP, Temporal and SMTP, told while it happens."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import TypeVar

import httpx

from activities.storefronts.registry import DemoShop
from activities.storefronts.storefront import WebhookRequest
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import WaitStep
from schemas.ids import JourneyId
from schemas.journey.path import JourneyPath
from schemas.model import Model
from schemas.responses.journeys import JourneyPage, JourneyReport
from schemas.settings import Settings
from schemas.time.durations import format_duration
from starter.devstack.failures import DevstackError
from starter.devstack.mailbox import Mail, Mailbox, is_to
from starter.devstack.stack import Stack, api_key
from starter.documents import STARTER_CONVERSATION, load_document

FIRST, SECOND = "first@example.com", "second@example.com"
TWO_DAYS = timedelta(seconds=5)
"""What the starter conversation's two days are in the story. Only its document differs; the product is the same."""
PATIENCE = timedelta(seconds=60)
"""For anything that should take a moment; a small machine that has just started everything may be slow."""
POLL_SECONDS = 0.2

Seen = TypeVar("Seen")
Tell = Callable[[str], None]
"""Takes the next lines of the story."""


class Told(Model):
    """What came of it.

    Attributes:
        mails: the subjects of the mails to the first contact, in order.
        path: the first contact's path, replayed from the workflow's history.
        not_told: the second contact's journey, with the reason.
    """

    mails: tuple[str, ...]
    path: JourneyPath
    not_told: JourneyReport


def demo_settings(settings: Settings) -> Settings:
    """The settings for the story: everything embedded, on free ports, with a client secret of its own."""
    nothing_named = {"database_url": None, "temporal_address": None, "smtp_host": None, "email_provider": "smtp"}
    embedded = settings.model_copy(update={**nothing_named, "http_port": 0})
    return DemoShop(secrets.token_hex(32)).believed_by(embedded)


def demo_conversation() -> ConversationDocument:
    """The starter conversation, with short waits; without its scenarios, which expect the long ones."""
    document = load_document(STARTER_CONVERSATION.read_bytes(), STARTER_CONVERSATION.name)
    threads = tuple(
        thread.model_copy(
            update={
                "steps": tuple(
                    step.model_copy(update={"wait": TWO_DAYS}) if isinstance(step, WaitStep) else step
                    for step in thread.steps
                )
            }
        )
        for thread in document.threads
    )
    return document.model_copy(update={"threads": threads, "scenarios": ()})


async def tell_story(stack: Stack, tell: Tell, show_path: Callable[[JourneyPath], None]) -> Told:
    """Play the story on a running stack.

    Raises:
        DevstackError: something did not happen that should have; it says what.
    """
    assert stack.mailbox is not None  # demo_settings names no mail server.
    demo_shop = DemoShop.from_settings(stack.settings)
    async with httpx.AsyncClient(base_url=stack.endpoints.web_url, timeout=30, trust_env=False) as http:
        shop = _Shop(http, demo_shop, secrets.randbelow(10**12) + 10**12)
        support = _Support(http, demo_shop.store_id, api_key(stack.api_key_file))
        return await _Story(shop, support, stack.mailbox, tell, show_path).play()


@dataclass(frozen=True, slots=True)
class _Shop:
    """A shop with one product in one variant, and its page."""

    http: httpx.AsyncClient
    sends: DemoShop
    number: int

    async def has_product(self) -> None:
        """It tells of its product, sold out."""
        variant = {"title": "1.7 l", "sku": "KETTLE-BLUE", "price": "49.00"}
        await self._webhook(self.sends.product(self.number, "Blue kettle", "blue-kettle", variant, units=0), "product")

    async def restocks(self, units: int) -> None:
        """It tells of its units."""
        await self._webhook(self.sends.level(self.number + 2, units), "stock level")

    async def takes_sign_up(self, email: str) -> None:
        """A shopper fills in the form on its page."""
        form = {"store": self.sends.store_id, "variant": str(self.number + 1), "email": email}
        _expect(await self.http.post("/v1/signups", json=form), "The sign-up")

    async def _webhook(self, told: WebhookRequest, what: str) -> None:
        answer = await self.http.post(self.sends.path, content=told.body, headers=dict(told.headers))
        _expect(answer, f"The webhook of its {what}")


@dataclass(frozen=True, slots=True)
class _Support:
    """Somebody who answers questions, through the API."""

    http: httpx.AsyncClient
    store: str
    key: str

    async def journey_of(self, email: str, variant: str) -> JourneyReport:
        search = {"email": email, "store": self.store, "variant": variant}
        answer = await self.http.post("/v1/journeys/search", json=search, headers=self._headers())
        page = JourneyPage.model_validate_json(_expect(answer, "The search").content)
        if not page.journeys:
            raise DevstackError(f"The demo stopped: the sign-up of {email} made no journey. Please report this.")
        # Asked for by itself it also says how many are ahead.
        answer = await self.http.get(f"/v1/journeys/{page.journeys[0].journey_id}", headers=self._headers())
        return JourneyReport.model_validate_json(_expect(answer, "The look at the journey").content)

    async def path(self, journey_id: JourneyId) -> JourneyPath:
        answer = await self.http.get(f"/v1/journeys/{journey_id}/path", headers=self._headers())
        return JourneyPath.model_validate_json(_expect(answer, "The replay").content)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@dataclass(frozen=True, slots=True)
class _Story:
    """The story, in order."""

    shop: _Shop
    support: _Support
    mailbox: Mailbox
    tell: Tell
    show_path: Callable[[JourneyPath], None]

    async def play(self) -> Told:
        variant = str(self.shop.number + 1)
        self.tell(f"\n1. {self.support.store} tells by a signed webhook of a blue kettle. It is sold out.")
        await self.shop.has_product()
        self.tell("\n2. Two shoppers sign up on its page, one after the other.")
        for email in (FIRST, SECOND):
            await self.shop.takes_sign_up(email)
            journey = await self.support.journey_of(email, variant)
            self.tell(f"   {email} stands in line, {journey.ahead} ahead: journey {journey.journey_id}")
        self.tell("\n3. One kettle comes back. The shop says so by a signed webhook; one unit is for one shopper.")
        began = time.monotonic()
        await self.shop.restocks(1)
        mail = await self._mail(0)
        self.tell(f"   {time.monotonic() - began:.1f} s later a mail arrives over SMTP:\n")
        self._show(mail)
        short = format_duration(TWO_DAYS)
        self.tell(f"\n4. Two days pass. (Here they last {short}: the demo published the starter conversation with")
        self.tell(f"   `wait: {short}` in the place of `wait: 2 days`; all else is the same.)")
        reminder = await self._mail(1)
        self.tell("   It was checked again: the kettle is still there, so there is a reminder:\n")
        self._show(reminder)
        first = await self.support.journey_of(FIRST, variant)
        path = await self._until(
            lambda: self.support.path(first.journey_id), lambda path: path.ending is not None, "The journey's end"
        )
        self.tell(f"\n5. Support asks what happened to {FIRST}. The answer is the workflow's history, replayed:\n")
        self.show_path(path)
        second = await self._until(
            lambda: self.support.journey_of(SECOND, variant), lambda journey: journey.why is not None, "The reason"
        )
        self.tell(f"\n6. {SECOND} was not told, and it is on record why:\n   {second.why} ({second.reason})")
        if stray := [mail for mail in self.mailbox.mails if SECOND in mail.recipients]:
            raise DevstackError(f"The demo stopped: {len(stray)} mails went to {SECOND}, who is not next in line.")
        self.tell("   The next kettle is theirs.")
        subjects = tuple(str(mail.read()["Subject"]) for mail in self.mailbox.mails)
        return Told(mails=subjects, path=path, not_told=second)

    async def _mail(self, after: int) -> Mail:
        try:
            return await self.mailbox.wait_for(is_to(FIRST), PATIENCE.total_seconds(), after=after)
        except TimeoutError:
            raise _missing(f"Mail {after + 1} to {FIRST}") from None

    def _show(self, mail: Mail) -> None:
        message = mail.read()
        lines = [f"{name}: {message[name]}" for name in ("From", "To", "Subject")]
        self.tell("\n".join(f"   | {line}" for line in [*lines, "", *_text(message).strip().splitlines()]))

    async def _until(self, look: Callable[[], Awaitable[Seen]], holds: Callable[[Seen], bool], what: str) -> Seen:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                while not holds(seen := await look()):
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise _missing(what) from None
        return seen


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return body.get_content() if isinstance(body, EmailMessage) else ""


def _expect(answer: httpx.Response, what: str) -> httpx.Response:
    if not answer.is_success:
        raise DevstackError(f"The demo stopped: {what} was answered with {answer.status_code}: {answer.text[:500]}")
    return answer


def _missing(what: str) -> DevstackError:
    return DevstackError(
        f"The demo stopped: {what} did not come within {PATIENCE.total_seconds():.0f} s. The log says what went wrong."
    )
