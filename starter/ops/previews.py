"""Messages looked at before they reach anybody: rendered for a contact and a product, or sent to oneself.

A test, and the mail that the check-up looks at where it arrives, have the head of every message. They are the ones that
leave without `deliver`, for there is nothing to decide: they are about nobody's journey, are marked as tests, and
whoever sends one says to whom. The audit has that it was asked for, before it leaves, and no ledger.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from email.utils import parseaddr
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

from activities.delivery.items import money
from activities.delivery.shopper_links import CONFIRM, PAGE, TOKEN_BYTES, UNSUBSCRIBE
from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.rendering.compile import compile_message
from activities.rendering.facts import LinksPart, MessageContext, ProductPart, ShopPart, VariantPart
from activities.rendering.messages import write_message
from activities.rendering.mjml import NotCompiled
from activities.rendering.samples import FULL
from activities.rendering.templates import CannotRender, render_wording
from activities.senders.registry import Senders
from activities.senders.sender import Mail, Message
from activities.stock.products import UnknownProduct, load_product
from activities.storefronts.registry import page_url
from schemas.document.compiled_message import CompiledMessage
from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError, ErrorKind
from schemas.ids import Level, StoreId
from schemas.responses.previews import PreviewedMessage, PreviewedMessages, SentTest
from schemas.settings import Settings
from starter.ops.chosen_message import NoSuchMessage, section_of
from starter.ops.handing_over import hand_over
from starter.runtime.one_thread import DOCUMENTS

SQL = load_queries("starter.ops", "previews.sql")

MARK = "[Test] "
"""Before the subject of a test, and before what a text message says."""

CHECK_LIST = "check"
"""In the place of the code of a list, in the List-Id of a mail that belongs to none."""
CHECK_SUBJECT = "Does this mail arrive as it left?"
CHECK_TEXT = """This mail was sent by `shelftalk doctor`, to look at how mails arrive.

Save it with all its headers, as it arrived, and then: shelftalk doctor --mail FILE
"""


class NoPreview(DomainError):
    """A message cannot be rendered for this contact and product; the text says why."""

    code = "no_preview"
    kind = ErrorKind.INVALID


class NoSuchContact(DomainError):
    """Nobody has this id, or they were erased."""

    code = "no_such_contact"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk journey list` shows contacts by their ids."


class AddressRefusesTests(DomainError):
    """This address said no to messages, or cannot be reached: not even a test is sent there."""

    code = "test_refused"
    kind = ErrorKind.CONFLICT


class StoreMissing(DomainError):
    """A product or variant was named without its store."""

    code = "store_missing"
    kind = ErrorKind.ARGUMENT
    advice = "Name it with --store."


@dataclass(frozen=True, slots=True)
class About:
    """For whom and what a message is rendered; what is None is made up.

    Raises:
        StoreMissing: as it says.
    """

    contact_id: str | None = None
    store_id: str | None = None
    product_id: str | None = None
    variant_id: str | None = None

    def __post_init__(self) -> None:
        if (self.product_id is not None or self.variant_id is not None) and self.store_id is None:
            raise StoreMissing("'store' is missing: say of which store the product or variant is.")


@dataclass(frozen=True, slots=True)
class ShownProduct:
    """A row of `product`: a product, with one of its variants if one is asked for."""

    store_source: str
    shop_name: str
    shop_url: str
    currency: str | None
    product_id: str
    title: str
    page_url: str | None
    handle: str | None
    image_url: str | None
    variant_id: str | None
    variant_title: str | None
    sku: str | None
    price: Decimal | None


def previews_of(
    document: ConversationDocument, context: MessageContext, message: str | None, language: str | None
) -> PreviewedMessages:
    """The messages of a document as somebody would read them.

    Args:
        message: this one alone; None: all.
        language: in this one alone; None: in each that a message has.

    Raises:
        NoSuchMessage, NoPreview: as they say.
    """
    if message is not None:
        section_of(document, message)
    found = tuple(
        each
        for code in document.messages
        if message in (None, code)
        for each in _previews(document, code, context, language)
    )
    if not found:
        raise NoSuchMessage(f"No message of '{document.conversation}' is written in '{language}'.")
    return PreviewedMessages(conversation=document.conversation, messages=found)


def _previews(
    document: ConversationDocument, code: str, context: MessageContext, language: str | None
) -> Iterator[PreviewedMessage]:
    compiled = _compiled(document, code)
    for each, wording in compiled.wordings.items():
        if language not in (None, each):
            continue
        try:
            rendered = render_wording(wording, context, each)
        except CannotRender as error:
            raise NoPreview(f"Message '{code}': {error}") from None
        yield PreviewedMessage(
            message=code, language=each, subject=rendered.subject, text=rendered.text, html=rendered.html
        )


def _compiled(document: ConversationDocument, code: str) -> CompiledMessage:
    try:
        return compile_message(document.messages[code])
    except NotCompiled as error:
        raise NoPreview(f"Message '{code}' cannot be compiled: {error}.") from None


def _marked(message: Message) -> Message:
    if isinstance(message, Mail):
        return replace(message, subject=f"{MARK}{message.subject}")
    return replace(message, text=f"{MARK}{message.text}")


class Previews:
    """Previews over one database, and tests by the senders of the settings."""

    def __init__(self, pool: Pool, settings: Settings, senders: Callable[[Settings], Senders]) -> None:
        self._pool = pool
        self._settings = settings
        self._senders = senders

    async def preview(
        self, document: ConversationDocument, about: About, message: str | None, language: str | None
    ) -> PreviewedMessages:
        """Its messages as this contact would read them about this product; the arguments of `previews_of`.

        Raises:
            NoSuchContact, UnknownProduct, NoSuchMessage, NoPreview: as they say.
        """
        return await DOCUMENTS.run(previews_of, document, await self.facts(about), message, language)

    async def facts(self, about: About) -> MessageContext:
        """What a message can show of this contact and product; the rest is made up.

        Raises:
            NoSuchContact, UnknownProduct: as they say.
        """
        context = FULL
        if about.contact_id is not None:
            attributes: dict[str, Any] | None = await SQL.attributes.value(self._pool, contact_id=about.contact_id)
            if attributes is None:
                raise NoSuchContact(f"There is no contact '{about.contact_id}'.")
            context = replace(context, attributes=attributes)
        if about.product_id is not None or about.variant_id is not None:
            context = await self._with_product(context, about)
        return context

    async def _with_product(self, context: MessageContext, about: About) -> MessageContext:
        store_id = StoreId(about.store_id or "")
        row = await SQL.product.row(
            self._pool, ShownProduct, store_id=store_id, product_id=about.product_id, variant_id=about.variant_id
        )
        if row is None:
            raise UnknownProduct(f"variant {about.variant_id}" if about.variant_id else f"product {about.product_id}")
        async with self._pool.acquire() as connection:
            product = await load_product(connection, store_id, row.product_id)
        level = Level.PRODUCT if row.variant_id is None else Level.VARIANT
        offer = product.offer(level, row.variant_id or row.product_id, None)
        front_page = row.shop_url.rstrip("/")
        page = row.page_url or page_url(row.store_source, front_page, row.handle, row.variant_id)
        price, units = money(row.price or offer.price, row.currency), None if offer.open_ended else offer.units
        return replace(
            context,
            shop=ShopPart(row.shop_name, front_page),
            product=ProductPart(row.title, page, row.image_url),
            variant=VariantPart(row.variant_title or "", row.sku, price, row.currency, units),
        )

    async def send_test(
        self, document: ConversationDocument, message: str, to: str, context: MessageContext, by: str
    ) -> SentTest:
        """Send one message to one address, marked as a test.

        Args:
            to: an address on the message's channel, as `schemas.addresses` gives it.
            context: what it shows; in the language of its contact.

        Raises:
            NoSuchMessage, NoPreview, AddressRefusesTests, CannotSendTest: as they say.
        """
        section_of(document, message)
        compiled = await DOCUMENTS.run(_compiled, document, message)
        message_id, list_id, links = self._message_id(), f"{document.list.code}.{self._domain}", self._links()
        context = replace(context, links=links or context.links)
        try:
            test = _marked(write_message(compiled, context, message_id, to, document.list.sender, None, list_id))
        except CannotRender as error:
            raise NoPreview(f"Message '{message}': {error}") from None
        if isinstance(test, Mail) and links is None:
            test = replace(test, unsubscribe=None)
        said = {"conversation": document.conversation, "message": message, "message_id": message_id}
        await self._send(test, by, "send test message", said)
        language, _ = compiled.wording_for(context.language)
        subject = test.subject if isinstance(test, Mail) else None
        return SentTest(message=message, language=language, subject=subject, message_id=message_id)

    async def send_check(self, to: str, by: str) -> str:
        """Send a mail of a few words, with the head that every message has, to be looked at where it arrives.

        Args:
            to: an address, as `schemas.addresses` gives it.

        Returns:
            Its Message-ID.

        Raises:
            AddressRefusesTests, CannotSendTest: as they say.
        """
        message_id, links = self._message_id(), self._links() or LinksPart()
        list_id = f"{CHECK_LIST}.{self._domain}"
        check = Mail(message_id, to, CHECK_SUBJECT, CHECK_TEXT, list_id=list_id, unsubscribe=links.unsubscribe)
        await self._send(_marked(check), by, "send check mail", {"message_id": message_id})
        return message_id

    @property
    def _domain(self) -> str:
        return parseaddr(self._settings.sender)[1].partition("@")[2]

    def _message_id(self) -> str:
        return f"test.{uuid4().hex}@{self._domain}"

    def _links(self) -> LinksPart | None:
        """Links as long as those of production, and nobody's; None: without a public address mails have none."""
        url, token = self._settings.public_url, token_urlsafe(TOKEN_BYTES)
        if url is None:
            return None
        return LinksPart(*(f"{url}{path}{token}" for path in (UNSUBSCRIBE, PAGE, CONFIRM)))

    async def _send(self, test: Message, by: str, action: str, details: dict[str, str]) -> None:
        """Put it on record and then hand it over: who asked for it is known also of what perhaps left."""
        if await SQL.refused.value(self._pool, channel=test.channel, address=test.recipient):
            raise AddressRefusesTests("Whoever has this address said no to messages, or it cannot be reached.")
        digest: str = await SQL.digest_of.value(self._pool, address=test.recipient)
        await write_audit(self._pool, by, action, {**details, "recipient_digest": digest})
        await hand_over(self._senders, self._settings, test)
