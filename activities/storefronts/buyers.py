"""What orders and checkouts of every platform have in common: who, what of it, and what it came to.

Of a person the e-mail address is read, and nothing else.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypeGuard

from pydantic_core import PydanticCustomError

from schemas.addresses import email_address
from schemas.incoming.facts import ItemFact, OrderMoney, StoreFact

LONGEST_ADDRESS = 320


def address(*texts: str | None) -> str | None:
    """The first of them that is a valid e-mail address, by the rule of sign-ups, in lower case."""
    for text in texts:
        if text and len(text) <= LONGEST_ADDRESS:
            try:
                return email_address(text).lower()
            except PydanticCustomError:
                continue
    return None


def items(lines: Iterable[tuple[str, str | None, int]]) -> tuple[ItemFact, ...]:
    """Each product and variant once, of lines that may repeat them: product, variant, units."""
    units: dict[tuple[str, str | None], int] = defaultdict(int)
    for product_id, variant_id, quantity in lines:
        units[product_id, variant_id] += max(0, quantity)
    return tuple(
        ItemFact(product_id=product_id, variant_id=variant_id, quantity=min(quantity, 2**31 - 1))
        for (product_id, variant_id), quantity in units.items()
    )


def is_currency(text: str | None) -> TypeGuard[str]:
    """Whether it is a code of three letters."""
    return text is not None and re.fullmatch("[A-Z]{3}", text) is not None


def currency_facts(currency: str | None, observed_at: datetime) -> tuple[StoreFact, ...]:
    """What the shop's prices are in, if it is told as a code of three letters."""
    return (StoreFact(currency=currency, observed_at=observed_at),) if is_currency(currency) else ()


def money(total: Decimal | None, refunded: Decimal | None, currency: str | None) -> OrderMoney | None:
    """What an order came to; None: it is not told. More than it came to cannot have been given back."""
    if total is None or not is_currency(currency):
        return None
    return OrderMoney(total=total, refunded=min(refunded or Decimal(0), total), currency=currency)
