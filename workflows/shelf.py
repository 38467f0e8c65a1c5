"""ShelfWorkflow: one per subject while there is work. The only one that gives places away."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.journey.names import Signal, Workflow
    from schemas.journey.shelf import GivePlaces, Look, NotifyClaims, ShelfStart

from workflows import policies


@workflow.defn(name=Workflow.SHELF)
class ShelfWorkflow:
    """Looks at its subject for as long as it is asked to, gives places away in order, and ends."""

    def __init__(self) -> None:
        self._asked = True

    @workflow.run
    async def run(self, start: ShelfStart) -> None:
        while self._asked:
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start)
            self._asked = False
            given = await policies.give_places(GivePlaces(subject=start.subject))
            if given.to_notify:
                await policies.notify_claims(NotifyClaims(subject=start.subject))
            self._asked = self._asked or given.more

    @workflow.signal(name=Signal.LOOK_AGAIN)
    def look_again(self, look: Look) -> None:
        """Something changed: stock arrived, a claim was given back, someone signed up."""
        self._asked = True
