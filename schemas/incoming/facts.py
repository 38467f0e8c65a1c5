"""What a storefront told us, in Shelftalk's own words. Every adapter ends here; nothing past it knows the vendor.

A fact is an observation with the storefront's own time. Transitions are never read from it:
they come from our stored state (a webhook is a trigger, not a log).
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from schemas.model import Model


class Policy(StrEnum):
    """What the storefront does at zero units."""

    DENY = "deny"
    CONTINUE = "continue"


ExternalId = Annotated[str, Field(min_length=1, max_length=100)]
Quantity = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Text = Annotated[str, Field(max_length=1000)]
Address = Annotated[str, Field(min_length=3, max_length=320)]


class VariantFact(Model):
    """One variant as a product message shows it.

    Attributes:
        inventory_item_id: the id its stock levels are reported under; None when the message does not say.
        quantity: units over all locations; None when the message does not say or stock is not tracked.
        tracked: whether the storefront counts units; None when the message does not say.
        price: in the store's currency; None when the message does not say.
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
        handle: what its storefront makes the address of its page from; nobody but its adapter reads it.
        on_sale: active and published: a shopper can open its page.
        all_variant_ids: every variant the product has; None when the message may show only some of them.
        observed_at: the storefront's time of this state.
    """

    kind: Literal["product"] = "product"
    product_id: ExternalId
    title: Text
    handle: Text | None = None
    image_url: Text | None = None
    vendor: Text | None = None
    tags: tuple[Text, ...] | None = None
    """None: the message does not say; likewise `collections`."""
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


class ItemFact(Model):
    """One thing in a cart, a checkout or an order.

    Attributes:
        quantity: units; 0: it was taken out again, or given back.
    """

    product_id: ExternalId
    variant_id: ExternalId | None = None
    quantity: Annotated[Quantity, Field(ge=0)] = 1


class OrderFact(Model):
    """An order as it is now. Of the person it keeps the address, and nothing else.

    Attributes:
        email: valid, in lower case.
        items: each product and variant once.
    """

    kind: Literal["order"] = "order"
    order_id: ExternalId
    email: Address
    items: tuple[ItemFact, ...]
    ordered_at: AwareDatetime
    cancelled: bool
    observed_at: AwareDatetime


class CheckoutFact(Model):
    """Someone whose address is known went to check out.

    Attributes:
        email: valid, in lower case.
        observed_at: the storefront's time of this state; a checkout that is changed is a new event.
    """

    kind: Literal["checkout"] = "checkout"
    checkout_id: ExternalId
    email: Address
    items: Annotated[tuple[ItemFact, ...], Field(min_length=1)]
    observed_at: AwareDatetime


class ContactErasureFact(Model):
    """A person asked the shop to be forgotten. `email` as in `OrderFact`."""

    kind: Literal["contact_erasure"] = "contact_erasure"
    email: Address
    observed_at: AwareDatetime | None = None


class ShopErasureFact(Model):
    """The shop asks that everyone whom only it knows be forgotten."""

    kind: Literal["shop_erasure"] = "shop_erasure"
    observed_at: AwareDatetime | None = None


class DataRequestFact(Model):
    """A person asked the shop what is known of them. `email` as in `OrderFact`."""

    kind: Literal["data_request"] = "data_request"
    email: Address
    request_id: ExternalId | None = None
    observed_at: AwareDatetime | None = None


Fact = Annotated[
    ProductFact
    | ProductGoneFact
    | StockFact
    | OrderFact
    | CheckoutFact
    | ContactErasureFact
    | ShopErasureFact
    | DataRequestFact,
    Field(discriminator="kind"),
]


class WebhookDelivery(Model):
    """One webhook as it came in, verified but not yet believed.

    Attributes:
        source: the storefront's, as in its webhooks' address.
        key: unique per store and source; the same key again is the same delivery.
        triggered_at: when the storefront says it was set off; None when it does not say.
        about_people: its body may hold addresses and names, so it is never kept.
    """

    store_id: Annotated[str, Field(min_length=1, max_length=255)]
    source: str
    topic: Annotated[str, Field(max_length=200)]
    key: Annotated[str, Field(min_length=1, max_length=200)]
    triggered_at: AwareDatetime | None = None
    about_people: bool = False
