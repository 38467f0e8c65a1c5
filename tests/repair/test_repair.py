"""What is held up is mended by hand: tried again, passed over, finished. Nothing is ever sent twice."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client

from activities.archive.postgres import PostgresArchive
from activities.delivery.deliver import DeliverActivity
from activities.delivery.ledger import Ledger
from activities.postgres.pool import Pool
from activities.temporal import Temporal
from activities.waitlist.claims import Waitlist
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import ExitStep, SendStep, WaitStep
from schemas.ids import JourneyId, StepId, journey_workflow_id
from schemas.journey.names import Signal
from schemas.journey.outcome import AfterRefusal, Refused, Unknown
from schemas.journey.path import Why
from schemas.journey.signals import Intervene, Move, Skip
from schemas.reasons import Reason
from schemas.responses.repair import Repair
from schemas.responses.why import NotYet
from starter.devstack.mailbox import Mailbox
from starter.ops.pausing import Pausable, Pausing
from starter.ops.repair import By, Repairs
from starter.ops.resting import NotRepairable
from starter.support.journeys import Journeys, NoSuchJourney
from starter.support.replay import HistoryGone
from starter.support.why import About
from starter.support.why import Why as WhyNot
from starter.versioning.publishing import publish
from starter.waitlists.waitlists import Lines, Waitlists
from tests.delivery.counter import message
from tests.history import replayed_path
from tests.product import (
    BY_HAND,
    STORE,
    Product,
    Shop,
    address,
    addressees,
    next_change,
    running_product,
    starter_document,
    subject,
)
from tests.simulated.sender import SimulatedSender
from tests.story.documents import back, programme
from workflows.compiler.compile import compile_document

SECOND = 2
"""The round of an alert's thread; the first is the subscription's, answered or not."""
BEN = By("ben", "the template was mended")


def told_then_reminded(text: str | None = None) -> ConversationDocument:
    """Told, and reminded after two days; `text`: of the first message, another one than the starter's."""
    starter = starter_document()
    (thread,) = starter.threads
    messages = dict(starter.messages)
    if text is not None:
        messages["it-is-back"] = messages["it-is-back"].model_copy(update={"text": text, "html": None})
    steps = (
        SendStep(send="it-is-back"),
        WaitStep(wait=timedelta(days=2)),
        SendStep(send="still-here"),
        ExitStep(exit="x"),
    )
    return starter.model_copy(update={"threads": (thread.model_copy(update={"steps": steps}),), "messages": messages})


def _repairs(product: Product) -> Repairs:
    return Repairs(product.pool, product.client, product.archive)


async def _rests(product: Product, journey: JourneyId, step: str) -> None:
    """The journey rests at this step, by the database and by its history, which hears of a send a moment later."""
    while await product.pool.fetchval("select at_step from journeys where id = $1", journey) != step:
        await next_change(product.pool)
    while True:
        entries = (await product.path(journey)).entries
        if entries and (last := entries[-1]).step == step and (last.kind != "send" or last.outcome is not None):
            return
        await next_change(product.pool)


async def _told(product: Product, name: str) -> JourneyId:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up(name)
    await product.shop.has("v", 1)
    await product.mail_to(name)
    await _rests(product, journey, "pause")
    return journey


async def _why_left(product: Product, journey: JourneyId, step: str) -> Why | None:
    path = await product.path(journey)
    return next(entry.why for entry in path.entries if entry.step == step)


async def test_a_wait_is_passed_over_and_the_next_message_leaves_at_once(product: Product) -> None:
    journey = await _told(product, "ada")
    plan = await _repairs(product).repair(journey, Repair.SKIP, None)
    assert not plan.done
    assert f"{journey} rests at 'pause'" in plan.sentence
    assert await product.pool.fetchval(f"select count(*) from audit {BY_HAND}") == 0
    assert (await _repairs(product).repair(journey, Repair.SKIP, BEN)).done
    ended = await product.until(journey, lambda report: report.ended_at is not None)
    assert ended.reason is None
    assert addressees(product.mailbox) == ["ada", "ada"]
    assert await _why_left(product, journey, "pause") is Why.SKIPPED
    row = await product.pool.fetchrow(f"select actor, action, details from audit {BY_HAND}")
    assert row is not None
    assert (row["actor"], row["action"], row["details"]["why"]) == ("ben", "skip step", BEN.why)


async def test_the_rest_of_a_thread_is_left_out(product: Product) -> None:
    journey = await _told(product, "ada")
    plan = await _repairs(product).repair(journey, Repair.FINISH, None)
    assert "If 'pause' ends by itself first, this does nothing." in plan.sentence
    await _repairs(product).repair(journey, Repair.FINISH, BEN)
    ended = await product.until(journey, lambda report: report.ended_at is not None)
    assert ended.ending == "completed"
    assert addressees(product.mailbox) == ["ada"]


async def test_a_broken_template_stops_all_and_a_mended_version_lets_them_go_on_once(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    broken = told_then_reminded("{{ product.colour }}")
    async with running_product(pool, client, mailbox, "broken", broken) as product:
        await product.shop.sells("v")
        journeys = await product.shop.signs_up("ada", "ben")
        await product.shop.has("v", 2)
        for journey in journeys:
            await _rests(product, journey, "it-is-back")
        (group,) = (await _repairs(product).stuck()).groups
        assert (group.cause, group.step, group.journeys) == (Reason.MESSAGE_BROKEN, "it-is-back", 2)

        mended = told_then_reminded("It is back.")
        published = await publish(pool, mended)
        program = compile_document(mended, published.version_id)
        temporal = Temporal(client, product.settings.temporal_task_queue)
        for start in (await Waitlist(pool).starts(journeys)).values():
            await temporal.intervene(start, Move(program=program, operation_id=0))
        counted = await _repairs(product).resume(Reason.MESSAGE_BROKEN, None, None, None)
        assert (counted.journeys, counted.done) == (2, False)
        resumed = await _repairs(product).resume(Reason.MESSAGE_BROKEN, "back-in-stock", "it-is-back", BEN)
        assert resumed.journeys == 2
        for journey in journeys:
            await _rests(product, journey, "wait-2-days")
        assert sorted(addressees(mailbox)) == ["ada", "ben"]
        assert (await _repairs(product).stuck()).groups == ()
        assert await pool.fetchval("select count(*) from journeys where version_id = $1", published.version_id) == 2


@pytest.mark.parametrize(
    ("repair", "then"), [(Repair.SKIP, AfterRefusal.GO_ON), (Repair.FINISH, AfterRefusal.END_THREAD)]
)
async def test_a_message_that_is_put_off_is_never_sent_though_it_falls_due_before_the_journey_hears_of_it(
    product: Product, repair: Repair, then: AfterRefusal
) -> None:
    journey = await _told(product, "ada")
    pausing, conversation = Pausing(product.pool), Pausable("conversation", "back-in-stock")
    await pausing.pause(conversation, "ops")
    await _repairs(product).repair(journey, Repair.SKIP, BEN)
    await _rests(product, journey, "still-here")
    await _repairs(product).repair(journey, repair, BEN)
    await pausing.resume(conversation, "ops")
    # As if its hour had come first: the ledger knows already.
    due = message(journey, "still-here", round_=SECOND)
    outcome = (await DeliverActivity(Ledger(product.pool), SimulatedSender(), "shop.example").deliver(due)).outcome
    assert outcome == Refused(reason=Reason.SKIPPED, then=then)
    await product.until(journey, lambda report: report.ended_at is not None)
    assert addressees(product.mailbox) == ["ada"]


async def test_who_stands_in_line_or_has_ended_is_no_case_for_repair(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("ada")
    await product.settled()
    await product.path(journey)
    with pytest.raises(NotRepairable, match="stands in line"):
        await _repairs(product).repair(journey, Repair.RETRY, BEN)
    await product.journeys.cancel(journey, "test")
    await product.until(journey, lambda report: report.ended_at is not None)
    with pytest.raises(NotRepairable, match="has ended"):
        await _repairs(product).repair(journey, Repair.RETRY, BEN)
    with pytest.raises(NoSuchJourney):
        await _repairs(product).repair(JourneyId("j-0"), Repair.RETRY, BEN)


async def test_only_what_stops_somebody_can_be_a_cause(product: Product) -> None:
    with pytest.raises(NotRepairable, match="stops nobody"):
        await _repairs(product).resume(Reason.QUIET_HOURS, None, None, BEN)


async def _broken(product: Product, *answers: AlertEvent) -> None:
    """A conversation of a broken message for each event, on a list of its own."""
    document = programme("torn", back(), *answers)
    broken = {
        code: each.model_copy(update={"text": "{{ product.colour }}"}) for code, each in document.messages.items()
    }
    await publish(product.pool, document.model_copy(update={"messages": broken}))
    await product.shop.sells("v")


async def test_a_stopped_message_is_passed_over_and_never_sent(product: Product) -> None:
    await _broken(product)
    ada, ben = await product.shop.signs_up("ada", "ben", list_code="torn")
    await product.shop.has("v", 1)
    await _rests(product, ada, "alert")
    stopped = f"It is stopped: {Reason.MESSAGE_BROKEN.sentence} Once that is mended, `shelftalk repair resume"
    (why,) = (await WhyNot(product.pool).contact(address("ada"), About())).entries
    assert why.sentence.startswith(stopped)
    assert why.standing is not None
    assert (why.standing.not_yet, why.held_up_by) == (NotYet.STOPPED, Reason.MESSAGE_BROKEN)
    assert ((await Journeys(product.pool).show(ada)).why or "").startswith(stopped)
    plan = await _repairs(product).repair(ada, Repair.SKIP, None)
    assert plan.cause is Reason.MESSAGE_BROKEN
    assert "this message is never sent" in plan.sentence
    await _repairs(product).repair(ada, Repair.SKIP, BEN)
    ended = await product.until(ada, lambda report: report.ended_at is not None)
    assert await product.pool.fetchval("select outcome ->> 'reason' from sends where journey_id = $1", ada) == "skipped"
    assert ended.told_at is None
    assert await _why_left(product, ada, "alert") is Why.SKIPPED
    await _rests(product, ben, "alert")  # the place that ada did not use has passed on
    assert product.mailbox.mails == ()


async def test_a_stopped_confirmation_can_be_passed_over_while_its_contact_stands_in_line(product: Product) -> None:
    await _broken(product, AlertEvent.SUBSCRIPTION)
    (ada,) = await product.shop.signs_up("ada", list_code="torn")
    await _rests(product, ada, "subscription")
    await _repairs(product).repair(ada, Repair.SKIP, BEN)
    await product.settled()
    while (path := await product.path(ada)).entries[-1].kind != "waiting":
        await next_change(product.pool)
    assert [entry.why for entry in path.entries] == [Why.SKIPPED, None]
    assert (await _repairs(product).stuck()).groups == ()


async def test_a_broken_message_to_those_in_line_stops_nobody(product: Product) -> None:
    """It is said by the way; their place is worth more."""
    document = programme("torn", back(), AlertEvent.DISCONTINUED)
    broken = document.messages["discontinued"].model_copy(update={"text": "{{ product.colour }}"})
    await publish(product.pool, document.model_copy(update={"messages": {**document.messages, "discontinued": broken}}))
    await product.shop.sells("v")
    (ada,) = await product.shop.signs_up("ada", list_code="torn")
    await Waitlists(product.pool).broadcast(Lines(store_id=STORE, variant_id="v"), "discontinued", "ops")
    await product.settled()
    await product.shop.has("v", 1)
    assert await product.mail_to("ada") == "torn alert"
    outcome = await product.pool.fetchval("select outcome from sends where journey_id = $1 and round = 0", ada)
    assert outcome["reason"] == "message_broken"


async def test_a_message_that_somebody_may_be_sending_is_not_passed_over(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    """Its worker was killed over it, so that nobody knows yet; by the time it is known the journey has gone on."""
    document = told_then_reminded()
    shop = await Shop.opened(pool, document)
    (ada,) = await shop.signs_up("ada")
    await shop.has("v", 1)
    await Waitlist(pool).give_places(subject("v"))
    ledger = Ledger(pool)
    assert await ledger.open(message(ada, round_=SECOND), ledger.lease())
    async with running_product(pool, client, mailbox, "unknown", document) as product:
        while not await _open_entries(product, ada, "send"):
            await next_change(pool)
        for repair in Repair:
            with pytest.raises(NotRepairable, match="it may have left"):
                await _repairs(product).repair(ada, repair, BEN)
    assert await pool.fetchval(f"select count(*) from audit {BY_HAND}") == 0
    assert mailbox.mails == ()


async def test_a_message_of_which_nobody_knows_whether_it_left_is_not_passed_over(product: Product) -> None:
    await _broken(product)
    (ada,) = await product.shop.signs_up("ada", list_code="torn")
    await product.shop.has("v", 1)
    await _rests(product, ada, "alert")
    asked = message(ada, "alert", round_=SECOND)
    await Ledger(product.pool).settle(asked, Unknown())
    with pytest.raises(NotRepairable, match="is unknown by now"):
        await _repairs(product).repair(ada, Repair.SKIP, BEN)


async def test_there_is_nothing_to_try_again_at_a_wait(product: Product) -> None:
    journey = await _told(product, "ada")
    with pytest.raises(NotRepairable, match="nothing to try again"):
        await _repairs(product).repair(journey, Repair.RETRY, BEN)


async def test_what_a_journey_has_still_to_answer_is_waited_for(pool: Pool, client: Client, mailbox: Mailbox) -> None:
    """It is about to go on by itself, and the skip that was announced for the step before would do nothing."""
    document = starter_document()
    async with running_product(pool, client, mailbox, "asleep", document) as product:
        ada = await _told(product, "ada")
    await client.get_workflow_handle(journey_workflow_id(ada)).signal(
        Signal.INTERVENE, Intervene(intervention=Skip(step=StepId("pause")))
    )
    with pytest.raises(NotRepairable, match="between two steps just now"):
        await Repairs(pool, client, PostgresArchive(pool), looks=()).repair(ada, Repair.SKIP, BEN)
    patient = Repairs(pool, client, PostgresArchive(pool), looks=(0.05,) * 400)
    looking = asyncio.create_task(patient.repair(ada, Repair.SKIP, BEN))
    async with running_product(pool, client, mailbox, "asleep", document):
        with pytest.raises(NotRepairable, match="has ended"):
            await looking
    assert await pool.fetchval(f"select count(*) from audit {BY_HAND}") == 0


async def test_one_try_after_another_says_who_and_why_each_time(product: Product) -> None:
    await _broken(product)
    (ada,) = await product.shop.signs_up("ada", list_code="torn")
    await product.shop.has("v", 1)
    await _rests(product, ada, "alert")
    for who in ("ben", "cy"):
        since = await product.pool.fetchval(f"select count(*) from audit {BY_HAND}")
        assert (await _repairs(product).repair(ada, Repair.RETRY, By(who, f"{who} mended it"))).done
        while await product.pool.fetchval("select held_up_by from journeys where id = $1", ada) is None:
            await next_change(product.pool)
        assert await product.pool.fetchval(f"select count(*) from audit {BY_HAND}") == since + 1
    rows = await product.pool.fetch(f"select actor, action, details from audit {BY_HAND} order by id")
    assert [(row["actor"], row["action"], row["details"]["why"]) for row in rows] == [
        ("ben", "retry journey", "ben mended it"),
        ("cy", "retry journey", "cy mended it"),
    ]
    assert product.mailbox.mails == ()


async def _open_entries(product: Product, journey: JourneyId, kind: str) -> bool:
    try:
        path = await replayed_path(product.client, product.archive, journey)
    except HistoryGone:
        return False
    return any(entry.kind == kind and entry.left_at is None for entry in path.entries)
