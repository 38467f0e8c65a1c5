"""The words of these tests: messages that were sent, what people did with them, and orders with their money."""

from datetime import UTC, datetime, timedelta

from activities.postgres.pool import Pool
from schemas.ids import JourneyId
from starter.versioning.publishing import publish
from tests.events.told import event, order, tell
from tests.http.web import Web, product_message
from tests.product import starter_document

MESSAGE_DOMAIN = "shop.example"


async def enters(web: Web, pool: Pool, *names: str) -> list[JourneyId]:
    """These contacts sign up for the shop's mug, with the starter conversation; the journeys that began."""
    await publish(pool, starter_document())
    await web.webhook("products/update", product_message())
    for name in names:
        answer = await web.sign_up(f"{name}@example.com")
        assert answer.status_code == 202, answer.text
    rows = await pool.fetch(
        "select j.id from journeys j join contacts c on c.id = j.contact_id "
        "where c.email = any($1) order by j.entered_at",
        [f"{name}@example.com" for name in names],
    )
    return [JourneyId(row["id"]) for row in rows]


async def sent(pool: Pool, journey: JourneyId, days_ago: float, message: str = "it-is-back", number: int = 1) -> str:
    """A message of this journey was sent so long ago; its key in the ledger."""
    return await pool.fetchval(
        """
        insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
        values ($1 || '/tell/' || $4::int, $1, 'tell', $4::int, $3, 'sent', '{"kind": "sent"}', $2) returning key""",
        journey,
        datetime.now(UTC) - timedelta(days=days_ago),
        message,
        number,
    )


async def did(web: Web, kind: str, key: str, days_ago: float, who: str = "ann") -> None:
    """They opened or clicked this message so long ago, as the shop's own system tells."""
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    message = f"{key.replace('/', '.')}@{MESSAGE_DOMAIN}"
    (outcome,) = await tell(web, event(kind, who, message=message, happened_at=at))
    assert outcome["status"] == "accepted", outcome


async def ordered(
    web: Web, order_id: str, total: str, days_ago: float = 0, who: str = "ann", *, id_: str | None = None, **said: str
) -> None:
    """They ordered for this much so long ago. `said`: `currency` (EUR) and `refunded`."""
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    told = order(order_id, who, happened_at=at, money={"currency": "EUR", "total": total} | said)
    (outcome,) = await tell(web, told | ({"id": id_} if id_ else {}))
    assert outcome["status"] == "accepted", outcome


async def credits(pool: Pool) -> dict[str, tuple[str, str]]:
    """Each order's message and touch."""
    rows = await pool.fetch("select order_id, send_key, touch from credits")
    return {row["order_id"]: (row["send_key"], row["touch"]) for row in rows}
