"""Whole journeys over days and months: real PostgreSQL, real SMTP, a clock that skips."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.ids import JourneyId
from schemas.journey.path import JourneyPath
from schemas.reasons import Ending, Reason
from starter.devstack.mailbox import Mailbox
from starter.runtime.ports import free_port
from starter.support.journeys import Journeys
from tests.product import Product, Shop, addressees, next_change, running_product, subject

LINE, FIRST, WAIT, SECOND, EXIT = "waiting-list", "it-is-back", "pause", "still-here", "exit"
LATENCY = timedelta(seconds=30)
"""By how much a loaded machine may be late."""


@pytest.fixture
async def product(pool: Pool, hours: WorkflowEnvironment, mailbox: Mailbox) -> AsyncGenerator[Product]:
    """Everything at work, over the clock that skips."""
    async with running_product(pool, hours.client, mailbox, "time") as running:
        yield running


async def _path(product: Product, journey: JourneyId) -> JourneyPath:
    """The path, which is the same by query and by replay."""
    path = await product.told(journey)
    assert all(entry.left_at == following.entered_at for entry, following in pairwise(path.entries))
    return path


def _steps(path: JourneyPath) -> list[str]:
    return [f"{entry.step} {entry.why}" for entry in path.entries]


async def _ended(product: Product, journey: JourneyId) -> JourneyPath:
    await product.until(journey, lambda report: report.ended_at is not None)
    return await _path(product, journey)


async def test_one_who_was_told_is_reminded_two_days_later(product: Product, hours: WorkflowEnvironment) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.shop.has("v", 1)
    await product.mail_to("first")
    await hours.sleep(timedelta(days=1, hours=23))
    assert len(product.mailbox.mails) == 1
    await hours.sleep(timedelta(hours=2))
    path = await _ended(product, journey)
    assert _steps(path) == [
        f"{LINE} place_given",
        f"{FIRST} answered",
        f"{WAIT} time_passed",
        f"{SECOND} answered",
        f"{EXIT} exit",
    ]
    wait = path.entries[2]
    assert wait.left_at is not None
    assert timedelta(0) <= wait.left_at - wait.entered_at - timedelta(days=2) < LATENCY
    assert (path.ending, path.reason) == (Ending.COMPLETED, None)
    assert addressees(product.mailbox) == ["first", "first"]
    report = await product.journeys.show(journey)
    assert (report.ending, report.reason, report.told_at is not None) == (Ending.COMPLETED, None, True)


async def test_sold_out_by_the_time_of_the_reminder_nobody_is_teased(
    product: Product, hours: WorkflowEnvironment
) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    await product.shop.has("v", 1)
    await product.mail_to("first")
    await product.shop.has("v", 0)
    await hours.sleep(timedelta(days=3))
    path = await _ended(product, journey)
    assert _steps(path)[-2:] == [f"{SECOND} answered", f"{EXIT} exit"]
    assert "sold_out_again" in str(path.entries[-2].outcome)
    assert path.ending is Ending.COMPLETED
    assert addressees(product.mailbox) == ["first"]


async def test_a_window_of_180_days_ends_with_a_reason(product: Product, hours: WorkflowEnvironment) -> None:
    await product.shop.sells("v")
    (journey,) = await product.shop.signs_up("first")
    while await product.pool.fetchval("select count(*) from outbox"):
        await next_change(product.pool)
    await hours.sleep(timedelta(days=182))
    path = await _ended(product, journey)
    (line,) = path.entries
    assert line.left_at is not None
    assert timedelta(days=180) - LATENCY < line.left_at - line.entered_at < timedelta(days=181) + LATENCY
    report = await product.journeys.show(journey)
    assert report.window_ends_at is not None
    assert line.left_at - report.window_ends_at < LATENCY
    assert (path.ending, path.reason) == (Ending.EXPIRED, Reason.WINDOW_ENDED)
    assert (report.ending, report.reason) == (Ending.EXPIRED, Reason.WINDOW_ENDED)
    await product.shop.has("v", 1)
    assert not await product.pool.fetchval("select exists (select from outbox where kind = 'look_again')")


async def test_sold_out_again_before_the_message_they_are_told_later_at_the_same_place(
    pool: Pool, hours: WorkflowEnvironment, mailbox: Mailbox
) -> None:
    shop = await Shop.opened(pool)
    first, second = await shop.signs_up("first", "second")
    await shop.has("v", 1)
    await Waitlist(pool).give_places(subject("v"))
    await shop.has("v", 0)
    async with running_product(pool, hours.client, mailbox, "time") as product:
        await product.until(first, lambda journey: journey.ahead == 0)
        await hours.sleep(timedelta(days=10))
        assert mailbox.mails == ()
        await shop.has("v", 1)
        await product.mail_to("first")
        await hours.sleep(timedelta(days=3))
        path = await _ended(product, first)
        assert _steps(path)[:4] == [
            f"{LINE} place_given",
            f"{FIRST} answered",
            f"{LINE} place_given",
            f"{FIRST} answered",
        ]
        assert "back_in_line" in str(path.entries[1].outcome)
        again = path.entries[2]
        assert again.left_at is not None
        assert again.left_at - again.entered_at > timedelta(days=9)
        assert (await product.journeys.show(second)).told_at is None
        assert addressees(mailbox) == ["first", "first"]


async def test_a_cancelled_journey_leaves_from_the_line_and_from_the_wait(product: Product) -> None:
    await product.shop.sells("v")
    told, waiting = await product.shop.signs_up("told", "waiting")
    await product.shop.has("v", 1)
    await product.mail_to("told")
    for journey, last in ((waiting, LINE), (told, WAIT)):
        await product.journeys.cancel(journey, "test")
        await product.until(journey, lambda report: report.ended_at is not None)
        path = await _path(product, journey)
        assert _steps(path)[-1] == f"{last} left"
        assert (path.ending, path.reason) == (Ending.EXITED, Reason.CANCELLED)
    assert addressees(product.mailbox) == ["told"]


async def test_a_provider_that_is_down_holds_a_message_up_and_loses_none(
    pool: Pool, hours: WorkflowEnvironment, tmp_path: Path
) -> None:
    mailbox = Mailbox(tmp_path / "mail", port=free_port())
    async with running_product(pool, hours.client, mailbox, "time") as product:
        await product.shop.sells("v")
        (journey,) = await product.shop.signs_up("first")
        await product.shop.has("v", 1)
        while not await pool.fetchval("select exists (select from sends where state = 'ready')"):
            await hours.sleep(timedelta(minutes=1))
        async with mailbox:
            await hours.sleep(timedelta(days=3))
            path = await _ended(product, journey)
        assert addressees(mailbox) == ["first", "first"]
        assert _steps(path)[1] == f"{FIRST} answered"
        assert (await Journeys(pool).show(journey)).ending is Ending.COMPLETED
