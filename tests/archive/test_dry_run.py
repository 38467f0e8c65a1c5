"""Dry runs reach into the archive for what Temporal no longer has."""

from tests.archive.steps import archived, closed, forgotten
from tests.history import settled_dry_run
from tests.product import Product, starter_document
from tests.simulated.archive import SimulatedArchive


async def test_a_history_that_only_the_archive_has_is_compared_and_one_that_nobody_has_is_told_of(
    product: Product,
) -> None:
    (journey,) = await closed(product, "ann")
    archive = SimulatedArchive()
    await archived(product, archive)
    await forgotten(product, journey)
    document = starter_document()
    same = await settled_dry_run(product.pool, product.client, document, archive=archive)
    assert (same.asked, same.same) == (1, 1)
    gone = await settled_dry_run(product.pool, product.client, document, archive=SimulatedArchive())
    assert (gone.asked, gone.same, gone.not_compared) == (1, 0, 1)
    assert gone.unknown[0].why.startswith("HistoryGone")
