"""Services with nobody in them yet. Their Temporal is down: nothing here asks it."""

import pytest
from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.services import Services
from tests.accounts.codes import KEYED
from tests.http.conftest import nowhere, services_over

__all__ = ["nowhere"]


@pytest.fixture
def services(pool: Pool, nowhere: Client) -> Services:
    return services_over(pool, nowhere, settings=KEYED)
