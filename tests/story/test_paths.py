"""Support's question, why did they (not) get this: the path by replay is the one the workflow itself would tell."""

from datetime import timedelta

import pytest

from schemas.ids import JourneyId
from schemas.journey.path import JourneyPath, Why
from schemas.reasons import Ending, Reason
from schemas.responses.journeys import JourneyStatus
from starter.support.replay import HistoryGone
from starter.versioning.publishing import publish
from tests.history import replayed_path
from tests.product import Product, next_change, starter_document


async def _rests(product: Product, journey: JourneyId, step: str) -> JourneyPath:
    """The path once the journey rests at this step; its rest is not over when this returns."""
    while (path := await product.told(journey)).entries[-1].step != step:
        await next_change(product.pool)
    return path


async def test_one_who_waits_is_seen_in_line(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.settled()
    path = await product.told(journey)
    (line,) = path.entries
    assert (line.step, line.left_at, line.why) == ("waiting-list", None, None)
    assert (path.ending, path.version) == (None, "back-in-stock@1")


async def test_one_who_was_told_is_seen_waiting_for_the_reminder(product: Product) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.shop.has("v", 1)
    await product.mail_to("first")
    path = await _rests(product, journey, "pause")
    assert [(entry.step, entry.why) for entry in path.entries] == [
        ("waiting-list", Why.PLACE_GIVEN),
        ("it-is-back", Why.ANSWERED),
        ("pause", None),
    ]
    told = path.entries[1]
    assert told.message == "it-is-back"
    assert told.outcome is not None
    assert told.outcome.kind == "sent"
    report = await product.until(journey, lambda report: report.status is JourneyStatus.TOLD)
    assert report.told_at is not None
    assert told.left_at is not None
    assert abs(told.left_at - report.told_at) < timedelta(seconds=30), "as the ledger has it, to the clocks' difference"


async def test_one_who_was_reminded_is_seen_at_the_end(product: Product) -> None:
    await publish(product.pool, starter_document(wait="1 second"))
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.shop.has("v", 1)
    await product.until(journey, lambda report: report.ended_at is not None)
    path = await product.told(journey)
    assert [entry.step for entry in path.entries][-2:] == ["still-here", "exit"]
    assert (path.ending, path.reason, path.version) == (Ending.COMPLETED, None, "back-in-stock@2")


@pytest.mark.parametrize("told", [False, True])
async def test_one_who_was_cancelled_is_seen_to_have_left(product: Product, told: bool) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.settled()
    if told:
        await product.shop.has("v", 1)
        await product.mail_to("first")
        await product.settled()
    await product.journeys.cancel(journey, "test")
    await product.until(journey, lambda report: report.ended_at is not None)
    path = await product.told(journey)
    assert (path.entries[-1].step, path.entries[-1].why) == ("pause" if told else "waiting-list", Why.LEFT)
    assert (path.ending, path.reason) == (Ending.EXITED, Reason.CANCELLED)


async def test_one_whose_workflow_has_not_been_started_has_no_history_yet(product: Product) -> None:
    with pytest.raises(HistoryGone):
        await replayed_path(product.client, product.archive, JourneyId("j-unheard-of"))
