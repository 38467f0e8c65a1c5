"""The words of these tests: what a shop tells of its shoppers, and who stands in line because of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from activities.postgres.pool import Pool, Row
from schemas.channels import Channel
from schemas.document.alert_types.registry import AlertSection
from schemas.document.conversation import ConversationDocument, ListSection, MessageSection, ThreadSection
from schemas.document.steps import SendStep, Status
from tests.http.web import Web
from tests.storefronts.shop import SHOP

_ids = count(1)
_NOT_ABOUT_THE_MUG = {"custom", "opened_message", "clicked_message", "joined_list"}


def conversation(
    alerts: Mapping[str, AlertSection],
    status: Status = Status.LIVE,
    conversation_code: str = "alerts",
    **of_list: object,
) -> ConversationDocument:
    """A conversation with these alerts, each with a message of its own; what its list says is in `of_list`."""
    message = MessageSection(channel=Channel.EMAIL, subject="{{ product.title }}", text="See {{ product.url }}")
    return ConversationDocument(
        conversation=conversation_code,
        name="Alerts",
        list=ListSection.model_validate(of_list),
        alerts=dict(alerts),
        threads=tuple(
            ThreadSection(
                name=code, on=f"{code}.alert", steps=(SendStep(send="tell", id=f"tell-{code}", status=status),)
            )
            for code in alerts
        ),
        messages={"tell": message},
    )


def event(kind: str = "viewed_product", who: str = "ann", **said: object) -> dict[str, object]:
    """An event with an id of its own, about the shop's mug where it is about a product."""
    of_product = kind not in _NOT_ABOUT_THE_MUG and not {"items", "product"} & said.keys()
    about = {"product": "21", "variant": "31"} if of_product else {}
    base = {"id": f"event-{next(_ids)}", "store": SHOP, "kind": kind, "email": f"{who}@example.com"}
    return base | about | said


def order(order_id: str, who: str = "ann", **said: object) -> dict[str, object]:
    return event("ordered", who, order=order_id, **said)


def ago(**length: float) -> str:
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


async def tell(web: Web, *events: dict[str, object]) -> list[dict[str, Any]]:
    """Send one event, or several as a batch; the outcomes."""
    answer = await web.keyed.post("/v1/events", json=events[0] if len(events) == 1 else {"events": events})
    assert answer.status_code == 200, answer.text
    return answer.json()["outcomes"]


async def considered(web: Web, told: dict[str, object]) -> dict[str, str]:
    """What an event led to: for each alert how they stand, or why not."""
    (outcome,) = await tell(web, told)
    assert outcome["status"] == "accepted", outcome
    return {alert["alert"]: alert["reason"] or alert["result"] for alert in outcome["effect"]["alerts"]}


async def line(pool: Pool, alert: str) -> list[str]:
    """The names of those who wait, in order."""
    rows = await pool.fetch(
        "select c.email from waiting w join contacts c on c.id = w.contact_id "
        "where w.alert_id = $1 and w.state = 'waiting' order by w.entered_at, w.place",
        alert,
    )
    return [row["email"].removesuffix("@example.com") for row in rows]


async def claimed(pool: Pool) -> list[str]:
    """The names of those who were given a place, in order."""
    rows = await pool.fetch(
        "select c.email from claims cl join journeys j on j.id = cl.journey_id join contacts c on c.id = j.contact_id "
        "where cl.state = 'given' order by cl.id"
    )
    return [row["email"].removesuffix("@example.com") for row in rows]


async def only(pool: Pool, query: str) -> Row:
    """The one row there is."""
    (row,) = await pool.fetch(query)
    return row
