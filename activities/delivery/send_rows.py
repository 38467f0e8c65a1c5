"""The rows that what is known of a message comes in."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from activities.revenue.links import Tracking
from activities.storefronts.registry import page_url
from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.experiment import Experiment
from schemas.ids import AlertId, ContactId, StoreId
from schemas.reasons import Reason


@dataclass(frozen=True, slots=True)
class SendRow:
    """A row of `facts`: the journey, and all of alert, list, store, product, order, claim and ledger that bears on it.

    Attributes:
        subject, product_id: what the journey is about; None: about no product.
        left_reason: why it left the waiting list, or was asked to leave.
        ended: the journey is over.
        address: on the message's channel; None: they have none, or are erased.
        phone: theirs, whatever the channel.
        consented, refused: by their newest word on the channel; neither: they have said nothing yet.
        asks_first: the list asks whoever signs up first.
        asked_already, confirmation, link: see `MessageFacts` and `LinkedMessage`.
        on_sale: the product is; also true of a journey about no product.
        other_product: the storefront tells of the variant under the product they entered for, too.
        already_sent: before a move to another version, this message was sent from a step with another id.
        alert_id, type, triggers, profile: of the alert; all None without one.
        claim: the state of the claim in hand, or of the last one that the contact was told by.
        in_stock: an episode is open, and it is that of a claim that was given.
        fewer_than_wanted: there are units, and fewer than the contact wants; or the claim that was given is for fewer.
        emptied: nothing is left of the cart that the journey was entered on; None: it was entered on nothing.
        measure: the price or quantity that the alert watches, now.
        trigger_at: the bound that the contact's entry set.
        locations: those whose units count; None: all.
        turn: when the caps of list and store allow the message; None: they do now, or there are none.
        gathers: its list tells together what comes back together, and there is a place to tell of.
        together_until, follows: see `MessageFacts`.
        entry_price: what it cost when they entered; None: not known, or in another currency.
        instead_of: see `WaitPart`.
        properties: of the event the journey was entered on.
        lease_left, outcome, declined: of the message's row in the ledger.
    """

    contact_id: ContactId
    store_id: StoreId
    product_id: str | None
    subject: str | None
    ended: bool
    event_id: str | None
    left_reason: Reason | None
    address: str | None
    phone: str | None
    erased: bool
    attributes: dict[str, Any]
    paused_until: datetime | None
    consented: bool
    refused: bool
    asked_already: bool
    confirmation: str | None
    asks_first: bool
    link: str | None
    suppressed: bool
    on_sale: bool
    other_product: bool
    already_sent: bool
    claim: Literal["given", "used", "lapsed"] | None
    coupon: str | None
    experiment: Experiment | None
    alert_id: AlertId | None
    type: AlertType | None
    triggers: object
    profile: object
    paused: Reason | None
    in_stock: bool
    fewer_than_wanted: bool
    measure: Decimal | None
    trigger_at: Decimal | None
    same_currency: bool
    bought: bool
    emptied: bool | None
    list_code: str
    list_name: str
    time_zone: str
    locations: list[str] | None
    quiet_from: time | None
    quiet_until: time | None
    sender: str | None
    tracking: Tracking
    turn: datetime | None
    gathers: bool
    together_until: datetime | None
    follows: bool
    sender_stopped: bool
    store_source: str
    shop_name: str
    shop_url: str
    currency: str | None
    product_title: str | None
    product_url: str | None
    handle: str | None
    image_url: str | None
    variant_id: str | None
    variant_title: str | None
    sku: str | None
    price: Decimal | None
    entered_at: datetime
    entry_price: Decimal | None
    instead_of: str | None
    properties: dict[str, Any] | None
    lease_left: timedelta | None
    outcome: object
    declined: bool

    def page(self, own: str | None, handle: str | None, variant_id: str | None) -> str:
        """Where a product of this store is shown, by the shop's own word first; the front page if that is not known."""
        return own or page_url(self.store_source, self.front_page, handle, variant_id)

    @property
    def front_page(self) -> str:
        return self.shop_url.rstrip("/")
