"""The waiting list in a real PostgreSQL keeps its rules, whatever comes in whatever order."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from activities.delivery.ledger import Ledger
from activities.intake.deliveries import Receipt
from activities.intake.intake import Intake
from activities.postgres.pool import Pool, open_pool
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances
from activities.waitlist.line_moves import LineMoves
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, Subject, VersionId
from schemas.incoming.facts import StockFact, WebhookDelivery
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Outcome, Refused, Sent, Unknown
from schemas.reasons import Ending, Reason
from starter.support.journeys import JourneyEnded, Journeys
from starter.versioning.publishing import publish
from starter.waitlists.line_moves import LineMoving, WantedMove
from tests.allocation.rules import broken_rules
from tests.product import STORE, Shop, address, starter_document, subject

T = TypeVar("T")

_shelves = count(1)
_picks = st.integers(0, 1000)
OUTCOMES: tuple[Sent | Refused | Unknown, ...] = (
    Sent(message_id="m@shop.example", at=datetime(2026, 3, 1, tzinfo=UTC)),
    Unknown(),
    Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE),
    Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.LEAVE),
    Refused(reason=Reason.MESSAGE_DRAFT, then=AfterRefusal.GO_ON),
)


class Line(RuleBasedStateMachine):
    """Everything that can happen to the line of one variant. Each run has a variant of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: Pool) -> None:
        super().__init__()
        self._loop, self._pool = loop, pool
        self._intake, self._waitlist, self._ledger = Intake(pool), Waitlist(pool), Ledger(pool)
        self._journeys, self._shop = Journeys(pool), Shop(pool, self._intake)
        self._variant, self._other = f"v{next(_shelves)}", f"v{next(_shelves)}"
        self._settled: list[tuple[Deliver, Outcome]] = []
        self._received: list[tuple[WebhookDelivery, StockFact]] = []

    @property
    def _subject(self) -> Subject:
        return subject(self._variant)

    def _do(self, work: Awaitable[T]) -> T:
        async def doing() -> T:
            return await work

        return self._loop.run_until_complete(doing())

    @initialize(threshold=st.integers(1, 3), contacts_per_unit=st.integers(1, 3))
    def open_shop(self, threshold: int, contacts_per_unit: int) -> None:
        terms = starter_document(quantity_threshold=threshold, contacts_per_unit=contacts_per_unit)
        self._do(publish(self._pool, terms))
        self._do(self._shop.sells(self._variant, self._other))

    @rule(name=st.integers(0, 9), hours=st.integers(0, 100))
    def someone_signs_up(self, name: int, hours: int) -> None:
        when = datetime.now(UTC) - timedelta(hours=hours)
        self._do(Entrances(self._pool).sign_up(address(f"c{name}"), STORE, self._variant, "test", when))

    @rule(units=st.integers(0, 6))
    def stock_is_set(self, units: int) -> None:
        self._do(self._shop.has(self._variant, units))

    @rule(units=st.integers(0, 6))
    def a_delivery_comes_in(self, units: int) -> None:
        number = len(self._received)
        fact = StockFact(
            inventory_item_id=f"item-{self._variant}",
            location_id="warehouse",
            available=units,
            observed_at=datetime.now(UTC),
        )
        delivery = WebhookDelivery(store_id=STORE, source="test", topic="stock", key=f"{self._variant}-{number}")
        assert self._do(self._intake.receive(delivery, [fact])) is Receipt.APPLIED
        self._received.append((delivery, fact))

    @rule(pick=_picks)
    def a_delivery_comes_in_again(self, pick: int) -> None:
        if self._received:
            delivery, fact = self._received[pick % len(self._received)]
            before = self._episodes()
            assert self._do(self._intake.receive(delivery, [fact])) is Receipt.REPEATED
            assert self._episodes() == before

    def _episodes(self) -> list[tuple[object, ...]]:
        query = "select * from episodes where subject = 'variant/' || $1 order by id"
        return [tuple(row) for row in self._do(self._pool.fetch(query, self._variant))]

    @rule()
    def the_shelf_looks(self) -> None:
        self._do(self._pool.execute("delete from outbox where subject = 'variant/' || $1", self._variant))
        line = self._in_state("waiting")
        before = set(self._in_state("claimed"))
        while self._do(self._waitlist.give_places(self._subject)).more:
            pass
        called = [journey for journey in self._by_claim() if journey not in before]
        assert called == line[: len(called)], "first in, first out"

    def _in_state(self, state: str, variant: str | None = None) -> list[JourneyId]:
        """Those in this state, in order of the line."""
        query = (
            "select journey_id from waiting where subject = 'variant/' || $1 and state = $2 order by entered_at, place"
        )
        return [row["journey_id"] for row in self._do(self._pool.fetch(query, variant or self._variant, state))]

    def _by_claim(self) -> list[JourneyId]:
        """Those with a claim in hand, in order of their claims."""
        query = """select c.journey_id from claims c join waiting w using (journey_id)
            where w.subject = 'variant/' || $1 and c.state = 'given' order by c.id"""
        return [row["journey_id"] for row in self._do(self._pool.fetch(query, self._variant))]

    @rule()
    def those_claimed_are_called(self) -> None:
        claims = self._do(self._waitlist.claims_to_notify(self._subject, 3))
        assert [claim.claim_id for claim in claims] == sorted(claim.claim_id for claim in claims)
        self._do(self._waitlist.mark_notified(claims))

    @rule(pick=_picks, outcome=st.sampled_from(OUTCOMES))
    def a_message_is_answered(self, pick: int, outcome: Sent | Refused | Unknown) -> None:
        called = self._by_claim()
        if called:
            journey = called[pick % len(called)]
            round_ = self._do(self._pool.fetchval("select count(*) from claims where journey_id = $1", journey))
            step = Send(id=StepId(f"step-{len(self._settled)}"), message="it-is-back")
            give_up_at = datetime.now(UTC) + timedelta(hours=24)
            request = Deliver(
                journey_id=journey,
                event=AlertEvent.ALERT,
                version=VersionId("back-in-stock@1"),
                step=step,
                round=round_,
                give_up_at=give_up_at,
            )
            self._do(self._ledger.settle(request, outcome))
            self._settled.append((request, outcome))

    @rule(pick=_picks, outcome=st.sampled_from(OUTCOMES))
    def an_answer_is_recorded_again(self, pick: int, outcome: Sent | Refused | Unknown) -> None:
        if self._settled:
            request, recorded = self._settled[pick % len(self._settled)]
            before = self._episodes()
            self._do(self._ledger.settle(request, outcome))
            assert self._do(self._ledger.look_up(request)).recorded == recorded
            assert self._episodes() == before

    @rule(pick=_picks)
    def a_journey_is_cancelled(self, pick: int) -> None:
        if (journey := self._any(pick)) is not None:
            try:
                self._do(self._journeys.cancel(journey, "test"))
            except JourneyEnded:
                assert self._do(self._journeys.show(journey)).ended_at is not None

    @rule(pick=_picks, ending=st.sampled_from(Ending))
    def a_journey_ends(self, pick: int, ending: Ending) -> None:
        if (journey := self._any(pick)) is not None:
            self._do(self._waitlist.close(journey, ending, None))

    @rule(pick=_picks)
    def a_window_ends(self, pick: int) -> None:
        if (journey := self._any(pick)) is not None:
            waited = journey in self._in_state("waiting")
            claimed = journey in self._in_state("claimed")
            stepped_out = self._do(self._waitlist.leave_waitlist(journey, Reason.WINDOW_ENDED))
            assert (stepped_out.claim_id is not None) == claimed
            assert not waited or journey in self._in_state("left")

    @rule(at_once=st.integers(1, 3))
    def everyone_is_moved_to_the_other_variant(self, at_once: int) -> None:
        """From now on it happens to the line of that one: whoever was called forward stays behind."""
        wanted, moving = WantedMove(self._subject, subject(self._other)), LineMoving(self._pool)
        line, there = self._in_state("waiting"), self._in_state("waiting", self._other)
        would = self._do(moving.would_move(wanted))
        asked = self._do(moving.move(wanted, "test"))
        while self._do(LineMoves(self._pool, at_once).move_next(wanted.line)):
            self.the_rules_hold()
        assert asked.move is not None
        became = self._do(moving.show(asked.move))
        assert (became.moved, became.left) == (would.moved, would.left)
        self._variant, self._other = self._other, self._variant
        now = self._in_state("waiting")
        assert [each for each in now if each in line] == [each for each in line if each in now], "in their order"
        assert len(set(now) - {*there}) == became.moved

    def _any(self, pick: int) -> JourneyId | None:
        query = "select id from journeys where subject = 'variant/' || $1 order by id"
        journeys = [row["id"] for row in self._do(self._pool.fetch(query, self._variant))]
        return journeys[pick % len(journeys)] if journeys else None

    @invariant()
    def the_rules_hold(self) -> None:
        assert self._do(broken_rules(self._pool)) == []


def test_the_line_keeps_its_rules_whatever_happens(database_url: str) -> None:
    # A loop of its own: Hypothesis is not asynchronous, and the run's loop stands still meanwhile.
    loop = asyncio.new_event_loop()
    pool = loop.run_until_complete(open_pool(database_url, 2))

    class LineHere(Line):
        def __init__(self) -> None:
            super().__init__(loop, pool)

    try:
        run_state_machine_as_test(LineHere, settings=settings(max_examples=30, stateful_step_count=40, deadline=None))
    finally:
        loop.run_until_complete(pool.close())
        loop.close()
