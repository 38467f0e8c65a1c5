"""What follows from what a provider tells: unknowns settled, places passed on, addresses suppressed, journeys told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import asyncpg
import pytest

from activities.decisions.filters import criteria_facts
from activities.feedback.feedback import Feedback
from activities.intake.deliveries import Receipt
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.providers.postmark import Postmark
from schemas.channels import Channel
from schemas.ids import JourneyId, message_reference
from schemas.incoming.message_events import MessageEvent
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.journey.outcome import AfterRefusal, Refused, Sent, Unknown
from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter, message, reminder
from tests.product import STORE, Shop, address, starter_document
from tests.simulated.sender import Answer

_numbers = count(1)
PHONE = "+15558675310"


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    shop = Shop(pool, Intake(pool))
    await shop.sells("v")
    return Counter(pool, shop)


def of(
    journey: JourneyId, kind: Kind, *, name: str = "first", step: str = "it-is-back", **fields: object
) -> MessageEvent:
    """An event of a message to one who signed up."""
    return MessageEvent.model_validate(
        {
            "kind": kind,
            "id": f"e-{next(_numbers)}",
            "reference": message_reference(message(journey, step).key),
            "address": address(name),
            "at": datetime.now(UTC),
        }
        | fields
    )


def text(kind: Kind, said: str = "", number: str = PHONE, **fields: object) -> MessageEvent:
    return MessageEvent.model_validate(
        {"kind": kind, "id": f"t-{next(_numbers)}", "channel": Channel.SMS, "address": number, "text": said} | fields
    )


async def tell(pool: Pool, *events: MessageEvent, key: str | None = None) -> Receipt:
    return await Feedback(pool).receive(Postmark().delivery(key or f"d-{next(_numbers)}"), events)


async def unknown(counter: Counter, *names: str, units: int = 1) -> list[JourneyId]:
    """These signed up; the first was written to, and nobody knows whether the message left."""
    journeys = await counter.calls(*names, units=units)
    counter.sender.answer_next(Answer.LOSE)
    assert await counter.tells(journeys[0]) == Unknown()
    return journeys


async def ledger(pool: Pool, journey: JourneyId) -> Sequence[object]:
    row = await pool.fetchrow(
        "select state, delivery_state(key), resolved_at is not null from sends where journey_id = $1", journey
    )
    assert row is not None
    return tuple(row)


async def suppressed(pool: Pool) -> dict[str, str]:
    return {row["address"]: row["reason"] for row in await pool.fetch("select address, reason from suppressions")}


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


async def engagement(pool: Pool, name: str = "first") -> tuple[datetime | None, datetime | None]:
    contact_id = await pool.fetchval("select id from contacts where email = $1", address(name))
    facts = await criteria_facts(pool, contact_id, STORE, None, None, None)
    assert facts is not None
    return facts.engagement_last_open, facts.engagement_last_click


async def test_what_people_open_and_click_is_what_criteria_know(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    at = datetime.now(UTC) - timedelta(minutes=1)
    await tell(pool, of(journey, Kind.OPENED, at=at), of(journey, Kind.CLICKED, at=at, link="a"))
    assert await engagement(pool) == (at, at)
    told = await pool.fetchval("select message_id from events where kind = 'clicked_message'")
    assert told == f"{journey}.it-is-back.1@shop.example"


async def test_machines_never_count_as_readers(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    await tell(pool, of(journey, Kind.MACHINE_OPENED), of(journey, Kind.MACHINE_CLICKED, link="a"))
    assert await engagement(pool) == (None, None)
    assert (await ledger(pool, journey))[1] == "delivered", "though it has arrived"


@pytest.mark.parametrize("one_by_one", [True, False])
async def test_many_links_within_seconds_are_a_scanners_also_the_first(
    counter: Counter, pool: Pool, one_by_one: bool
) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    at = datetime.now(UTC) - timedelta(minutes=1)
    clicks = [of(journey, Kind.CLICKED, at=at + timedelta(seconds=number), link=str(number)) for number in range(4)]
    if one_by_one:
        for click in clicks:
            await tell(pool, click)
    else:
        await tell(pool, *clicks)
    assert await engagement(pool) == (None, None)
    assert await pool.fetchval("select array_agg(distinct kind) from message_events") == ["machine_clicked"]
    later = of(journey, Kind.CLICKED, at=at + timedelta(seconds=40), link="1")
    await tell(pool, later)
    assert (await engagement(pool))[1] == later.at, "and then somebody read it"


async def test_only_what_lies_near_a_new_click_is_looked_at_again(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    at = datetime.now(UTC) - timedelta(hours=1)
    await pool.execute(
        "insert into message_events (provider, event_id, kind, channel, send_key, link, happened_at) "
        "select 'postmark', 'old-' || n, 'clicked', 'email', $1, n::text, $2 from generate_series(1, 3) n",
        message(journey).key,
        at,
    )
    await tell(pool, of(journey, Kind.CLICKED, link="4"))
    assert await pool.fetchval("select array_agg(distinct kind) from message_events") == ["clicked"]
    await tell(pool, of(journey, Kind.CLICKED, at=at + timedelta(seconds=1), link="4"))
    assert await pool.fetchval("select count(*) from message_events where kind = 'machine_clicked'") == 4


async def test_one_link_clicked_thrice_is_a_persons(counter: Counter, pool: Pool) -> None:
    (journey,) = await counter.calls("first")
    await counter.tells(journey)
    at = datetime.now(UTC) - timedelta(minutes=1)
    await tell(pool, *(of(journey, Kind.CLICKED, at=at + timedelta(seconds=n), link="a") for n in range(3)))
    assert (await engagement(pool))[1] == at + timedelta(seconds=2)


# Texts -----------------------------------------------------------------------------------------------------------


async def has_number(pool: Pool, name: str = "first", number: str = PHONE) -> str:
    """They have this number, and agreed to texts."""
    contact_id: str = await pool.fetchval(
        "update contacts set phone = $2 where email = $1 returning id", address(name), number
    )
    await pool.execute(
        "insert into consents (contact_id, channel, granted, source) values ($1, 'sms', true, 'checkout')", contact_id
    )
    return contact_id


async def texts_allowed(pool: Pool, contact_id: str) -> bool:
    return await pool.fetchval(
        "select granted from consents where contact_id = $1 and channel = 'sms' order by id desc limit 1", contact_id
    )


async def test_stop_ends_texts_and_start_lets_them_go_on(counter: Counter, pool: Pool) -> None:
    await counter.calls("first")
    contact_id = await has_number(pool)
    await tell(pool, text(Kind.SAID_STOP, "Stop"))
    assert await suppressed(pool) == {PHONE: "stop"}
    assert not await texts_allowed(pool, contact_id)
    assert await pool.fetchval("select granted from consents where channel = 'email'"), "mails are another matter"
    await tell(pool, text(Kind.SAID_START, "UNSTOP"))
    assert await suppressed(pool) == {}
    assert await texts_allowed(pool, contact_id)


async def test_start_is_no_yes_of_who_never_said_one(counter: Counter, pool: Pool) -> None:
    await counter.calls("first")
    await pool.execute("update contacts set phone = $2 where email = $1", address("first"), PHONE)
    await tell(pool, text(Kind.SAID_STOP), text(Kind.SAID_START))
    assert not await pool.fetchval("select bool_or(granted) from consents where channel = 'sms'")


async def test_start_lifts_no_suppression_but_that_of_their_stop(counter: Counter, pool: Pool) -> None:
    await counter.calls("first")
    await has_number(pool)
    await tell(pool, text(Kind.BOUNCED))
    await tell(pool, text(Kind.SAID_START))
    assert await suppressed(pool) == {PHONE: "bounced"}


async def test_the_stop_of_a_number_that_nobody_has_holds_for_whoever_gives_it(counter: Counter, pool: Pool) -> None:
    await tell(pool, text(Kind.SAID_STOP))
    assert await suppressed(pool) == {}
    everywhere = await pool.fetchval("select (select count(*) from message_events where contact_id is null)")
    assert everywhere == 1
    await counter.calls("first")
    await pool.execute("update contacts set phone = $2 where email = $1", address("first"), PHONE)
    assert await suppressed(pool) == {PHONE: "stop"}


async def test_help_changes_nothing(counter: Counter, pool: Pool) -> None:
    await counter.calls("first")
    contact_id = await has_number(pool)
    await tell(pool, text(Kind.SAID_HELP, "HELP"))
    assert await texts_allowed(pool, contact_id)
    assert await suppressed(pool) == {}


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
