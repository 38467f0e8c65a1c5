"""End: those under way leave, nothing more is said to them, and their places pass on."""

from schemas.reasons import Ending, Reason
from schemas.responses.operations import Choice
from starter.versioning.bulk import BulkOperations
from starter.versioning.publishing import publish
from tests.conversations.test_story import has_ended
from tests.in_flight.decided import operation, quiz, settled, under_way, waits
from tests.product import Product, addressees, starter_document


async def test_who_stands_in_line_leaves_it_and_the_places_are_for_those_who_come_after(product: Product) -> None:
    await product.shop.sells("v")
    ann, ben = await product.shop.signs_up("ann", "ben")
    await product.settled()
    number = await operation(product.pool, starter_document(wait="3 days"), Choice.END)
    (cat,) = await product.shop.signs_up("cat")
    report = await settled(product.pool, number)
    assert (report.total, report.asked, report.done, report.left_over) == (2, 2, 2, 0)
    for journey in (ann, ben):
        ended = await product.journeys.show(journey)
        assert (ended.ending, ended.reason) == (Ending.EXITED, Reason.CONVERSATION_CHANGED)
    await product.shop.has("v", 1)
    await product.until(cat, lambda shown: shown.told_at is not None)
    assert addressees(product.mailbox) == ["cat"]


async def test_a_place_that_was_given_passes_on(product: Product) -> None:
    await product.shop.sells("v")
    (ann,) = await product.shop.signs_up("ann")
    await product.settled()
    # Quiet all day, until the next publication: she is called forward, and her message is put off.
    await product.pool.execute("update lists set quiet_from = '00:00', quiet_until = '23:59:59'")
    await product.shop.has("v", 1)
    await product.held_up(ann)
    number = await operation(product.pool, starter_document(wait="3 days"), Choice.END)
    await settled(product.pool, number)
    assert await product.pool.fetchval("select state from claims") == "lapsed"
    (ben,) = await product.shop.signs_up("ben")
    await product.until(ben, lambda shown: shown.told_at is not None)
    assert addressees(product.mailbox) == ["ben"]


async def test_who_rests_in_a_wait_leaves_it(product: Product) -> None:
    ann = await under_way(product, quiz(waits("go", {"send": "old"})), "wait-go")
    number = await operation(product.pool, quiz(waits("go", {"send": "new"})), Choice.END)
    assert (await settled(product.pool, number)).done == 1
    report = await product.until(ann, has_ended)
    assert (report.ending, report.reason) == (Ending.EXITED, Reason.CONVERSATION_CHANGED)
    assert addressees(product.mailbox) == []


async def test_who_ended_by_themselves_meanwhile_is_counted_so(product: Product) -> None:
    ann = await under_way(product, quiz(waits("go", {"send": "old"})), "wait-go")
    await product.client.get_workflow_handle(f"journey/{ann}").terminate("by hand")
    number = await operation(product.pool, quiz(waits("go", {"send": "new"})), Choice.END)
    report = await settled(product.pool, number)
    assert (report.done, report.ended, report.left_over) == (0, 1, 0)
    ended = await product.journeys.show(ann)
    assert (ended.ending, ended.reason) == (Ending.EXITED, Reason.CANCELLED)


async def test_an_operation_on_nobody_is_done_at_once(product: Product) -> None:
    await publish(product.pool, quiz(waits("go")))
    number = await operation(product.pool, quiz(waits("stop")), Choice.END)
    report = await BulkOperations(product.pool).show(number)
    assert (report.total, report.finished_at is not None) == (0, True)
    assert await product.pool.fetchval("select count(*) from outbox") == 0
