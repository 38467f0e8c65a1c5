"""A shop of some years, put into a database by SQL: what the console is measured on, and who is signed in to it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from activities.postgres.migrate import migrate
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import MOST_STEPS, ExitStep, SendStep, WaitStep
from schemas.ids import ContactId, JourneyId, UserId
from schemas.responses.users import Language
from starter.accounts.links import FirstAdmin, SignInLinks
from starter.accounts.passwords import Passwords
from starter.accounts.sessions import Where
from starter.documents import STARTER_CONVERSATION, load_document
from starter.versioning.publishing import publish

SQL = load_queries("bench", "busy_shop.sql")

STORE = "shop.example"
CONTACTS_OF_A_VARIANT = 50
LIMIT_SECONDS = 600.0
"""A million events with their indexes, also on a machine that does much else."""
LONG = "long"
"""The conversation with as many steps as there may be."""
FILLED = (
    *(SQL.sells, SQL.knows, SQL.looked_and_bought, SQL.orders, SQL.journeys, SQL.places, SQL.stays, SQL.messages),
    *(SQL.analyze, SQL.heard_of, SQL.credited, SQL.episodes, SQL.analyze_episodes, SQL.claims, SQL.counted),
    *(SQL.noted, SQL.moved, SQL.looked, SQL.malformed),
)
"""In this order: each lives on those before it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was put there."""

    contacts: int
    events: int
    journeys: int
    sends: int
    waiting: int

    def __str__(self) -> str:
        told = f"{self.journeys:,} journeys, {self.waiting:,} in line, {self.sends:,} messages"
        return f"{self.contacts:,} contacts, {self.events:,} events, {told}"


@dataclass(frozen=True, slots=True)
class Filled:
    """What there is.

    Attributes:
        session: of an admin of all stores.
        names: what addresses of the console are made with.
    """

    counts: Counts
    seconds: float
    session: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Somebody:
    """Who was told, and works here."""

    journey: JourneyId
    contact: ContactId
    user: UserId


async def fill(pool: Pool, contacts: int, events: int) -> Filled:
    """Fill an empty database."""
    began = time.monotonic()
    await migrate(pool)
    starter = load_document(STARTER_CONVERSATION.read_bytes(), STARTER_CONVERSATION.name)
    for document in (starter, long_conversation(starter)):
        await publish(pool, document)
    session = await _first_admin(pool)
    given = {"store": STORE, "contacts": contacts, "events": events, "variants": contacts // CONTACTS_OF_A_VARIANT}
    async with transaction(pool) as connection:
        await SQL.unwatched.run(connection)
        for query in FILLED:
            taken = {name: given[name] for name in query.parameters}
            await query.within(LIMIT_SECONDS).run(connection, **taken)
    await SQL.vacuum.within(LIMIT_SECONDS).run(pool)
    somebody = await SQL.somebody.one(pool, _Somebody)
    names = {
        "store": STORE,
        "level": "variant",
        "thing": "v1",
        "name": "back-in-stock",
        "operation": "1",
        "contact": somebody.contact,
        "journey": somebody.journey,
        "user": somebody.user,
    }
    return Filled(await SQL.counts.one(pool, Counts), time.monotonic() - began, session, names)


def long_conversation(starter: ConversationDocument) -> ConversationDocument:
    """With as many steps as a conversation may have."""
    (thread,) = starter.threads
    (alert,) = starter.alerts.values()
    pair = (SendStep(send="it-is-back"), WaitStep.model_validate({"wait": "1 day"}))
    steps = (*pair * ((MOST_STEPS - 2) // 2), SendStep(send="still-here"), ExitStep(exit="That is enough"))
    return starter.model_copy(
        update={
            "conversation": LONG,
            "name": "As long as can be",
            "list": starter.list.model_copy(update={"code": LONG, "only_by_name": True}),
            "alerts": {LONG: alert},
            "threads": (thread.model_copy(update={"on": f"{LONG}.alert", "steps": steps}),),
            "scenarios": (),
        }
    )


async def _first_admin(pool: Pool) -> str:
    links = SignInLinks(pool, Passwords())
    token = await links.for_the_first_admin()
    assert token is not None  # Nobody is in a new database.
    first = FirstAdmin("admin@shop.example", "Admin", Language.ENGLISH, "UTC")
    return await links.use(token, "lantern kettle owl harbour", Where("bench", "127.0.0.0/24"), first)
