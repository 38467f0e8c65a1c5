"""What happens days and months later, on a clock that skips: reminders, windows, and what is no longer true by then."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from temporalio.testing import WorkflowEnvironment

from activities.waitlist.claims import Waitlist
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId
from schemas.journey.outcome import Refused
from schemas.journey.path import JourneyPath
from schemas.reasons import Ending, Reason
from tests.product import Product, addressees, starter_document
from tests.story.documents import back, programme

InTime: TypeAlias = Callable[[ConversationDocument], AbstractAsyncContextManager[Product]]

LATENCY = timedelta(seconds=30)
"""By how much a loaded machine may be late."""
REMINDED = programme("twice", back(reminders={"after": "2 days", "times": 2}), AlertEvent.FOLLOW_UP)


async def _path(product: Product, journey: JourneyId) -> JourneyPath:
    """The whole path of a journey that ends."""
    await product.until(journey, lambda report: report.ended_at is not None)
    return await product.path(journey)


def _refusals(path: JourneyPath) -> list[Reason]:
    return [entry.outcome.reason for entry in path.entries if isinstance(entry.outcome, Refused)]


async def test_the_follow_up_does_not_go_out_once_it_is_sold_out_again(
    in_time: InTime, hours: WorkflowEnvironment
) -> None:
    async with in_time(starter_document()) as product:
        await product.shop.sells("v")
        (ada,) = await product.shop.signs_up("ada")
        await product.shop.has("v", 1)
        await product.mail_to("ada")
        await product.at_rest()
        await product.shop.has("v", 0)
        await hours.sleep(timedelta(days=3))
        assert _refusals(await _path(product, ada)) == [Reason.SOLD_OUT_AGAIN]
        assert addressees(product.mailbox) == ["ada"]


async def test_reminders_come_as_often_as_was_said_and_each_is_checked_anew(
    in_time: InTime, hours: WorkflowEnvironment
) -> None:
    async with in_time(REMINDED) as product:
        await product.shop.sells("v")
        ada, bob = await product.shop.signs_up("ada", "bob", list_code="twice")
        await product.shop.has("v", 2)
        await product.at_rest()
        await hours.sleep(timedelta(days=2, hours=1))
        assert await product.mail_to("ada", after=2) == "twice follow-up"
        assert await product.mail_to("bob", after=2) == "twice follow-up"
        await product.shop.opts_out("bob")
        await hours.sleep(timedelta(days=2))
        await _path(product, ada)
        assert (await _path(product, bob)).reason is Reason.NO_CONSENT
        assert (addressees(product.mailbox).count("ada"), addressees(product.mailbox).count("bob")) == (3, 2)


async def test_who_bought_it_after_the_alert_is_not_reminded_and_who_let_the_offer_pass_neither(
    in_time: InTime, hours: WorkflowEnvironment
) -> None:
    async with in_time(starter_document(offer_lapses_after=timedelta(hours=24))) as product:
        await product.shop.sells("v")
        ada, bob, cy = await product.shop.signs_up("ada", "bob", "cy")
        await product.shop.has("v", 2)
        await product.at_rest()
        await product.shop.buys("ada")
        await product.pool.execute("update claims set lapses_at = now()")
        assert await Waitlist(product.pool).lapse_offers() == 1
        await product.at_rest()
        await hours.sleep(timedelta(days=3))
        assert (await _path(product, ada)).reason is Reason.PURCHASED
        assert _refusals(await _path(product, bob)) == [Reason.OFFER_LAPSED]
        await _path(product, cy)
        assert sorted(addressees(product.mailbox)) == ["ada", "bob", "cy", "cy"]


async def test_a_sign_up_is_still_there_after_a_hundred_days(in_time: InTime, hours: WorkflowEnvironment) -> None:
    async with in_time(starter_document()) as product:
        await product.shop.sells("v")
        (ada,) = await product.shop.signs_up("ada")
        await product.at_rest()
        await hours.sleep(timedelta(days=100))
        assert (await product.journeys.show(ada)).ended_at is None
        await product.shop.has("v", 1)
        await product.mail_to("ada")


async def test_the_window_ends_with_a_local_day_and_keeps_its_word_when_the_clocks_change(
    in_time: InTime, hours: WorkflowEnvironment
) -> None:
    """The window spans the next change of the clocks, and with it a day of 23 or of 25 hours."""
    zone, now = ZoneInfo("Europe/Berlin"), datetime.now(UTC)
    days = next(days for days in range(1, 370) if _offset(now + timedelta(days=days), zone) != _offset(now, zone))
    document = programme("berlin", back(relevancy_window=f"{days} days"), time_zone="Europe/Berlin")
    async with in_time(document) as product:
        await product.shop.sells("v")
        (ada,) = await product.shop.signs_up("ada", list_code="berlin")
        await product.at_rest()
        await hours.sleep(timedelta(days=days) - LATENCY)
        report = await product.journeys.show(ada)
        assert report.ended_at is None, "it is never shorter than it promised"
        await hours.sleep(timedelta(days=1, hours=1) + LATENCY)
        (line,) = (await _path(product, ada)).entries
        assert line.left_at is not None
        assert report.window_ends_at is not None
        assert report.window_ends_at.astimezone(zone).time() == time(0, 0)
        assert timedelta(0) <= line.left_at - report.window_ends_at < LATENCY
        assert timedelta(days=days) <= line.left_at - report.entered_at <= timedelta(days=days + 1, hours=1) + LATENCY
        ended = await product.journeys.show(ada)
        assert (ended.ending, ended.reason) == (Ending.EXPIRED, Reason.WINDOW_ENDED)
        await product.shop.has("v", 1)
        await product.at_rest()
        assert addressees(product.mailbox) == []


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
