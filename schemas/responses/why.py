"""Why somebody was told or not: the answers to support, for one contact or a whole product."""

from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from schemas.channels import Channel
from schemas.ids import ContactId, JourneyId, VersionId
from schemas.model import Model
from schemas.reasons import Reason
from schemas.responses.causes import MessageCause, WrittenAgain
from schemas.responses.journeys import JourneyStatus, MovedPlace


class NotYet(StrEnum):
    """Why someone who waits has not been told yet."""

    STOPPED = "stopped"
    CALLED_FORWARD = "called_forward"
    PAUSED = "paused"
    DRAFT = "draft"
    DISCONTINUED = "discontinued"
    NOT_ON_SALE = "not_on_sale"
    NOT_ENOUGH_UNITS = "not_enough_units"
    PASSED_OVER = "passed_over"
    PRICE_UNKNOWN = "price_unknown"
    PRICE_NOT_DOWN = "price_not_down"
    QUANTITY_NOT_DOWN = "quantity_not_down"
    ALL_OFFERED = "all_offered"
    NOT_NEXT_IN_LINE = "not_next_in_line"
    FEWER_THAN_WANTED = "fewer_than_wanted"
    TOLD_BY_ANOTHER = "told_by_another"
    NEXT = "next"


class WaitStatus(Model):
    """Why a waiting contact has not been told yet, and all figures that decide it.

    Attributes:
        ahead: how many are called forward before them, counted to `AHEAD_COUNTED_TO` or to the number of places if that
            is more: one more means more than that. None once their claim has been.
        places: how many can be notified now; None: as many as there are.
        units: what can be bought now and counts for the list.
        trigger: told when price or quantity is at most this; None for back in stock.
        quantity: how many units they want.
    """

    not_yet: NotYet
    ahead: int | None
    places: int | None
    units: int
    price: Decimal | None
    trigger: Decimal | None
    quantity: int = 1
    window_ends_at: AwareDatetime


class WhyEntry(Model):
    """One contact and one alert: told, or the reason on record, or the state of the wait.

    Attributes:
        journey_id: None when they were considered and never entered.
        reason: on record; why they were not told, or, of those told, why it ended early.
        subject, product_title, alert: None of a conversation without an alert, unless it is about one product.
        conversation: that they entered, or might have, without an alert.
        standing: of those who wait.
        held_up_by: what stops it, or holds up its next message.
        would_refuse: what of the contact stops every message to them now.
        moves: how it was moved from line to line, in order.
        successor: what they wait for once it is gone for good.
        stays_from, stays_as: as `JourneyReport` has them.
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
    held_up_by: Reason | None
    would_refuse: Reason | None
    sentence: str
    moves: tuple[MovedPlace, ...] = ()
    successor: str | None = None
    stays_from: JourneyId | None = None
    stays_as: JourneyId | None = None


class WhyMessage(Model):
    """One message that left to a contact, or may have.

    Attributes:
        about: what its journey watches, or is about: `variant/…` or `product/…`; None: no product, or several.
        subject: as it left; None of a text message, and where that is not on record any more.
        together: what else was told in it, each as `about` names it.
        unknown: it cannot be known whether it left.
        cause: what they did, and what happened then; `because`: the same in codes.
        again: why they were written to once more, and `again_because`, the same in codes; None: it is the first.
    """

    journey_id: JourneyId
    store_id: str
    about: str | None
    product_title: str | None
    conversation: str
    alert: str | None
    version: VersionId
    step: str
    message: str
    subject: str | None
    together: tuple[str, ...]
    channel: Channel
    sent_at: AwareDatetime
    unknown: bool
    cause: str
    because: MessageCause
    again: str | None
    again_because: WrittenAgain | None


class WhyContact(Model):
    """Everything a contact was considered for, newest first, and every message to them, in order.

    Attributes:
        known: false when nobody has this address.
    """

    known: bool
    entries: tuple[WhyEntry, ...]
    messages: tuple[WhyMessage, ...] = ()


class ReasonCount(Model):
    """How many have this reason on record."""

    reason: Reason
    count: int


class WhyProduct(Model):
    """Everyone considered for a product or variant: counts of all, and the first of them.

    Attributes:
        unconfirmed: who has a place that does not count until they say that it was them; none of `waiting`.
        entries: who waits, next in line first, then who left untold, newest first; at most as many as were asked for.
        not_told: everyone who left without being told, by reason.
        never_entered: contacts whose events were considered and who never entered, by the latest reason of each.
    """

    store_id: str
    product_id: str
    variant_id: str | None
    waiting: int
    unconfirmed: int
    told: int
    not_told: tuple[ReasonCount, ...]
    never_entered: tuple[ReasonCount, ...]
    entries: tuple[WhyEntry, ...]
