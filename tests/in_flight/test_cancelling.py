"""Cancelling an operation on many journeys: who was not asked yet goes on as if nothing had been asked."""

import pytest

from activities.postgres.pool import Pool
from schemas.responses.operations import Choice
from starter.versioning.bulk import BulkOperations, Decision, NoSuchOperation, OperationOver
from starter.versioning.publishing import publish
from tests.product import Shop, starter_document


async def test_whom_a_cancelled_operation_had_not_asked_is_not_asked_and_not_ended(pool: Pool) -> None:
    shop = await Shop.opened(pool)
    journeys = await shop.signs_up("ann", "ben", "cleo")
    published = await publish(pool, starter_document("3 days"), Decision(Choice.END, "test"))
    assert published.operation is not None
    # One was asked, and one was marked and not asked yet, when it is cancelled.
    await pool.execute("update journeys set leaving = 'conversation_changed' where id = any($1)", journeys[:2])
    await pool.execute("update operation_journeys set asked_at = now() where journey_id = $1", journeys[0])
    report = await BulkOperations(pool).cancel(published.operation, "test")
    assert (report.total, report.asked, report.cancelled, report.superseded, report.left_over) == (3, 1, 2, 0, 1)
    assert report.cancelled_at is not None
    assert report.finished_at is not None
    leaving = await pool.fetch("select id from journeys where leaving is not null")
    assert [row["id"] for row in leaving] == journeys[:1]
    with pytest.raises(OperationOver):
        await BulkOperations(pool).cancel(published.operation, "test")


async def test_there_is_nothing_to_cancel_where_there_is_no_operation(pool: Pool) -> None:
    with pytest.raises(NoSuchOperation):
        await BulkOperations(pool).cancel(1, "test")
