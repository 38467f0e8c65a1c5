"""Price drop: those who looked or carted are told when it costs enough less than it did then."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from schemas.document.alert_types.alert import PLENTY, Alert, Sight, Term, UsualCase
from schemas.document.alert_types.offer import Measure, Offer
from schemas.document.alert_types.vocabulary import Action, AlertType, Days
from schemas.model import Model
from schemas.reasons import Reason


class Drop(Model):
    """By how much a price must fall against the price at entry: an amount in the list's currency, or a percentage."""

    amount: Decimal | None = None
    percent: Decimal | None = None

    def trigger(self, price: Decimal) -> Decimal:
        """The highest price that counts as dropped from `price`; never below zero."""
        if self.percent is not None:
            return max(Decimal(0), price * (100 - self.percent) / 100)
        return max(Decimal(0), price - (self.amount or Decimal(0)))


_DROP = re.compile(r"(\d{1,9}(?:\.\d{1,4})?)\s*(%?)")


def parse_drop(value: object) -> Drop:
    """Read '10%' or '5.00'.

    Raises:
        ValueError: it is neither, or not more than zero.
    """
    if isinstance(value, Drop):
        return value
    match = _DROP.fullmatch(str(value).strip()) if isinstance(value, str | int | float | Decimal) else None
    if match is None or isinstance(value, bool):
        raise ValueError(f"{value!r} is not a drop: write a percentage like '10%', or an amount like 5.00")
    try:
        number = Decimal(match[1])
    except InvalidOperation:  # pragma: no cover - the pattern only lets numbers through
        raise ValueError(f"{value!r} is not a number") from None
    if number <= 0 or (match[2] and number > 100):
        raise ValueError(f"{value!r} is no drop a price can take: write more than nothing, and at most '100%'")
    return Drop(percent=number) if match[2] else Drop(amount=number)


def format_drop(drop: Drop) -> str:
    """The inverse of `parse_drop`."""
    return f"{drop.percent}%" if drop.percent is not None else str(drop.amount)


DropBy = Annotated[
    Drop,
    BeforeValidator(parse_drop),
    PlainSerializer(format_drop, return_type=str),
    WithJsonSchema({"type": ["string", "number"], "examples": ["10%", "5.00"]}),
]


class PriceDrop(Alert):
    """Tells those who looked or carted when it costs enough less than it did then."""

    model_config = ConfigDict(title="Price drop")

    measure: ClassVar[Measure] = Measure.PRICE
    over_trigger: ClassVar[Reason] = Reason.PRICE_BACK_UP
    told_when: ClassVar[str] = "its price had dropped"
    bound: ClassVar[str] = "drops_by"
    change_words: ClassVar[Mapping[str, str]] = {"drops_by": "the drop that is told of"}

    type: Literal[AlertType.PRICE_DROP]
    """What is watched."""
    action: Literal[Action.BROWSE, Action.CART]
    """What puts a contact in the queue: they signed up, they looked at it, or they put it in the cart."""
    relevancy_window: Days = timedelta(days=30)
    """How long they may wait, in whole days."""
    drops_by: DropBy
    """By how much at least: a percentage like 10%, or an amount like 5.00."""

    def trigger(self, offer: Offer) -> Decimal | None:
        return self.drops_by.trigger(offer.price or Decimal(0))

    def nothing_to_wait_for(self, sight: Sight) -> Reason | None:
        """There must be a price, in the currency of the list, that can drop by so much."""
        price = sight.offer.price
        if not sight.for_sale:
            return Reason.INACTIVE
        if price is None:
            return Reason.PRICE_UNKNOWN
        if not sight.same_currency:
            return Reason.CURRENCY_CHANGED
        if price <= 0:
            return Reason.FREE
        return Reason.TOO_CHEAP if (self.drops_by.amount or 0) > price else None

    def terms(self) -> Iterator[Term]:
        yield "drop", {"drop": format_drop(self.drops_by)}

    def usual_case(self, price: Decimal) -> UsualCase:
        return UsualCase(units=PLENTY, price=self.drops_by.trigger(price).quantize(Decimal("0.01")))
