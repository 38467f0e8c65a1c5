"""Entering a conversation without an alert, in the transaction of the event that is its entry trigger.

A contact whose event is an entry trigger either enters, or the reason is recorded (P7). Temporal is not needed: the
workflow is started by way of the outbox.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from activities.decisions.evaluate import evaluate
from activities.decisions.journey_facts import EnteringContact, entry_facts
from activities.journeys.contact_events import BOUGHT, ORDERED, Happened, signal_journeys
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.products import find_product
from schemas.document.steps import Send
from schemas.ids import ContactId, JourneyId, Level, StoreId, Subject, VersionId, new_journey_id
from schemas.incoming.events import EntryResult, Item, TriggeredEntry
from schemas.journey.compiled_criteria import CompiledCriteria
from schemas.journey.program import Program, thread_criteria_id
from schemas.reasons import Reason

SQL = load_queries("activities.journeys", "entering.sql")
log = structlog.get_logger()

TOO_LATE_AFTER = timedelta(hours=24)
"""An event that reaches us later than this enters nobody, such as last week's cart or an imported list."""


CARTS = frozenset({"added_to_cart", "checkout_started"})
"""What enters a conversation once for each cart; on anything else a contact is in it once at a time."""

CHECKOUT = "checkout/"
"""Before a checkout's id, in the id of the event that it is recorded as."""


@dataclass(frozen=True, slots=True)
class EntryTrigger:
    """An event that enters a published conversation, and the version that those who enter now get.

    Attributes:
        paused: the conversation is, so nobody enters.
        program, criteria: the version's program and its compiled criteria, as they are stored.
    """

    code: str
    paused: bool
    event: str
    version_id: VersionId
    program: object
    criteria: object
    list_code: str | None


@dataclass(frozen=True, slots=True)
class _About:
    """What an event is about.

    Attributes:
        products: all of them, also those that the storefront has not told of.
        product_id: the one product, if it is one and we know it.
        subject: its variant where one was named, or else the product.
    """

    products: frozenset[str] = frozenset()
    product_id: str | None = None
    subject: Subject | None = None


async def pass_to_conversations(connection: Connection, happened: Happened) -> tuple[TriggeredEntry, ...]:
    """Pass what a contact did to their journeys under way, then let it enter conversations.

    Returns:
        The conversations that were considered for entry.
    """
    await signal_journeys(connection, happened)
    return await _enter_conversations(connection, happened)


async def _enter_conversations(connection: Connection, happened: Happened) -> tuple[TriggeredEntry, ...]:
    """Let the contact into every published conversation with a thread on this, unless something speaks against it."""
    if happened.store_id is None:
        return ()
    names = list(happened.names)
    await SQL.hold_entry_triggers.run(connection, events=names)
    triggers = await SQL.entry_triggers.rows(connection, EntryTrigger, events=names, store_id=happened.store_id)
    if not triggers:
        return ()
    about = await _about(connection, happened.store_id, happened.things)
    return tuple([await _enter(connection, trigger, happened, happened.store_id, about) for trigger in triggers])


async def _about(connection: Connection, store_id: StoreId, things: tuple[Item, ...]) -> _About:
    known = [await find_product(connection, store_id, item.product, item.variant) for item in things]
    named = {product or item.product for product, item in zip(known, things, strict=True)}
    products = frozenset(product for product in named if product is not None)
    if len(set(known)) != 1 or (product_id := known[0]) is None:
        return _About(products)
    variants = {item.variant for item in things}
    (variant,) = variants if len(variants) == 1 else (None,)
    level, id_ = (Level.PRODUCT, product_id) if variant is None else (Level.VARIANT, variant)
    return _About(products, product_id, Subject(store_id=store_id, level=level, id=id_))


async def _enter(
    connection: Connection, trigger: EntryTrigger, happened: Happened, store_id: StoreId, about: _About
) -> TriggeredEntry:
    conversation, cart = trigger.code, _cart(happened, about) if trigger.event in CARTS else ""
    there = await _journey_in_flight(connection, conversation, store_id, happened.contact_id, cart, about)
    if there is not None:
        return TriggeredEntry(conversation=conversation, result=EntryResult.THERE_ALREADY, journey=there)
    reason = await _why_not(connection, trigger, happened, store_id, about)
    if reason is not None:
        result = EntryResult.NOT_ENTERED
        return TriggeredEntry(conversation=conversation, result=result, reason=reason, why=reason.sentence)
    entered: JourneyId | None = await SQL.enter.value(
        connection,
        journey_id=new_journey_id(),
        contact_id=happened.contact_id,
        store_id=store_id,
        subject=about.subject.key if about.subject else None,
        product_id=about.product_id,
        version_id=trigger.version_id,
        conversation=conversation,
        entered_at=happened.at,
        entered_on=trigger.event,
        event_id=happened.id,
        cart=cart,
    )
    if entered is not None:
        return TriggeredEntry(conversation=conversation, result=EntryResult.ENTERED, journey=entered)
    # Another event of theirs entered it since we looked.
    there = await _journey_in_flight(connection, conversation, store_id, happened.contact_id, cart, about)
    return TriggeredEntry(conversation=conversation, result=EntryResult.THERE_ALREADY, journey=there)


async def _journey_in_flight(
    connection: Connection, conversation: str, store_id: StoreId, contact_id: ContactId, cart: str, about: _About
) -> JourneyId | None:
    journey_id: JourneyId | None = await SQL.in_flight.value(
        connection,
        conversation=conversation,
        store_id=store_id,
        contact_id=contact_id,
        cart=cart,
        products=sorted(about.products),
    )
    return journey_id


def _cart(happened: Happened, about: _About) -> str:
    """Which of the contact's carts it is: the checkout, or else the first of its things."""
    return happened.id if happened.id.startswith(CHECKOUT) else min(about.products, default="")


async def change_cart(
    connection: Connection, contact_id: ContactId, store_id: StoreId, event_id: str, things: tuple[Item, ...]
) -> None:
    """Let the journeys under way that were entered on a cart be about what is in it now."""
    about = await _about(connection, store_id, things)
    await SQL.cart_changed.run(
        connection,
        contact_id=contact_id,
        store_id=store_id,
        event_id=event_id,
        product_id=about.product_id,
        subject=about.subject.key if about.subject else None,
    )


async def _why_not(
    connection: Connection, trigger: EntryTrigger, happened: Happened, store_id: StoreId, about: _About
) -> Reason | None:
    if trigger.paused:
        return Reason.CONVERSATION_PAUSED
    program = Program.model_validate(trigger.program)
    sends = [step for step in program.steps.values() if isinstance(step, Send)]
    if sends and all(step.draft for step in sends):
        log.warning("nobody is entered: every message is a draft", conversation=trigger.code)
        return Reason.MESSAGE_DRAFT
    if happened.at < datetime.now(UTC) - TOO_LATE_AFTER:
        return Reason.TOO_LATE
    if (over := await _over_already(connection, trigger.event, program, happened, about)) is not None:
        return over
    entering_contact = EnteringContact(
        happened.contact_id,
        store_id,
        trigger.code,
        trigger.list_code,
        about.product_id,
        about.subject,
        happened.properties,
    )
    return None if await _any_thread_opens(connection, trigger, program, entering_contact) else Reason.FILTERED


async def _over_already(
    connection: Connection, event: str, program: Program, happened: Happened, about: _About
) -> Reason | None:
    """What would have ended the journey since: events come in any order, so what ends it may be known already."""
    ends = {*program.goal_on, *program.exit_on}
    if BOUGHT in happened.names:
        ends -= {ORDERED, BOUGHT}  # the order they enter on
    if not ends:
        return None
    done: list[str] = await SQL.done_since.values(
        connection,
        contact_id=happened.contact_id,
        store_id=happened.store_id,
        entered_at=happened.at,
        entered_on=event,
        event_id=happened.id,
        products=sorted(about.products) or None,
        ends=sorted(ends),
    )
    if ORDERED in done or BOUGHT in done:
        return Reason.PURCHASED
    if any(name in program.goal_on for name in done):
        return Reason.GOAL_REACHED
    return Reason.EXIT_RULE if done else None


async def _any_thread_opens(
    connection: Connection, trigger: EntryTrigger, program: Program, entering_contact: EnteringContact
) -> bool:
    """Whether the criteria of any thread on the event hold; which thread it is, the workflow decides by the same."""
    event: str = trigger.event
    if not any(entry.asks for entry in program.threads_on(event)):
        return True
    threads = CompiledCriteria.model_validate(trigger.criteria).criteria.get(thread_criteria_id(event), ())
    facts, now = await entry_facts(connection, entering_contact), datetime.now(UTC)
    return any(criteria is None or evaluate(criteria, facts, now) for criteria in threads)
