"""Conversations without an alert from the event to the mail, on everything that runs."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from importlib.resources import files
from typing import Any

import httpx
import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.intake.erasure import erase_contact
from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId, journey_workflow_id
from schemas.incoming.facts import ContactErasureFact
from schemas.reasons import Ending, Reason
from schemas.responses.journeys import JourneyReport, JourneyStatus
from starter.devstack.mailbox import Mail, Mailbox
from starter.documents import load_document
from starter.runtime.ports import free_port
from starter.shops.consents import Consents
from starter.versioning.publishing import publish
from tests.conversations.told import agrees, did, door, entered, orders, talk, thread
from tests.history import settled_history
from tests.http.conftest import web_over
from tests.http.web import SETTINGS
from tests.product import STORE, Product, address, addressees, next_change, running_product
from tests.story.conftest import in_time
from tests.story.documents import back, programme
from tests.workflows.conftest import hours, test_server
from worker import connect

__all__ = ["hours", "in_time", "test_server"]
"""Fixtures that are shared with tests/story and tests/workflows."""

InTime = Callable[[ConversationDocument], AbstractAsyncContextManager[Product]]


def starter(name: str) -> ConversationDocument:
    text = files("starter").joinpath(f"conversations/{name}.yaml").read_text(encoding="utf-8")
    return load_document(text, f"{name}.yaml")


def has_ended(report: JourneyReport) -> bool:
    return report.ended_at is not None


def _subjects(mailbox: Mailbox) -> list[str]:
    return [str(mail.read()["Subject"]) for mail in mailbox.mails]


def _text(mail: Mail) -> str:
    body = mail.read().get_body(("plain",))
    assert body is not None
    return body.get_content()


async def rests_at(product: Product, journey: JourneyId, step: str) -> None:
    """Wait until the journey stands there."""
    while await product.pool.fetchval("select at_step from journeys where id = $1", journey) != step:
        await next_change(product.pool)


async def test_who_joins_is_welcomed_once(product: Product) -> None:
    await publish(product.pool, starter("welcome"))
    await agrees(product.pool, "ann")
    joined: dict[str, Any] = {"list": "newsletter", "id": "form-1", "attributes": {"first_name": "Ann"}}
    journey = entered(await did(product.pool, "joined_list", "ann", **joined))
    assert door(await did(product.pool, "joined_list", "ann", **joined)).journey == journey
    assert await product.mail_to("ann") == f"Welcome to {STORE}"
    (mail,) = product.mailbox.mails
    assert "Hello Ann," in _text(mail)
    await rests_at(product, journey, "pause")
    report = await product.journeys.show(journey)
    assert (report.alert, report.subject, report.conversation, report.entered_on) == (
        None,
        None,
        "welcome",
        "joined_list",
    )
    assert (report.status, report.ended_at) == (JourneyStatus.TOLD, None)
    assert addressees(product.mailbox) == ["ann"]


async def test_a_cart_that_is_bought_before_the_reminder_reaches_the_goal_and_nothing_is_said(product: Product) -> None:
    await product.shop.sells("v", units=3)
    await publish(product.pool, starter("cart"))
    await agrees(product.pool, "ann")
    journey = entered(await did(product.pool, "checkout_started", product="p", variant="v"))
    await rests_at(product, journey, "until-ordered")
    await orders(product.pool)
    report = await product.until(journey, has_ended)
    assert (report.ending, report.reason) == (Ending.COMPLETED, Reason.GOAL_REACHED)
    assert addressees(product.mailbox) == []


async def test_the_goal_is_reached_also_before_the_workflow_has_begun(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    await publish(pool, starter("cart"))
    await agrees(pool, "ann")
    journey = entered(await did(pool, "checkout_started", items=[{"product": "p"}, {"product": "q"}]))
    await orders(pool, product="q")
    async with running_product(pool, client, mailbox, "goal") as product:
        report = await product.until(journey, has_ended)
    assert (report.ending, report.reason) == (Ending.COMPLETED, Reason.GOAL_REACHED)
    assert addressees(mailbox) == []


async def test_of_those_in_line_who_reach_the_goal_the_place_passes_on(product: Product) -> None:
    document = programme("back", back()).model_copy(update={"goal_on": ("custom.found",), "exit_on": ("unsubscribed",)})
    await publish(product.pool, document)
    await product.shop.sells("v")
    ann, ben, cat = await product.shop.signs_up("ann", "ben", "cat", list_code="back")
    await did(product.pool, "custom", name="found")
    report = await product.until(ann, has_ended)
    assert (report.ending, report.reason) == (Ending.COMPLETED, Reason.GOAL_REACHED)
    await Consents(product.pool).record(address("ben"), "account page", granted=False, by="test")
    report = await product.until(ben, has_ended)
    assert (report.ending, report.reason) == (Ending.EXITED, Reason.EXIT_RULE)
    await product.shop.has("v", 1)
    await product.until(cat, has_ended)
    assert addressees(product.mailbox) == ["cat"]


async def test_who_takes_their_consent_back_hears_no_more(product: Product) -> None:
    await publish(product.pool, starter("welcome"))
    await agrees(product.pool, "ann")
    journey = entered(await did(product.pool, "joined_list", list="newsletter"))
    await rests_at(product, journey, "pause")
    await Consents(product.pool).record(address("ann"), "account page", granted=False, by="test")
    report = await product.until(journey, has_ended)
    assert (report.ending, report.reason) == (Ending.EXITED, Reason.EXIT_RULE)


async def test_who_clicked_goes_another_way(product: Product) -> None:
    steps = (
        {"send": "hello"},
        {"wait_for": ["clicked_message"], "within": "1 day", "happened": [{"send": "more"}]},
        {
            "decide": [
                {
                    "name": "Read on",
                    "when": {
                        "all": [
                            {"journey.happened": {"contains": "clicked_message"}},
                            {"journey.sent": {"contains": "more"}},
                        ]
                    },
                    "steps": [{"send": "offer"}],
                }
            ],
            "otherwise": [{"send": "goodbye"}],
        },
    )
    await publish(product.pool, talk("quiz", thread("custom.quiz", *steps)))
    await agrees(product.pool, "ann")
    journey = entered(await did(product.pool, "custom", name="quiz"))
    await rests_at(product, journey, "wait-for-clicked-message")
    await product.mail_to("ann")
    (mail,) = product.mailbox.mails
    await did(product.pool, "clicked_message", message=str(mail.read()["Message-ID"]))
    await product.until(journey, has_ended)
    assert _subjects(product.mailbox) == ["quiz: hello", "quiz: more", "quiz: offer"]
    await product.client.get_workflow_handle(journey_workflow_id(journey)).result()
    path = await product.path(journey)
    assert [(entry.step, entry.branch or entry.event) for entry in path.entries] == [
        ("hello", None),
        ("wait-for-clicked-message", "clicked_message"),
        ("more", None),
        ("decide-read-on", "Read on"),
        ("offer", None),
    ]


async def test_who_is_erased_is_written_to_no_more_and_leaves(product: Product) -> None:
    await publish(product.pool, starter("welcome"))
    await agrees(product.pool, "ann")
    journey = entered(await did(product.pool, "joined_list", list="newsletter"))
    await rests_at(product, journey, "pause")
    async with product.pool.acquire() as connection, connection.transaction():
        await erase_contact(connection, STORE, ContactErasureFact(email=address("ann"), observed_at=None))
    report = await product.until(journey, has_ended)
    assert (report.ending, report.reason) == (Ending.EXITED, Reason.ERASED)


async def test_a_journey_without_an_alert_is_cancelled_like_any_other(product: Product) -> None:
    await publish(product.pool, starter("cart"))
    journey = entered(await did(product.pool, "checkout_started", product="unknown"))
    await product.journeys.cancel(journey, "test")
    report = await product.until(journey, has_ended)
    assert (report.ending, report.reason) == (Ending.EXITED, Reason.CANCELLED)


async def test_who_never_agreed_enters_and_is_not_written_to(product: Product) -> None:
    await publish(product.pool, starter("welcome"))
    journey = entered(await did(product.pool, "joined_list", list="newsletter"))
    report = await product.until(journey, has_ended)
    assert (report.ending, report.reason) == (Ending.EXITED, Reason.NO_CONSENT)
    assert addressees(product.mailbox) == []


async def test_an_event_that_is_told_while_temporal_is_down_enters_once_it_is_back(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    await publish(pool, starter("welcome"))
    await agrees(pool, "ann")
    nowhere = await connect(f"127.0.0.1:{free_port()}", "default", lazy=True)
    async with web_over(pool, nowhere, SETTINGS) as web:
        joined = {"id": "1", "store": STORE, "kind": "joined_list", "email": address("ann"), "list": "newsletter"}
        answer: httpx.Response = await web.keyed.post("/v1/events", json=joined)
    (outcome,) = answer.json()["outcomes"]
    (at_the_door,) = outcome["effect"]["conversations"]
    assert (at_the_door["conversation"], at_the_door["result"]) == ("welcome", "entered")
    async with running_product(pool, client, mailbox, "outage") as product:
        assert await product.mail_to("ann") == f"Welcome to {STORE}"


async def test_a_history_knows_nobody(product: Product) -> None:
    """P8: not the address, nor what the event or the contact said."""
    await product.shop.sells("v", units=3)
    changes = ({"set_attribute": "stage", "to": "welcomed"}, {"add_tag": "quizzed"}, {"add_to_list": "quiz"})
    until = {"wait_for": ["bought"], "within": "1 day"}
    await publish(
        product.pool, talk("quiz", thread("custom.quiz", {"send": "hello"}, *changes, until, {"send": "bye"}))
    )
    await agrees(product.pool, "ann")
    known: dict[str, Any] = {"attributes": {"first_name": "Annabella"}, "properties": {"answer": "secret-answer"}}
    journey = entered(await did(product.pool, "custom", "ann", name="quiz", product="p", variant="v", **known))
    await rests_at(product, journey, "wait-for-bought")
    await orders(product.pool)
    await product.until(journey, has_ended)
    history = "".join(map(str, (await settled_history(product.client, journey_workflow_id(journey))).events))
    assert "quizzed" in history
    for personal in (address("ann"), "Annabella", "secret-answer"):
        assert personal not in history
    assert addressees(product.mailbox) == ["ann"], "what was bought is spoken of no more"


async def test_the_cart_is_recalled_with_what_was_in_it_twice_and_no_more(
    in_time: InTime, hours: WorkflowEnvironment
) -> None:
    async with in_time(starter("cart")) as product:
        await product.shop.sells("v", "w", units=3, price="19.90")
        await agrees(product.pool, "ann")
        items = [{"product": "p", "variant": "w", "quantity": 2}, {"product": "unknown"}]
        journey = entered(await did(product.pool, "checkout_started", items=items))
        while await product.pool.fetchval("select count(*) from outbox"):
            await next_change(product.pool)
        await rests_at(product, journey, "until-ordered")
        await hours.sleep(timedelta(hours=1, minutes=1))
        assert await product.mail_to("ann") == "You left something in your cart"
        assert "2 × Blue kettle (w) <https://example.myshopify.com/products/blue-kettle?variant=w>, 19.90" in _text(
            product.mailbox.mails[0]
        )
        await rests_at(product, journey, "pause")
        await hours.sleep(timedelta(days=1, minutes=1))
        assert await product.mail_to("ann", after=1) == "Shall we keep it for you?"
        report = await product.until(journey, has_ended)
    assert (report.ending, report.reason) == (Ending.COMPLETED, None)
    assert addressees(product.mailbox) == ["ann", "ann"]


@pytest.mark.parametrize("ordered_before", [False, True])
async def test_the_welcome_series_tells_customers_from_strangers(
    in_time: InTime, hours: WorkflowEnvironment, ordered_before: bool
) -> None:
    async with in_time(starter("welcome")) as product:
        await agrees(product.pool, "ann")
        if ordered_before:
            await orders(product.pool)
        journey = entered(await did(product.pool, "joined_list", list="newsletter"))
        await rests_at(product, journey, "pause")
        for step, length in (("a-weekday-morning", 2), ("longer-pause", 4), ("wait-until-the-last", 4)):
            await hours.sleep(timedelta(days=length, minutes=1))
            await rests_at(product, journey, step)
        await hours.sleep(timedelta(days=4))
        await product.until(journey, has_ended)
    second = "Good to have you back" if ordered_before else "Who we are"
    assert _subjects(product.mailbox) == [f"Welcome to {STORE}", second, "A question, or a wish?"]
