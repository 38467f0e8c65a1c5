"""The rows of `why.sql`: each contact who was considered for an alert or a conversation, with what is on record."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from activities.delivery.channel_facts import ChannelFacts, silenced_on_all
from schemas.document.alert_types.offer import Measure
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.reasons import Reason
from schemas.responses.journeys import MovedPlace


@dataclass(frozen=True, slots=True)
class ConsideredJourney:
    """A journey, its place in line, and all that decides whether it is notified.

    Attributes:
        alert_id: None of a journey without an alert; then everything about alert and line is None or False.
        conversation: only of a journey without an alert.
        held_up_by: what holds it up where it rests.
        put_off_until: when its turn is, where that is a cap, or until when it waits for others to be told with.
        place: the state of its row in `waiting`.
        passed_over_for: why their last place was refused, until something changes; None: nothing is in its way.
        trigger_at: the price or quantity that it is notified at; None: enough units are enough.
        armed: what it is compared with was above the trigger since the journey entered.
        goes_by: what the trigger is compared with.
        paused: `conversation_paused` or `alert_paused`; None: neither.
        locations: those that count; None: all.
        gone: the product or the variant is discontinued.
        in_stock: an episode is open for it, and `measure` and `places` are that episode's; places None: no limit.
        triggered: its trigger holds now.
        quantity: how many units they want. Of who wants several, `free_for_one`: for how many a claim of the open
            episode may be now, and `there_for_one`: how many are there, promised or not.
        stands_back: another alert tells them of the same thing.
        channels: those that its messages are said on.
        ahead: as `WaitStatus` has it; None unless it waits.
        moves: how it was moved from line to line, in order.
        successor: what it waits for once its subject is gone for good.
        unlike: the successor of its product, of which no variant, or several, are like the one it waited for.
        stays_from, stays_as: as `JourneyReport` has them.
    """

    id: JourneyId
    contact_id: ContactId
    store_id: StoreId
    subject: str | None
    product_id: str | None
    product_title: str | None
    alert_id: str | None
    conversation: str | None
    entered_at: datetime
    window_ends_at: datetime | None
    told_at: datetime | None
    ended_at: datetime | None
    reason: Reason | None
    held_up_by: Reason | None
    put_off_until: datetime | None
    place: str | None
    passed_over_for: Reason | None
    trigger_at: Decimal | None
    armed: bool | None
    goes_by: Measure | None
    live: bool | None
    quantity_threshold: int | None
    paused: Reason | None
    locations: list[str] | None
    on_sale: bool | None
    gone: bool
    in_stock: bool
    places: int | None
    measure: Decimal | None
    currency: str | None
    triggered: bool | None
    stands_back: bool | None
    erased: bool
    channels: list[ChannelFacts]
    quantity: int
    free_for_one: int | None
    there_for_one: int | None
    ahead: int | None
    moves: tuple[MovedPlace, ...]
    successor: str | None
    unlike: str | None
    stays_from: JourneyId | None
    stays_as: JourneyId | None

    @property
    def would_refuse(self) -> Reason | None:
        """What of the contact stops every message to them now."""
        return Reason.ERASED if self.erased else silenced_on_all(self.channels)

    @property
    def fewer_than_wanted(self) -> bool:
        """Whether they are passed over for wanting more than there is for them, and not because all is promised."""
        if self.free_for_one is None or self.there_for_one is None:
            return False
        return self.free_for_one < self.quantity and (self.free_for_one > 0 or self.there_for_one < self.quantity)

    @property
    def ended(self) -> bool:
        """It has ended, or has left its line and ends in a moment."""
        return self.ended_at is not None or self.place == "left"


@dataclass(frozen=True, slots=True)
class NotEnteredAlert:
    """A contact whose event was considered for an alert, and who did not enter it."""

    contact_id: ContactId
    store_id: StoreId
    happened_at: datetime
    alert: str
    product: str
    variant: str | None
    reason: Reason
    product_title: str


@dataclass(frozen=True, slots=True)
class NotEnteredConversation:
    """The same for a conversation without an alert; `product_title` is None where it is about no known product."""

    contact_id: ContactId
    store_id: StoreId
    happened_at: datetime
    conversation: str
    reason: Reason
    product_id: str | None
    variant_id: str | None
    product_title: str | None


@dataclass(frozen=True, slots=True)
class JourneyCounts:
    """Of a product's journeys: how many are in line, have not confirmed yet, and were told."""

    waiting: int
    unconfirmed: int
    told: int
