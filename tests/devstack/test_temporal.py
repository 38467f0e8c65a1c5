"""The embedded Temporal: starts, keeps its workflows, says why it cannot, and leaves nothing running."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from starter.devstack.failures import DevstackError
from starter.devstack.temporal import SEARCH_ATTRIBUTES, EmbeddedTemporal
from starter.runtime.ports import LOOPBACK, CannotStart

_ALL_ATTRIBUTES = TypedSearchAttributes(
    [SearchAttributePair(SearchAttributeKey.for_keyword(name), "any") for name in SEARCH_ATTRIBUTES]
)


async def test_workflows_survive_a_restart_and_a_stop_leaves_no_process(
    tmp_path: Path, temporal_program: Path, processes_on: Callable[[Path], list[str]]
) -> None:
    temporal = EmbeddedTemporal(temporal_program, tmp_path)
    client = await Client.connect(await temporal.start())
    await client.start_workflow("Any", id="kept", task_queue="none", search_attributes=_ALL_ATTRIBUTES)
    await temporal.stop()
    assert processes_on(tmp_path) == []

    async with EmbeddedTemporal(temporal_program, tmp_path) as again:
        client = await Client.connect(again.address)
        assert [found.id async for found in client.list_workflows("ShelftalkStore = 'any'")] == ["kept"]
        namespace = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
        assert namespace.config.workflow_execution_retention_ttl.ToTimedelta().days == 30


async def test_a_namespace_of_another_name_is_made(tmp_path: Path, temporal_program: Path) -> None:
    async with EmbeddedTemporal(temporal_program, tmp_path, namespace="shop", ui_port=0) as temporal:
        client = await Client.connect(temporal.address, namespace="shop")
        await client.start_workflow("Any", id="any", task_queue="none", search_attributes=_ALL_ATTRIBUTES)
        assert temporal.ui_url is not None


async def test_a_taken_port_is_named_with_the_setting_that_changes_it(tmp_path: Path, temporal_program: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        temporal = EmbeddedTemporal(temporal_program, tmp_path, port=port, port_setting="--some-port")
        with pytest.raises(CannotStart, match=rf"Temporal cannot listen on 127\.0\.0\.1:{port}.*--some-port"):
            await temporal.start()


async def test_a_database_that_cannot_be_opened_is_reported_with_the_servers_own_words(
    tmp_path: Path, temporal_program: Path, processes_on: Callable[[Path], list[str]]
) -> None:
    (tmp_path / "temporal.db").write_text("this is not a database " * 100)
    with pytest.raises(DevstackError, match=r"Temporal did not start(.|\n)*not a database(.|\n)*temporal\.log"):
        await EmbeddedTemporal(temporal_program, tmp_path).start()
    assert processes_on(tmp_path) == []


async def test_a_folder_in_use_is_refused(tmp_path: Path, temporal_program: Path) -> None:
    async with EmbeddedTemporal(temporal_program, tmp_path):
        with pytest.raises(DevstackError, match="in use by another Shelftalk"):
            await EmbeddedTemporal(temporal_program, tmp_path).start()
