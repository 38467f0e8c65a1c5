"""Every kind of alert in two stores, whatever happens in whatever order, and crashes between any two writes.

Its variants sell units of their own or one item's; alerts of both levels and two lists share them out, to the same few
people, who stand in several lines at once, in both stores.

The journeys' machine, the shelves, the dispatcher and deliver are the product's own, on a real PostgreSQL. After every
step the rules hold (P2, P9), and the episodes are what adding up says (P4); whatever is sent is true of what is then so
(P3), and sent once (P1); in the end everyone who was not told has a reason (P7).
"""

import asyncio
from decimal import Decimal
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from activities.intake.events import Events
from activities.postgres.pool import open_pool
from activities.waitlist.entrances import Entrances
from schemas.ids import StoreId, Subject
from schemas.incoming.events import Event, EventKind, EventStatus
from schemas.incoming.facts import ContactErasureFact
from starter.ops.pausing import Pausable, Pausing
from starter.support.journeys import JourneyEnded, Journeys
from starter.versioning.publishing import publish
from tests.allocation.rules import broken_rules
from tests.allocation.suite import LOCATIONS, PRODUCT, STORES, VARIANTS, Storefront, Truth, documents
from tests.allocation.suite_run import PAUSABLES, SuiteRun, ago, empty
from tests.allocation.workflows import Rest
from tests.faults.crashes import CrashPoint, Process
from tests.product import STORE, address
from tests.simulated.sender import Answer

T = TypeVar("T")

ANSWERS = [each for each in Answer if each not in (Answer.SENDER_AT_FAULT, Answer.ACCOUNT_AT_FAULT)]
"""Of the provider. What is at fault stops until people have mended it: tests/delivery/test_sender_at_fault.py."""
_picks = st.integers(0, 1000)
_names = st.integers(0, 4).map("c{}".format)
_variants = st.sampled_from(VARIANTS)
_stores = st.sampled_from([*STORES, STORE])
"""More happens in one, so that much comes together there."""
_crashes = st.none() | st.builds(CrashPoint, st.integers(1, 25), st.booleans())
_quantities = st.sampled_from([None, None, 1, 2, 3, 5])
"""Units that somebody who signs up says they want."""
_long_ago = st.sampled_from([0, 0, 0, 30, 24 * 10, 24 * 40])

FORGOTTEN_SINCE = """
    select from forgotten_addresses
    where digest in (select digests($1)) and forgotten_at >= $2 and store_id in ('', $3)"""
"""Whether the person with this address was erased since then, by this store or all of them."""


class Suite(SuiteRun):
    """All that can happen."""

    # What the shop is like -----------------------------------------------------------------------------------------

    @initialize(
        threshold=st.integers(1, 3),
        per_unit=st.sampled_from([1, 1, 2, "all"]),
        order=st.sampled_from(["first-in-first-out", "first-in-last-out"]),
        level=st.sampled_from(["variant", "product"]),
        near_share=st.sampled_from(
            ["level: product, contacts_per_unit: 1", "level: product, contacts_per_unit: 2", "units_per_contact: 2"]
        ),
        near_status=st.sampled_from(["live", "live", "draft"]),
        near_stores=st.sampled_from(["", "", *(f"stores: [{store}]" for store in STORES)]),
        one_item=st.booleans(),
        regulars=st.integers(0, 4),
        units=st.integers(0, 5),
    )
    def opens(self, one_item: bool, regulars: int, units: int, **terms: object) -> None:
        published = documents(terms)

        async def opening() -> None:
            await empty(self._eyes)
            for document in published:
                await publish(self._process.pool, document)

        self._do(opening)
        self._truths = {store: Truth.of(store, published, one_item=one_item) for store in STORES}
        self._storefronts = {store: Storefront(truth) for store, truth in self._truths.items()}
        for store in STORES:
            self._arrives(self._storefronts[store].product(), None)
            self.stock_moves("v", "here", units, "level", None, store)
        for name in (f"c{number}" for number in range(regulars)):
            self.someone_signs_up(name, "w", 0, None)
            self.someone_signs_up(name, "v", 0, None)
            self.someone_signs_up(name, "v", 0, None, store=STORES[1])
            self.someone_is_interested(name, EventKind.VIEWED_PRODUCT, "v", 0, None)
            self.someone_is_interested(name, EventKind.ADDED_TO_CART, "v", 0, None)

    # What the storefront tells -------------------------------------------------------------------------------------

    @rule(
        variant=_variants,
        location=st.sampled_from([*LOCATIONS, "everywhere"]),
        units=st.integers(0, 5),
        way=st.sampled_from(["level", "level, total", "total, level"]),
        crash=_crashes,
        store=_stores,
    )
    def stock_moves(
        self, variant: str, location: str, units: int, way: str, crash: CrashPoint | None, store: StoreId = STORE
    ) -> None:
        storefront = self._storefronts[store]
        locations = LOCATIONS if location == "everywhere" else (location,)
        if way == "total, level":
            for name in locations:
                storefront.moves(variant, name, units)
            self._arrives(storefront.product(with_totals=True), crash)
        for name in locations:
            if way != "total, level":
                storefront.moves(variant, name, units)
            self._arrives(storefront.level(variant, name), crash)
        if way == "level, total":
            self._arrives(storefront.product(with_totals=True), None)

    @rule(variant=_variants, price=st.sampled_from([80, 89, 90, 94, 95, 96, 100, 120]), crash=_crashes, store=_stores)
    def price_changes(self, variant: str, price: int, crash: CrashPoint | None, store: StoreId = STORE) -> None:
        self._truths[store].prices[variant] = Decimal(price)
        self._arrives(self._storefronts[store].product(), crash)

    @rule(
        change=st.sampled_from(["off sale", "gone", "w removed", "as it was", "as it was"]),
        crash=_crashes,
        store=_stores,
    )
    def product_changes(self, change: str, crash: CrashPoint | None, store: StoreId = STORE) -> None:
        truth, storefront = self._truths[store], self._storefronts[store]
        if change == "gone":
            self._arrives(storefront.goes(), crash)
            return
        truth.on_sale = change != "off sale"
        if change == "w removed":
            truth.removed.add("w")
        else:
            truth.removed.discard("w")
        self._arrives(storefront.product(), crash)

    @rule(pick=_picks, other_key=st.booleans(), crash=_crashes, store=_stores)
    def a_delivery_comes_in_again(self, pick: int, other_key: bool, crash: CrashPoint | None, store: StoreId) -> None:
        sent = self._storefronts[store].sent
        told, expected = self._storefronts[store].again(sent[pick % len(sent)], other_key=other_key)
        self._arrives(told, crash, expected)

    @rule(name=_names, hours=_long_ago, cancelled=st.booleans(), crash=_crashes, store=_stores)
    def someone_orders(self, name: str, hours: int, cancelled: bool, crash: CrashPoint | None, store: StoreId) -> None:
        self._orders += 1
        self._arrives(self._order(name, f"o{self._orders}", hours, store, cancelled=False), crash)
        if cancelled:
            self._arrives(self._order(name, f"o{self._orders}", hours, store, cancelled=True), crash)

    # What people do ------------------------------------------------------------------------------------------------

    @rule(name=_names, variant=_variants, hours=_long_ago, crash=_crashes, quantity=_quantities, store=_stores)
    def someone_signs_up(
        self,
        name: str,
        variant: str,
        hours: int,
        crash: CrashPoint | None,
        quantity: int | None = None,
        store: StoreId = STORE,
    ) -> None:
        enlisting, at = Entrances(self._process.pool), ago(hours)
        result = self._do(
            lambda: enlisting.sign_up(address(name), store, variant, "test", at, quantity=quantity), crash
        )
        self._is_on_record(result, name, variant, store)

    @rule(
        name=_names,
        kind=st.sampled_from([EventKind.VIEWED_PRODUCT, EventKind.ADDED_TO_CART, EventKind.CHECKOUT_STARTED]),
        variant=_variants | st.none(),
        hours=_long_ago,
        crash=_crashes,
        store=_stores,
    )
    def someone_is_interested(
        self,
        name: str,
        kind: EventKind,
        variant: str | None,
        hours: int,
        crash: CrashPoint | None,
        store: StoreId = STORE,
    ) -> None:
        event = Event(
            id=f"e{len(self._events)}",
            store=store,
            kind=kind,
            email=address(name),
            product=PRODUCT,
            variant=variant,
            happened_at=ago(hours),
        )
        crashes = self._process.crashes
        outcome = self._do(lambda: Events(self._process.pool).take(event), crash)
        if outcome.status is EventStatus.REFUSED:
            assert self._see(FORGOTTEN_SINCE, address(name), event.happened_at, store), (
                "they were erased after it happened"
            )
            return
        once = outcome.status is EventStatus.ACCEPTED
        assert once or (outcome.status is EventStatus.REPEATED and self._process.crashes > crashes)
        self._events.append((event, outcome))
        self._considered.update((store, str(outcome.contact), each.alert) for each in outcome.effect.alerts)

    @rule(pick=_picks, crash=_crashes)
    def an_event_is_sent_again(self, pick: int, crash: CrashPoint | None) -> None:
        if self._events:
            event, first = self._events[pick % len(self._events)]
            before = self._see("select count(*) from journeys")
            again = self._do(lambda: Events(self._process.pool).take(event), crash)
            forgotten = bool(self._see(FORGOTTEN_SINCE, str(event.email), event.happened_at, event.store))
            assert again.status is EventStatus.REPEATED
            assert forgotten or again == first.model_copy(update={"status": EventStatus.REPEATED})
            assert self._see("select count(*) from journeys") == before

    @rule(
        name=_names,
        change=st.sampled_from(["agrees", "agrees", "takes it back", "bounces", "is erased"]),
        crash=_crashes,
    )
    def someone_changes(self, name: str, change: str, crash: CrashPoint | None) -> None:
        match change:
            case "bounces":
                put = (
                    "insert into suppressions (channel, address, reason) values ('email', $1, 'bounced') "
                    "on conflict do nothing"
                )
                self._see(put, address(name))
            case "is erased":
                for store, storefront in self._storefronts.items():
                    self._arrives(storefront.sends(ContactErasureFact(email=address(name))), crash)
                    self._loop.run_until_complete(self._is_forgotten_by(store, address(name)))
                assert self._see("select from contacts where email = $1", address(name)) == []
            case _:
                self._see("delete from suppressions where address = $1", address(name))
                self._see(
                    "insert into consents (contact_id, channel, granted, source) "
                    "select id, 'email', $2, 'test' from contacts where email = $1",
                    address(name),
                    change == "agrees",
                )

    # What the people of the shop do --------------------------------------------------------------------------------

    @rule(what=st.sampled_from(PAUSABLES), whole=st.booleans(), crash=_crashes)
    def pauses_or_resumes(self, what: Pausable, whole: bool, crash: CrashPoint | None) -> None:
        pausing = Pausing(self._process.pool)
        paused = self._see(
            "select 'alert' as kind, id as code from alerts where paused_at is not null "
            "union all select 'conversation', code from conversations where paused_at is not null"
        )
        if not paused:
            self._do(lambda: pausing.pause(what, "test"), crash)
        for row in paused if whole else paused[:1]:
            self._do(lambda row=row: pausing.resume(Pausable(row["kind"], row["code"]), "test"), crash)

    @rule(pick=_picks, crash=_crashes)
    def a_journey_is_cancelled(self, pick: int, crash: CrashPoint | None) -> None:
        if (row := _pick(self._see("select id, ended_at from journeys order by id"), pick)) is not None:
            try:
                self._do(lambda: Journeys(self._process.pool).cancel(row["id"], "test"), crash)
            except JourneyEnded:
                assert row["ended_at"] is not None

    # What Shelftalk does -------------------------------------------------------------------------------------------

    @rule(crash=_crashes)
    def the_outbox_is_drained(self, crash: CrashPoint | None) -> None:
        self._do(self._dispatcher.drain, crash)

    @rule(pick=_picks, crash=_crashes)
    def a_shelf_works(self, pick: int, crash: CrashPoint | None) -> None:
        if (subject := _pick(list(self._workflows.shelves), pick)) is not None:
            self._do(lambda: self._shelf_works(subject), crash)

    @rule(
        pick=_picks,
        activities=st.integers(1, 4),
        answers=st.lists(st.sampled_from(ANSWERS), max_size=2),
        meanwhile=st.sampled_from(["nothing"] * 6 + ["cancelled", "sold out", "erased"]),
        crash=_crashes,
    )
    def a_journey_goes_on(
        self, pick: int, activities: int, answers: list[Answer], meanwhile: str, crash: CrashPoint | None
    ) -> None:
        woken = [journey for journey in self._workflows.journeys.values() if journey.woken]
        if (journey := _pick(woken, pick)) is not None:
            self._provider.answer_next(*answers)
            self._meanwhile = self._happening(meanwhile, journey)
            self._do(lambda: journey.moves(activities), crash)
            self._meanwhile = None

    @rule(pick=_picks, activities=st.integers(0, 2), crash=_crashes)
    def time_passes(self, pick: int, activities: int, crash: CrashPoint | None) -> None:
        """For one who rests; or else the window of one who waits is over."""
        travellers = self._workflows.journeys.values()
        resting = [journey for journey in travellers if journey.at is Rest.TIME]
        waiting = [journey for journey in travellers if journey.at is Rest.PLACE]
        if (journey := _pick(resting or waiting, pick)) is not None:
            self._do(lambda: journey.moves(activities, time_passes=True), crash)

    @rule(pick=_picks, crash=_crashes)
    def an_offer_lapses(self, pick: int, crash: CrashPoint | None) -> None:
        if (row := _pick(self._see("select id from claims where lapses_at is not null order by id"), pick)) is not None:
            self._see("update claims set lapses_at = now() - interval '1 second' where id = $1", row["id"])
            self._do(self._waitlist.lapse_offers, crash)

    @rule(crash=_crashes)
    def everything_that_can_be_done_is_done(self, crash: CrashPoint | None) -> None:
        self._do(self._comes_to_rest, crash)

    @rule(crash=_crashes)
    def everyone_is_called(self, crash: CrashPoint | None) -> None:
        """And nobody is told yet."""
        self._do(self._call, crash)

    @rule(
        change=st.sampled_from(["gone", "off sale", "w removed", "sold out", "price up"]), activities=st.integers(1, 3)
    )
    def what_they_are_called_for_is_over_before_they_are_told(self, change: str, activities: int) -> None:
        self.everyone_is_called(None)
        match change:
            case "sold out":
                self._do(self._sells_out)
            case "price up":
                for variant in VARIANTS:
                    for store in STORES:
                        self.price_changes(variant, 120, None, store)
            case _:
                for store in STORES:
                    self.product_changes(change, None, store)
        for journey in [each for each in self._workflows.journeys.values() if each.woken]:
            self._do(lambda journey=journey: journey.moves(activities))

    # What must hold ------------------------------------------------------------------------------------------------

    @invariant()
    def the_rules_hold(self) -> None:
        shelves = self._workflows.shelves
        assert self._loop.run_until_complete(broken_rules(self._eyes, shelves)) == []

    @invariant()
    def what_is_there_is_what_adding_up_says_and_no_more_arrived(self) -> None:
        for store, truth in self._truths.items():
            rows = self._see(_OPEN, store)
            assert {(row["alert_id"], row["subject"]) for row in rows} == truth.stays.keys()
            for row in rows:
                stay = truth.stays[row["alert_id"], row["subject"]]
                assert row["available"] == stay.available
                assert row["arrived"] <= stay.arrived
                assert row["measure"] == truth.measure(row["alert_id"], Subject.from_key(store, row["subject"]))
            assert self._see("select count(*) from episodes where store_id = $1", store)[0][0] == truth.opened

    @invariant()
    def no_more_units_arrived_than_adding_up_says(self) -> None:
        rows = self._see("select store_id, item, locations, available, arrived from supplies")
        for row in rows:
            locations = tuple(row["locations"]) if row["locations"] is not None else None
            supply = self._truths[row["store_id"]].supplies[row["item"], locations]
            assert row["available"] == supply.available
            assert supply.available == 0 or row["arrived"] <= supply.arrived
        assert len(rows) == sum(len(truth.supplies) for truth in self._truths.values())

    @invariant()
    def nothing_was_sent_twice(self) -> None:
        keys = [mail.message_id for mail in self._provider.taken]
        assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        try:
            if any(truth.alerts for truth in self._truths.values()):
                self._loop.run_until_complete(self._ends_well())
        finally:
            self._loop.run_until_complete(self._workflows.stop())


_OPEN = """
    select alert_id, subject, available, arrived, measure from episodes where closed_at is null and store_id = $1"""


def _pick(among: list[T], pick: int) -> T | None:
    return among[pick % len(among)] if among else None


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_suite_keeps_its_promises_whatever_happens_and_whenever_it_crashes(database_url: str) -> None:
    # A loop of its own: Hypothesis is not asynchronous, and the run's loop stands still meanwhile.
    loop = asyncio.new_event_loop()
    eyes = loop.run_until_complete(open_pool(database_url, 3))
    process = loop.run_until_complete(Process.on(database_url, eyes))

    class SuiteHere(Suite):
        def __init__(self) -> None:
            super().__init__(loop, process, eyes)

    try:
        run_state_machine_as_test(SuiteHere, settings=settings(max_examples=30, stateful_step_count=50, deadline=None))
        assert process.crashes > 0
    finally:
        loop.run_until_complete(process.pool.close())
        loop.run_until_complete(eyes.close())
        loop.close()
