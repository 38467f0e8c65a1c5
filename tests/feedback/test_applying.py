"""What follows from what a provider tells: unknowns settled, places passed on, addresses suppressed, journeys told."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from activities.intake.deliveries import Receipt
from activities.postgres.pool import Pool
from schemas.incoming.message_events import MessageEvent
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.journey.outcome import AfterRefusal, Refused, Sent, Unknown
from schemas.reasons import Reason
from tests.delivery.counter import Counter, message, reminder
from tests.feedback.told import counter as counter
from tests.feedback.told import ledger, of, suppressed, tell, unknown
from tests.product import Shop, address, starter_document
from tests.simulated.sender import Answer


@pytest.mark.parametrize("kind", [Kind.ACCEPTED, Kind.DELIVERED, Kind.DEFERRED, Kind.OPENED, Kind.COMPLAINED])
async def test_an_unknown_is_sent_once_its_provider_tells_that_it_has_it(
    counter: Counter, pool: Pool, kind: Kind
) -> None:
    (journey,) = await unknown(counter, "first")
    await tell(pool, of(journey, kind))
    assert (await ledger(pool, journey))[0] == "sent"
    assert isinstance(await counter.tells(journey), Sent), "and whoever asks again is told so"
    assert len(counter.sender.taken) == 0, "but nothing is sent again"
    assert await counter.place(journey) == ("told", ["used"])


@pytest.mark.parametrize("kind", [Kind.BOUNCED, Kind.FAILED, Kind.SUPPRESSED, Kind.RENDERING_FAILED])
async def test_an_unknown_that_reached_nobody_passes_its_place_on(counter: Counter, pool: Pool, kind: Kind) -> None:
    first, second = await unknown(counter, "first", "second")
    await tell(pool, of(first, kind))
    assert (await ledger(pool, first))[0] == "refused"
    assert await counter.tells(first) == Refused(reason=Reason.PROVIDER_REFUSED, then=AfterRefusal.LEAVE)
    assert await counter.place(first) == ("left", ["refused"])
    row = await pool.fetchrow("select told_at, leaving from journeys where id = $1", first)
    assert row is not None
    assert tuple(row) == (None, "provider_refused")
    assert await pool.fetchval("select count(*) from outbox where kind = 'leave' and journey_id = $1", first) == 1
    assert await counter.is_asked_to_look()
    await counter.looks()
    assert await counter.place(second) == ("claimed", ["given"]), "the next in line is called forward"


async def test_an_unknown_that_was_refused_for_what_its_sender_is_costs_nobody_their_place(
    counter: Counter, pool: Pool
) -> None:
    first, _ = await unknown(counter, "first", "second")
    await tell(pool, of(first, Kind.SENDER_AT_FAULT))
    assert await counter.tells(first) == Refused(reason=Reason.SENDER_AT_FAULT, then=AfterRefusal.GO_ON)
    assert await counter.place(first) == ("told", ["used"])
    assert await pool.fetchval("select count(*) from outbox where kind = 'leave'") == 0
    await tell(pool, of(first, Kind.BOUNCED))
    assert await counter.place(first) == ("left", ["refused"]), "but that nobody is there does"


@pytest.mark.parametrize(
    ("kind", "state", "place"),
    [(Kind.DELIVERED, "sent", ("told", ["used"])), (Kind.FAILED, "refused", ("left", ["refused"]))],
)
async def test_what_is_told_while_it_was_leaving_settles_a_message_whose_worker_is_gone(
    counter: Counter, pool: Pool, kind: Kind, state: str, place: tuple[str, list[str]]
) -> None:
    (journey,) = await counter.calls("first")
    assert await counter.ledger.open(message(journey), counter.ledger.lease())
    await tell(pool, of(journey, kind))
    assert (await ledger(pool, journey))[0] == "sending"
    await counter.loses_its_holder(message(journey))
    assert (await counter.tells(journey)).kind == state
    assert (await ledger(pool, journey))[0] == state
    assert await counter.place(journey) == place


async def test_a_message_that_certainly_left_keeps_its_place_when_it_comes_back(counter: Counter, pool: Pool) -> None:
    first, _ = await counter.calls("first", "second")
    assert isinstance(await counter.tells(first), Sent)
    await tell(pool, of(first, Kind.DELIVERED), of(first, Kind.BOUNCED))
    assert await ledger(pool, first) == ("sent", "bounced", False)
    assert await counter.place(first) == ("told", ["used"])
    assert await suppressed(pool) == {address("first"): "bounced"}


async def test_an_unknown_reminder_has_no_place_to_pass_on(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    counter.sender.answer_next(Answer.LOSE)
    assert await counter.deliver(reminder(journey)) == Unknown()
    await tell(pool, of(journey, Kind.FAILED, step="still-here"))
    assert await counter.place(journey) == ("told", ["used"])
    assert await pool.fetchval("select leaving from journeys where id = $1", journey) is None


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Kind.BOUNCED, "bounced"), (Kind.COMPLAINED, "complained"), (Kind.SUPPRESSED, "on the provider's list")],
)
async def test_what_is_no_good_or_not_wanted_is_suppressed(
    counter: Counter, pool: Pool, kind: Kind, reason: str
) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    await tell(pool, of(journey, kind))
    assert await suppressed(pool) == {address("first"): reason}


@pytest.mark.parametrize(
    "kind", [Kind.SOFT_BOUNCED, Kind.DEFERRED, Kind.FAILED, Kind.SENDER_AT_FAULT, Kind.UNSUBSCRIBED]
)
async def test_what_says_nothing_of_the_address_suppresses_nobody(counter: Counter, pool: Pool, kind: Kind) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    await tell(pool, of(journey, kind, code="5.7.26"))
    assert await suppressed(pool) == {}
    assert await pool.fetchval("select code from message_events") == "5.7.26"


@pytest.mark.parametrize("kind", [Kind.UNSUBSCRIBED, Kind.COMPLAINED])
async def test_a_no_takes_consent_back_and_their_journeys_are_told(counter: Counter, pool: Pool, kind: Kind) -> None:
    (journey,) = await counter.calls("first")
    await pool.execute("delete from outbox")
    await tell(pool, of(journey, kind))
    rows = await pool.fetch("select granted from consents order by id desc limit 1")
    assert [row["granted"] for row in rows] == [False]
    refused = await counter.tells(journey)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NO_CONSENT
    assert counter.sender.taken == ()


async def test_a_no_that_is_told_late_does_not_undo_a_yes_since(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await tell(pool, of(journey, Kind.UNSUBSCRIBED, at=datetime.now(UTC) - timedelta(days=1)))
    assert await pool.fetchval("select granted from consents order by id desc limit 1")


async def test_an_event_counts_once_whichever_delivery_brings_it(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    delivered, opened = of(journey, Kind.DELIVERED), of(journey, Kind.OPENED)
    assert await tell(pool, delivered, delivered, key="a") is Receipt.APPLIED
    assert await tell(pool, delivered, key="a") is Receipt.REPEATED
    assert await tell(pool, delivered, opened, key="b") is Receipt.APPLIED
    assert await pool.fetchval("select array_agg(kind order by id) from message_events") == ["delivered", "opened"]
    assert await pool.fetchval("select count(*) from events where kind = 'opened_message'") == 1


async def test_what_is_of_no_message_and_nobody_of_ours_is_not_kept(pool: Pool) -> None:
    stranger = MessageEvent(kind=Kind.BOUNCED, id="x", address="stranger@example.com", reference="0" * 32)
    assert await tell(pool, stranger) is Receipt.IGNORED
    assert await pool.fetchval("select count(*) from message_events") == 0
    assert await suppressed(pool) == {}


async def test_without_our_reference_an_event_is_known_by_its_address(counter: Counter, pool: Pool) -> None:
    await counter.calls("first")
    await tell(pool, MessageEvent(kind=Kind.BOUNCED, id="x", address=address("first")))
    assert await suppressed(pool) == {address("first"): "bounced"}


async def test_events_are_never_changed_nor_deleted(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await tell(pool, of(journey, Kind.DELIVERED))
    for change in ("update message_events set kind = 'bounced'", "delete from message_events"):
        with pytest.raises(asyncpg.RaiseError, match="never changed"):
            await pool.execute(change)


# Engagement ------------------------------------------------------------------------------------------------------


async def test_of_who_was_erased_a_late_complaint_is_kept_by_digest_only(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    await counter.shop.is_erased("first")
    await tell(pool, of(journey, Kind.COMPLAINED))
    assert await suppressed(pool) == {}
    assert await pool.fetchval("select refused from kept_refusals")
    await counter.shop.signs_up("first")
    assert await suppressed(pool) == {address("first"): "complained"}


async def test_who_unsubscribes_leaves_what_ends_by_that(pool: Pool) -> None:
    document = starter_document().model_copy(update={"exit_on": ("unsubscribed",)})
    shop = await Shop.opened(pool, document)
    staying, leaving = await shop.signs_up("a", "b")
    await tell(pool, of(leaving, Kind.UNSUBSCRIBED, name="b", reference=None))
    asked = "select reason from outbox where kind = 'leave' and journey_id = $1"
    assert await pool.fetchval(asked, leaving) == "exit_rule"
    assert await pool.fetchval(asked, staying) is None
