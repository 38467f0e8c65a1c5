"""Reports: which products are wanted most, and the figures of a list and its conversations."""

from datetime import date

from pydantic import AwareDatetime, Field

from schemas.document.alert_types.vocabulary import AlertType
from schemas.ids import Level
from schemas.model import Model
from schemas.reasons import Reason


class WantedProduct(Model):
    """How much one subject was wanted (docs/reports.md has every number's meaning and the formula of `to_order`).

    Attributes:
        variant_id: None when rows are by product, or the whole product was waited for.
        entered, lost_to_window, told, bought_after: in the period.
        waiting, units, unconfirmed, to_order: now, whatever the period. `to_order` is in units.
        units: how many units those who wait want together.
        unconfirmed: who has a place that does not count until they say that it was them; none of `waiting`.
        long_since: one of its lines has grown past the number of its list since then.
    """

    store_id: str
    product_id: str
    product_title: str
    variant_id: str | None
    variant_title: str | None
    sku: str | None
    entered: int
    waiting: int
    units: int
    unconfirmed: int
    lost_to_window: int
    told: int
    bought_after: int
    to_order: int
    long_since: AwareDatetime | None


class WantedReport(Model):
    """The most wanted first. Days are the list's own, UTC's when no list is named; both ends count."""

    list_code: str | None
    since: date | None
    until: date | None
    by: Level
    products: tuple[WantedProduct, ...]


class AlertFigures(Model):
    """What became of an alert's contacts; `waiting` and `unconfirmed` are now. `left` counts the untold, by reason."""

    alert: str
    type: AlertType
    waiting: int
    unconfirmed: int
    entered: int
    told: int
    bought_after: int
    left: dict[Reason, int]


class DayFigures(Model):
    """The same for one alert on one day of its list; `bought_after` counts on the day they were told."""

    day: date
    alert: str
    entered: int
    told: int
    bought_after: int
    left: dict[Reason, int]


class ConversationFigures(Model):
    """The same for a conversation's journeys without an alert; `in_flight` is now."""

    conversation: str
    in_flight: int
    entered: int
    told: int
    bought_after: int
    left: dict[Reason, int] = Field(default_factory=dict[Reason, int])


class ListReport(Model):
    """A list's figures, by alert and by day; days on which nothing happened are left out.

    Attributes:
        put_off: journeys whose message is put off now for the list's cap; they keep their place.
        conversations: those with journeys without an alert.
    """

    list_code: str
    name: str
    time_zone: str
    since: date | None
    until: date | None
    put_off: int = 0
    alerts: tuple[AlertFigures, ...]
    days: tuple[DayFigures, ...]
    conversations: tuple[ConversationFigures, ...] = ()
