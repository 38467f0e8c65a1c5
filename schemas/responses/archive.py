"""Input and reports of the archiving of closed histories, and the state of the archive."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.model import Wire


class Kept(StrEnum):
    """What became of a closed journey's history. Recorded once; then the journey is not looked at again."""

    KEPT = "kept"
    """It is in the archive."""
    GONE = "gone"
    """Temporal had no history of it any more."""
    TOO_LARGE = "too_large"
    """It is larger than an archive takes, and is left to Temporal's retention."""


class ArchiveHistories(Wire):
    """Archive the histories of journeys that have ended.

    Attributes:
        young: journeys that ended less than this ago are left to the next run: their workflow may not have closed yet.
        most: histories looked at in one run.
    """

    young: timedelta = timedelta(minutes=1)
    most: Annotated[int, Field(ge=1)] = 20_000


class ArchiveReport(Wire):
    """What one run did.

    Attributes:
        kept: histories put into the archive.
        gone: journeys whose history Temporal no longer had.
        too_large: histories left for their size.
        running: journeys that have ended, and whose workflow has not closed yet; they come with a later run.
        failed: histories that could not be read or put; they come with the next run.
        more: the run stopped at its bound, and there is more to look at.
    """

    kept: int = 0
    gone: int = 0
    too_large: int = 0
    running: int = 0
    failed: int = 0
    more: bool = False


class ArchiveStatus(Wire):
    """The state of the archive.

    Attributes:
        archive: where histories are put now: `postgres`, or `s3` and the bucket.
        to_do: journeys that have ended and whose histories nobody has looked at yet.
        bytes: the size of all that was kept, compressed.
        last_at: when a history was last settled; None when none was.
    """

    archive: str
    kept: int
    gone: int
    too_large: int
    to_do: int
    bytes: int
    last_at: AwareDatetime | None
