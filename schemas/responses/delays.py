"""What is answered about how long alerts take, from the change in the shop to the mailbox."""

from datetime import date, timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from schemas.model import Model


class Leg(StrEnum):
    """A part of the way of an alert, named after its end, in order; the last two are the whole way."""

    HEARD = "heard"
    """From the change, by the shop's own clock, until we heard of it."""
    DECIDED = "decided"
    """Until a place was given."""
    HANDED_OVER = "handed_over"
    """Until the provider had taken the message."""
    DELIVERED = "delivered"
    """Until it was delivered, as far as the provider tells."""
    ALL_HANDED_OVER = "all_handed_over"
    ALL_DELIVERED = "all_delivered"


class LegFigures(Model):
    """How long one leg took.

    Attributes:
        alerts: those of which both ends are known.
        p50, p95: in seconds; half of them, and 95 in a hundred, took no longer. None: there are none.
        clock_off: of these, those that would have ended more than a second before they began: the shop's clock runs
            ahead, or the provider's behind. They count as 0.
    """

    leg: Leg
    alerts: int
    p50: float | None
    p95: float | None
    clock_off: int


class DelayReport(Model):
    """How long alerts took of those who were told in a period. Days are the list's own, UTC's when none is named.

    Attributes:
        told: places that were told of and handed over for certain.
        otherwise: of them, those that no change of the shop's made possible; in no leg.
        cut: there are more than that, and these are the newest.
        legs: each once, in order.
    """

    list_code: str | None
    store: str | None
    since: date | None
    until: date | None
    told: int
    otherwise: int
    cut: bool
    legs: tuple[LegFigures, ...]


class ToldAt(Model):
    """The way of one alert to one contact: when each of its legs ended.

    Attributes:
        key: of its message.
        shop_at: when the change was, by the shop's own clock; None: the shop did not say.
        heard_at: None: no change of the shop's made it possible.
        delivered_at: None: the provider has not told.
    """

    key: str
    journey: str
    alert: str
    store: str
    product: str
    shop_at: AwareDatetime | None
    heard_at: AwareDatetime | None
    decided_at: AwareDatetime
    handed_over_at: AwareDatetime
    delivered_at: AwareDatetime | None

    @property
    def lag(self) -> timedelta | None:
        """From the change, as early as it is known, until its end, as far as that is known."""
        begun = self.shop_at or self.heard_at
        return None if begun is None else max(timedelta(), (self.delivered_at or self.handed_over_at) - begun)


class ToldLately(Model):
    """Those who were told last, the newest first; `more`: there are older ones."""

    told: tuple[ToldAt, ...]
    more: bool
