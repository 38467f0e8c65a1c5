"""What messages earned: orders credited to them, by message and currency."""

from datetime import date
from decimal import Decimal

from schemas.attribution import Touch
from schemas.model import Model


class MessageRevenue(Model):
    """What one message of a conversation earned in one currency.

    Attributes:
        currency: None: nothing was credited to it.
        sent: how often it was sent in the period, whatever the currency.
        orders: those credited to it that stand.
        cancelled: those credited to it that were cancelled since.
        gross: what all of these came to when they were made; less what was given back and cancelled that is `net`.
        by_touch: the orders that stand, by what their contacts did with the message last.
    """

    list_code: str
    conversation: str
    message: str
    currency: str | None
    sent: int
    orders: int
    cancelled: int
    gross: Decimal
    deducted: Decimal
    net: Decimal
    by_touch: dict[Touch, int]


class CurrencyRevenue(Model):
    """All orders of the period in one currency, and what of them is credited to the messages of the report."""

    currency: str
    orders: int
    net: Decimal
    credited_orders: int
    credited_net: Decimal


class RevenueReport(Model):
    """What messages earned, by when it was ordered. Days are the list's own, UTC's when no list is named.

    Attributes:
        messages: those that were sent in the period, or earned in it; the first of each currency earned most.
    """

    list_code: str | None
    since: date | None
    until: date | None
    currencies: tuple[CurrencyRevenue, ...]
    messages: tuple[MessageRevenue, ...]
