"""What people are shown of journeys, variants and keys: the answers of API and CLI."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime

from schemas.document.alert_types.vocabulary import Action, AlertType
from schemas.ids import ContactId, JourneyId, Level
from schemas.model import Model
from schemas.reasons import Ending, Reason


class JourneyStatus(StrEnum):
    """Where a journey stands, for people."""

    WAITING = "waiting"
    TOLD = "told"
    ENDED = "ended"


class JourneyReport(Model):
    """One journey as PostgreSQL knows it.

    Attributes:
        subject: what is watched, or what the conversation was entered about: `variant/…` or `product/…`.
        subject, product_id: None without an alert, where it is about no product or about several.
        variant_id: None when the whole product is watched.
        alert, window_ends_at: None of a conversation without an alert.
        entered_on: the event that such a one was entered on.
        reason: why nobody was told, or why not yet; None when there is nothing to explain.
        ahead: how many stand before this one; None when it does not stand in line, and in lists: not counted there.
    """

    journey_id: JourneyId
    contact_id: ContactId
    store_id: str
    subject: str | None
    product_id: str | None
    variant_id: str | None
    conversation: str
    alert: str | None
    entered_on: str | None
    version: str
    status: JourneyStatus
    entered_at: AwareDatetime
    window_ends_at: AwareDatetime | None
    told_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    ending: Ending | None
    reason: Reason | None
    why: str | None
    ahead: int | None


class JourneyPage(Model):
    """Journeys, newest first; `next` asks for those after them."""

    journeys: tuple[JourneyReport, ...]
    next: str | None


class LevelReport(Model):
    """Units at one location; None: not counted there."""

    location_id: str
    available: int | None
    observed_at: AwareDatetime


class VariantReport(Model):
    """One variant, its units and how many wait for it."""

    store_id: str
    variant_id: str
    product_id: str
    inventory_item_id: str | None
    product_title: str
    title: str
    sku: str | None
    price: Decimal | None
    policy: str
    tracked: bool | None
    on_sale: bool
    units: int
    waiting: int


class VariantPage(Model):
    """Variants by id; `next` asks for those after them."""

    variants: tuple[VariantReport, ...]
    next: str | None


class KeyReport(Model):
    """One API key, without the key."""

    name: str
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None


class MalformedDelivery(Model):
    """A delivery that could not be read, kept for inspection.

    Attributes:
        body: byte for byte as Latin-1; None in a list.
    """

    id: int
    store_id: str
    source: str
    topic: str
    error: str
    received_at: AwareDatetime
    body: str | None = None


class MalformedDeliveries(Model):
    """Those kept, newest first."""

    deliveries: tuple[MalformedDelivery, ...]


class WantedProduct(Model):
    """How much one subject was wanted (docs/reports.md has every number's meaning and the formula of `to_order`).

    Attributes:
        variant_id: None when rows are by product, or the whole product was waited for.
        entered, lost_to_window, told, bought_after: in the period.
        waiting, to_order: now, whatever the period. `to_order` is in units.
    """

    store_id: str
    product_id: str
    product_title: str
    variant_id: str | None
    variant_title: str | None
    sku: str | None
    entered: int
    waiting: int
    lost_to_window: int
    told: int
    bought_after: int
    to_order: int


class WantedReport(Model):
    """The most wanted first. Days are the list's own, UTC's when no list is named; both ends count."""

    list_code: str | None
    since: date | None
    until: date | None
    by: Level
    products: tuple[WantedProduct, ...]


class AlertFigures(Model):
    """What became of an alert's contacts; `waiting` is now. `left` counts those who were never told, by reason."""

    alert: str
    type: AlertType
    waiting: int
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
    """The same for a conversation as far as it is entered without an alert; `in_flight` is now."""

    conversation: str
    in_flight: int
    entered: int
    told: int
    bought_after: int
    left: dict[Reason, int]


class ListReport(Model):
    """A list's figures, by alert and by day; days on which nothing happened are left out.

    Attributes:
        conversations: those that are entered without an alert, if anybody did.
    """

    list_code: str
    name: str
    time_zone: str
    since: date | None
    until: date | None
    alerts: tuple[AlertFigures, ...]
    days: tuple[DayFigures, ...]
    conversations: tuple[ConversationFigures, ...] = ()


class NotYet(StrEnum):
    """Why someone who waits has not been told yet."""

    CALLED_FORWARD = "called_forward"
    PAUSED = "paused"
    DRAFT = "draft"
    DISCONTINUED = "discontinued"
    NOT_ON_SALE = "not_on_sale"
    NOT_ENOUGH_UNITS = "not_enough_units"
    PRICE_UNKNOWN = "price_unknown"
    PRICE_NOT_DOWN = "price_not_down"
    QUANTITY_NOT_DOWN = "quantity_not_down"
    NOT_NEXT_IN_LINE = "not_next_in_line"
    NEXT = "next"


class WaitStatus(Model):
    """Where one who waits stands, and everything that it is decided by.

    Attributes:
        ahead: how many are called before them; None once they have been called forward.
        places: how many can be called now; None: as many as there are.
        units: what can be bought now and counts for the list.
        trigger: told when price or quantity is at most this; None for back in stock.
    """

    not_yet: NotYet
    ahead: int | None
    places: int | None
    units: int
    price: Decimal | None
    trigger: Decimal | None
    window_ends_at: AwareDatetime


class WhyEntry(Model):
    """One contact and one alert: told, or the reason on record, or where they stand.

    Attributes:
        journey_id: None when they were considered and never entered.
        reason: on record; why they were not told, or, of those told, why it ended early.
        subject, product_title, alert: None of a conversation without an alert, unless it is about one product.
        conversation: that they entered, or might have, without an alert.
        standing: of those who wait.
        would_refuse: what of the contact stops every message to them now.
    """

    journey_id: JourneyId | None
    contact_id: ContactId
    store_id: str
    subject: str | None
    product_title: str | None
    alert: str | None
    conversation: str | None = None
    status: JourneyStatus
    considered_at: AwareDatetime
    told_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    reason: Reason | None
    standing: WaitStatus | None
    would_refuse: Reason | None
    sentence: str


class WhyContact(Model):
    """Everything a contact was considered for, newest first; `known` is false when nobody has this address."""

    known: bool
    entries: tuple[WhyEntry, ...]


class ReasonCount(Model):
    """How many have this reason on record."""

    reason: Reason
    count: int


class WhyProduct(Model):
    """Everyone considered for a product or variant: counts of all, and the first of them.

    Attributes:
        entries: who waits, next in line first, then who left untold, newest first; at most as many as were asked for.
        not_told: everyone who left without being told, by reason.
        never_entered: contacts whose events were considered and who never entered, by the latest reason of each.
    """

    store_id: str
    product_id: str
    variant_id: str | None
    waiting: int
    told: int
    not_told: tuple[ReasonCount, ...]
    never_entered: tuple[ReasonCount, ...]
    entries: tuple[WhyEntry, ...]


class AlertState(Model):
    """An alert and whether it is at work."""

    alert: str
    name: str | None
    type: AlertType
    action: Action
    list_code: str
    conversation: str
    live: bool
    retired: bool
    paused_at: AwareDatetime | None
    conversation_paused_at: AwareDatetime | None
    waiting: int


class AlertStates(Model):
    """Every alert in force, and those retired that someone still waits for."""

    alerts: tuple[AlertState, ...]


class ResumedSubject(Model):
    """How many of one subject's line a resume calls forward; `places` None: as many as there are."""

    alert: str
    store_id: str
    subject: str
    product_title: str
    places: int | None
    told_now: int


class PauseReport(Model):
    """An alert or conversation after a pause; `changed` is false when it was paused already."""

    kind: Literal["alert", "conversation"]
    code: str
    changed: bool
    paused_at: AwareDatetime


class ResumeReport(Model):
    """What a resume sets off, or did.

    Attributes:
        paused_at: since when it was paused; None: it was not, and there is nothing to resume.
        resumed: whether it is at work again; false when this only shows what would happen.
        also_paused: its conversation is, so that nothing moves yet.
        told_now: those in line who are called forward at once.
        held_up: messages the pause holds up, which leave with their next check: of those called forward before it,
            confirmations and farewells.
        going_on: those told before whose thread goes on; a later message may have fallen due, of each one at most.
        subjects: where `told_now` comes from, the largest first; at most 100 of `subject_count`.
    """

    kind: Literal["alert", "conversation"]
    code: str
    paused_at: AwareDatetime | None
    resumed: bool
    also_paused: bool
    told_now: int
    held_up: int
    going_on: int
    subjects: tuple[ResumedSubject, ...]
    subject_count: int

    @property
    def at_most(self) -> int:
        """The most messages that leave because of it."""
        return self.told_now + self.held_up + self.going_on
