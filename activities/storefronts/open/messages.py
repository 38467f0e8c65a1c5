"""What a shop says through the open API: its products, their stock, orders and checkouts, each as it is now.

The form is ours, so it is strict: a field that is not named here is refused, and the answer says where it stands.
docs/storefronts/open.md has every field.
"""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from activities.storefronts.payload import Count, Moment, Payload, PlainText, Price
from activities.storefronts.texts import LONGEST_TEXT
from schemas.incoming.facts import ExternalId, units_in_text

MOST_LEVELS = 1000
MOST_ITEMS = 500
MOST_CODES = 100
MOST_VARIANTS = 5000
LONGEST_CODE = 255


def _id_in_text(value: object) -> object:
    """Ids of digits may be numbers; read to their last digit."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _there(value: object) -> object:
    if value is None:
        raise ValueError("this has to be there")
    return value


def _of_form(form: str) -> AfterValidator:
    """Text of this form, where there is any."""
    pattern = re.compile(form, re.DOTALL)

    def check(text: str | None) -> str | None:
        if text is not None and pattern.fullmatch(text) is None:
            raise ValueError("this is longer than is taken, or of another form")
        return text

    return AfterValidator(check)


Id = Annotated[ExternalId, BeforeValidator(_id_in_text)]
Line = Annotated[PlainText, _of_form(f".{{0,{LONGEST_TEXT}}}")]
Title = Annotated[PlainText, _of_form(f".{{1,{LONGEST_TEXT}}}"), BeforeValidator(_there)]
Address = Annotated[PlainText, _of_form(rf"https?://\S{{1,{LONGEST_TEXT - 10}}}")]
Code = Annotated[PlainText, _of_form(f".{{0,{LONGEST_CODE}}}")]
CurrencyCode = Annotated[PlainText, _of_form("[A-Z]{3}")]
Units = Annotated[int, Field(ge=0, lt=2**31), BeforeValidator(units_in_text)]


class OpenPayload(Payload):
    """A part of a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Envelope(OpenPayload):
    """Every message.

    Attributes:
        type: what it is about.
        timestamp: when that was so, by the shop's clock, with its offset from UTC. Of two messages about one thing the
            later one stands, in whichever order they come.
        data: by the type.
    """

    type: Annotated[str, Field(pattern=r"^[a-z_]{1,40}(\.[a-z_]{1,40}){1,3}$")]
    timestamp: Annotated[Moment, BeforeValidator(_there)]
    data: dict[str, Any]

    def when(self) -> datetime | None:
        """When it was so; None: the time has no offset from UTC."""
        return self.timestamp if self.timestamp is not None and self.timestamp.tzinfo is not None else None


class Variant(OpenPayload):
    """One variant of a product. A product without any has one of the product's own id.

    Attributes:
        id: unique in the store; what shoppers wait for.
        item: the id that its stock is reported under; the variant's own, if left out. Variants that sell the same units
            name the same one.
        title: what tells it from the others, like "Small".
        sku: the shop's number for it.
        price: what it costs now, in the store's currency.
        units: how many there are, over all locations; left out where `stock.updated` tells.
        counted: false: the shop does not count units, and it can always be bought.
        sells_at_zero: true: it can be ordered although there are none.
    """

    id: Id
    item: Id | None = None
    title: Line = None
    sku: Line = None
    price: Price = None
    units: Count = None
    counted: bool | None = None
    sells_at_zero: bool = False


class ProductUpdated(OpenPayload):
    """`product.updated`: a product as it is now, new or changed.

    Attributes:
        id: unique in the store.
        title: for shoppers.
        url: of its page.
        handle: in place of `url`: the page is `/products/<handle>` at the store's address.
        image: the address of a picture of it.
        vendor: who makes it.
        tags: all of them.
        collections: that it is in, all of them.
        on_sale: false: shoppers cannot open its page.
        currency: that its prices are in; the same for the whole store.
        variants: all of them; one that is known and not named here is no longer sold.
    """

    id: Id
    title: Title
    url: Address = None
    handle: Line = None
    image: Address = None
    vendor: Line = None
    tags: tuple[Line, ...] | None = None
    collections: tuple[Line, ...] | None = None
    on_sale: bool = True
    currency: CurrencyCode = None
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=MOST_VARIANTS)]


class ProductDeleted(OpenPayload):
    """`product.deleted`: it is gone.

    Attributes:
        id: the product's.
    """

    id: Id


class Level(OpenPayload):
    """Units of one item at one location.

    Attributes:
        item: the variant's id, or the `item` that it named.
        location: where; one that has none anywhere else leaves it out.
        units: that can be bought there; 0: none. null: they are not counted there, and it can always be bought.
    """

    item: Id
    location: Id = "shop"
    units: Count


class StockUpdated(OpenPayload):
    """`stock.updated`: units, as they are now.

    Attributes:
        levels: at most 1,000.
    """

    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=MOST_LEVELS)]


class Item(OpenPayload):
    """One thing in an order or a checkout.

    Attributes:
        product: its id.
        variant: its id; left out where the product has one only.
        quantity: units; 0: taken out or returned.
    """

    product: Id
    variant: Id | None = None
    quantity: Units = 1


class Money(OpenPayload):
    """What an order came to.

    Attributes:
        total: all that was ordered, taxes and shipping included, before anything was given back.
        refunded: what was given back of that.
        currency: that the order was made in.
    """

    total: Annotated[Price, BeforeValidator(_there)]
    refunded: Price = None
    currency: Annotated[CurrencyCode, BeforeValidator(_there)]


class OrderUpdated(OpenPayload):
    """`order.updated`: an order as it is now, new or changed.

    Attributes:
        id: unique in the store.
        email: who ordered. Buying is no consent to be written to.
        items: what it holds now.
        ordered_at: when it was placed; the message's `timestamp`, if left out.
        cancelled: true: it is.
        money: what it came to.
        codes: the discount codes it was made with.
    """

    id: Id
    email: Line
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=MOST_ITEMS)]
    ordered_at: Moment = None
    cancelled: bool = False
    money: Money | None = None
    codes: Annotated[tuple[Code, ...], Field(max_length=MOST_CODES)] = ()


class CheckoutUpdated(OpenPayload):
    """`checkout.updated`: a checkout as it is now, that has not become an order.

    Attributes:
        id: unique in the store. It is not kept as it is, for who knows it may be able to open the checkout.
        email: who it is, where they said it.
        items: what is in it now; none: it was emptied, or is gone.
    """

    id: Id
    email: Line = None
    items: Annotated[tuple[Item, ...], Field(max_length=MOST_ITEMS)] = ()
