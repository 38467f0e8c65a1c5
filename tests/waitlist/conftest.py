"""The shop of the sample files, its conversation published and everything sold out."""

import pytest

from activities.postgres.pool import Pool
from starter.versioning.publishing import publish
from tests.product import starter_document
from tests.waitlist.late import BLUE, HAT, LONG_BLUE, LONG_SCARF, ONE_SIZE, RED, SCARF, LateShop


@pytest.fixture
async def shop(pool: Pool) -> LateShop:
    await publish(pool, starter_document())
    shop = LateShop.over(pool)
    await shop.sells(SCARF, RED, BLUE, skus=("SCARF RED", "SCARF BLUE"))
    await shop.sells(LONG_SCARF, LONG_BLUE)
    await shop.sells(HAT, ONE_SIZE)
    return shop
