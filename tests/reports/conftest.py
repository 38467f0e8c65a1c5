"""A shop whose conversations are published and whose variant `v` is sold out."""

import pytest

from activities.postgres.pool import Pool
from bench.busy_shop import fill
from starter.versioning.publishing import publish
from tests.product import starter_document
from tests.reports.shop import Counter, watches


@pytest.fixture
async def counter(pool: Pool) -> Counter:
    await publish(pool, starter_document())
    await publish(pool, watches())
    counter = Counter.over(pool)
    await counter.shop.sells("v")
    return counter


@pytest.fixture
async def filled(pool: Pool) -> Pool:
    """A shop with what happened in three months."""
    await fill(pool, 200, 2000)
    return pool
