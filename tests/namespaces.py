"""A Temporal namespace of a test's own: workflows are named by shop and subject, and so are those of any other test."""

from itertools import count

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from starter.devstack.temporal import RETENTION
from starter.runtime.components import prepare_temporal
from worker import connect

_numbers = count(1)


async def new_namespace(address: str) -> Client:
    """A client of the server at this address, in a namespace that nobody else works in."""
    namespace = f"test-{next(_numbers)}"
    server = await connect(address, "default")
    await server.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=namespace,
            workflow_execution_retention_period=Duration(seconds=int(RETENTION.total_seconds())),
        ),
        retry=True,  # it takes so many in a second
    )
    client = await connect(address, namespace)
    await prepare_temporal(client)
    return client
