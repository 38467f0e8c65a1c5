"""ShelfWorkflow: one per subject while there is work. The only one that gives places away."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.journey.names import Signal, Workflow
    from schemas.journey.shelf import GivePlaces, Look, NotifyClaims, ShelfStart

from workflows import policies


@workflow.defn(name=Workflow.SHELF)
class ShelfWorkflow:
    """Gives places of its subject away in order, as long as there is a request to look, and ends."""

    def __init__(self) -> None:
        self._requested = True

    @workflow.run
    async def run(self, start: ShelfStart) -> None:
        while self._requested:
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start)
            self._requested = False
            given = await policies.give_places(GivePlaces(subject=start.subject))
            if given.to_notify:
                await policies.notify_claims(NotifyClaims(subject=start.subject))
            self._requested = self._requested or given.more

    @workflow.signal(name=Signal.LOOK_AGAIN)
    def look_again(self, look: Look) -> None:
        """Something changed: stock arrived, a claim was given back, a contact signed up."""
        self._requested = True
