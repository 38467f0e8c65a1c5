"""Lists of coupon codes: how many there are, and what became of them."""

from datetime import datetime

from schemas.model import Model


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
