"""The words of these tests: small conversations without an alert, and what contacts do."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from activities.intake.events import Events
from activities.intake.intake import Intake
from activities.postgres.pool import Pool, Row
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId
from schemas.incoming.events import Event, EventOutcome, TriggeredEntry
from schemas.incoming.facts import ItemFact, OrderFact
from starter.shops.consents import Consents
from tests.product import STORE, address

_ids = count(1)


def talk(code: str, *threads: Mapping[str, Any], **rest: Any) -> ConversationDocument:
    """A conversation of these threads, on a list of its own; there is a message for every send step, named alike."""
    written = [{"name": f"{code} {number}"} | dict(thread) for number, thread in enumerate(threads)]
    sent = sorted(set(_sent(written)))
    words = {each: {"channel": "email", "subject": f"{code}: {each}", "text": "Hello"} for each in sent or ["unused"]}
    document = {
        "conversation": code,
        "name": code,
        "list": {"code": code, "name": code},
        "threads": written,
        "messages": words,
    }
    return ConversationDocument.model_validate(document | rest)


def thread(on: str, *steps: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    """A thread of these steps, or of one message."""
    return {"on": on, "steps": list(steps) or [{"send": "hello", "id": f"hello-{next(_ids)}"}]} | rest


def _sent(written: object) -> Sequence[str]:
    match written:
        case {"send": str(message)}:
            return (message,)
        case dict():
            return [each for below in written.values() for each in _sent(below)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - whatever a document may hold
        case list():
            return [each for below in written for each in _sent(below)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - likewise
        case _:
            return ()


async def did(pool: Pool, kind: str, who: str = "ann", **said: Any) -> EventOutcome:
    """A contact did something just now, and it was told at once."""
    name = {"name": said.pop("name")} if "name" in said else {}
    event = {"id": f"e-{next(_ids)}", "store": STORE, "kind": kind, "email": address(who)} | name | said
    return await Events(pool).take(Event.model_validate(event))


async def orders(pool: Pool, who: str = "ann", product: str = "p", **said: Any) -> EventOutcome:
    return await did(pool, "ordered", who, product=product, order=f"o-{next(_ids)}", **said)


async def shows_order(pool: Pool, *products: str, ordered_at: datetime, cancelled: bool = False) -> None:
    """The storefront tells of ann's order as it is now: one of each of these products."""
    order = OrderFact(
        order_id="1",
        email=address("ann"),
        items=tuple(ItemFact(product_id=product, variant_id=None, quantity=1) for product in products),
        ordered_at=ordered_at,
        cancelled=cancelled,
        observed_at=datetime.now(UTC),
    )
    await Intake(pool).observe(STORE, "shopify", [order])


async def agrees(pool: Pool, *names: str) -> None:
    for name in names:
        await Consents(pool).record(address(name), "test", granted=True, by="test")


def door(outcome: EventOutcome) -> TriggeredEntry:
    """The one conversation that was considered."""
    (only,) = outcome.effect.conversations
    return only


def entered(outcome: EventOutcome) -> JourneyId:
    """The journey that began with it."""
    only = door(outcome)
    assert only.result == "entered", only
    assert only.journey is not None
    return only.journey


async def calls(pool: Pool, kind: str) -> list[Row]:
    """What waits to be told to Temporal."""
    return await pool.fetch("select journey_id, reason, payload from outbox where kind = $1 order by id", kind)


async def heard(pool: Pool) -> list[str]:
    """The events that journeys are being told of."""
    return [row["payload"]["event"] for row in await calls(pool, "contact_event")]


async def ending(pool: Pool) -> dict[JourneyId, str]:
    """The journeys that are asked to leave, and why."""
    return {row["journey_id"]: row["reason"] for row in await calls(pool, "leave")}


def ago(**length: float) -> datetime:
    return datetime.now(UTC) - timedelta(**length)
