"""Dry runs of what happens to real journeys: criteria that changed, people who were moved, heard of, or forgotten."""

from datetime import UTC, datetime
from typing import Any

from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId
from schemas.incoming.facts import ContactErasureFact
from schemas.responses.dry_run import DryRunReport
from schemas.responses.operations import Choice
from starter.documents import STARTER_CONVERSATION
from starter.versioning.publishing import publish
from tests.conversations.test_story import has_ended, rests_at
from tests.conversations.told import ago, agrees, did, entered, orders
from tests.history import settled_dry_run
from tests.http.conftest import web_over
from tests.http.web import problem
from tests.in_flight.decided import operation, quiz, settled, version_of, waits
from tests.product import STORE, Product, address

HELLO = {"send": "hello", "id": "hello"}


def _asking(at_least: int) -> ConversationDocument:
    """Whoever has a `level` of so much is told so."""
    branch = {"name": "VIP", "when": {"contact.attributes.level": {"at_least": at_least}}, "steps": [{"send": "vip"}]}
    return quiz(HELLO, {"decide": [branch], "otherwise": [{"send": "usual"}], "id": "who"})


async def _tried(product: Product, document: ConversationDocument) -> DryRunReport:
    return await settled_dry_run(product.pool, product.client, document)


async def _enters(product: Product, who: str = "ann", **said: Any) -> JourneyId:
    await agrees(product.pool, who)
    return entered(await did(product.pool, "custom", who, name="quiz", **said))


async def test_changed_criteria_are_asked_of_what_is_known_today_and_the_totals_say_so(product: Product) -> None:
    await publish(product.pool, _asking(10))
    ann = await _enters(product, attributes={"level": 5})
    await product.until(ann, has_ended)
    assert (await _tried(product, _asking(10))).model_dump(include={"same", "decided_today"}) == {
        "same": 1,
        "decided_today": 0,
    }
    report = await _tried(product, _asking(3))
    assert (report.different, report.decided_today) == (1, 1)
    assert "take 'VIP' instead of 'otherwise' at 'who'" in report.journeys[0].sentence
    assert "not get 'usual'" in report.journeys[0].sentence


async def test_of_who_was_forgotten_changed_criteria_know_nothing_and_the_rest_is_compared(product: Product) -> None:
    await publish(product.pool, _asking(10))
    ann = await _enters(product, attributes={"level": 20})
    await product.until(ann, has_ended)
    forget = ContactErasureFact(email=address("ann"), observed_at=datetime.now(UTC))
    await product.shop.intake.observe(STORE, "shopify", [forget])
    same = await _tried(product, _asking(10))
    assert (same.asked, same.same, same.not_compared) == (1, 1, 0)
    report = await _tried(product, _asking(3))
    assert (report.different, report.decided_today) == (1, 1)
    assert "take 'otherwise' instead of 'VIP' at 'who'" in report.journeys[0].sentence
    assert address("ann") not in report.model_dump_json()


async def test_who_was_moved_is_compared_by_the_version_they_began_on(product: Product) -> None:
    before = quiz(HELLO, waits("go", {"send": "old"}))
    after = quiz(HELLO, waits("go", {"send": "new"}))
    await publish(product.pool, before)
    ann = await _enters(product)
    await rests_at(product, ann, "wait-go")
    await settled(product.pool, await operation(product.pool, after, Choice.MOVE))
    await did(product.pool, "custom", name="go")
    await product.until(ann, has_ended)
    assert await version_of(product.pool, ann) == "quiz@2"
    assert (await _tried(product, after)).same == 1, "they lived as the new version says"
    report = await _tried(product, before)
    assert "would not get 'new'" in report.journeys[0].sentence
    assert "get 'old'" in report.journeys[0].sentence


async def test_who_was_moved_from_nobody_knows_where_is_not_compared(product: Product) -> None:
    await publish(product.pool, quiz(waits("go", {"send": "old"})))
    ann = await _enters(product)
    await rests_at(product, ann, "wait-go")
    after = quiz(waits("go", {"send": "new"}))
    await settled(product.pool, await operation(product.pool, after, Choice.MOVE))
    await product.pool.execute("delete from operation_journeys")
    report = await _tried(product, after)
    assert (report.same, report.not_compared) == (0, 1)
    assert report.unknown[0].why == "it was moved to quiz@2, and the version that it began on is not on record"


async def test_what_nobody_waited_for_is_heard_by_a_version_that_waits_for_it(product: Product) -> None:
    await publish(product.pool, quiz(HELLO, waits("go", {"send": "went"})))
    ann = await _enters(product)
    await rests_at(product, ann, "wait-go")
    await did(product.pool, "custom", name="run")
    await did(product.pool, "custom", name="go")
    await product.until(ann, has_ended)
    wider = waits("go", {"send": "went"}) | {"wait_for": ["custom.go", "custom.run"]}
    report = await _tried(product, quiz(HELLO, wider))
    assert report.different == 1
    assert report.journeys[0].sentence == f"{ann} would hear 'custom.run' at 'wait-go'."
    twice = quiz(HELLO, waits("go", {"send": "went"}), waits("go", {"send": "again"}) | {"id": "once-more"})
    assert "'again'" not in (await _tried(product, twice)).journeys[0].sentence, "they went once"


async def test_goals_and_exits_of_the_tried_version_end_who_did_that_and_those_it_has_no_more_end_nobody(
    product: Product,
) -> None:
    asked = waits("go", {"send": "went"})
    await publish(product.pool, quiz(HELLO, asked, exit_on=["custom.stop"]))
    ann, ben = await _enters(product), await _enters(product, "ben")
    await rests_at(product, ann, "wait-go")
    await rests_at(product, ben, "wait-go")
    await did(product.pool, "custom", name="run")
    await did(product.pool, "custom", name="go")
    await product.until(ann, has_ended)
    await did(product.pool, "custom", "ben", name="stop")
    await product.until(ben, has_ended)

    assert (await _tried(product, quiz(HELLO, asked, exit_on=["custom.stop"]))).same == 2
    report = await _tried(product, quiz(HELLO, asked, goal_on=["custom.run"], exit_on=["custom.stop"]))
    (only,) = report.journeys
    assert only.journey_id == ann
    assert "would not get 'went'" in only.sentence
    assert "have completed (goal_reached) instead of completed" in only.sentence
    report = await _tried(product, quiz(HELLO, asked, goal_on=["custom.stop"]))
    assert report.journeys[0].sentence == f"{ben} would have completed (goal_reached) instead of exited (exit_rule)."
    report = await _tried(product, quiz(HELLO, asked))
    assert [each.journey_id for each in report.journeys] == [ben]
    assert "have completed instead of exited (exit_rule)" in report.journeys[0].sentence


async def test_one_order_ends_one_wait_though_it_has_two_names(product: Product) -> None:
    await publish(product.pool, quiz(HELLO, waits("go")))
    ann = await _enters(product)
    await rests_at(product, ann, "wait-go")
    await orders(product.pool)
    await did(product.pool, "custom", name="go")
    await product.until(ann, has_ended)
    ordered, bought = (
        {"wait_for": [name], "within": "2 days", "id": f"wait-{name}", "happened": [{"send": name}]}
        for name in ("ordered", "bought")
    )
    (only,) = (await _tried(product, quiz(HELLO, ordered, bought))).journeys
    assert "would get 'ordered'" in only.sentence
    assert "get 'bought'" not in only.sentence


async def test_of_two_deeds_that_were_told_in_the_other_order_each_ends_its_wait(product: Product) -> None:
    await publish(product.pool, quiz(HELLO, waits("go")))
    await agrees(product.pool, "ann")
    ann = entered(await did(product.pool, "custom", name="quiz", happened_at=ago(hours=1)))
    await rests_at(product, ann, "wait-go")
    await did(product.pool, "custom", name="second", happened_at=ago(minutes=10))
    await did(product.pool, "custom", name="first", happened_at=ago(minutes=20))
    await did(product.pool, "custom", name="go")
    await product.until(ann, has_ended)
    (only,) = (await _tried(product, quiz(HELLO, waits("first"), waits("second", {"send": "again"})))).journeys
    assert "would get 'again'" in only.sentence


async def test_a_version_that_goes_round_for_ever_is_followed_for_a_while(product: Product) -> None:
    await publish(product.pool, quiz(HELLO))
    ann = await _enters(product)
    await product.until(ann, has_ended)
    round_and_round = quiz(HELLO, {"wait": "1 day"}, {"go_to": "quiz 0"})
    report = await _tried(product, round_and_round)
    assert "be under way" in report.journeys[0].sentence


async def test_sentences_are_bounded_and_the_others_counted(product: Product) -> None:
    await publish(product.pool, quiz(HELLO, {"send": "more"}))
    journeys = [await _enters(product, who) for who in ("ann", "ben", "cem")]
    for journey in journeys:
        await product.until(journey, has_ended)
    report = await settled_dry_run(product.pool, product.client, quiz(HELLO), most_listed=2, at_once=2)
    assert (report.asked, report.different, report.more) == (3, 3, 1)
    assert [each.journey_id for each in report.journeys] == journeys[:0:-1], "the newest first"


async def test_a_dry_run_is_asked_for_over_http(product: Product) -> None:
    await product.shop.sells("v")
    journeys = await product.shop.signs_up("ann", "ben")
    await product.settled()
    for journey in journeys:
        await product.told(journey)
    async with web_over(product.pool, product.client) as web:
        path, yaml = "/v1/conversations/dry-run", STARTER_CONVERSATION.read_bytes()
        answer = await web.keyed.post(path, params={"against": 1}, content=yaml)
        assert answer.status_code == 200, answer.text
        report = DryRunReport.model_validate(answer.json())
        assert (report.conversation, report.asked, report.same) == ("back-in-stock", 1, 1)
        problem(await web.keyed.post(path, params={"against": 501}, content=yaml), 422, "invalid")
        problem(await web.keyed.post(path, content=b"conversation: x"), 422, "invalid")
        problem(await web.open.post(path, content=yaml), 401, "key-needed")
