"""What a dry run reports: who would have gone another way on a version that is not published."""

from schemas.ids import JourneyId
from schemas.model import Model


class JourneyDifference(Model):
    """A journey that would go otherwise.

    Attributes:
        version: which it lives by, or lived by last.
        open: it is under way, and was compared up to now.
        sentence: how it would differ.
    """

    journey_id: JourneyId
    version: str
    open: bool
    sentence: str


class NotCompared(Model):
    """A journey of which nobody can tell, and why."""

    journey_id: JourneyId
    why: str


class DryRunReport(Model):
    """What a dry run found.

    Attributes:
        asked: journeys looked at: `same`, `different` and `not_compared`.
        decided_today: decisions that the journeys did not make so; they were made by what is known today.
        journeys, unknown: the different and those not compared, the newest first; not all where they are many.
        more: how many of these two are counted and not listed.
    """

    conversation: str
    asked: int
    same: int
    different: int
    not_compared: int
    decided_today: int
    journeys: tuple[JourneyDifference, ...]
    unknown: tuple[NotCompared, ...]
    more: int
