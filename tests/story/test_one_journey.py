"""One real journey, from sign-up to reminder, and what the shop's stock makes of it."""

from starter.versioning.publishing import publish
from tests.product import Product, addressees, starter_document


async def test_a_unit_tells_the_first_in_line_and_the_second_is_told_why_not(product: Product) -> None:
    await product.shop.sells("v")
    first, second = await product.shop.signs_up("first", "second")
    await product.shop.has("v", 1)
    assert "back" in await product.mail_to("first")
    told = await product.until(first, lambda journey: journey.told_at is not None)
    assert told.ending is None
    await product.settled()
    waiting = await product.journeys.show(second)
    assert (waiting.reason, waiting.ahead) == ("not_next_in_line", 0)
    assert addressees(product.mailbox) == ["first"]


async def test_the_path_is_the_same_by_query_and_by_replay(product: Product) -> None:
    await publish(product.pool, starter_document(wait="1 second"))
    await product.shop.sells("v")
    first, second = await product.shop.signs_up("first", "second")
    await product.shop.has("v", 1)
    await product.until(first, lambda journey: journey.ended_at is not None)
    for journey in (first, second):
        assert await product.told(journey) == await product.path(journey)
    path = await product.path(first)
    steps = [entry.step for entry in path.entries]
    assert steps == ["waiting-list", "it-is-back", "pause", "still-here", "exit"]


async def test_a_told_contact_whose_journey_was_cancelled_gets_no_reminder_even_before_the_workflow_hears(
    product: Product,
) -> None:
    await publish(product.pool, starter_document(wait="2 seconds"))
    await product.shop.sells("v")
    [journey] = await product.shop.signs_up("ada")
    await product.shop.has("v", 1)
    await product.until(journey, lambda report: report.told_at is not None)
    # The call to the workflow is held up, as behind a long outbox.
    await product.pool.execute("alter table outbox alter column next_at set default 'infinity'")
    await product.journeys.cancel(journey, "test")
    ended = await product.until(journey, lambda report: report.ending is not None)
    assert (ended.ending, ended.reason) == ("exited", "cancelled")
    assert addressees(product.mailbox) == ["ada"]
