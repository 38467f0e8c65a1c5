"""What contacts did: each event is recorded once, in any order (P4), and takes effect: on waiting lists, on orders, on
list membership and on conversations.

An event is one transaction: its row, the contact's attributes, the orders or entries it led to, and the outcome,
stored with it (P7). What storefronts report by webhook is recorded in the delivery's transaction.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from activities.intake.carts import empty_checkouts, name_cart, set_cart, take_out
from activities.intake.clock import clamp_to_now
from activities.intake.enlisting import NO_ALERT, enlist, why_silent
from activities.intake.known_stores import BY_A_STEP, STOREFRONT, Stores, add_store
from activities.intake.orders import OrderLine, record_order
from activities.intake.profile import AttributesTooLarge, change_profile
from activities.journeys.contact_events import Happened
from activities.journeys.entering import CHECKOUT, pass_to_conversations
from activities.journeys.list_membership import ListOfOtherStores, NoSuchList, join_list
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.entrances import contact_then
from schemas.attribution import AttributionModel
from schemas.document.alert_types.vocabulary import Action
from schemas.ids import ContactId, StoreId
from schemas.incoming.events import (
    EARLIEST_YEAR,
    MOST_ITEMS,
    MOST_UNITS,
    Event,
    EventEffect,
    EventKind,
    EventOutcome,
    EventStatus,
    Item,
)
from schemas.incoming.facts import CheckoutFact
from schemas.names import CUSTOM

SQL = load_queries("activities.intake", "events.sql")

ALREADY_ON_LIST = "They were on this list already."
FORGOTTEN = "The person was erased after this happened: nothing is recorded of it."
_NO_ORDER = AttributionModel()
"""For events that are none of an order."""


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event that was recorded before: whose it is (None: it was erased), and its `EventEffect` as it is stored."""

    contact_id: ContactId | None
    outcome: EventEffect


@dataclass(frozen=True, slots=True)
class ErasureStatus:
    """Whether a contact was erased."""

    erased: bool


class _EventRefused(Exception):
    """Rolls back the event; the text says why."""


class Events:
    """Takes events about contacts.

    Args:
        attribution: the windows in which orders are credited, where a list says nothing else.
    """

    def __init__(self, pool: Pool, attribution: AttributionModel | None = None) -> None:
        self._pool = pool
        self._attribution = attribution or AttributionModel()

    @retry_on_deadlock
    async def take(self, event: Event, by: str = BY_A_STEP, stores: Stores = None) -> EventOutcome:
        """Record an event and let it take effect, both once. A contact named by id is known to one of these stores."""
        try:
            async with transaction(self._pool) as connection:
                outcome = await _take(connection, event, by, stores, self._attribution)
        except _EventRefused as refused:
            return EventOutcome(id=event.id, status=EventStatus.REFUSED, refused=str(refused))
        return outcome.model_copy(update={"id": event.id})


async def take_engagement(connection: Connection, event: Event) -> None:
    """Record that somebody opened or clicked a message of ours; of who was erased nothing."""
    with suppress(_EventRefused):
        await _take(connection, event)


async def take_checkout(connection: Connection, store_id: StoreId, fact: CheckoutFact) -> None:
    """Record a storefront's checkout as it is now: one event `checkout_started`, whatever is in it later."""
    if fact.observed_at.year < EARLIEST_YEAR:
        return
    if fact.checkout_id is None:
        if fact.cart_id is not None:
            await empty_checkouts(connection, store_id, fact.cart_id, fact.observed_at)
        return
    items = tuple(
        Item(product=item.product_id, variant=item.variant_id, quantity=min(item.quantity, MOST_UNITS))
        for item in fact.items[:MOST_ITEMS]
        if item.quantity
    )
    event_id = f"{CHECKOUT}{fact.checkout_id}"
    known = await SQL.known_event.row(connection, KnownEvent, store_id=store_id, event_id=event_id)
    if known is not None:
        contact_id = known.contact_id
    elif items and fact.email is not None:
        contact_id = await contact_then(connection, fact.email, fact.observed_at, store_id)
    else:
        return
    if contact_id is None:
        return  # erased, and stays so
    event = Event(
        id=event_id,
        store=store_id,
        kind=EventKind.CHECKOUT_STARTED,
        contact=contact_id,
        items=items,
        checkout=fact.checkout_id,
        happened_at=fact.observed_at,
    )
    try:
        await _take(connection, event)
    except _EventRefused:
        return  # erased while we looked
    if fact.cart_id is not None:
        await name_cart(connection, store_id, event_id, fact.cart_id)


async def _change_checkout(connection: Connection, event: Event) -> EventOutcome | None:
    """What comes of a checkout that is told of again; None: it is told of for the first time."""
    known = await SQL.known_event.row(connection, KnownEvent, store_id=event.store, event_id=event.id)
    if known is None or known.contact_id is None:
        return None
    contact_id = await _contact(
        connection, event.model_copy(update={"email": None, "phone": None, "contact": known.contact_id})
    )
    now = datetime.now(UTC)
    told_at = clamp_to_now(event.happened_at or now, now)
    added = await set_cart(connection, event.store, event.id, event.things, told_at)
    if added is None:
        return EventOutcome(id=event.id, status=EventStatus.REPEATED, contact=contact_id, effect=known.outcome)
    carted = event.model_copy(update={"items": added, "product": None, "variant": None})
    effect = await enlist(connection, Action.CART, carted, contact_id, min(told_at, now)) if added else EventEffect()
    all_ = known.outcome.model_copy(update={"alerts": known.outcome.alerts + effect.alerts})
    outcome = all_.model_dump(mode="json", exclude_defaults=True)
    await SQL.set_outcome.run(connection, store_id=event.store, event_id=event.id, outcome=outcome)
    return EventOutcome(id=event.id, status=EventStatus.ACCEPTED, contact=contact_id, effect=effect)


async def _take(
    connection: Connection,
    event: Event,
    by: str = STOREFRONT,
    stores: Stores = None,
    attribution: AttributionModel = _NO_ORDER,
) -> EventOutcome:
    if event.checkout is not None:
        event = event.model_copy(update={"id": f"{CHECKOUT}{event.checkout}"})
        if (changed := await _change_checkout(connection, event)) is not None:
            return changed
    if (repeated := await _known(connection, event)) is not None:
        return repeated
    contact_id = await _contact(connection, event, stores)
    now = datetime.now(UTC)
    told_at = clamp_to_now(event.happened_at or now, now)
    at = min(told_at, now)  # a sender's clock that is ahead must not outrank events that come later
    await add_store(connection, event.store, "api", by)
    if not await _add(connection, event, contact_id, at, told_at):
        # Another request recorded the same event since we looked.
        repeated = await _known(connection, event)
        assert repeated is not None, "whoever was first has committed: the insert waited for them"
        return repeated
    try:
        await change_profile(connection, contact_id, event.attributes, event.tags, told_at)
    except AttributesTooLarge as refused:
        raise _EventRefused(str(refused)) from refused
    effect = await _take_effect(connection, event, contact_id, at, told_at, attribution)
    if effect.entered and (muted := await why_silent(connection, effect)) is not None:
        effect = effect.model_copy(update={"note": " ".join(filter(None, (effect.note, muted)))})
    outcome = effect.model_dump(mode="json", exclude_defaults=True)
    await SQL.set_outcome.run(connection, store_id=event.store, event_id=event.id, outcome=outcome)
    return EventOutcome(id=event.id, status=EventStatus.ACCEPTED, contact=contact_id, effect=effect)


async def _known(connection: Connection, event: Event) -> EventOutcome | None:
    known = await SQL.known_event.row(connection, KnownEvent, store_id=event.store, event_id=event.id)
    if known is None:
        return None
    return EventOutcome(id=event.id, status=EventStatus.REPEATED, contact=known.contact_id, effect=known.outcome)


async def _contact(connection: Connection, event: Event, stores: Stores = None) -> ContactId:
    if (address := event.email or event.phone) is not None:
        known = await contact_then(connection, address, event.happened_at, event.store, event.order)
        if known is None:
            raise _EventRefused(FORGOTTEN)
        return known
    assert event.contact is not None, "an event names one of the two"
    status = await SQL.contact_by_id.row(connection, ErasureStatus, contact_id=event.contact, stores=stores)
    if status is None:
        raise _EventRefused("There is no contact with this id.")
    if status.erased:
        raise _EventRefused("This contact was erased; nothing is recorded of them any more.")
    return event.contact


async def _add(connection: Connection, event: Event, contact_id: ContactId, at: datetime, told_at: datetime) -> bool:
    """Whether it is new."""
    things = event.things
    only = things[0] if len(things) == 1 else None
    added = await SQL.add_event.value(
        connection,
        store_id=event.store,
        event_id=event.id,
        kind=event.kind,
        name=event.name,
        contact_id=contact_id,
        product_id=only.product if only else None,
        variant_id=only.variant if only else None,
        quantity=sum(thing.quantity for thing in things) or None,
        happened_at=at,
        told_at=told_at,
        properties=event.properties,
        items=[item.model_dump(mode="json", exclude_none=True) for item in event.items],
        order_id=event.order,
        message_id=event.message,
        list_code=event.list,
    )
    return added is not None


async def _take_effect(
    connection: Connection,
    event: Event,
    contact_id: ContactId,
    at: datetime,
    told_at: datetime,
    attribution: AttributionModel,
) -> EventEffect:
    """Apply the event. `told_at`: when it happened by the sender's own clock, by which its messages are ordered."""
    name = event.kind if event.name is None else f"{CUSTOM}{event.name}"
    properties = event.properties | ({"list": event.list} if event.list is not None else {})
    happened = Happened(event.store, contact_id, event.id, (name,), at, event.things, properties)
    match event.kind:
        case EventKind.VIEWED_PRODUCT:
            return await _pass_on(connection, happened, await enlist(connection, Action.BROWSE, event, contact_id, at))
        case EventKind.ADDED_TO_CART | EventKind.CHECKOUT_STARTED if not event.things:
            return EventEffect()
        case EventKind.REMOVED_FROM_CART:
            await take_out(connection, contact_id, event.store, event.things, at)
            return await _pass_on(connection, happened, EventEffect())
        case EventKind.ADDED_TO_CART | EventKind.CHECKOUT_STARTED:
            return await _pass_on(connection, happened, await enlist(connection, Action.CART, event, contact_id, at))
        case EventKind.ORDERED:
            assert event.order is not None, "an ordered event has its order"
            lines = [OrderLine(item.product or "", item.variant, item.quantity) for item in event.things]
            considered = await record_order(
                connection,
                happened,
                event.order,
                lines,
                told_at,
                attribution,
                cancelled=False,
                money=event.money,
                codes=event.codes,
            )
            return EventEffect(conversations=considered)
        case EventKind.JOINED_LIST:
            assert event.list is not None, "who joined a list joined a certain one"
            try:
                joined = await join_list(connection, event.list, contact_id, event.store, at, f"event/{event.store}")
            except (NoSuchList, ListOfOtherStores) as refused:
                raise _EventRefused(str(refused)) from refused
            if not joined:
                return EventEffect(note=ALREADY_ON_LIST)
            return await _pass_on(connection, happened, EventEffect())
        case EventKind.CUSTOM | EventKind.OPENED_MESSAGE | EventKind.CLICKED_MESSAGE:
            return await _pass_on(connection, happened, EventEffect())
        case _:
            assert_never(event.kind)


async def _pass_on(connection: Connection, happened: Happened, effect: EventEffect) -> EventEffect:
    """Pass the event to conversations; last of all, because journeys are last in the order of locks."""
    considered = await pass_to_conversations(connection, happened)
    note = None if considered and effect.note == NO_ALERT else effect.note
    return effect.model_copy(update={"conversations": considered, "note": note})
