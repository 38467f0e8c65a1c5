"""Facts that a storefront reports, in Shelftalk's own terms: what every adapter returns, independent of the vendor.

A fact is an observation with the storefront's own time. Transitions are never read from it:
they come from our stored state (a webhook is a trigger, not a log).
"""

import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import floor, isfinite
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, model_validator

from schemas.model import Model
from schemas.names import PRINTABLE


class Policy(StrEnum):
    """What the storefront does at zero units."""

    DENY = "deny"
    CONTINUE = "continue"


_BREAKS = re.compile(r"[\x01-\x1f\x7f-\x9f\u2028\u2029]+")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,30})?")


def whole_units(value: object) -> object:
    """Units as whoever tells of them writes them. A part of a unit cannot be sold, so 2.5 are 2.

    Raises:
        ValueError: it is no number of units.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float) and isfinite(value):
        value = Decimal(str(value))
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < 20:
        return floor(value)
    raise ValueError("this is not a number of units: write one such as 3; of a part of one, as in 2.5, nothing counts")


def units_in_text(value: object) -> object:
    """The same where storefronts and people write it as text: `"2.5"`.

    Raises:
        ValueError: it is no number of units.
    """
    return whole_units(Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value)


ExternalId = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]
Quantity = Annotated[int, Field(ge=-(2**31), lt=2**31), BeforeValidator(whole_units)]
"""Units, rounded down."""
Text = Annotated[str, Field(max_length=1000), AfterValidator(lambda text: _BREAKS.sub(" ", text))]
"""One line: a line break or another control character in a title is a blank."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]
"""Money, with its currency beside it."""
Address = Annotated[str, Field(min_length=3, max_length=320)]


class StoreFact(Model):
    """What the store's prices are in, as of `observed_at`."""

    kind: Literal["store"] = "store"
    currency: Currency
    observed_at: AwareDatetime


class VariantFact(Model):
    """One variant as a product message shows it.

    Attributes:
        inventory_item_id: the id its stock levels are reported under; None when not in the message.
        quantity: units over all locations; None when not in the message, or stock is not tracked.
        tracked: whether the storefront counts units; None when not in the message.
        price: in the store's currency; None when not in the message.
    """

    variant_id: ExternalId
    inventory_item_id: ExternalId | None = None
    title: Text = ""
    sku: Text | None = None
    price: Decimal | None = None
    policy: Policy = Policy.DENY
    tracked: bool | None = None
    quantity: Quantity | None = None


class ProductFact(Model):
    """A product with the variants that the message shows.

    Attributes:
        handle: what its adapter makes the address of its page from; nothing else reads it.
        page_url: the address of its page, by the shop's own word; it goes before the handle.
        on_sale: active and published: a shopper can open its page.
        all_variant_ids: every variant the product has; None when the message may show only some of them.
        observed_at: the storefront's time of this state.
    """

    kind: Literal["product"] = "product"
    product_id: ExternalId
    title: Text
    handle: Text | None = None
    page_url: Text | None = None
    image_url: Text | None = None
    vendor: Text | None = None
    tags: tuple[Text, ...] | None = None
    """None: not in the message; likewise `collections`."""
    collections: tuple[Text, ...] | None = None
    on_sale: bool
    variants: tuple[VariantFact, ...]
    all_variant_ids: frozenset[str] | None = None
    observed_at: AwareDatetime


class ProductGoneFact(Model):
    """The product was deleted from the storefront."""

    kind: Literal["product_gone"] = "product_gone"
    product_id: ExternalId
    observed_at: datetime | None = None


class StockFact(Model):
    """Units of one inventory item at one location. `available` None: the storefront does not count them."""

    kind: Literal["stock"] = "stock"
    inventory_item_id: ExternalId
    location_id: ExternalId
    available: Quantity | None
    observed_at: AwareDatetime


class HintFact(Model):
    """Something changed about this; its webhook does not say what. With no id it concerns the whole shop.

    Attributes:
        observed_at: the storefront's time of the change.
    """

    kind: Literal["hint"] = "hint"
    product_id: ExternalId | None = None
    variant_id: ExternalId | None = None
    order_id: ExternalId | None = None
    cart_id: ExternalId | None = None
    observed_at: AwareDatetime


class ItemFact(Model):
    """One thing in a cart, a checkout or an order.

    Attributes:
        quantity: units; 0: removed again, or returned.
    """

    product_id: ExternalId
    variant_id: ExternalId | None = None
    quantity: Annotated[Quantity, Field(ge=0)] = 1


class OrderMoney(Model):
    """What an order came to, in the currency it was made in.

    Attributes:
        total: all that was ordered, with what was added since; taxes and shipping included.
        refunded: what was given back of that since.
    """

    total: Amount
    refunded: Amount = Decimal(0)
    currency: Currency

    @model_validator(mode="after")
    def _no_more_back_than_was_paid(self) -> Self:
        if self.refunded > self.total:
            raise ValueError(
                "'refunded' is more than the 'total': the total is what was ordered, before anything was given back"
            )
        return self


DiscountCodes = Annotated[tuple[Annotated[str, Field(max_length=255)], ...], Field(max_length=100)]


class OrderFact(Model):
    """An order as it is now. Of the contact it holds the e-mail address, and nothing else.

    Attributes:
        email: valid, in lower case.
        items: each product and variant once.
        money: None: the message does not say what it came to.
        codes: the discount codes it was made with.
    """

    kind: Literal["order"] = "order"
    order_id: ExternalId
    email: Address
    items: tuple[ItemFact, ...]
    ordered_at: AwareDatetime
    cancelled: bool
    money: OrderMoney | None = None
    codes: DiscountCodes = ()
    observed_at: AwareDatetime


class CheckoutFact(Model):
    """A checkout as it is now.

    Attributes:
        checkout_id: None: the message names only the cart that it was made of.
        cart_id: that cart, where it is told.
        email: valid, in lower case; None: nobody left an address, or the message does not say it.
        items: nothing: it was emptied, or deleted.
        observed_at: the storefront's time of this state.
    """

    kind: Literal["checkout"] = "checkout"
    checkout_id: ExternalId | None = None
    cart_id: ExternalId | None = None
    email: Address | None = None
    items: tuple[ItemFact, ...]
    observed_at: AwareDatetime


class ContactErasureFact(Model):
    """A person wants the shop to erase their data.

    Attributes:
        email: as in `OrderFact`.
        phone: their number in E.164, if told.
        order_ids: their orders, if told.
    """

    kind: Literal["contact_erasure"] = "contact_erasure"
    email: Address
    phone: str | None = None
    order_ids: tuple[ExternalId, ...] = ()
    observed_at: AwareDatetime | None = None


class ShopErasureFact(Model):
    """The shop wants all contacts erased that no other shop has."""

    kind: Literal["shop_erasure"] = "shop_erasure"
    observed_at: AwareDatetime | None = None


class DataRequestFact(Model):
    """A person wants a copy of their data from the shop. `email` as in `OrderFact`."""

    kind: Literal["data_request"] = "data_request"
    email: Address
    request_id: ExternalId | None = None
    observed_at: AwareDatetime | None = None


Fact = Annotated[
    StoreFact
    | ProductFact
    | ProductGoneFact
    | StockFact
    | HintFact
    | OrderFact
    | CheckoutFact
    | ContactErasureFact
    | ShopErasureFact
    | DataRequestFact,
    Field(discriminator="kind"),
]


class WebhookDelivery(Model):
    """One webhook as it came in, its signature verified, its body not yet read.

    Attributes:
        source: the storefront's, as in its webhooks' address.
        key: unique per store and source; the same key again is the same delivery.
        triggered_at: when the storefront sent it, by its own clock; None when not given.
        about_people: its body may hold addresses and names, so it is never kept.
        once_for_all: it is remembered for good, so that nobody can have it done anew.
    """

    store_id: Annotated[str, Field(min_length=1, max_length=255)]
    source: str
    topic: Annotated[str, Field(max_length=200)]
    key: Annotated[str, Field(min_length=1, max_length=200)]
    triggered_at: AwareDatetime | None = None
    about_people: bool = False
    once_for_all: bool = False
