"""Temporal's time-skipping server: months pass in a moment. PostgreSQL and SMTP are real, and keep real time."""

from collections.abc import AsyncGenerator

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.temporal import SEARCH_ATTRIBUTES
from tests.time_skipping import find_test_server


@pytest.fixture(scope="session")
def test_server() -> str:
    """The server's program."""
    return str(find_test_server())


@pytest.fixture
async def hours(test_server: str) -> AsyncGenerator[WorkflowEnvironment]:
    """A server of the test's own, whose clock the test moves: it starts at the real time, as PostgreSQL's does."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=test_server, data_converter=pydantic_data_converter
    )
    async with environment:
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={
                    attribute.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for attribute in SEARCH_ATTRIBUTES
                },
            )
        )
        yield environment
