"""A step calls a shop's own system: once it has taken it, never again, and with what it needs to act on."""

import json
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from standardwebhooks import Webhook
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.webhooks.calling import Calling
from schemas.document.steps import CallWebhook, CallWebhookStep, SendStep
from schemas.ids import JourneyId, StepId, VersionId
from schemas.journey.activities import CalledOut, CallOut
from tests.conformance.shops import SECRET, Plan, RealShop
from tests.product import Shop, starter_document

STEP = CallWebhook(id=StepId("tell-the-shop"))


@pytest.fixture
async def system() -> AsyncGenerator[RealShop]:
    """The shop's own system."""
    async with RealShop() as shop:
        yield shop


@pytest.fixture
async def journey(pool: Pool, system: RealShop) -> JourneyId:
    """Of a conversation whose thread calls that system."""
    document = starter_document()
    (thread,) = document.threads
    steps = (CallWebhookStep(call_webhook=system.url, id=STEP.id), SendStep(send="it-is-back"))
    threads = (thread.model_copy(update={"steps": steps}),)
    shop = await Shop.opened(pool, document.model_copy(update={"threads": threads}))
    (journey,) = await shop.signs_up("ada")
    return journey


async def _calls(pool: Pool, system: RealShop, journey: JourneyId, round_: int = 1) -> CalledOut:
    version = await pool.fetchval("select version_id from journeys where id = $1", journey)
    request = CallOut(journey_id=journey, version=VersionId(version), step=STEP, round=round_)
    return await ActivityEnvironment().run(Calling(pool, system.caller()).call_webhook, request)


async def test_the_shop_learns_who_and_what_in_a_signed_call(pool: Pool, system: RealShop, journey: JourneyId) -> None:
    assert (await _calls(pool, system, journey)).taken
    (heard,) = system.heard
    told = Webhook(SECRET.get_secret_value()).verify(heard.body, heard.headers)
    assert told == json.loads(heard.body)
    assert told["type"] == "conversation.step"
    assert told["data"]["journey"] == journey
    assert told["data"]["step"] == "tell-the-shop"
    assert told["data"]["contact"]["email"] == "ada@example.com"


async def test_what_was_taken_is_not_called_again(pool: Pool, system: RealShop, journey: JourneyId) -> None:
    for _ in range(2):
        assert (await _calls(pool, system, journey)).taken
    assert len(system.heard) == 1
    assert (await _calls(pool, system, journey, round_=2)).taken
    assert len(system.heard_ids) == len(set(system.heard_ids)) == 2


async def test_a_call_that_was_not_taken_is_tried_again_under_the_same_id_when_the_shop_says(
    pool: Pool, system: RealShop, journey: JourneyId
) -> None:
    system.plan = Plan(503, retry_after="90")
    with pytest.raises(ApplicationError, match="not taken") as caught:
        await _calls(pool, system, journey)
    assert caught.value.next_retry_delay == timedelta(seconds=90)
    system.plan = Plan(200)
    assert (await _calls(pool, system, journey)).taken
    assert len(set(system.heard_ids)) == 1
    assert await pool.fetchval("select attempts from calls") == 2


async def test_a_shop_that_will_never_take_it_is_not_asked_again(
    pool: Pool, system: RealShop, journey: JourneyId
) -> None:
    system.plan = Plan(410)
    answer = await _calls(pool, system, journey)
    assert not answer.taken
    assert "410" in (answer.why or "")


async def test_nobody_is_told_of_a_contact_who_was_erased(pool: Pool, system: RealShop, journey: JourneyId) -> None:
    await Shop(pool, Intake(pool)).is_erased("ada")
    answer = await _calls(pool, system, journey)
    assert (answer.taken, answer.why) == (False, "the contact was erased")
    assert system.heard == []


async def test_the_address_is_in_no_program(pool: Pool, system: RealShop, journey: JourneyId) -> None:
    program = await pool.fetchval("select program::text from versions v join journeys j on j.version_id = v.id")
    assert "tell-the-shop" in program
    assert "hush" not in program
