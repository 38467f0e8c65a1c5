"""Lists of coupon codes: how many there are, and what became of them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from schemas.model import Model

LONGEST_CODE = 100


def is_code(text: str) -> bool:
    """Whether it can be a code: a comma would end it in a file of codes, and nobody types what cannot be seen."""
    return 0 < len(text) <= LONGEST_CODE and text.isprintable() and not set(text) & {" ", ",", '"'}


def _code(text: str) -> str:
    if not is_code(text):
        raise ValueError("a code has no blanks, commas, quotes or characters that cannot be seen")
    return text


CouponCode = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_CODE), AfterValidator(_code)]


class CouponList(Model):
    """The codes of one list.

    Attributes:
        free: given to nobody yet, or given back.
        reserved: given to people, with the place that they have or were told by.
        redeemed: of all, those that an order was made with.
        missing: places for which no code was left; their message left without one.
        last_missing_at: when that was last; None: never.
        alerts: those in force that give its codes.
    """

    coupon_list: str
    codes: int
    free: int
    reserved: int
    redeemed: int
    missing: int
    last_missing_at: datetime | None
    alerts: tuple[str, ...]


class CouponLists(Model):
    """All lists that have codes, or that an alert in force names."""

    lists: tuple[CouponList, ...]


class CouponsAdded(Model):
    """What became of codes that were put in; `known`: they were there already, in whatever list."""

    coupon_list: str
    added: int
    known: int
    free: int
