"""Approving and repairing as people and programs do it: by command line and by API."""

from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import JourneyId
from schemas.reasons import Reason
from schemas.responses.repair import Answered, HeldMessages, MessagePreview, RepairPlan, Resumed, Stuck
from starter.commands.terminal.output import ExitCode
from starter.versioning.publishing import publish
from tests.cli.command import Shelftalk
from tests.conversations.told import agrees, did, entered, talk, thread
from tests.http.conftest import web_over
from tests.http.web import problem
from tests.product import Product, addressees, next_change

BY = ("--by", "ann", "--yes", "--json")
WHY = ("--why", "mended")


async def _rest(product: Product, *names: str) -> list[JourneyId]:
    """One after the other each rests at a message that somebody has to approve, and after that one is broken."""
    document = talk("quiz", thread("custom.quiz", {"send": "hello", "status": "manual"}, {"send": "torn"}))
    torn = document.messages["torn"].model_copy(update={"text": "{{ event.nothing.at.all }}"})
    await publish(product.pool, document.model_copy(update={"messages": {**document.messages, "torn": torn}}))
    await agrees(product.pool, *names)
    journeys: list[JourneyId] = []
    for name in names:
        journeys.append(entered(await did(product.pool, "custom", name, name="quiz")))
        await _are_held_up(product, Reason.AWAITING_APPROVAL, len(journeys))
    return journeys


async def _are_held_up(product: Product, cause: Reason, count: int) -> None:
    asked = "select count(*) from journeys where ended_at is null and held_up_by = $1"
    while await product.pool.fetchval(asked, cause) != count:
        await next_change(product.pool)


async def test_messages_are_read_approved_and_declined_and_journeys_mended_by_command(
    product: Product, beside: Shelftalk
) -> None:
    ann, ben = await _rest(product, "ann", "ben")
    held = (await beside.run("message", "held", "--json")).answer(HeldMessages)
    assert [one.journey for one in held.messages] == [ann, ben]
    for_ann, for_ben = (one.key for one in held.messages)
    shown = await beside.run("message", "held", "--show", for_ann)
    assert "Subject: quiz: hello" in shown.out
    alone = await beside.run("message", "approve", for_ann, "--json")
    assert (alone.failure.code, alone.failure.exit) == ("not_confirmed", ExitCode.FAILED)
    one = (await beside.run("message", "approve", for_ann, "j-0/no/1", *BY)).answer(Answered)
    assert (one.keys, [other.key for other in one.not_held]) == ((for_ann,), ["j-0/no/1"])
    rest = await beside.run("message", "decline", "--all", "--conversation", "quiz", "--why", "no", *BY)
    assert rest.answer(Answered).keys == (for_ben,)
    await _are_held_up(product, Reason.MESSAGE_BROKEN, 2)

    stuck = (await beside.run("repair", "list", "--json")).answer(Stuck)
    assert [(group.cause, group.step, group.journeys) for group in stuck.groups] == [("message_broken", "torn", 2)]
    offered = (await beside.run("repair", "resume", "--help")).out
    assert "message_broken|webhook_failed|sender_at_fault" in "".join(offered.split())
    asked = ("repair", "resume", "--cause", "message_broken", *WHY, *BY)
    assert (await beside.run(*asked)).answer(Resumed).journeys == 2
    await _are_held_up(product, Reason.MESSAGE_BROKEN, 2)
    plan = (await beside.run("repair", "skip", ann, *WHY, *BY)).answer(RepairPlan)
    assert (plan.step, plan.cause, plan.done) == ("torn", Reason.MESSAGE_BROKEN, True)
    await product.until(ann, lambda report: report.ended_at is not None)
    gone = await beside.run("repair", "finish", ann, *WHY, *BY)
    assert (gone.failure.code, "has ended" in gone.failure.message) == ("not_repairable", True)
    assert (await beside.run("repair", "finish", ben, *WHY, *BY)).code == 0
    await product.until(ben, lambda report: report.ended_at is not None)
    assert addressees(product.mailbox) == ["ann"]
    assert {row["actor"] for row in await product.pool.fetch("select actor from audit where details ? 'why'")} == {
        "ann"
    }


async def test_the_same_by_api_in_the_name_of_the_key(product: Product, pool: Pool, client: Client) -> None:
    (ann,) = await _rest(product, "ann")
    async with web_over(pool, client) as web:
        held = HeldMessages.model_validate_json((await web.keyed.get("/v1/messages/held")).content)
        key = held.messages[0].key
        shown = await web.keyed.get("/v1/messages/preview", params={"key": key})
        assert MessagePreview.model_validate_json(shown.content).subject == "quiz: hello"
        problem(await web.keyed.get("/v1/messages/preview", params={"key": "j-0/no/1"}), 404, "not-found")
        problem(await web.keyed.post("/v1/messages/approve", json={"why": "all"}), 422, "invalid")
        body = {"keys": [key], "why": "read it"}
        counted = Answered.model_validate_json((await web.keyed.post("/v1/messages/approve", json=body)).content)
        assert (counted.keys, counted.done) == ((key,), False)
        await web.keyed.post("/v1/messages/approve", json=body | {"confirm": True})
        again = await web.keyed.post("/v1/messages/decline", json=body | {"confirm": True})
        assert [other.key for other in Answered.model_validate_json(again.content).not_held] == [key]
        await _are_held_up(product, Reason.MESSAGE_BROKEN, 1)
        stuck = Stuck.model_validate_json((await web.keyed.get("/v1/repairs")).content)
        assert stuck.groups[0].example == ann
        resume = {"cause": "message_broken", "why": "mended", "confirm": True}
        assert (await web.keyed.post("/v1/repairs/resume", json=resume)).json()["journeys"] == 1
        problem(await web.keyed.post("/v1/repairs/resume", json=resume | {"cause": "quiet_hours"}), 409, "conflict")
        await _are_held_up(product, Reason.MESSAGE_BROKEN, 1)
        repair = {"repair": "skip", "why": "they called"}
        planned = await web.keyed.post(f"/v1/journeys/{ann}/repair", json=repair)
        assert RepairPlan.model_validate_json(planned.content).sentence.startswith(f"{ann} rests at 'torn'")
        done = await web.keyed.post(f"/v1/journeys/{ann}/repair", json=repair | {"confirm": True})
        assert RepairPlan.model_validate_json(done.content).done
        await product.until(ann, lambda report: report.ended_at is not None)
        problem(await web.keyed.post(f"/v1/journeys/{ann}/repair", json=repair), 409, "conflict")
        problem(await web.keyed.post("/v1/journeys/j-0/repair", json=repair), 404, "not-found")
    rows = await pool.fetch("select actor, action from audit where details ? 'why' order by id")
    assert [row["action"] for row in rows] == ["approve messages", "resume journeys", "skip step"]
    assert all(row["actor"].startswith("API key '") for row in rows)
    assert addressees(product.mailbox) == ["ann"]
