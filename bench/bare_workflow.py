"""The bare workflow. By itself, because Temporal's sandbox loads the file anew for every workflow it holds."""

from datetime import timedelta

from temporalio import activity, workflow

ACTIVITY_LIMIT = timedelta(seconds=60)


@activity.defn
async def nothing() -> None:
    """The one activity."""


@workflow.defn
class Bare:
    """Wait for a signal, one activity, complete."""

    def __init__(self) -> None:
        self._told = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._told)
        await workflow.execute_activity(nothing, start_to_close_timeout=ACTIVITY_LIMIT)

    @workflow.signal
    def tell(self) -> None:
        """Go on."""
        self._told = True
