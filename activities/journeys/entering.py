"""Entering a conversation without an alert, in the transaction of the event that is its entry trigger.

Whoever sets one off enters, or has the reason on record (P7). Temporal is not needed: the workflow's start is an
outbox row.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from activities.decisions.evaluate import evaluate
from activities.decisions.journey_facts import EnteringContact, entry_facts
from activities.journeys.contact_events import BOUGHT, ORDERED, SQL, Happened, tell_journeys
from activities.postgres.pool import Connection, Row
from activities.postgres.queries import load_queries
from schemas.document.steps import Send
from schemas.ids import JourneyId, Level, StoreId, Subject, new_journey_id
from schemas.incoming.events import EnrolmentResult, Item, TriggeredEntry
from schemas.journey.compiled_criteria import CompiledCriteria
from schemas.journey.program import Program, entry_criteria_id
from schemas.reasons import Reason

EVENTS = load_queries("activities.intake", "events.sql")
log = structlog.get_logger()

TOO_LATE_AFTER = timedelta(hours=24)
"""An event that was told later than this enters nobody: last week's cart and an imported list are history."""


@dataclass(frozen=True, slots=True)
class _About:
    """The one product an event is about, if we know it; the subject is its variant where one was named."""

    product_id: str | None = None
    subject: Subject | None = None


async def tell_conversations(connection: Connection, happened: Happened) -> tuple[TriggeredEntry, ...]:
    """What a contact did reaches their journeys under way first, then the conversations that it may enter.

    Returns:
        The conversations that were considered for entry.
    """
    await tell_journeys(connection, happened)
    return await _enter_conversations(connection, happened)


async def _enter_conversations(connection: Connection, happened: Happened) -> tuple[TriggeredEntry, ...]:
    """Let the contact into every published conversation with a thread on this, unless something speaks against it."""
    if happened.store_id is None:
        return ()
    await connection.execute(SQL["hold_entry_triggers"], list(happened.names))
    triggers = await connection.fetch(SQL["entry_triggers"], list(happened.names))
    if not triggers:
        return ()
    about = await _about(connection, happened.store_id, happened.things)
    return tuple([await _enter(connection, trigger, happened, happened.store_id, about) for trigger in triggers])


async def _about(connection: Connection, store_id: StoreId, things: tuple[Item, ...]) -> _About:
    products: set[str | None] = set()
    for item in things:
        products.add(await connection.fetchval(EVENTS["find_thing"], store_id, item.product, item.variant))
    if len(products) != 1 or None in products:
        return _About()
    (product_id,) = products
    assert product_id is not None, "it is known"
    variants = {item.variant for item in things}
    (variant,) = variants if len(variants) == 1 else (None,)
    level, id_ = (Level.PRODUCT, product_id) if variant is None else (Level.VARIANT, variant)
    return _About(product_id, Subject(store_id=store_id, level=level, id=id_))


async def _enter(
    connection: Connection, trigger: Row, happened: Happened, store_id: StoreId, about: _About
) -> TriggeredEntry:
    conversation: str = trigger["code"]
    there: JourneyId | None = await connection.fetchval(SQL["in_flight"], conversation, store_id, happened.contact_id)
    if there is not None:
        return TriggeredEntry(conversation=conversation, result=EnrolmentResult.THERE_ALREADY, journey=there)
    reason = await _why_not(connection, trigger, happened, store_id, about)
    if reason is not None:
        result = EnrolmentResult.NOT_ENTERED
        return TriggeredEntry(conversation=conversation, result=result, reason=reason, why=reason.sentence)
    entered: JourneyId | None = await connection.fetchval(
        SQL["enter"],
        new_journey_id(),
        happened.contact_id,
        store_id,
        about.subject.key if about.subject else None,
        about.product_id,
        trigger["version_id"],
        conversation,
        happened.at,
        trigger["event"],
        happened.id,
    )
    if entered is not None:
        return TriggeredEntry(conversation=conversation, result=EnrolmentResult.ENTERED, journey=entered)
    # Another event of theirs was first, a moment ago.
    there = await connection.fetchval(SQL["in_flight"], conversation, store_id, happened.contact_id)
    return TriggeredEntry(conversation=conversation, result=EnrolmentResult.THERE_ALREADY, journey=there)


async def _why_not(
    connection: Connection, trigger: Row, happened: Happened, store_id: StoreId, about: _About
) -> Reason | None:
    if trigger["paused"]:
        return Reason.CONVERSATION_PAUSED
    program = Program.model_validate(trigger["program"])
    sends = [step for step in program.steps.values() if isinstance(step, Send)]
    if sends and all(step.draft for step in sends):
        log.warning("nobody is entered: every message is a draft", conversation=trigger["code"])
        return Reason.MESSAGE_DRAFT
    if happened.at < datetime.now(UTC) - TOO_LATE_AFTER:
        return Reason.TOO_LATE
    if (over := await _over_already(connection, trigger["event"], program, happened, about)) is not None:
        return over
    entering_contact = EnteringContact(
        happened.contact_id,
        store_id,
        trigger["code"],
        trigger["list_code"],
        about.product_id,
        about.subject,
        happened.properties,
    )
    return None if await _opens(connection, trigger, program, entering_contact) else Reason.FILTERED


async def _over_already(
    connection: Connection, event: str, program: Program, happened: Happened, about: _About
) -> Reason | None:
    """What would have ended the journey since: events come in any order, and the end may be told before the entry."""
    ends = {*program.goal_on, *program.exit_on}
    if BOUGHT in happened.names:
        ends -= {ORDERED, BOUGHT}  # it is this very order
    if not ends:
        return None
    stay = happened.contact_id, happened.store_id, happened.at, event, happened.id, about.product_id
    done: list[str] = await connection.fetchval(SQL["done_since"], *stay, sorted(ends)) or []
    if ORDERED in done or BOUGHT in done:
        return Reason.PURCHASED
    if any(name in program.goal_on for name in done):
        return Reason.GOAL_REACHED
    return Reason.EXIT_RULE if done else None


async def _opens(connection: Connection, trigger: Row, program: Program, entering_contact: EnteringContact) -> bool:
    """Whether any thread on the event is theirs: the workflow asks again, by the same criteria, which one is."""
    event: str = trigger["event"]
    if not any(entry.asks for entry in program.entry_triggers(event)):
        return True
    asked = CompiledCriteria.model_validate(trigger["questions"]).criteria.get(entry_criteria_id(event), ())
    facts, now = await entry_facts(connection, entering_contact), datetime.now(UTC)
    return any(criteria is None or evaluate(criteria, facts, now) for criteria in asked)
