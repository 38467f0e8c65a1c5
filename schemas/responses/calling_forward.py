"""Calling forward by hand: what there is to give, and what was given."""

from schemas.ids import AlertId, StoreId
from schemas.model import Model


class CallReport(Model):
    """Calling the next of a line forward, beyond those whom the shelf calls by itself. Units are as claims count them.

    Attributes:
        people: how many were asked for.
        available: units that are there now.
        free: the shelf gives these away by itself, now.
        held_back: there, and given to nobody: too few for the alert to begin, or there before they counted.
        offered: that people were told of who have not bought; `open_offers` are theirs.
        calls: how many are called forward; more than were asked for where a unit, or an offer that ends, is for more.
        units: for how many units.
        takes_back: of `open_offers` so many end for it, the oldest first. Who had one can buy all the same, while
            there are units.
        done: false when this only shows what would happen.
    """

    store_id: StoreId
    subject: str
    alert: AlertId
    people: int
    available: int
    free: int
    held_back: int
    offered: int
    open_offers: int
    calls: int
    units: int
    takes_back: int
    done: bool = False
