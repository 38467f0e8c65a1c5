"""Input and reports of the reconciliation."""

from datetime import timedelta

from pydantic import AwareDatetime

from schemas.model import Wire


class Reconcile(Wire):
    """Compare PostgreSQL and Temporal, and repair what differs.

    Attributes:
        young: what is younger than this is left alone, for it may still be in the outbox.
    """

    young: timedelta = timedelta(minutes=5)


class Reconciliation(Wire):
    """What was found and repaired. All zero: nothing was wrong.

    Attributes:
        checked: open journeys looked at.
        started: journeys that had no workflow; it is started again.
        closed: open journeys whose workflow had ended; their places went to the next.
        dismissed: workflows of journeys that have ended or are unknown; they were signalled to leave.
        looks: shelves with places to give or claims to notify that were not at work; they were signalled to look.
    """

    checked: int = 0
    started: int = 0
    closed: int = 0
    dismissed: int = 0
    looks: int = 0

    @property
    def repairs(self) -> int:
        return self.started + self.closed + self.dismissed + self.looks


class LastReconciliation(Wire):
    """The newest one that was finished."""

    started_at: AwareDatetime
    finished_at: AwareDatetime
    report: Reconciliation
