"""The rows that the queries of versions.py return."""

from dataclasses import dataclass
from datetime import datetime

from schemas.ids import VersionId
from schemas.responses.versions import WorkingSummary


@dataclass(frozen=True, slots=True)
class WorkingVersion:
    """A working version: its text, and the same as JSON."""

    source: str
    document: object
    content_hash: str
    saved_at: datetime
    saved_by: str

    @property
    def summary(self) -> WorkingSummary:
        return WorkingSummary(content_hash=self.content_hash, saved_at=self.saved_at, saved_by=self.saved_by)


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A published version; its text is None where it was not kept."""

    id: VersionId
    source: str | None
    document: object
    content_hash: str
