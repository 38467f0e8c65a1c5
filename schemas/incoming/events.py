"""Events sent to the API: what contacts did, and what came of each."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, FiniteFloat, model_validator

from schemas.addresses import EmailAddress, PhoneNumber
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.incoming.facts import DiscountCodes, ExternalId, OrderMoney, whole_units
from schemas.model import Model
from schemas.names import PRINTABLE, Code, TagName
from schemas.reasons import Reason

MOST_ITEMS = 500
"""The largest orders of storefronts have so many lines."""
MOST_UNITS = 1_000_000
MOST_DETAILS = 50
LARGEST_DETAILS = 4096
"""Bytes as JSON: enough for what criteria look at; not for storing documents."""
EARLIEST_YEAR = 2000
LONGEST_MESSAGE_ID = 500
"""Characters; those that mail programs and providers make are far shorter."""


class EventKind(StrEnum):
    """What a contact did."""

    VIEWED_PRODUCT = "viewed_product"
    ADDED_TO_CART = "added_to_cart"
    REMOVED_FROM_CART = "removed_from_cart"
    CHECKOUT_STARTED = "checkout_started"
    ORDERED = "ordered"
    CUSTOM = "custom"
    OPENED_MESSAGE = "opened_message"
    CLICKED_MESSAGE = "clicked_message"
    JOINED_LIST = "joined_list"


ABOUT_MESSAGES = frozenset({EventKind.OPENED_MESSAGE, EventKind.CLICKED_MESSAGE})
_OF_ITEMS = frozenset(
    {EventKind.ADDED_TO_CART, EventKind.REMOVED_FROM_CART, EventKind.CHECKOUT_STARTED, EventKind.ORDERED}
)
_ABOUT_PRODUCTS = _OF_ITEMS | {EventKind.VIEWED_PRODUCT}
"""For other kinds a product is optional."""


def _storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("this text holds a character that cannot be stored (U+0000 or half of a surrogate pair)")
    return text


def _impersonal(text: str) -> str:
    if "@" in text:
        raise ValueError("this outlives the contact, so it must not hold an e-mail address")
    return text


def _bare(text: str) -> str:
    bare = text.removeprefix("<").removesuffix(">")
    if not bare or set(bare) & set(" <>\t\r\n"):
        raise ValueError("this is no Message-ID: one text without spaces, in angle brackets or without")
    return bare


def _not_ancient(at: datetime) -> datetime:
    if at.year < EARLIEST_YEAR:
        raise ValueError(f"this lies before the year {EARLIEST_YEAR}: is its unit right?")
    return at


Storable = Annotated[str, AfterValidator(_storable)]
Id = Annotated[ExternalId, AfterValidator(_storable)]
EventId = Annotated[Storable, Field(min_length=1, max_length=200), AfterValidator(_impersonal)]
OrderId = Annotated[Id, AfterValidator(_impersonal)]
MessageId = Annotated[Storable, Field(max_length=LONGEST_MESSAGE_ID), AfterValidator(_bare)]
"""As the message's header has it; angle brackets are left out."""
Units = Annotated[int, Field(ge=1, le=MOST_UNITS), BeforeValidator(whole_units)]
"""Units, rounded down."""
MOST_EXACT = 2**53
"""Programs that read JSON into floating-point numbers round what lies beyond."""
_Whole = Annotated[int, Field(ge=-MOST_EXACT, le=MOST_EXACT)]
_Text = Annotated[Storable, Field(max_length=1000)]


def _exact(value: object) -> object:
    if isinstance(value, int) and abs(value) > MOST_EXACT:
        raise ValueError(f"whole numbers beyond {MOST_EXACT} are not kept exactly; send this one as text")
    return value


Detail = Annotated[bool | _Whole | FiniteFloat | _Text | None, BeforeValidator(_exact)]
DetailName = Annotated[Storable, Field(min_length=1, max_length=100)]


def _small(details: dict[str, Detail]) -> dict[str, Detail]:
    if len(json.dumps(details, ensure_ascii=False).encode()) > LARGEST_DETAILS:
        raise ValueError(f"these are more than {LARGEST_DETAILS} bytes as JSON")
    return details


Details = Annotated[dict[DetailName, Detail], Field(max_length=MOST_DETAILS), AfterValidator(_small)]
"""Names with plain values: text, number, true, false or null."""


Tags = Annotated[dict[Annotated[TagName, AfterValidator(_storable)], bool], Field(max_length=MOST_DETAILS)]
"""Tags, each put on a contact (true) or taken off (false)."""


class Item(Model):
    """One thing of a cart, a checkout or an order. `variant` alone will do where the product is known."""

    product: Id | None = None
    variant: Id | None = None
    quantity: Units = 1

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.product is None and self.variant is None:
            raise ValueError("an item names its product, its variant or both")
        return self


class Event(Model):
    """Something a contact did.

    Attributes:
        id: yours, unique in the store: the same id again has no effect. No personal data.
        store: the shop's id. A new store is created.
        name: of a custom event, and only of that.
        email, phone, contact: who it was; one of the three. A new address or number becomes a contact, who has
            consented to nothing.
        product, variant, quantity: what it was about; or else `items`, for a cart, a checkout or an order.
        checkout: the checkout's id, of `checkout_started`. Whatever is told of a checkout is its state: what came first
            is the event, and what comes later says what is in it now; without `items`, nothing is.
        order: the order's id, for `ordered` and only for that. Every item of an order names its product.
        money, codes: what the order came to and what was given back, and its discount codes; only of `ordered`.
        message: the Message-ID of what was opened or clicked, where it is known; only of those kinds.
        list: the code of the list that was joined, for `joined_list` and only for that.
        happened_at: now, if left out. What lies ahead counts as now.
        properties: of the event; what is small enough to keep.
        attributes: of the contact: merged into what is known, the newer event wins, null removes.
        tags: of the contact: true puts it on them, false takes it off.
    """

    id: Annotated[EventId, Field(examples=["view-7f3a"])]
    store: Annotated[StoreId, Field(min_length=1, max_length=255, pattern=PRINTABLE, examples=["shop.example"])]
    kind: EventKind
    name: Annotated[Storable, Field(min_length=1, max_length=100), AfterValidator(_impersonal)] | None = None
    email: Annotated[EmailAddress, Field(examples=["shopper@example.com"])] | None = None
    phone: Annotated[PhoneNumber, Field(examples=["+12025550123"])] | None = None
    contact: Annotated[ContactId, Field(max_length=100)] | None = None
    product: Annotated[Id, Field(examples=["788032119674292922"])] | None = None
    variant: Id | None = None
    quantity: Units | None = None
    items: Annotated[tuple[Item, ...], Field(max_length=MOST_ITEMS)] = ()
    checkout: OrderId | None = None
    order: OrderId | None = None
    money: OrderMoney | None = None
    codes: DiscountCodes = ()
    message: MessageId | None = None
    list: Code | None = None
    happened_at: Annotated[AwareDatetime, AfterValidator(_not_ancient)] | None = None
    properties: Details = Field(default_factory=dict[str, Detail])
    attributes: Details = Field(default_factory=dict[str, Detail])
    tags: Tags = Field(default_factory=dict[str, bool])

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        _storable(self.store)
        _storable(self.contact or "")
        if [self.email, self.phone, self.contact].count(None) != 2:
            raise ValueError("an event names its contact by one of 'email', 'phone' and 'contact'")
        if (self.kind is EventKind.CUSTOM) != (self.name is not None):
            raise ValueError("a custom event has a 'name', and no other event has one")
        if (self.kind is EventKind.ORDERED) != (self.order is not None):
            raise ValueError("an 'ordered' event has its 'order', and no other event has one")
        if (self.money is not None or self.codes) and self.order is None:
            raise ValueError("only an 'ordered' event has 'money' and 'codes'")
        if self.checkout is not None and self.kind is not EventKind.CHECKOUT_STARTED:
            raise ValueError("only a 'checkout_started' event has a 'checkout'")
        if self.checkout is not None and self.happened_at is None:
            raise ValueError("what is told of a 'checkout' says when it was so, in 'happened_at': the newest stands")
        if self.message is not None and self.kind not in ABOUT_MESSAGES:
            raise ValueError("only 'opened_message' and 'clicked_message' events have a 'message'")
        if (self.kind is EventKind.JOINED_LIST) != (self.list is not None):
            raise ValueError("a 'joined_list' event has its 'list', and no other event has one")
        single = self.product is not None or self.variant is not None
        if self.items and (single or self.quantity is not None):
            raise ValueError("an event is about 'items' or about one 'product', not both")
        if self.items and self.kind not in _OF_ITEMS:
            raise ValueError(f"a '{self.kind}' event is about one 'product'; carts, checkouts and orders have 'items'")
        if not self.items and not single and self.kind in _ABOUT_PRODUCTS and self.checkout is None:
            raise ValueError(f"a '{self.kind}' event says what it is about: 'product', 'variant' or 'items'")
        if self.order is not None and any(item.product is None for item in self.things):
            raise ValueError("every item of an order names its 'product': that is what counts as bought")
        return self

    @property
    def things(self) -> tuple[Item, ...]:
        """What it is about, one product or many; nothing for an event about no product."""
        if self.product is None and self.variant is None:
            return self.items
        return (Item(product=self.product, variant=self.variant, quantity=self.quantity or 1),)


class EventStatus(StrEnum):
    """What became of an event. `repeated`: it was received before, and had no effect now."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    REFUSED = "refused"


class EntryResult(StrEnum):
    """Whether a contact is in an alert or a conversation after an event."""

    ENTERED = "entered"
    THERE_ALREADY = "there_already"
    NOT_ENTERED = "not_entered"


class Considered(Model):
    """A contact was considered for an alert because of an event (promise P7).

    Attributes:
        journey: the one that waits for the alert; None when there is none.
        reason, why: why they were not entered, for programs and for people.
    """

    alert: str
    product: str
    variant: str | None
    result: EntryResult
    journey: JourneyId | None = None
    reason: Reason | None = None
    why: str | None = None


class TriggeredEntry(Model):
    """A contact was considered for a conversation that is entered on such an event (promise P7).

    Attributes:
        journey: the journey they began, or are in already; None when they were not entered.
        reason, why: why they were not entered, for programs and for people.
    """

    conversation: str
    result: EntryResult
    journey: JourneyId | None = None
    reason: Reason | None = None
    why: str | None = None


class EventEffect(Model):
    """What an event led to, as it is kept.

    Attributes:
        note: a hint for people: that a product is not known, that no alert takes such events, or that nothing will be
            said to who was entered, and why.
    """

    alerts: tuple[Considered, ...] = ()
    conversations: tuple[TriggeredEntry, ...] = ()
    note: str | None = None

    @property
    def entered(self) -> bool:
        """Whether they are in any alert or conversation because of it."""
        return any(each.result is not EntryResult.NOT_ENTERED for each in (*self.alerts, *self.conversations))


class EventMistake(Model):
    """What is wrong with an event, and where: `$.events[3].kind`."""

    path: str
    detail: str


class EventOutcome(Model):
    """The answer to one event.

    Attributes:
        id: the event's; None when it has none that can be read.
        contact: whose it is; None when it was refused.
        effect: of a repeated event: what it led to when it came first.
        refused: why it was refused; send it again when that is corrected.
        diagnostics: the fields to correct, if any are wrong.
    """

    id: str | None
    status: EventStatus
    contact: ContactId | None = None
    effect: EventEffect = EventEffect()
    refused: str | None = None
    diagnostics: tuple[EventMistake, ...] = ()
