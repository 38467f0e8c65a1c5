"""Taking events: each once, each for itself, in any order (P4)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from activities.intake.enlisting import NO_ALERT, UNKNOWN_THING
from activities.intake.profile import LARGEST_ATTRIBUTES
from activities.postgres.pool import Pool
from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.vocabulary import Action, AlertType
from schemas.incoming.events import LONGEST_MESSAGE_ID
from starter.http.api.events import MOST_EVENTS
from starter.versioning.publishing import publish
from tests.events.told import ago, conversation, event, line, only, order, tell
from tests.http.web import Web, problem, product_message
from tests.storefronts.shop import SHOP

BROWSED = {"back": BackInStock(type=AlertType.BACK_IN_STOCK, action=Action.BROWSE)}


async def test_an_event_is_recorded_as_it_was_told(web: Web, pool: Pool) -> None:
    said = event("custom", name="quiz finished", happened_at="2026-01-31T09:30:00+01:00", properties={"score": 7})
    (outcome,) = await tell(web, said)
    assert (outcome["id"], outcome["status"]) == (said["id"], "accepted")
    row = await only(pool, "select e.*, c.email from events e join contacts c on c.id = e.contact_id")
    assert (row["store_id"], row["kind"], row["name"], row["email"]) == (
        SHOP,
        "custom",
        "quiz finished",
        "ann@example.com",
    )
    assert row["properties"] == {"score": 7}
    assert row["happened_at"] == datetime(2026, 1, 31, 8, 30, tzinfo=UTC)
    assert await pool.fetchval("select count(*) from consents") == 0, "an event is no consent"


async def test_the_same_event_again_answers_as_before_and_does_nothing(web: Web, pool: Pool) -> None:
    await publish(pool, conversation(BROWSED))
    await web.webhook("products/update", product_message())
    told = event()
    (first,) = await tell(web, told)
    (again,) = await tell(web, told | {"email": "ben@example.com", "product": "another", "variant": None})
    assert (first["status"], again["status"]) == ("accepted", "repeated")
    assert (again["contact"], again["effect"]) == (first["contact"], first["effect"])
    assert first["effect"]["alerts"][0]["result"] == "entered"
    assert await pool.fetchval("select count(*) from contacts") == 1


async def test_an_id_is_unique_in_its_store_only(web: Web) -> None:
    told = event()
    (here,) = await tell(web, told)
    (there,) = await tell(web, told | {"store": "other.myshopify.com"})
    assert (here["status"], there["status"]) == ("accepted", "accepted")


async def test_the_same_event_fifty_times_at_once_is_taken_once(web: Web, pool: Pool) -> None:
    await publish(pool, conversation(BROWSED))
    await web.webhook("products/update", product_message())
    told = event()
    answers = await asyncio.gather(*(tell(web, told) for _ in range(50)))
    statuses = [outcome["status"] for (outcome,) in answers]
    assert (statuses.count("accepted"), statuses.count("repeated")) == (1, 49)
    assert await line(pool, "back") == ["ann"]


async def test_bad_events_among_good_ones_are_refused_alone(web: Web, pool: Pool) -> None:
    good, later = event(who="ann"), event(who="ben")
    batch: list[dict[str, object]] = [
        good,
        event(kind="looked"),
        {"id": "me@example.com"},
        event(email=None, contact="c-nobody"),
        event(happened_at="yesterday"),
        good,
        later,
    ]
    outcomes = await tell(web, *batch)
    assert [outcome["status"] for outcome in outcomes] == [
        "accepted",
        "refused",
        "refused",
        "refused",
        "refused",
        "repeated",
        "accepted",
    ]
    assert outcomes[1]["diagnostics"][0]["path"] == "$.events[1].kind"
    assert outcomes[2]["id"] is None
    assert outcomes[3]["refused"] == "There is no contact with this id."
    assert outcomes[4]["diagnostics"][0]["path"] == "$.events[4].happened_at"
    assert await pool.fetchval("select count(*) from events") == 2


async def test_a_contact_may_be_named_by_id(web: Web, pool: Pool) -> None:
    (first,) = await tell(web, event())
    (second,) = await tell(web, event(email=None, contact=first["contact"]))
    assert (second["status"], second["contact"]) == ("accepted", first["contact"])
    assert await pool.fetchval("select count(*) from contacts") == 1


async def test_what_is_not_known_is_recorded_and_said(web: Web, pool: Pool) -> None:
    await publish(pool, conversation(BROWSED))
    await web.webhook("products/update", product_message())
    for about in ({"product": "22"}, {"product": "21", "variant": "32"}, {"product": "22", "variant": "31"}):
        (outcome,) = await tell(web, event(**about))
        assert (outcome["status"], outcome["effect"]) == (
            "accepted",
            {"alerts": [], "conversations": [], "note": UNKNOWN_THING},
        )
    assert await pool.fetchval("select count(*) from events") == 3
    (unfed,) = await tell(web, event("added_to_cart"))
    assert unfed["effect"]["note"] == NO_ALERT


@pytest.mark.parametrize("days", [0.002, 400.0, 2_900_000.0])
async def test_what_lies_ahead_counts_as_now(web: Web, pool: Pool, days: float) -> None:
    before = datetime.now(UTC)
    await tell(web, event(happened_at=(before + timedelta(days=days)).isoformat()))
    assert before <= await pool.fetchval("select happened_at from events") <= datetime.now(UTC)


async def test_the_newer_event_has_the_say_on_attributes_whichever_comes_first(web: Web, pool: Pool) -> None:
    new = event("custom", name="a", attributes={"size": "M", "city": "Bonn"}, happened_at=ago(hours=1))
    old = event("custom", name="a", attributes={"size": "S", "vip": True}, happened_at=ago(hours=2))
    await tell(web, new, old)
    assert await pool.fetchval("select attributes from contacts") == {"size": "M", "city": "Bonn", "vip": True}
    await tell(web, event("custom", name="a", attributes={"city": None}))
    assert await pool.fetchval("select attributes from contacts") == {"size": "M", "vip": True}


async def test_attributes_that_grow_without_end_are_refused_with_their_event(web: Web, pool: Pool) -> None:
    outcomes: list[dict[str, object]] = []
    for number in range(8):
        attributes = {f"a{number}-{part}": "x" * 900 for part in range(4)}
        outcomes += await tell(web, event("custom", name="a", attributes=attributes))
    refused = [outcome for outcome in outcomes if outcome["status"] == "refused"]
    assert refused
    assert str(LARGEST_ATTRIBUTES) in str(refused[0]["refused"])
    assert await pool.fetchval("select count(*) from events") == 8 - len(refused)


BAD: list[tuple[dict[str, object], str]] = [
    (event(email="nobody"), "$.email"),
    (event(email=None), "$"),
    (event(contact="c-1"), "$"),
    (event(name="x"), "$"),
    (event("custom"), "$"),
    (event("ordered"), "$"),
    (order("o-1", items=[{"variant": "31"}]), "$"),
    (event(items=[{"product": "21"}]), "$"),
    (event("added_to_cart", items=[]), "$"),
    (event("checkout_started", items=[{"product": "21", "quantity": 0}]), "$.items[0].quantity"),
    (event("opened_message", message="two words"), "$.message"),
    (event("opened_message", message="<>"), "$.message"),
    (event("clicked_message", message="m" * (LONGEST_MESSAGE_ID + 1)), "$.message"),
    (event("clicked_message", items=[{"product": "21"}]), "$"),
    (event(message="<m@shop.example>"), "$"),
    (event("joined_list"), "$"),
    (event("joined_list", list="No Code"), "$.list"),
    (event("custom", name="a", list="default"), "$"),
    (event(properties={"nested": {}}), "$.properties.nested.bool"),
    (event(properties={"id": 2**53 + 1}), "$.properties.id"),
    (event(attributes={"id": -(2**53) - 1}), "$.attributes.id"),
    (
        event(properties={"a": "x" * 900, "b": "x" * 900, "c": "x" * 900, "d": "x" * 900, "e": "x" * 900}),
        "$.properties",
    ),
    (event(happened_at="2026-01-31T09:30:00"), "$.happened_at"),
    (event(happened_at="1970-01-01T00:00:00Z"), "$.happened_at"),
    (event(id="me@example.com"), "$.id"),
    (event(id="a\0b"), "$.id"),
    (event(when="now"), "$.when"),
    ({"events": []}, "$.events"),
    ({"events": [event()] * (MOST_EVENTS + 1)}, "$.events"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
async def test_an_event_that_is_not_valid_names_its_field(web: Web, number: int) -> None:
    body, path = BAD[number]
    assert problem(await web.keyed.post("/v1/events", json=body), 422, "invalid").path == path


async def test_without_a_key_nothing_is_taken(web: Web, pool: Pool) -> None:
    problem(await web.open.post("/v1/events", json=event()), 401, "key-needed")
    assert await pool.fetchval("select count(*) from events") == 0


async def test_a_full_batch_is_taken(web: Web, pool: Pool) -> None:
    await publish(pool, conversation(BROWSED))
    await web.webhook("products/update", product_message())
    batch = {"events": [event(who=f"shopper-{number}") for number in range(MOST_EVENTS)]}
    answer = await web.keyed.post("/v1/events", json=batch)
    assert {outcome["status"] for outcome in answer.json()["outcomes"]} == {"accepted"}
    assert len(await line(pool, "back")) == MOST_EVENTS
