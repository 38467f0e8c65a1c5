"""Journeys that were called forward in a real PostgreSQL, and the deliver activity over a simulated sender."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio.exceptions import ApplicationError

from activities.delivery.deliver import DeliverActivity
from activities.delivery.ledger import Ledger
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.senders.sender import Message
from activities.waitlist.claims import Waitlist
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import Outcome
from tests.product import Shop, subject
from tests.simulated.sender import SimulatedSender


class Gate(SimulatedSender):
    """A simulated provider that can be made to keep its senders waiting before it takes anything."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.somebody_waits = asyncio.Event()

    async def take(self, message: Message) -> None:
        self.somebody_waits.set()
        await self.open.wait()
        await super().take(message)


@dataclass
class Counter:
    """Where people are told.

    Attributes:
        sender: the provider; it keeps what it took.
    """

    pool: Pool
    shop: Shop
    sender: Gate = field(default_factory=Gate)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.pool)
        self.waitlist = Waitlist(self.pool)
        self.delivery = DeliverActivity(self.ledger, self.sender, "shop.example")

    async def calls(self, *names: str, units: int = 1) -> list[JourneyId]:
        """These sign up, so many units arrive, and the first in line are called. Returns all of them."""
        journeys = await self.shop.signs_up(*names)
        await self.shop.has("v", units)
        await self.looks()
        return journeys

    async def looks(self) -> None:
        """The shelf does what it was asked to."""
        await self.pool.execute("delete from outbox")
        await self.waitlist.give_places(subject("v"))

    async def is_asked_to_look(self) -> bool:
        """Whether the shelf has a request to look."""
        return await self.pool.fetchval("select exists (select from outbox where kind = 'look_again')")

    async def deliver(self, request: Deliver) -> Outcome:
        return (await self.delivery.deliver(request)).outcome

    async def outcome_or_later(self, delivery: DeliverActivity, request: Deliver) -> str:
        """How an attempt ended: the kind of its outcome, or why it is to be made again."""
        try:
            return (await delivery.deliver(request)).outcome.kind
        except ApplicationError as error:
            return str(error.type)

    async def tells(self, journey: JourneyId) -> Outcome:
        """The first message."""
        return await self.deliver(message(journey))

    async def place(self, journey: JourneyId) -> tuple[str, list[str]]:
        """Where a journey stands, and its claims in order."""
        state = await self.pool.fetchval("select state from waiting where journey_id = $1", journey)
        claims = await self.pool.fetch("select state from claims where journey_id = $1 order by id", journey)
        return state, [claim["state"] for claim in claims]

    async def entry(self, request: Deliver) -> tuple[str, int]:
        """The ledger's state and how often sending was begun."""
        row = await self.pool.fetchrow("select state, attempts from sends where key = $1", request.key)
        assert row is not None
        return row["state"], row["attempts"]

    async def loses_its_holder(self, request: Deliver) -> None:
        """Whoever was sending is gone, and the lease has run out."""
        await self.pool.execute(
            "update sends set lease_until = now() - interval '1 second' where key = $1", request.key
        )

    async def suppresses(self, name: str) -> None:
        await Shop(self.pool, Intake(self.pool)).bounces(name)

    async def hears_no_from(self, journey: JourneyId) -> None:
        """The contact takes their consent back."""
        await self.pool.execute(
            "insert into consents (contact_id, channel, granted, source) "
            "select contact_id, 'email', false, 'test' from journeys where id = $1",
            journey,
        )


async def waits_for_a_lock(pool: Pool) -> None:
    """Returns once somebody does."""
    asked = (
        "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
    )
    while not await pool.fetchval(asked):
        await pool.execute("select pg_sleep(0.02)")


def message(
    journey: JourneyId, step: str = "it-is-back", *, round_: int = 1, draft: bool = False, patience_over: bool = False
) -> Deliver:
    """A request to deliver one of the starter's messages."""
    return Deliver(
        journey_id=journey,
        event=AlertEvent.ALERT,
        version=VersionId("back-in-stock@1"),
        step=Send(id=StepId(step), message=step, draft=draft),
        round=round_,
        give_up_at=datetime.now(UTC) + timedelta(hours=-1 if patience_over else 24),
    )


def reminder(journey: JourneyId, *, draft: bool = False, patience_over: bool = False) -> Deliver:
    """The second message, to one who was told."""
    return message(journey, "still-here", draft=draft, patience_over=patience_over)
