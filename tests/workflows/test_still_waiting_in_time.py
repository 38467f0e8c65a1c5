"""What is said while somebody waits, over weeks: real PostgreSQL, real SMTP, a clock that skips."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from activities.postgres.pool import Pool
from schemas.document.alert_types.vocabulary import WhileWaiting
from schemas.reasons import Ending
from starter.devstack.mailbox import Mailbox
from starter.support.why import About, Why
from starter.versioning.publishing import publish
from tests.histories.shapes import told_only
from tests.product import STORE, address, addressees, next_change, running_product

TWICE = WhileWaiting(after=timedelta(weeks=2), send="still-here", times=2)


async def test_who_still_waits_is_told_so_and_as_ever_when_it_comes_back(
    pool: Pool, hours: WorkflowEnvironment, mailbox: Mailbox
) -> None:
    document = told_only()
    alert = document.alerts["back-in-stock"].model_copy(update={"while_waiting": (TWICE,), "quantity_threshold": 2})
    async with running_product(pool, hours.client, mailbox, "still") as product:
        await publish(pool, document.model_copy(update={"alerts": {"back-in-stock": alert}}))
        await product.shop.sells("v")
        first, second = await product.shop.signs_up("first", "second")
        while await pool.fetchval("select count(*) from outbox"):
            await next_change(pool)
        await product.shop.opts_out("second")

        await hours.sleep(timedelta(weeks=2, hours=1))
        await product.mail_to("first")
        left = await product.until(second, lambda report: report.ended_at is not None)
        assert left.ending is Ending.EXITED
        waits = await product.journeys.show(first)
        assert (waits.told_at, waits.ended_at) == (None, None)
        assert await pool.fetchval("select state from waiting where journey_id = $1", first) == "waiting"
        assert not await pool.fetchval("select exists (select from claims)")

        await product.shop.has("v", 1)
        await hours.sleep(timedelta(weeks=2))
        await product.shop.has("v", 2)
        ended = await product.until(first, lambda report: report.ended_at is not None)
        assert (ended.ending, ended.told_at is not None) == (Ending.COMPLETED, True)
        path = await product.told(first)
        answer = await Why(pool).contact(address("first"), About(store_id=STORE, variant_id="v"))
    assert addressees(mailbox) == ["first", "first"]
    assert [(entry.step, None if entry.outcome is None else entry.outcome.kind) for entry in path.entries] == [
        ("waiting-list", None),
        ("while-waiting/2-weeks", "sent"),
        ("waiting-list", None),
        # One can be bought, though the alert waits for two.
        ("while-waiting/4-weeks", "refused"),
        ("waiting-list", None),
        ("it-is-back", "sent"),
        ("exit", None),
    ]
    assert answer.messages[0].cause.endswith(", and this told them while they waited that it was still not back.")
