"""What a dry run reports: which journeys would take another path on a version that is not published."""

from schemas.ids import JourneyId
from schemas.model import Model
from schemas.responses.versions import Difference


class JourneyDifference(Model):
    """A journey that would take another path.

    Attributes:
        version: the one it is on, or was on last.
        open: it is under way, and was compared up to now.
        sentence: how it would differ.
    """

    journey_id: JourneyId
    version: str
    open: bool
    sentence: str


class NotCompared(Model):
    """A journey that could not be compared, and why."""

    journey_id: JourneyId
    why: str


class DryRunReport(Model):
    """What a dry run found.

    Attributes:
        asked: the number of journeys: `same`, `different` and `not_compared`.
        decided_today: decisions that are not in the journeys' histories and were made by the facts of today.
        journeys, unknown: the different and those not compared, the newest first; not all where they are many.
        more: how many of these two are counted and not listed.
        words: the messages whose words are not those of the published version. A path has no words: who would only be
            told in others is the same.
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
    words: tuple[Difference, ...] = ()
