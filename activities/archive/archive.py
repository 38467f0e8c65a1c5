"""The archive: where the histories of closed journeys outlive Temporal's retention.

A back end keeps bytes under a journey's id, and knows nothing of what is in them: that is sealed.py. Every back end
passes tests/archive/test_archives.py.
"""

from dataclasses import dataclass
from typing import Protocol

from schemas.errors import DomainError, ErrorKind
from schemas.ids import JourneyId


class ArchiveUnavailable(DomainError):
    """The archive does not answer, or refuses access; the text names which and what to do. Nothing was lost."""

    code = "archive_unavailable"
    kind = ErrorKind.UNAVAILABLE

    def __init__(self, message: str) -> None:
        super().__init__(message, public="The archive that has this journey's history does not answer just now.")


class HistoryCorrupt(DomainError):
    """What the archive holds of a journey is not what was put there; the text names what differs."""

    code = "history_corrupt"
    kind = ErrorKind.DAMAGED


@dataclass(frozen=True, slots=True)
class SealedHistory:
    """A closed history, ready to be kept.

    Attributes:
        run_id: the run that the history is of, the journey's last one.
        events: how many it has.
        content: all that `unseal` needs.
    """

    journey_id: JourneyId
    run_id: str
    events: int
    content: bytes


class Archive(Protocol):
    """Keeps sealed histories. Any number of processes may use one at once."""

    @property
    def name(self) -> str:
        """Where it keeps them, for people; no secret."""
        ...

    async def put(self, history: SealedHistory) -> None:
        """Keep a history. When this returns, it is stored. It replaces an earlier one of the same journey.

        Raises:
            ArchiveUnavailable: it may or may not have been kept.
        """
        ...

    async def get(self, journey_id: JourneyId) -> bytes | None:
        """The content that was put for this journey; None when none was.

        Raises:
            ArchiveUnavailable: it cannot be read now.
        """
        ...
