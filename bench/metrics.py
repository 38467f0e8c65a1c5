"""What a worker has done so far, as the Temporal SDK itself counts it: the same for both sides."""

import re

from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from bench.http import Connection
from starter.runtime.ports import LOOPBACK, free_port

_LINE = re.compile(r"^(\w+)\{([^}]*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def publish_metrics() -> int:
    """Inside an engine, before it connects: count, and let the counts be read. Returns the port."""
    port = free_port()
    runtime = Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(f"{LOOPBACK}:{port}")))
    Runtime.set_default(runtime, error_if_already_set=False)  # Setting up logs has set one.
    return port


class Counts:
    """Reads an engine's counts."""

    def __init__(self, port: int, workflow: str) -> None:
        self._connection = Connection(LOOPBACK, port)
        self._workflow = workflow

    async def tasks(self) -> int:
        """Workflow tasks done; the first of a journey brings it to its first rest."""
        return await self._sum("temporal_workflow_task_execution_latency_count")

    async def completed(self) -> int:
        """Workflows that have ended."""
        return await self._sum("temporal_workflow_completed")

    def close(self) -> None:
        """Let go of the engine."""
        self._connection.close()

    async def _sum(self, name: str) -> int:
        answer = await self._connection.request("GET", "/metrics", {}, b"")
        return sum(
            int(float(value))
            for metric, labels, value in _LINE.findall(answer.body.decode())
            if metric == name and ("workflow_type", self._workflow) in _LABEL.findall(labels)
        )
