"""Dry runs reach into the archive for what Temporal no longer has."""

from activities.archive.simulated import SimulatedArchive
from starter.dry_run import DryRuns
from tests.archive.steps import archived, closed, forgotten
from tests.product import Product, starter_document


async def test_a_history_that_only_the_archive_has_is_compared_and_one_that_nobody_has_is_told_of(
    product: Product,
) -> None:
    (journey,) = await closed(product, "ann")
    archive = SimulatedArchive()
    await archived(product, archive)
    await forgotten(product, journey)
    document = starter_document()
    same = await DryRuns(product.pool, product.client, archive).run(document, 500)
    assert (same.asked, same.same) == (1, 1)
    gone = await DryRuns(product.pool, product.client, SimulatedArchive()).run(document, 500)
    assert (gone.asked, gone.same, gone.not_compared) == (1, 0, 1)
    assert gone.unknown[0].why.startswith("HistoryGone")
