"""One run of the suite's machine: the product over a process that crashes, and all that is looked at on the way."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from activities.delivery.deliver import DeliverActivity
from activities.intake.deliveries import Receipt
from activities.intake.intake import Intake
from activities.postgres.pool import Pool, Row
from activities.senders.sender import Mail, Message
from activities.waitlist.claims import Waitlist
from activities.waitlist.entry import Entered, NotEntered
from schemas.document.alert_types.vocabulary import AlertType
from schemas.ids import JourneyId, StoreId, Subject
from schemas.incoming.events import Event, EventOutcome
from schemas.incoming.facts import ContactErasureFact, ItemFact, OrderFact
from starter.ops.pausing import Pausable, Pausing
from starter.runtime.dispatcher import Dispatcher
from starter.support.journeys import Journeys
from starter.support.why import About, Why
from tests.allocation.rules import broken_rules
from tests.allocation.suite import LOCATIONS, LOW_DAYS, OFFERS, PRODUCT, STORES, VARIANTS, Storefront, Told, Truth
from tests.allocation.workflows import Rest, Traveller, Workflows
from tests.faults.crashes import CrashPoint, MortalLedger, Process
from tests.product import address
from tests.simulated.sender import SimulatedSender

T = TypeVar("T")

PAUSABLES = (
    *(Pausable("alert", code) for code in ("back", "cheaper", "going", "seen")),
    *(Pausable("conversation", code) for code in ("shop", "near")),
)
FOR_EVER = 1000
"""Activities that nobody interrupts."""
MOST_ROUNDS = 200
"""Of everything moving until nothing does: each ends what it is about, so there are few."""


class Provider(SimulatedSender):
    """The provider, who looks at everything that is about to be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.looks_at: Callable[[Mail], Awaitable[None]] | None = None

    async def take(self, message: Message) -> None:
        if self.looks_at is not None and isinstance(message, Mail):
            await self.looks_at(message)
        await super().take(message)


class SuiteRun(RuleBasedStateMachine):
    """What happens is up to the rules of a subclass. Each run begins with an empty database."""

    def __init__(self, loop: asyncio.AbstractEventLoop, process: Process, eyes: Pool) -> None:
        super().__init__()
        self._loop, self._process, self._eyes = loop, process, eyes
        pool = process.pool
        self._provider = Provider()
        self._provider.looks_at = self._is_true
        self._intake, self._waitlist = Intake(pool), Waitlist(pool)
        self._workflows = Workflows(
            process, DeliverActivity(MortalLedger(process), self._provider, "shop.example"), eyes
        )
        self._dispatcher = Dispatcher(pool, self._waitlist, self._workflows, timedelta(days=30))
        self._truths = {store: Truth(store, {}) for store in STORES}
        self._storefronts = {store: Storefront(truth) for store, truth in self._truths.items()}
        self._events: list[tuple[Event, EventOutcome]] = []
        self._considered: set[tuple[str, str, str]] = set()
        self._meanwhile: Callable[[], Awaitable[object]] | None = None
        self._orders = 0

    def _do(self, work: Callable[[], Awaitable[T]], crash: CrashPoint | None = None) -> T:
        async def doing() -> T:
            try:
                return await self._process.survives(work, crash)
            finally:
                self._process.will_not_crash()

        return self._loop.run_until_complete(doing())

    def _see(self, query: str, *arguments: object) -> list[Row]:
        return self._loop.run_until_complete(self._eyes.fetch(query, *arguments))

    def _arrives(self, told: Told, crash: CrashPoint | None, expected: Receipt = Receipt.APPLIED) -> None:
        crashes = self._process.crashes
        receipt = self._do(lambda: self._intake.receive(told.delivery, [told.fact]), crash)
        assert receipt is expected or (receipt is Receipt.REPEATED and self._process.crashes > crashes)

    def _order(self, name: str, order: str, hours: int, store: StoreId, *, cancelled: bool) -> Told:
        fact = OrderFact(
            order_id=order,
            email=address(name),
            items=(ItemFact(product_id=PRODUCT, variant_id="v"),),
            ordered_at=ago(hours),
            cancelled=cancelled,
            observed_at=datetime.now(UTC),
        )
        return self._storefronts[store].sends(fact)

    def _is_on_record(self, result: Entered | NotEntered, name: str, variant: str, store: StoreId) -> None:
        (contact,) = self._see("select id from contacts where email = $1", address(name))
        self._considered.add((store, contact["id"], result.alert_id))
        if isinstance(result, Entered):
            (entry,) = self._see("select store_id, contact_id, subject from journeys where id = $1", result.journey_id)
            assert tuple(entry) == (store, contact["id"], f"variant/{variant}")

    def _happening(self, what: str, journey: Traveller) -> Callable[[], Awaitable[object]] | None:
        """Something that another process does while a message of this journey is being handed over."""
        match what:
            case "cancelled":
                return lambda: Journeys(self._eyes).cancel(journey.journey_id, "test")
            case "sold out":
                return self._sells_out
            case "erased":
                return lambda: self._erases(journey.journey_id)
            case _:
                return None

    async def _sells_out(self) -> None:
        for storefront, variant, location in product(self._storefronts.values(), VARIANTS, LOCATIONS):
            storefront.moves(variant, location, 0)
            told = storefront.level(variant, location)
            await Intake(self._eyes).receive(told.delivery, [told.fact])

    async def _erases(self, journey_id: JourneyId) -> None:
        query = "select email from contacts c join journeys j on j.contact_id = c.id where j.id = $1"
        email = await self._eyes.fetchval(query, journey_id)
        if email is not None:
            for store, storefront in self._storefronts.items():
                told = storefront.sends(ContactErasureFact(email=email))
                await Intake(self._eyes).receive(told.delivery, [told.fact])
                await self._is_forgotten_by(store, email)

    async def _is_forgotten_by(self, store: StoreId, email: str) -> None:
        """Of whom another store knows, nothing is left of what this one told: not even that they were considered."""
        contact = await self._eyes.fetchval("select id from contacts where email = $1", email)
        entered = "select distinct alert_id from journeys where store_id = $1 and contact_id = $2"
        alerts = {row["alert_id"] for row in await self._eyes.fetch(entered, store, contact)}
        self._considered = {each for each in self._considered if each[:2] != (store, contact) or each[2] in alerts}

    async def _shelf_works(self, subject: Subject) -> None:
        paused = await self._eyes.fetchval(_CLAIMS_WHERE_PAUSED)
        await self._workflows.shelf_works(subject)
        assert await self._eyes.fetchval(_CLAIMS_WHERE_PAUSED) == paused, "nobody is called in a pause"

    async def _call(self) -> None:
        await self._dispatcher.drain()
        while self._workflows.shelves:
            await self._shelf_works(next(iter(self._workflows.shelves)))
        for journey in [each for each in self._workflows.journeys.values() if each.woken]:
            await journey.moves(0)

    async def _comes_to_rest(self) -> None:
        for _ in range(MOST_ROUNDS):
            moved = await self._dispatcher.drain() > 0
            for subject in list(self._workflows.shelves):
                moved = True
                await self._shelf_works(subject)
            for journey in [journey for journey in self._workflows.journeys.values() if journey.woken]:
                moved = True
                await journey.moves(FOR_EVER)
            if not moved:
                return
        raise AssertionError("there is no end to what is to be done")

    async def _is_true(self, mail: Mail) -> None:
        """What is about to be sent, held against what is so now; then something else may happen."""
        journey_id, step, _ = mail.message_id.removesuffix("@shop.example").rsplit(".", 2)
        row = await self._eyes.fetchrow(_ABOUT, journey_id)
        assert row is not None
        assert row["granted"], "consent"
        assert not row["suppressed"], "suppressed"
        assert mail.recipient == row["email"], "not erased"
        assert not row["paused"], "not paused"
        assert not step.endswith("draft")
        if step in OFFERS:
            alert, subject = row["alert_id"], Subject.from_key(row["store_id"], row["subject"])
            truth = self._truths[subject.store_id]
            type_, measure = truth.type(alert), truth.measure(alert, subject)
            assert truth.units(alert, subject) >= row["quantity"] > 0, "on sale and there, as many as they want"
            assert type_ is AlertType.BACK_IN_STOCK or (measure is not None and measure <= row["trigger_at"])
            since = row["entered_at"] if alert != "going" else min(row["entered_at"], ago(24 * LOW_DAYS))
            assert row["bought_last"] is None or row["bought_last"] < since, "not bought"
            assert row["claim"] in ("given", "used"), "a place"
        if (meanwhile := self._meanwhile) is not None:
            self._meanwhile = None
            await meanwhile()

    async def _ends_well(self) -> None:
        """Everything comes to rest, everyone can be given an answer, every window ends, everyone has one on record."""
        await self._comes_to_rest()
        await self._everyone_has_an_answer()
        for what in PAUSABLES:
            await Pausing(self._process.pool).resume(what, "test")
        for _ in range(MOST_ROUNDS):
            await self._comes_to_rest()
            resting = [each for each in self._workflows.journeys.values() if each.at is not Rest.NOTHING]
            if not resting:
                break
            for journey in resting:
                await journey.moves(FOR_EVER, time_passes=True)
        assert await self._eyes.fetch("select id from journeys where ended_at is null") == []
        assert await broken_rules(self._eyes, ()) == []
        await self._everyone_has_an_answer()
        taken = {mail.message_id.removesuffix("@shop.example").replace(".", "/") for mail in self._provider.taken}
        ledger = await self._eyes.fetch("select key, state from sends")
        assert {row["key"] for row in ledger if row["state"] == "sent"} <= taken
        assert taken <= {row["key"] for row in ledger if row["state"] in ("sent", "unknown")}

    async def _everyone_has_an_answer(self) -> None:
        why = Why(self._eyes)
        about = About(product_id=PRODUCT)
        answers = [entry for store in STORES for entry in (await why.product(store, about, limit=500)).entries]
        assert all(entry.sentence and (entry.standing or entry.reason) for entry in answers)
        untold = await self._eyes.fetch("select id from journeys where told_at is null")
        assert {row["id"] for row in untold} == {entry.journey_id for entry in answers if entry.journey_id}
        told = await self._eyes.fetch("select store_id, contact_id, alert_id from journeys where told_at is not null")
        answered = {(entry.store_id, entry.contact_id, entry.alert) for entry in answers}
        answered |= {tuple(row) for row in told}
        assert not (missing := self._considered - answered), missing


_ABOUT = """
    select j.store_id, j.alert_id, j.subject, j.entered_at, c.email, w.trigger_at, w.quantity,
           (select granted from consents where contact_id = c.id order by id desc limit 1) as granted,
           exists (select from suppressions where address = c.email) as suppressed,
           a.paused_at is not null or co.paused_at is not null as paused,
           (select max(ordered_at) from orders
            where contact_id = c.id and store_id = j.store_id and product_id = j.product_id and not cancelled
           ) as bought_last,
           (select state from claims where journey_id = j.id order by id desc limit 1) as claim
    from journeys j join contacts c on c.id = j.contact_id join waiting w on w.journey_id = j.id
    join alerts a on a.id = j.alert_id join conversations co on co.code = a.conversation
    where j.id = $1"""


_CLAIMS_WHERE_PAUSED = """
    select count(*) from claims c join journeys j on j.id = c.journey_id
    join alerts a on a.id = j.alert_id join conversations co on co.code = a.conversation
    where a.paused_at is not null or co.paused_at is not null"""


def ago(hours: int) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


async def empty(pool: Pool) -> None:
    """Leave nothing but the tables, and the key that digests are made with."""
    tables = await pool.fetchval(
        "select string_agg(quote_ident(tablename), ', ') from pg_tables "
        "where schemaname = 'public' and tablename not in ('migrations', 'digest_keys')"
    )
    await pool.execute(f"truncate {tables} restart identity")
