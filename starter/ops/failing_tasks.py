"""Workflows whose tasks fail again and again, as Temporal itself has them: a mistake in our code, or in a deployment.

They go on by themselves once workers run code that is right; until then nothing of them moves, and nothing tells.
"""

from temporalio.client import Client
from temporalio.service import RPCError

from schemas.responses.repair import FailingTask

MOST_LISTED = 100
QUERY = (
    "ExecutionStatus = 'Running' and TemporalReportedProblems in "
    "('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')"
)


async def failing_tasks(client: Client) -> tuple[FailingTask, ...] | None:
    """The first of them; None when Temporal cannot be asked, or is too old to know."""
    found: list[FailingTask] = []
    try:
        async for each in client.list_workflows(QUERY, limit=MOST_LISTED):
            problems = [str(problem) for problem in each.search_attributes.get("TemporalReportedProblems", ())]
            cause = next((problem.partition("=")[2] for problem in problems if problem.startswith("cause=")), "unknown")
            found.append(FailingTask(workflow=each.id, cause=cause.removeprefix("WorkflowTaskFailedCause")))
    except (RPCError, RuntimeError):
        return None
    return tuple(found)
