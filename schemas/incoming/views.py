"""What a shopper's browser tells of: what they looked at, and put into the cart."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.incoming.events import EventKind, Id, Item
from schemas.model import Model

OLDEST_SECONDS = 30 * 24 * 3600
"""What a browser keeps is no older."""
MOST_UNITS = 999
MOST_SEEN = 20
MOST_ITEMS = 50


class SeenKind(StrEnum):
    """What a browser may tell of: nothing that somebody paid for, opened or agreed to."""

    VIEWED_PRODUCT = EventKind.VIEWED_PRODUCT.value
    ADDED_TO_CART = EventKind.ADDED_TO_CART.value
    REMOVED_FROM_CART = EventKind.REMOVED_FROM_CART.value
    CHECKOUT_STARTED = EventKind.CHECKOUT_STARTED.value


class Seen(Model):
    """One thing that a shopper did on the shop's pages.

    Attributes:
        id: the browser's own: told twice, it counts once.
        ago: seconds since it happened, so that no clock but ours is asked.
        product, variant: what it was about, or `items` of a checkout.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$", examples=["18230471192"])]
    kind: SeenKind
    ago: Annotated[int, Field(ge=0, le=OLDEST_SECONDS, examples=[3600])]
    product: Annotated[Id, Field(examples=["788032119674292922"])] | None = None
    variant: Id | None = None
    quantity: Annotated[int, Field(ge=1, le=MOST_UNITS)] | None = None
    items: Annotated[tuple[Item, ...], Field(max_length=MOST_ITEMS)] = ()

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        single = self.product is not None or self.variant is not None
        if single == bool(self.items) or (self.items and self.quantity is not None):
            raise ValueError("this is about one 'product' or 'variant', or, of a checkout, about 'items'")
        if self.items and self.kind is not SeenKind.CHECKOUT_STARTED:
            raise ValueError("only 'checkout_started' has 'items'")
        return self
