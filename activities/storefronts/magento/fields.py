"""What Magento's events and its API have in common: kinds of products, numbers as text, prices and their days."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from activities.storefronts.payload import PlainText

SIMPLE = ("simple", "virtual", "downloadable", "giftcard")
"""Kinds of products with units of their own; the units of any other are its parts'."""
HIDDEN = "1"
"""The visibility of what has no page of its own: it is sold as a part of another product."""
ENABLED = "1"
MOST_PARTS = 2000


def _digits(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Code = Annotated[PlainText, BeforeValidator(_digits)]
"""A small number that stands for something, as text or number."""
Texts = Annotated[PlainText, BeforeValidator(lambda value: value if isinstance(value, str) else None)]
"""Text where attributes of other kinds may stand."""


def effective_price(
    price: Decimal | None, special: Decimal | None, begins: str | None, ends: str | None, now: datetime
) -> Decimal | None:
    """The price or, within its days, the special price, if it is lower. Its last day counts as a whole."""
    if price is None or special is None or special >= price:
        return price
    today = now.date().isoformat()
    return price if (begins or "")[:10] > today or (ends and ends[:10] < today) else special
