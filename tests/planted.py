"""Somebody in a log line and in a history: what tests/test_look_through.py runs, to see that the run fails."""

import structlog
from temporalio.client import Client


async def test_somebody_is_in_a_log_line_and_in_a_history(client: Client) -> None:
    structlog.get_logger().info("planted", to={"email": "planted@example.com"})
    await client.start_workflow("Nothing", "planted@example.com", id="planted", task_queue="nobody")


def test_another() -> None:
    """So that two processes have something to do."""
